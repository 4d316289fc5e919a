package io.seqpulse.lifecycle.kpi;

import java.util.Objects;

/**
 * A change of one figure.
 *
 * @param relation the table it stands in
 * @param series what it counts: the parts that the relation names, joined by newlines
 * @param bucketMinute the minute it stands at, in minutes since the epoch; 0 where the relation has
 *     none
 * @param numerator what is added to its numerator
 * @param denominator what is added to its denominator
 */
public record Increment(
        Relation relation, String series, long bucketMinute, long numerator, long denominator) {

    /** Between the parts of a series. */
    public static final char SEPARATOR = '\n';

    private static final long MICROS_PER_MINUTE = 60_000_000;

    public Increment {
        Objects.requireNonNull(relation, "relation");
        Objects.requireNonNull(series, "series");
    }

    /** The minute that a time falls into, in minutes since the epoch. */
    public static long minuteOf(long micros) {
        return Math.floorDiv(micros, MICROS_PER_MINUTE);
    }

    /** The parts of a series as one. */
    public static String series(String... parts) {
        return String.join("\n", parts);
    }

    /** The parts of its series. */
    public String[] parts() {
        return series.split("\n", -1);
    }

    /** What is added to a figure. */
    public static Increment of(Figure figure, Count count) {
        return new Increment(
                figure.relation(),
                figure.series(),
                figure.bucketMinute(),
                count.numerator(),
                count.denominator());
    }
}
