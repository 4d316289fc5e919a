package io.seqpulse.connector.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MigrationsTest {

    private static final List<String> SECRETS =
            List.of(
                    "password_hash",
                    "twofa_secret",
                    "api_key_hash",
                    "hmac_secret",
                    "webhook_url",
                    "payload_json",
                    "token_hash",
                    "ip_hash");

    private final ProductDatabase database = ProductDatabase.shared();

    @Test
    void publishesExactlyTheCapturedColumns() {
        var listed =
                database.rows(
                        """
                        select table_name, unnest(column_names) as column_name
                        from lifecycle.captured_columns() order by 1, 2
                        """);
        var published =
                database.rows(
                        """
                        select tablename::text as table_name, unnest(attnames)::text as column_name
                        from pg_publication_tables where pubname = 'seqpulse_lifecycle'
                        order by 1, 2
                        """);

        assertThat(published).isEqualTo(listed);
        assertThat(published).noneMatch(row -> SECRETS.contains(row.get("column_name")));
    }

    @Test
    void theCheckOfCaptureNamesWhatKeepsChangesAway() throws Exception {
        String check = Files.readString(ProductDatabase.sql().resolve("checks/capture.sql"));
        try (ProductDatabase own = ProductDatabase.start()) {
            assertThat(problems(own, check))
                    .containsExactly("replication slot seqpulse_lifecycle is gone");

            own.execute("alter table public.users rename column email to mail");
            own.execute("alter table public.email_events drop constraint email_events_pkey");
            own.execute("alter publication seqpulse_lifecycle drop table public.projects");
            assertThat(problems(own, check))
                    .containsExactly(
                            "replication slot seqpulse_lifecycle is gone",
                            "table projects is not in the publication",
                            "table email_events is not captured: it has no primary key",
                            "column users.mail has another name than the job reads");

            // as on a managed server, where nobody may make an event trigger
            own.execute("drop event trigger seqpulse_lifecycle_follow");
            own.execute("insert into public.users (name, mail) values ('Ada', 'ada@example.org')");
            own.execute("alter table public.users replica identity full");
            assertThatThrownBy(() -> own.execute("update public.users set name = 'x'"))
                    .hasMessageContaining("does not cover the replica identity");
            assertThat(problems(own, check))
                    .contains(
                            "table users cannot be updated: the publication does not cover its"
                                    + " replica identity");
            own.execute("select lifecycle.publish_table('users')");
            assertThat(own.execute("update public.users set name = 'x'")).isOne();
        }
    }

    @Test
    void aStartNamesEachColumnThatWouldBeReadWronglyAndWhatToDo() {
        try (ProductDatabase own = ProductDatabase.startEmpty()) {
            own.execute(
                    "create table public.users (id uuid primary key, name bytea, email char(80),"
                            + " is_active integer, created_at date, updated_at timestamp(3))");
            own.execute("create type public.plan as enum ('free', 'pro')");
            own.execute("create domain public.when_it_was as timestamptz");
            own.execute(
                    "create table public.projects (id uuid primary key, owner_id uuid,"
                            + " plan public.plan, created_at public.when_it_was)");
            own.execute(
                    "create table public.deployments (id bigint primary key, started_at bigint,"
                            + " finished_at timestamptz, duration_ms bigint"
                            + " generated always as (started_at * 2) stored)");
            own.migrate();

            assertThatThrownBy(() -> new StartUpDatabase(own.job()).readable())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("column public.users.name is bytea; it must be text")
                    .hasMessageContaining("column public.users.email is character(80); it must be")
                    .hasMessageContaining("column public.users.is_active is integer; it must be")
                    .hasMessageContaining(
                            "column public.users.created_at is date; it must be timestamptz or"
                                    + " timestamp -> alter table public.users alter column"
                                    + " created_at type timestamptz")
                    .hasMessageContaining("column public.deployments.started_at is bigint")
                    .hasMessageNotContainingAny("updated_at", "projects", "finished_at");
        }
    }

    @Test
    void aStartSaysWhichComputedColumnItGoesWithout() {
        try (ProductDatabase own = ProductDatabase.startEmpty()) {
            own.execute(
                    "create table public.users (id uuid primary key, email text, is_active boolean,"
                            + " created_at timestamptz, first_name text generated always as (email)"
                            + " stored)");
            own.execute(
                    "create table public.projects (id uuid primary key, owner_id uuid, plan text)");
            own.migrate();
            assertThat(new StartUpDatabase(own.job()).readable())
                    .containsExactly(
                            "column public.users.first_name is computed by the database, so no log"
                                    + " holds it");
        }
    }

    @Test
    void aStartRefusesRowsThatAreHidden() {
        try (ProductDatabase own = ProductDatabase.start()) {
            own.execute("alter table public.users enable row level security");
            assertThatThrownBy(() -> new StartUpDatabase(own.job()).readable())
                    .hasMessageContaining(
                            "row level security hides rows of table public.users from role"
                                    + " lifecycle_job")
                    .hasMessageContaining("from role lifecycle_connect");
            own.execute("alter role lifecycle_job bypassrls");
            own.execute("alter role lifecycle_connect bypassrls");
            assertThat(new StartUpDatabase(own.job()).readable()).isEmpty();
        }
    }

    @Test
    void anUnusableDatabaseIsNamedWithoutItsPassword() {
        JdbcSettings away =
                new JdbcSettings(
                        "jdbc:postgresql://127.0.0.1:1/x?user=u&password=TOP-SECRET", "u", "p");
        assertThatThrownBy(() -> new StartUpDatabase(away).newStart())
                .hasMessageContaining("jdbc:postgresql://127.0.0.1:1/x?***")
                .hasMessageNotContaining("TOP-SECRET");
    }

    private static List<String> problems(ProductDatabase database, String check) {
        return database.rows(check).stream()
                .map(
                        row ->
                                "%s %s %s"
                                        .formatted(
                                                row.get("what"),
                                                row.get("name"),
                                                row.get("problem")))
                .toList();
    }

    @Test
    void letsTheProductWriteToEveryPublishedTable() {
        var owner = database.user("ada@example.org");
        var project = database.project(owner, "free");
        database.execute(
                "insert into public.project_members (project_id, user_id) values (?, ?)",
                project,
                owner);
        database.execute(
                "insert into public.deployments (deployment_number, project_id) values (1, ?)",
                project);
        database.execute(
                "insert into public.metric_samples (deployment_id, phase)"
                        + " select id, 'pre' from public.deployments");
        database.execute(
                "insert into public.sdh_hints (deployment_id, metric, severity, title)"
                        + " select id, 'latency', 'high', 'Slow' from public.deployments");

        assertThat(database.execute("update public.project_members set role = 'admin'")).isOne();
        assertThat(database.execute("update public.metric_samples set phase = 'post'")).isOne();
        assertThat(database.execute("update public.users set password_hash = 'x'")).isOne();
        assertThat(database.execute("delete from public.users")).isOne();
    }

    @Test
    void captureReadsCapturedColumnsAndEmitsTheClockButSeesNoSecret() throws SQLException {
        try (Connection connection = database.connect(database.role("lifecycle_connect"));
                Statement statement = connection.createStatement()) {
            statement.execute("select id, email from public.users");
            statement.execute("select lifecycle.emit_clock()");
            for (String forbidden :
                    List.of(
                            "select password_hash from public.users",
                            "select twofa_secret from public.users",
                            "select hmac_secret from public.projects",
                            "select payload_json from public.email_deliveries",
                            "update public.users set name = 'x'",
                            "select * from lifecycle.suppressed_addresses")) {
                assertDenied(statement, forbidden);
            }
        }
        assertThat(
                        database.value(
                                "select rolreplication from pg_roles"
                                        + " where rolname = 'lifecycle_connect'"))
                .isEqualTo(true);
    }

    @Test
    void theClockIsToldWhichCapturedTablesAreEmpty() throws SQLException {
        database.user("ada@example.org");
        assertThat(
                        database.value(
                                "select array_to_string(array(select name from unnest("
                                        + "lifecycle.empty_tables()) name where name in"
                                        + " ('users', 'projects', 'feedback')), ' ')"))
                .isEqualTo("projects");
    }

    @Test
    void theJobReadsNoSecretAndDeletesNothing() throws SQLException {
        try (Connection connection = database.connect(database.job());
                Statement statement = connection.createStatement()) {
            statement.execute("insert into lifecycle.rule_live_since (code) values ('E-TEST-01')");
            for (String forbidden :
                    List.of(
                            "select password_hash from public.users",
                            "select name from public.users",
                            "update public.users set email = 'x'",
                            "select hmac_secret from public.projects",
                            "delete from public.email_deliveries",
                            "update public.email_deliveries set created_at = now()",
                            "update lifecycle.rule_live_since set live_since = now()",
                            "create table public.mine ()",
                            "create table lifecycle.mine ()")) {
                assertDenied(statement, forbidden);
            }
        }
    }

    @Test
    void readersSeeOutcomesAndNoContents() throws SQLException {
        try (Connection connection = database.connect(database.role("lifecycle_readonly"));
                Statement statement = connection.createStatement()) {
            statement.execute("select code, outcome, reason, category from kpi.deliveries");
            for (String forbidden :
                    List.of(
                            "select status from public.email_deliveries",
                            "select payload_json from public.email_deliveries",
                            "select recipient_address from public.email_deliveries",
                            "select email from public.users",
                            "select * from lifecycle.rule_live_since",
                            "select * from lifecycle.suppressed_addresses")) {
                assertDenied(statement, forbidden);
            }
        }
    }

    @Test
    void supportSeesAMailAndItsAddressAndNothingElse() throws SQLException {
        try (Connection connection = database.connect(database.role("lifecycle_support"));
                Statement statement = connection.createStatement()) {
            statement.execute(
                    "select e.payload_json, coalesce(e.recipient_address, u.email)"
                            + " from public.email_deliveries e"
                            + " left join public.users u on u.id = e.user_id"
                            + " where e.managed_by = 'lifecycle'");
            for (String forbidden :
                    List.of(
                            "select dedupe_key from public.email_deliveries",
                            "update public.email_deliveries set recipient_address = ''",
                            "select name from public.users",
                            "select * from public.projects",
                            "select * from kpi.cohort",
                            "select * from lifecycle.suppressed_addresses")) {
                assertDenied(statement, forbidden);
            }
        }
    }

    private static void assertDenied(Statement statement, String sql) {
        assertThatThrownBy(() -> statement.execute(sql))
                .as(sql)
                .isInstanceOfSatisfying(
                        SQLException.class,
                        denied -> assertThat(denied.getSQLState()).isIn("42501", "25006"));
    }

    /**
     * Everything optional missing at first, then a table and a column more, then migrated again.
     */
    @Test
    void growsWithTheProduct() {
        try (ProductDatabase bare = ProductDatabase.startEmpty()) {
            assertThatThrownBy(bare::migrate).hasMessageContaining("public.users");

            bare.execute(
                    "create table public.users (id uuid primary key, name text, email text,"
                            + " password_hash text, is_active boolean, created_at timestamptz)");
            bare.execute(
                    "create table public.projects (id uuid primary key, name text, owner_id uuid,"
                            + " plan text, hmac_secret text)");
            bare.execute(
                    "create table public.metric_samples (deployment_id uuid, phase text,"
                            + " secret text)");
            bare.migrate();
            assertThat(published(bare))
                    .containsExactly("email_deliveries", "email_preferences", "projects", "users");
            // Published without a primary key, it would refuse this.
            bare.execute("insert into public.metric_samples (phase) values ('post')");
            assertThat(bare.execute("update public.metric_samples set phase = 'pre'")).isOne();
            assertThat(
                            new StartUpDatabase(bare.superuser())
                                    .captured(List.of("users", "metric_samples", "quota_refusals")))
                    .containsExactly("users");

            awaitNextSecond(); // what makes the scripts run again counts in seconds
            bare.execute("create table public.quota_refusals (id uuid primary key, used integer)");
            bare.execute("alter table public.users add column locale text");
            bare.execute("grant select (status) on public.email_deliveries to lifecycle_readonly");
            bare.migrate();
            assertThat(
                            bare.value(
                                    "select has_any_column_privilege('lifecycle_readonly',"
                                            + " 'public.email_deliveries', 'select')"))
                    .as("what an earlier version gave is taken back")
                    .isEqualTo(false);
            assertThat(published(bare)).contains("quota_refusals");
            assertThat(
                            bare.value(
                                    "select array_to_string(attnames, ',')"
                                            + " from pg_publication_tables"
                                            + " where tablename = 'users'"))
                    .isEqualTo("id,name,email,is_active,created_at,locale");
        }
    }

    @Test
    void touchesNoTableOfTheProductButItsJournal() {
        assertThat(
                        database.rows(
                                """
                                select indexrelid::regclass::text as name from pg_index
                                where indrelid <> 'public.email_deliveries'::regclass
                                    and indexrelid::regclass::text like '%lifecycle%'
                                    and indrelid::regclass::text not like 'lifecycle.%'
                                """))
                .isEmpty();
    }

    private static void awaitNextSecond() {
        long second = Instant.now().getEpochSecond();
        while (Instant.now().getEpochSecond() == second) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static Stream<String> published(ProductDatabase database) {
        return database
                .rows(
                        "select tablename::text as name from pg_publication_tables"
                                + " where pubname = 'seqpulse_lifecycle' order by 1")
                .stream()
                .map(row -> (String) row.get("name"));
    }
}
