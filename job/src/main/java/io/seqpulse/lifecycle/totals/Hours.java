package io.seqpulse.lifecycle.totals;

import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;

/** Hours as keys of state: relation, hour and series, joined by newlines. */
public final class Hours {

    private Hours() {}

    /** The key of what an increment changes. */
    public static String key(Increment increment) {
        return key(increment.relation(), increment.bucketMinute(), increment.series());
    }

    /** The key of a minute, in minutes since the epoch. */
    static String key(Relation relation, long minute, String series) {
        return relation.letter()
                + Long.toString(Math.floorDiv(minute, (long) Hour.MINUTES))
                + Increment.SEPARATOR
                + series;
    }

    /** A bit for each minute that there can be. */
    static long everyMinute(String key) {
        return relation(key) == Relation.SEGMENT ? 1 : (1L << Hour.MINUTES) - 1;
    }

    /** Which of its hour's minutes an increment changes. */
    static int minute(Increment increment) {
        return Math.floorMod(increment.bucketMinute(), Hour.MINUTES);
    }

    static Relation relation(String key) {
        return Relation.byLetter(key.charAt(0));
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
