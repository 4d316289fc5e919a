package io.seqpulse.quickstart.kpi;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/**
 * From each critical verdict to the next ok of that project and environment, by the minute in which
 * that was given: how many, and their sum in milliseconds. The founding document has no SQL for it.
 */
final class Recoveries {

    private static final String ARE =
            """
            select date_trunc('minute', ok.created_at) as minute, count(*) as count,
                sum(floor(extract(epoch from ok.created_at - c.created_at) * 1000))::bigint as ms
            from deployment_verdicts c
            join deployments d on d.id = c.deployment_id
            cross join lateral (
                select v.created_at
                from deployment_verdicts v
                join deployments o on o.id = v.deployment_id
                where o.project_id = d.project_id and o.env = d.env
                    and v.verdict = 'ok' and v.created_at >= c.created_at
                order by v.created_at
                limit 1) ok
            where c.verdict in ('warning', 'rollback_recommended')
            group by 1
            """;

    private static final String COUNTED =
            """
            select bucket as minute, sum(count) as count, sum(sum_ms) as ms
            from kpi.duration
            where measure = 'critical_alert_mttr'
            group by 1
            """;

    private Recoveries() {}

    /** As the product's tables have them. */
    static Map<Instant, String> are(Connection product) throws SQLException {
        return read(product, ARE);
    }

    /** As our tables have them. */
    static Map<Instant, String> counted(Connection product) throws SQLException {
        return read(product, COUNTED);
    }

    private static Map<Instant, String> read(Connection product, String sql) throws SQLException {
        Map<Instant, String> minutes = new TreeMap<>();
        try (Statement statement = product.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                minutes.put(
                        rows.getTimestamp("minute").toInstant(),
                        "%s in %s ms".formatted(rows.getLong("count"), rows.getLong("ms")));
            }
        }
        return minutes;
    }
}
