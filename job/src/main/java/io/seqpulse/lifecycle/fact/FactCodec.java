package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.catalogue.FactKind;
import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Facts between operators. No state holds one, because checkpoints are aligned ({@link
 * io.seqpulse.lifecycle.LifecyclePipeline} refuses others).
 */
public final class FactCodec implements Codec<Fact> {

    private static final long serialVersionUID = 1L;

    @Override
    public Class<Fact> type() {
        return Fact.class;
    }

    @Override
    public void write(Fact fact, DataOutput out) throws IOException {
        out.writeByte(fact.kind().id());
        Compact.writeText(out, fact.key());
        boolean ofTheSubject = fact.id().equals(fact.key());
        out.writeBoolean(ofTheSubject);
        if (!ofTheSubject) {
            Compact.writeText(out, fact.id());
        }
        out.writeLong(fact.at());
        out.writeLong(fact.committedAt());
        fact.position().write(out);
        out.writeByte(fact.origin().id());
        Compact.writeTexts(out, fact.values());
        out.writeShort(fact.microsOfMilli());
    }

    @Override
    public Fact read(DataInput in) throws IOException {
        FactKind kind = FactKind.byId(in.readByte());
        String key = Compact.readText(in);
        String id = in.readBoolean() ? key : Compact.readText(in);
        return new Fact(
                kind,
                key,
                id,
                in.readLong(),
                in.readLong(),
                LogPosition.read(in),
                Origin.byId(in.readByte()),
                Compact.readFixedTexts(in),
                in.readShort());
    }
}
