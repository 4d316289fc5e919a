package io.seqpulse.lifecycle.parent;

import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.fact.AbsenceCodec;
import io.seqpulse.lifecycle.fact.FactKind;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** How state keeps what a row belongs to. */
public final class ParentCodec implements Codec<Parent> {

    private static final long serialVersionUID = 1L;

    private static final int LAYOUT = 1;

    @Override
    public Class<Parent> type() {
        return Parent.class;
    }

    @Override
    public void write(Parent parent, DataOutput out) throws IOException {
        Compact.writeVersion(out, LAYOUT);
        Compact.writeText(out, parent.row == null ? null : parent.row.label());
        if (parent.row != null) {
            Compact.writeText(out, parent.id);
            Compact.writeNumber(out, parent.committedAt);
            Compact.writeNumber(out, parent.position);
        }
        Compact.writeNumber(out, parent.seen);
        AbsenceCodec.writeDeparture(parent.departure, out);
        Compact.writeNumber(out, parent.timerAt);
    }

    @Override
    public Parent read(DataInput in) throws IOException {
        Compact.readVersion(in, "what a row belongs to", LAYOUT);
        Parent parent = new Parent();
        String label = Compact.readText(in);
        if (label != null) {
            parent.row =
                    FactKind.of(label)
                            .orElseThrow(() -> new IOException("state has rows of kind " + label));
            parent.id = Compact.readText(in);
            parent.committedAt = Compact.readNumber(in);
            parent.position = Compact.readNumber(in);
        }
        parent.seen = Compact.readNumber(in);
        parent.departure = AbsenceCodec.readDeparture(in);
        parent.timerAt = Compact.readNumber(in);
        return parent;
    }
}
