package io.seqpulse.lifecycle.kpi;

import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** Binary layout of {@link CohortState} in state. */
public final class CohortStateCodec {

    private static final int LAYOUT = 1;

    private CohortStateCodec() {}

    /** Writes it, or null. */
    public static void write(CohortState cohortState, DataOutput out) throws IOException {
        if (cohortState == null) {
            out.writeByte(0);
            return;
        }
        Compact.writeVersion(out, LAYOUT);
        out.writeBoolean(cohortState.born);
        Compact.writeNumber(out, cohortState.createdMicros);
        write(cohortState.starts, out);
        write(cohortState.verdicts, out);
        Compact.writeMap(
                out,
                cohortState.emails,
                (email, to) -> {
                    Compact.writeText(to, email.code());
                    Compact.writeText(to, email.variant());
                    Compact.writeNumber(to, email.sentMicros());
                });
        Compact.writeText(out, cohortState.owner);
        Compact.writeText(out, cohortState.plan);
        out.writeBoolean(cohortState.startedFree);
        Compact.writeSize(out, cohortState.upgrades.size());
        for (long upgrade : cohortState.upgrades) {
            Compact.writeNumber(out, upgrade);
        }
        write(cohortState.contributed, out);
        Compact.writeMap(out, cohortState.recoveries.latest, CohortStateCodec::write);
    }

    /** Reads it, or null. */
    public static CohortState read(DataInput in) throws IOException {
        int layout = in.readByte();
        if (layout == 0) {
            return null;
        }
        if (layout > LAYOUT) {
            throw new IOException(
                    "the cohorts in state have layout %s, and this version of the job reads 1 to %s: start the version that wrote it, or a later one"
                            .formatted(layout, LAYOUT));
        }
        CohortState cohortState = new CohortState();
        cohortState.born = in.readBoolean();
        cohortState.createdMicros = Compact.readNumber(in);
        read(cohortState.starts, in);
        read(cohortState.verdicts, in);
        cohortState.emails =
                Compact.readMap(
                        in,
                        from ->
                                new SentEmail(
                                        Compact.readText(from),
                                        Compact.readText(from),
                                        Compact.readNumber(from)));
        cohortState.owner = Compact.readText(in);
        cohortState.plan = Compact.readText(in);
        cohortState.startedFree = in.readBoolean();
        for (int left = Compact.readSize(in); left > 0; left--) {
            cohortState.upgrades.add(Compact.readNumber(in));
        }
        read(cohortState.contributed, in);
        cohortState.recoveries.latest.putAll(Compact.readMap(in, CohortStateCodec::readLatest));
        return cohortState;
    }

    /** Writes what was contributed. */
    public static void write(Contributions contributed, DataOutput out) throws IOException {
        Compact.writeSize(out, contributed.counts.size());
        for (Map.Entry<Figure, Count> entry : contributed.counts.entrySet()) {
            out.writeByte(entry.getKey().relation().id());
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
                            Relation.byId(in.readByte()),
                            Compact.readText(in),
                            Compact.readNumber(in));
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

    private static void write(EarliestTimes moments, DataOutput out) throws IOException {
        Compact.writeSize(out, moments.atHand.size());
        for (EarliestTimes.Moment moment : moments.atHand) {
            Compact.writeText(out, moment.id());
            Compact.writeNumber(out, moment.atMicros());
        }
        Compact.writeSize(out, moments.elsewhere);
    }

    private static void read(EarliestTimes moments, DataInput in) throws IOException {
        for (int left = Compact.readSize(in); left > 0; left--) {
            moments.atHand.add(
                    new EarliestTimes.Moment(Compact.readText(in), Compact.readNumber(in)));
        }
        moments.elsewhere = Compact.readSize(in);
    }
}
