package io.seqpulse.connector.jdbc;

import java.util.Objects;

/**
 * One row of the KPI tables as it should be; see {@code kpi.put}.
 *
 * @param relation which table
 * @param series what it counts: the parts that the relation names, joined by newlines
 * @param atMillis the minute it stands at, in milliseconds since the epoch
 * @param numerator its numerator
 * @param denominator its denominator
 */
public record KpiRow(
        String relation, String series, long atMillis, long numerator, long denominator) {

    public KpiRow {
        Objects.requireNonNull(relation, "relation");
        Objects.requireNonNull(series, "series");
    }
}
