package io.seqpulse.lifecycle.totals;

import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.kpi.Count;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** How state keeps the total of a figure. */
public final class CountCodec implements Codec<Count> {

    private static final long serialVersionUID = 1L;

    private static final int LAYOUT = 1;

    @Override
    public Class<Count> type() {
        return Count.class;
    }

    @Override
    public void write(Count count, DataOutput out) throws IOException {
        Compact.writeVersion(out, LAYOUT);
        Compact.writeNumber(out, count.numerator());
        Compact.writeNumber(out, count.denominator());
    }

    @Override
    public Count read(DataInput in) throws IOException {
        Compact.readVersion(in, "a total", LAYOUT);
        return new Count(Compact.readNumber(in), Compact.readNumber(in));
    }
}
