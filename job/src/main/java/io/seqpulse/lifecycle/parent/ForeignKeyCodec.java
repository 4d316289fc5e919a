package io.seqpulse.lifecycle.parent;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.fact.Deadlines;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Binary layout of {@link ForeignKey} in state. */
public final class ForeignKeyCodec implements Codec<ForeignKey> {

    private static final long serialVersionUID = 1L;

    private static final int LAYOUT = 1;

    @Override
    public Class<ForeignKey> type() {
        return ForeignKey.class;
    }

    @Override
    public void write(ForeignKey parent, DataOutput out) throws IOException {
        Compact.writeVersion(out, LAYOUT);
        parent.row.write(out);
        Deadlines.write(parent.timerAt, out);
        if (parent.row.present) {
            Compact.writeText(out, parent.table.label());
            Compact.writeText(out, parent.id);
        }
    }

    @Override
    public ForeignKey read(DataInput in) throws IOException {
        Compact.readVersion(in, "what a row belongs to", LAYOUT);
        ForeignKey parent = new ForeignKey();
        parent.row.read(in);
        parent.timerAt = Deadlines.read(in);
        if (parent.row.present) {
            String label = Compact.readText(in);
            parent.table =
                    CapturedTable.of(label)
                            .orElseThrow(() -> new IOException("state has rows of table " + label));
            parent.id = Compact.readText(in);
        }
        return parent;
    }
}
