package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * What happened in a project, counted by quarters of an hour: every time zone's days begin with
 * one, so that any local week or month is a sum. Differences add up in any order.
 */
public final class Activity {

    /** As long a report can look back: the month before, at its end. */
    public static final Duration KEPT = Duration.ofDays(70);

    private static final long QUARTER = Duration.ofMinutes(15).toMillis();

    private static final Figures NONE = new Figures(0, 0, 0, 0, 0);

    /**
     * What is counted.
     *
     * @param deployments that started
     * @param ok verdicts that all is well
     * @param warnings verdicts that it may not be
     * @param rollbacks verdicts that the deployment be taken back
     * @param criticalHints hints of severity {@code critical}
     */
    public record Figures(int deployments, int ok, int warnings, int rollbacks, int criticalHints) {

        public static final Figures DEPLOYMENT = new Figures(1, 0, 0, 0, 0);
        public static final Figures CRITICAL_HINT = new Figures(0, 0, 0, 0, 1);

        /** Of one verdict; nothing where it is none that is known. */
        public static Figures ofVerdict(String verdict) {
            return verdict == null
                    ? NONE
                    : switch (verdict) {
                        case "ok" -> new Figures(0, 1, 0, 0, 0);
                        case "warning" -> new Figures(0, 0, 1, 0, 0);
                        case "rollback_recommended" -> new Figures(0, 0, 0, 1, 0);
                        default -> NONE;
                    };
        }

        public Figures plus(Figures other) {
            return new Figures(
                    deployments + other.deployments,
                    ok + other.ok,
                    warnings + other.warnings,
                    rollbacks + other.rollbacks,
                    criticalHints + other.criticalHints);
        }

        Figures negated() {
            return new Figures(-deployments, -ok, -warnings, -rollbacks, -criticalHints);
        }
    }

    private final TreeMap<Integer, Figures> quarters = new TreeMap<>();

    /** Adds what happened at a time, epoch milliseconds. */
    public void add(long at, Figures figures) {
        add((int) Math.floorDiv(at, QUARTER), figures);
    }

    /** Adds another, or a difference. */
    public void add(Activity other) {
        other.quarters.forEach(this::add);
    }

    private void add(int quarter, Figures figures) {
        Figures sum = quarters.getOrDefault(quarter, NONE).plus(figures);
        if (sum.equals(NONE)) {
            quarters.remove(quarter);
        } else {
            quarters.put(quarter, sum);
        }
    }

    /** What has to be added to another to become this. */
    public Activity minus(Activity other) {
        Activity difference = new Activity();
        difference.add(this);
        other.quarters.forEach((quarter, figures) -> difference.add(quarter, figures.negated()));
        return difference;
    }

    /** What happened in {@code [from, to)}, epoch milliseconds at quarters of an hour. */
    public Figures between(long from, long to) {
        Figures sum = NONE;
        for (Figures figures :
                quarters.subMap(
                                (int) Math.floorDiv(from, QUARTER),
                                (int) Math.floorDiv(to, QUARTER))
                        .values()) {
            sum = sum.plus(figures);
        }
        return sum;
    }

    /** How many deployments there are in it. */
    public int deployments() {
        return quarters.values().stream().mapToInt(Figures::deployments).sum();
    }

    /** Forgets what no report asks for any more. */
    public void forgetBefore(long now) {
        quarters.headMap((int) Math.floorDiv(now - KEPT.toMillis(), QUARTER)).clear();
    }

    public boolean isEmpty() {
        return quarters.isEmpty();
    }

    public void clear() {
        quarters.clear();
    }

    /** The end of the quarter of an hour of a time. */
    public static long endOfQuarter(long at) {
        return (Math.floorDiv(at, QUARTER) + 1) * QUARTER;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Activity activity && quarters.equals(activity.quarters);
    }

    @Override
    public int hashCode() {
        return quarters.hashCode();
    }

    @Override
    public String toString() {
        return quarters.toString();
    }

    /** Writes it to state, and to messages. */
    public void write(DataOutput out) throws IOException {
        Compact.writeSize(out, quarters.size());
        int before = 0;
        for (Map.Entry<Integer, Figures> quarter : quarters.entrySet()) {
            Figures figures = quarter.getValue();
            Compact.writeNumber(out, quarter.getKey() - before);
            Compact.writeNumber(out, figures.deployments);
            Compact.writeNumber(out, figures.ok);
            Compact.writeNumber(out, figures.warnings);
            Compact.writeNumber(out, figures.rollbacks);
            Compact.writeNumber(out, figures.criticalHints);
            before = quarter.getKey();
        }
    }

    /** Reads what {@link #write} wrote. */
    public static Activity read(DataInput in) throws IOException {
        Activity activity = new Activity();
        int quarter = 0;
        for (int left = Compact.readSize(in); left > 0; left--) {
            quarter += (int) Compact.readNumber(in);
            activity.quarters.put(
                    quarter,
                    new Figures(
                            (int) Compact.readNumber(in),
                            (int) Compact.readNumber(in),
                            (int) Compact.readNumber(in),
                            (int) Compact.readNumber(in),
                            (int) Compact.readNumber(in)));
        }
        return activity;
    }
}
