package io.seqpulse.lifecycle.totals;

import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;

/** Hours as keys of state: relation, hour and series, joined by newlines. */
public final class Hours {

    private static final Relation[] RELATIONS = Relation.values();

    private Hours() {}

    /** The key of what an increment changes. */
    public static String key(Increment increment) {
        return (char) ('a' + increment.relation().ordinal())
                + Long.toString(Math.floorDiv(increment.bucketMinute(), (long) Hour.MINUTES))
                + Increment.SEPARATOR
                + increment.series();
    }

    /** Which of its hour's minutes an increment changes. */
    static int minute(Increment increment) {
        return Math.floorMod(increment.bucketMinute(), Hour.MINUTES);
    }

    static Relation relation(String key) {
        return RELATIONS[key.charAt(0) - 'a'];
    }

    static String series(String key) {
        return key.substring(key.indexOf(Increment.SEPARATOR) + 1);
    }

    /** Its first minute, in minutes since the epoch. */
    static long firstMinute(String key) {
        int end = key.indexOf(Increment.SEPARATOR);
        return Hour.MINUTES * Long.parseLong(key, 1, end, 10);
    }
}
