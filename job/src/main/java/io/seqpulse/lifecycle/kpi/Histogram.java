package io.seqpulse.lifecycle.kpi;

import java.util.Map;

/**
 * How durations are counted: each in the minute in which it ended, under the least upper bound that
 * it does not exceed. The bounds are part of what the tables mean (kpi.duration).
 */
public enum Histogram {
    /** What takes seconds, and should. */
    LATENCY(
            100,
            250,
            500,
            1_000,
            2_000,
            5_000,
            10_000,
            30_000,
            60_000,
            300_000,
            1_800_000,
            7_200_000,
            28_800_000,
            86_400_000),
    /**
     * What takes people minutes to weeks: 1, 2, 5, 10, 15, 30 min, 1, 2, 4, 8, 16 h, 1, 2, 4, 7,
     * 14, 28 d.
     */
    RECOVERY(
            60_000,
            120_000,
            300_000,
            600_000,
            900_000,
            1_800_000,
            3_600_000,
            7_200_000,
            14_400_000,
            28_800_000,
            57_600_000,
            86_400_000,
            172_800_000,
            345_600_000,
            604_800_000,
            1_209_600_000,
            2_419_200_000L);

    private static final long MICROS_PER_MILLI = 1_000;

    @SuppressWarnings("ImmutableEnumChecker") // nobody gets hold of it
    private final long[] upToMillis;

    Histogram(long... upToMillis) {
        this.upToMillis = upToMillis;
    }

    /**
     * Adds a duration to what is counted.
     *
     * @param times how often; negative takes back
     */
    public void add(
            Map<Figure, Count> counts, String measure, long fromMicros, long toMicros, int times) {
        long millis = Math.max(0, Math.floorDiv(toMicros - fromMicros, MICROS_PER_MILLI));
        Figure figure =
                new Figure(
                        Relation.DURATION,
                        Increment.series(measure, Long.toString(upTo(millis))),
                        Increment.minuteOf(toMicros));
        counts.merge(figure, new Count(times * millis, times), Count::plus);
    }

    private long upTo(long millis) {
        for (long bound : upToMillis) {
            if (millis <= bound) {
                return bound;
            }
        }
        return Long.MAX_VALUE;
    }
}
