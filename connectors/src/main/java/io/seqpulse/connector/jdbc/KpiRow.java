package io.seqpulse.connector.jdbc;

import java.util.Objects;

/**
 * One row of the KPI tables as it should be, or one of the lines about them ({@code begin}, {@code
 * heartbeat}); see {@code kpi.put}.
 *
 * @param generation the start with empty state that it belongs to
 * @param relation which table
 * @param series what it counts: the parts that the relation names, joined by newlines
 * @param atMillis the minute it stands at, or the time it is about, in milliseconds since the epoch
 * @param numerator its numerator
 * @param denominator its denominator
 */
public record KpiRow(
        long generation,
        String relation,
        String series,
        long atMillis,
        long numerator,
        long denominator) {

    /** A generation begins, or is gone on with. */
    public static final String BEGIN = "begin";

    /** All is written up to a time. */
    public static final String HEARTBEAT = "heartbeat";

    public KpiRow {
        Objects.requireNonNull(relation, "relation");
        Objects.requireNonNull(series, "series");
    }
}
