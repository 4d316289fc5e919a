package io.seqpulse.quickstart.kpi;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** The same figures as {@link SeedSql}, from our tables. */
record KpiTables(Connection connection) {

    private static final String COHORT =
            """
            select coalesce(sum(numerator), 0) as numerator, coalesce(sum(denominator), 0) as denominator,
                round(100.0 * sum(numerator) / nullif(sum(denominator), 0), 2) as value
            from kpi.cohort
            where kpi = ? and bucket >= date_trunc('minute', ?::timestamptz)
                and bucket < date_trunc('minute', ?::timestamptz)
            """;
    private static final String EXPOSED =
            """
            select count(distinct project_id) filter (where converted) as numerator,
                count(distinct project_id) as denominator,
                round(100.0 * count(distinct project_id) filter (where converted)
                    / nullif(count(distinct project_id), 0), 2) as value
            from kpi.exposure
            where ? = 'free_to_pro_from_quota_emails' and code in ('E-CONV-01', 'E-CONV-03')
                and bucket >= date_trunc('minute', ?::timestamptz)
                and bucket < date_trunc('minute', ?::timestamptz)
            """;
    private static final String DAILY =
            """
            select date_trunc('day', bucket, 'UTC') as day,
                round(100.0 * sum(numerator) / sum(denominator), 2) as value
            from kpi.cohort
            where kpi = 'signup_to_project_24h' and bucket >= ? and bucket < ?
            group by 1
            """;

    /** The figure of a window. */
    Figure of(SeedSql kpi, Instant from, Instant to) throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement(kpi == SeedSql.CONVERSION ? EXPOSED : COHORT)) {
            query.setString(1, kpi.kpi());
            query.setString(2, from.toString());
            query.setString(3, to.toString());
            try (ResultSet row = query.executeQuery()) {
                row.next();
                return new Figure(
                        row.getLong("numerator"),
                        row.getLong("denominator"),
                        row.getBigDecimal("value"));
            }
        }
    }

    /** The trend of sign-ups of whole UTC days, those without any left out. */
    Map<Instant, String> daily(Instant from, Instant to) throws SQLException {
        Map<Instant, String> values = new LinkedHashMap<>();
        try (PreparedStatement query = connection.prepareStatement(DAILY)) {
            query.setTimestamp(1, Timestamp.from(from));
            query.setTimestamp(2, Timestamp.from(to));
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    values.put(
                            rows.getTimestamp("day").toInstant(),
                            rows.getBigDecimal("value").stripTrailingZeros().toPlainString());
                }
            }
        }
        return values;
    }

    /** Up to when they are true on the log's clock; {@link Instant#MIN} while they are not. */
    Instant asOf() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select as_of from kpi.heartbeat")) {
            return row.next() && row.getTimestamp(1) != null
                    ? row.getTimestamp(1).toInstant()
                    : Instant.MIN;
        }
    }

    /** Which start with empty state they come from; 0: none yet. */
    long generation() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("select generation from kpi.current_generation")) {
            return row.next() ? row.getLong(1) : 0;
        }
    }
}
