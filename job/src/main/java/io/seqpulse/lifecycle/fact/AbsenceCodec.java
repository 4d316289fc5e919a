package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** How state keeps what it knows of rows that are not there: not yet, or no more. */
public final class AbsenceCodec {

    private AbsenceCodec() {}

    /** Writes them, or null. */
    public static void write(Orphans orphans, DataOutput out) throws IOException {
        out.writeBoolean(orphans != null);
        if (orphans == null) {
            return;
        }
        Compact.writeSize(out, orphans.named.size());
        for (Orphan orphan : orphans.named) {
            Compact.writeText(out, orphan.table());
            Compact.writeNumber(out, orphan.position());
            Compact.writeNumber(out, orphan.givenUpAt());
        }
        Compact.writeNumbers(out, orphans.unnamed);
        Compact.writeNumber(out, orphans.unnamedUntil);
    }

    /** Reads them, or null. */
    public static Orphans read(DataInput in) throws IOException {
        if (!in.readBoolean()) {
            return null;
        }
        Orphans orphans = new Orphans();
        int named = Compact.readSize(in);
        for (int i = 0; i < named; i++) {
            orphans.named.add(
                    new Orphan(
                            Compact.readText(in), Compact.readNumber(in), Compact.readNumber(in)));
        }
        orphans.unnamed = Compact.readNumbers(in);
        orphans.unnamedUntil = Compact.readNumber(in);
        return orphans;
    }

    /** Writes a departure, or null. */
    public static void writeDeparture(Departure departure, DataOutput out) throws IOException {
        out.writeBoolean(departure != null);
        if (departure != null) {
            Compact.writeNumber(out, departure.at());
            Compact.writeNumber(out, departure.position());
        }
    }

    /** Reads a departure, or null. */
    public static Departure readDeparture(DataInput in) throws IOException {
        return in.readBoolean()
                ? new Departure(Compact.readNumber(in), Compact.readNumber(in))
                : null;
    }
}
