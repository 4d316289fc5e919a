package io.seqpulse.lifecycle.totals;

import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.kpi.Count;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Binary layout of {@link Hour} in state. */
public final class HourCodec implements Codec<Hour> {

    private static final long serialVersionUID = 1L;

    private static final int LAYOUT = 1;

    @Override
    public Class<Hour> type() {
        return Hour.class;
    }

    @Override
    public void write(Hour hour, DataOutput out) throws IOException {
        Compact.writeVersion(out, LAYOUT);
        int size = 0;
        for (Count total : hour.totals) {
            size += total == null ? 0 : 1;
        }
        Compact.writeSize(out, size);
        for (int minute = 0; minute < Hour.MINUTES; minute++) {
            Count total = hour.totals[minute];
            if (total != null) {
                out.writeByte(minute);
                Compact.writeNumber(out, total.numerator());
                Compact.writeNumber(out, total.denominator());
            }
        }
    }

    @Override
    public Hour read(DataInput in) throws IOException {
        Compact.readVersion(in, "the totals of an hour", LAYOUT);
        Hour hour = new Hour();
        for (int rest = Compact.readSize(in); rest > 0; rest--) {
            int minute = in.readByte();
            hour.totals[minute] = new Count(Compact.readNumber(in), Compact.readNumber(in));
        }
        return hour;
    }
}
