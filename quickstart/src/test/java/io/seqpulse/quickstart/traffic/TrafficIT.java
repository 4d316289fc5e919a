package io.seqpulse.quickstart.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.seqpulse.quickstart.stack.KpiDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What the demo writes, by itself: rows of every table, and when what they mean comes due. */
class TrafficIT {

    private static final int RATE = 400;
    private static final Duration PLAYED = Duration.ofSeconds(90);

    /** From these something is waited for. */
    private static final List<String> BEGINNINGS =
            List.of(
                    "users created_at",
                    "projects created_at",
                    "deployments started_at",
                    "project_invitations created_at",
                    "login_events at",
                    "payment_events at",
                    "nps_responses at",
                    "usage_events at");

    /** Ages at which something comes due, as table, condition, time and how long ago that was. */
    private static final List<String> DUE =
            List.of(
                    "users | true | created_at | 2 hours",
                    "projects | true | created_at | 24 hours",
                    "projects | true | created_at | 30 days",
                    "deployments | state = 'running' | started_at | 48 hours",
                    "project_invitations | accepted_at is null | created_at | 0",
                    "project_invitations | status = 'pending' | created_at | 2 days",
                    "project_invitations | status = 'pending' | created_at | 5 days",
                    "project_invitations | true | accepted_at | 0",
                    "project_invitations | true | declined_at | 0",
                    "project_invitations | true | revoked_at | 0",
                    "users | twofa_enabled | twofa_enabled_at | 0",
                    "users | not twofa_enabled and twofa_enabled_at is not null | updated_at | 0",
                    "login_events | country = 'BR' | at | 0",
                    "login_events | true | at | 14 days",
                    "login_events | true | at | 30 days",
                    "login_events | true | at | 37 days",
                    "feature_gate_events | project_id is not null | at | 0",
                    "payment_events | kind = 'failed' | at | 0",
                    "payment_events | kind = 'failed' | at | 3 days",
                    "payment_events | kind = 'failed' | at | 7 days",
                    "payment_events | kind = 'failed' | at | 10 days",
                    "payment_events | kind = 'succeeded' | at | 0",
                    "payment_events | kind = 'cancelled' | at | 0",
                    "nps_responses | score >= 9 | at | 1 day",
                    "nps_responses | score < 9 | at | 1 day",
                    "usage_events | kind = 'session' | at | 0",
                    "quota_refusals | true | attempted_at | 0");

    @Test
    void nothingOfTheHistoryComesDueForHours() throws Exception {
        Instant now = Instant.now();
        DemoHistory history = new DemoHistory(7, now);
        try (KpiDatabase database = KpiDatabase.start();
                Connection product = database.connect()) {
            history.insert(product);
            for (String beginning : BEGINNINGS) {
                String table = beginning.substring(0, beginning.indexOf(' '));
                String column = beginning.substring(beginning.indexOf(' ') + 1);
                for (int days : List.of(1, 2, 3, 5, 7, 10, 14, 30, 37)) {
                    assertThat(
                                    holds(
                                            product,
                                            """
                                            select from public.%s
                                            where %s + interval '%s days'
                                                between timestamptz '%s' - interval '5 minutes'
                                                and timestamptz '%s' + interval '5 hours'
                                            """
                                                    .formatted(table, column, days, now, now)))
                            .as("%s and %d days", beginning, days)
                            .isFalse();
                }
            }
            assertThat(holds(product, "select from public.payment_events where at > now()"))
                    .isFalse();
            assertThat(history.rows().keySet()).containsAll(captured(product));
        }
    }

    @Test
    void everythingComesDueWithinAMinuteAndAHalf() throws Exception {
        try (KpiDatabase database = KpiDatabase.start();
                Connection reader = database.connect()) {
            try (Connection product = database.connect()) {
                new DemoHistory(7, Instant.now()).insert(product);
            }
            AtomicReference<SQLException> failure = new AtomicReference<>();
            Set<String> missing = new LinkedHashSet<>(DUE);
            LiveTraffic traffic = LiveTraffic.start(database.connect(), RATE, 7, failure::set);
            try (traffic) {
                await().atMost(PLAYED)
                        .until(
                                () -> {
                                    for (String due : Set.copyOf(missing)) {
                                        if (isDue(reader, due.split(" \\| "))) {
                                            missing.remove(due);
                                        }
                                    }
                                    return missing.isEmpty() || failure.get() != null;
                                });
            }
            assertThat((Throwable) failure.get()).isNull();
            assertThat(missing).isEmpty();
            assertThat(holds(reader, deployments(40))).isTrue();
            assertThat(holds(reader, deployments(45))).isTrue();
            assertThat(holds(reader, deployments(50))).isTrue();
        }
    }

    /** Somebody new has exactly so many this month. */
    private static Set<String> captured(Connection connection) throws SQLException {
        Set<String> tables = new LinkedHashSet<>();
        try (Statement statement = connection.createStatement();
                ResultSet found =
                        statement.executeQuery(
                                "select distinct table_name from lifecycle.captured_columns()")) {
            while (found.next()) {
                tables.add(found.getString(1));
            }
        }
        return tables;
    }

    private static String deployments(int count) {
        return """
        select from public.deployments d
        join public.projects p on p.id = d.project_id and p.plan = 'free'
        join public.users u on u.id = p.owner_id and u.email like '%%@live.example'
        where d.started_at >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'
        group by p.id
        having count(*) = %s
        """
                .formatted(count);
    }

    private static boolean isDue(Connection reader, String[] due) throws SQLException {
        return holds(
                reader,
                """
                select from public.%s
                where %s and %s between now() - interval '%s' - interval '2 minutes'
                    and now() - interval '%s' + interval '5 seconds'
                """
                        .formatted(due[0], due[1], due[2], due[3], due[3]));
    }

    private static boolean holds(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery("select exists (" + query + ")")) {
            found.next();
            return found.getBoolean(1);
        }
    }
}
