package io.seqpulse.lifecycle.kpi;

import java.util.Objects;

/**
 * One figure of the tables.
 *
 * @param relation the table it stands in
 * @param series what it counts, as in an {@link Increment}
 * @param bucketMinute the minute it stands at, in minutes since the epoch; 0 where the relation has
 *     none
 */
public record Figure(Relation relation, String series, long bucketMinute) {

    public Figure {
        Objects.requireNonNull(relation, "relation");
        Objects.requireNonNull(series, "series");
    }
}
