package io.seqpulse.lifecycle.totals;

import io.seqpulse.lifecycle.kpi.Figure;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;

/** Figures as keys of state: relation, minute and series, joined by newlines. */
public final class Figures {

    private static final Relation[] RELATIONS = Relation.values();

    private Figures() {}

    /** The key of what an increment changes. */
    public static String key(Increment increment) {
        return (char) ('a' + increment.relation().ordinal())
                + Long.toString(increment.bucketMinute())
                + Increment.SEPARATOR
                + increment.series();
    }

    static Figure figure(String key) {
        int end = key.indexOf(Increment.SEPARATOR);
        return new Figure(
                RELATIONS[key.charAt(0) - 'a'],
                key.substring(end + 1),
                Long.parseLong(key.substring(1, end)));
    }
}
