package io.seqpulse.lifecycle.story;

import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/** What increments add up to, as the totals operator would have it. */
public final class Tallies {

    private Tallies() {}

    /** {@code relation series@minute} → {@code numerator/denominator}, those that are not 0/0. */
    public static Map<String, String> of(Collection<Increment> increments) {
        Map<String, long[]> sums = new TreeMap<>();
        for (Increment one : increments) {
            long[] sum = sums.computeIfAbsent(name(one), any -> new long[2]);
            sum[0] += one.numerator();
            sum[1] += one.denominator();
        }
        Map<String, String> totals = new TreeMap<>();
        sums.forEach(
                (name, sum) -> {
                    if (sum[0] != 0 || sum[1] != 0) {
                        totals.put(name, sum[0] + "/" + sum[1]);
                    }
                });
        return totals;
    }

    private static String name(Increment one) {
        String series = one.series().replace(Increment.SEPARATOR, ' ');
        return one.relation() == Relation.SEGMENT
                ? "segment " + series
                : one.relation().label() + " " + series + "@" + one.bucketMinute();
    }
}
