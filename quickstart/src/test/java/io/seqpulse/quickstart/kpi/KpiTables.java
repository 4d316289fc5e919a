package io.seqpulse.quickstart.kpi;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The same figures as {@link SeedSql}, from our tables. */
record KpiTables(Connection connection) {

    private static final String WINDOWS =
            """
            select counted.*, round(100.0 * numerator / nullif(denominator, 0), 2) as value
            from unnest(?::timestamptz[], ?::timestamptz[])
                with ordinality as w (since, until, place)
            cross join lateral (%s) as counted
            order by place
            """;
    private static final String COHORT =
            """
            select coalesce(sum(numerator), 0) as numerator,
                coalesce(sum(denominator), 0) as denominator
            from kpi.cohort_between(?, w.since, w.until)
            """;
    private static final String EXPOSED =
            """
            select count(distinct project_id) filter (where converted) as numerator,
                count(distinct project_id) as denominator
            from kpi.exposure
            where ? = 'free_to_pro_from_quota_emails' and code in ('E-CONV-01', 'E-CONV-03')
                and bucket >= w.since and bucket < w.until
            """;
    private static final String DAILY =
            """
            select date_trunc('day', bucket, 'UTC') as day,
                round(100.0 * sum(numerator) / sum(denominator), 2) as value
            from kpi.cohort_between('signup_to_project_24h', ?, ?)
            group by 1
            """;

    /** Hours that are not the sum of their minutes, or are missing; of both relations. */
    private static final String CROOKED =
            """
            select 'cohort ' || kpi || ' ' || bucket as hour
            from (
                select kpi, date_trunc('hour', bucket, 'UTC') as bucket,
                    sum(numerator) as numerator, sum(denominator) as denominator
                from kpi.cohort_rows
                where generation = (select generation from kpi.current_generation)
                group by 1, 2) as minutes
            full join (
                select * from kpi.cohort_hour_rows
                where generation = (select generation from kpi.current_generation)) as hours
                using (kpi, bucket)
            where (minutes.numerator, minutes.denominator)
                is distinct from (hours.numerator, hours.denominator)
            union all
            select 'activity ' || activity || ' ' || bucket
            from (
                select activity, date_trunc('hour', bucket, 'UTC') as bucket, sum(count) as count
                from kpi.activity_rows
                where generation = (select generation from kpi.current_generation)
                group by 1, 2) as minutes
            full join (
                select * from kpi.activity_hour_rows
                where generation = (select generation from kpi.current_generation)) as hours
                using (activity, bucket)
            where minutes.count is distinct from hours.count
            """;

    /**
     * The figures of windows, in their order.
     *
     * @param from whole minutes
     * @param to whole minutes
     */
    List<Figure> of(SeedSql kpi, List<Instant> from, List<Instant> to) throws SQLException {
        String query = WINDOWS.formatted(kpi == SeedSql.CONVERSION ? EXPOSED : COHORT);
        List<Figure> figures = new ArrayList<>();
        try (PreparedStatement windows = connection.prepareStatement(query)) {
            windows.setArray(1, connection.createArrayOf("text", from.toArray()));
            windows.setArray(2, connection.createArrayOf("text", to.toArray()));
            windows.setString(3, kpi.kpi());
            try (ResultSet row = windows.executeQuery()) {
                while (row.next()) {
                    figures.add(
                            new Figure(
                                    row.getLong("numerator"),
                                    row.getLong("denominator"),
                                    row.getBigDecimal("value")));
                }
            }
        }
        return figures;
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

    /** Hours that do not say what their minutes say. */
    List<String> crookedHours() throws SQLException {
        List<String> hours = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(CROOKED)) {
            while (rows.next()) {
                hours.add(rows.getString("hour"));
            }
        }
        return hours;
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
