package io.seqpulse.lifecycle.kpi;

import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** How state keeps a ledger. */
public final class LedgerCodec {

    private static final int LAYOUT = 2;
    private static final Relation[] RELATIONS = Relation.values();

    private LedgerCodec() {}

    /** Writes it, or null. */
    public static void write(Ledger ledger, DataOutput out) throws IOException {
        if (ledger == null) {
            out.writeByte(0);
            return;
        }
        Compact.writeVersion(out, LAYOUT);
        out.writeBoolean(ledger.born);
        Compact.writeNumber(out, ledger.createdMicros);
        write(ledger.starts, out);
        write(ledger.verdicts, out);
        Compact.writeMap(
                out,
                ledger.emails,
                (email, to) -> {
                    Compact.writeText(to, email.code());
                    Compact.writeNumber(to, email.sentMicros());
                });
        Compact.writeText(out, ledger.owner);
        Compact.writeText(out, ledger.plan);
        out.writeBoolean(ledger.startedFree);
        Compact.writeSize(out, ledger.upgrades.size());
        for (long upgrade : ledger.upgrades) {
            Compact.writeNumber(out, upgrade);
        }
        write(ledger.contributed, out);
        Compact.writeMap(out, ledger.recoveries.latest, LedgerCodec::write);
    }

    /** Reads it, or null. */
    public static Ledger read(DataInput in) throws IOException {
        int layout = in.readByte();
        if (layout == 0) {
            return null;
        }
        if (layout > LAYOUT) {
            throw new IOException(
                    "a ledger in state has layout %d, and this version of the job reads 1 to %d: start the version that wrote it, or a later one"
                            .formatted(layout, LAYOUT));
        }
        Ledger ledger = new Ledger();
        ledger.born = in.readBoolean();
        ledger.createdMicros = Compact.readNumber(in);
        read(ledger.starts, in);
        read(ledger.verdicts, in);
        ledger.emails =
                Compact.readMap(
                        in,
                        from -> new SentEmail(Compact.readText(from), Compact.readNumber(from)));
        ledger.owner = Compact.readText(in);
        ledger.plan = Compact.readText(in);
        ledger.startedFree = in.readBoolean();
        for (int left = Compact.readSize(in); left > 0; left--) {
            ledger.upgrades.add(Compact.readNumber(in));
        }
        read(ledger.contributed, in);
        if (layout >= 2) {
            ledger.recoveries.latest.putAll(Compact.readMap(in, LedgerCodec::readLatest));
        }
        return ledger;
    }

    /** Writes what was contributed. */
    public static void write(Contributions contributed, DataOutput out) throws IOException {
        Compact.writeSize(out, contributed.counts.size());
        for (Map.Entry<Figure, Count> entry : contributed.counts.entrySet()) {
            out.writeByte(entry.getKey().relation().ordinal());
            Compact.writeText(out, entry.getKey().series());
            Compact.writeNumber(out, entry.getKey().bucketMinute());
            Compact.writeNumber(out, entry.getValue().numerator());
            Compact.writeNumber(out, entry.getValue().denominator());
        }
    }

    /** Reads what was contributed. */
    public static void read(Contributions contributed, DataInput in) throws IOException {
        int size = Compact.readSize(in);
        if (size == 0) {
            return;
        }
        Map<Figure, Count> counts = new HashMap<>();
        for (int left = size; left > 0; left--) {
            Figure figure =
                    new Figure(
                            RELATIONS[in.readByte()], Compact.readText(in), Compact.readNumber(in));
            counts.put(figure, new Count(Compact.readNumber(in), Compact.readNumber(in)));
        }
        contributed.counts = counts;
    }

    private static void write(Recoveries.Latest latest, DataOutput out) throws IOException {
        out.writeBoolean(latest.more);
        Compact.writeSize(out, latest.verdicts.size());
        for (Recoveries.Given given : latest.verdicts) {
            Compact.writeText(out, given.id());
            Compact.writeNumber(out, given.atMicros());
            out.writeBoolean(given.ok());
        }
    }

    private static Recoveries.Latest readLatest(DataInput in) throws IOException {
        Recoveries.Latest latest = new Recoveries.Latest();
        latest.more = in.readBoolean();
        for (int left = Compact.readSize(in); left > 0; left--) {
            latest.verdicts.add(
                    new Recoveries.Given(
                            Compact.readText(in), Compact.readNumber(in), in.readBoolean()));
        }
        return latest;
    }

    private static void write(Moments moments, DataOutput out) throws IOException {
        Compact.writeSize(out, moments.atHand.size());
        for (Moments.Moment moment : moments.atHand) {
            Compact.writeText(out, moment.id());
            Compact.writeNumber(out, moment.atMicros());
        }
        Compact.writeSize(out, moments.elsewhere);
    }

    private static void read(Moments moments, DataInput in) throws IOException {
        for (int left = Compact.readSize(in); left > 0; left--) {
            moments.atHand.add(new Moments.Moment(Compact.readText(in), Compact.readNumber(in)));
        }
        moments.elsewhere = Compact.readSize(in);
    }
}
