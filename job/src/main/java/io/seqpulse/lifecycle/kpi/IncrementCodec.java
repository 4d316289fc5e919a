package io.seqpulse.lifecycle.kpi;

import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Increments between operators. No state holds one, because checkpoints are aligned ({@link
 * io.seqpulse.lifecycle.LifecyclePipeline} refuses others).
 */
public final class IncrementCodec implements Codec<Increment> {

    private static final long serialVersionUID = 1L;

    @Override
    public Class<Increment> type() {
        return Increment.class;
    }

    @Override
    public void write(Increment increment, DataOutput out) throws IOException {
        out.writeByte(increment.relation().id());
        Compact.writeText(out, increment.series());
        Compact.writeNumber(out, increment.bucketMinute());
        Compact.writeNumber(out, increment.numerator());
        Compact.writeNumber(out, increment.denominator());
    }

    @Override
    public Increment read(DataInput in) throws IOException {
        return new Increment(
                Relation.byId(in.readByte()),
                Compact.readText(in),
                Compact.readNumber(in),
                Compact.readNumber(in),
                Compact.readNumber(in));
    }
}
