package io.seqpulse.lifecycle.kpi;

import java.util.HashMap;
import java.util.Map;

/** Collects what one subject adds to each figure. */
final class Accumulator {

    private final Map<Figure, Count> counts = new HashMap<>();

    /** One more of an activity, at a time in microseconds. */
    void activity(String activity, long atMicros) {
        add(Relation.ACTIVITY, activity, atMicros, new Count(0, 1));
    }

    /** One who began at a time in microseconds, and whether they reached the goal. */
    void cohort(String kpi, long atMicros, boolean reached) {
        add(Relation.COHORT, kpi, atMicros, Count.one(reached));
    }

    /** A project that was sent an email, at a time in microseconds. */
    void exposure(String project, String delivery, String code, long atMicros, boolean converted) {
        add(
                Relation.EXPOSURE,
                Increment.series(project, delivery, code),
                atMicros,
                Count.one(converted));
    }

    private void add(Relation relation, String series, long atMicros, Count count) {
        counts.merge(
                new Figure(relation, series, Increment.minuteOf(atMicros)), count, Count::plus);
    }

    Map<Figure, Count> counts() {
        return counts;
    }
}
