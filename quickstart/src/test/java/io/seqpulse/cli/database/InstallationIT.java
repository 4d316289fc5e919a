package io.seqpulse.cli.database;

import static io.seqpulse.cli.database.SomebodysPostgres.column;
import static io.seqpulse.cli.database.SomebodysPostgres.everything;
import static io.seqpulse.cli.database.SomebodysPostgres.execute;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seqpulse.cli.CommandException;
import io.seqpulse.quickstart.traffic.DemoHistory;
import io.seqpulse.quickstart.traffic.LiveTraffic;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is made in somebody's own PostgreSQL, and taken away again. */
class InstallationIT {

    private static final Path HOME = SomebodysPostgres.home();
    private static final UUID ADA = UUID.fromString("00000000-0000-4000-8000-0000000000ad");

    private static SomebodysPostgres postgres;

    @BeforeAll
    static void start() {
        postgres = SomebodysPostgres.start();
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private static SqlPlan plan(DatabaseAddress address) throws SQLException {
        try (Connection connection = address.connect()) {
            Requirements.onlyRead(connection);
            return Installation.plan(connection, HOME);
        }
    }

    private static void install(DatabaseAddress address) throws SQLException {
        run(address, plan(address));
    }

    private static SqlPlan purge(DatabaseAddress address) throws SQLException {
        SqlPlan plan;
        try (Connection connection = address.connect()) {
            Requirements.onlyRead(connection);
            plan = Removal.purge(address, connection);
        }
        run(address, plan);
        return plan;
    }

    private static void run(DatabaseAddress address, SqlPlan plan) throws SQLException {
        try (Connection connection = address.connect()) {
            plan.run(connection);
        }
    }

    private static List<String> missing(DatabaseAddress address) throws SQLException {
        try (Connection connection = address.connect()) {
            Requirements.onlyRead(connection);
            return Requirements.missing(address, connection, HOME, false);
        }
    }

    private static void ada(DatabaseAddress address) {
        execute(
                address,
                "insert into public.users (id, name, email) values ('%s', 'Ada', 'ada@example.org')"
                        .formatted(ADA));
    }

    private static void journal(DatabaseAddress address, String key, String more) {
        execute(
                address,
                "insert into public.email_deliveries (user_id, email_type, dedupe_key%s) values ('%s', 'E-TRX-01', '%s'%s)"
                        .formatted(
                                more.isEmpty() ? "" : ", status, managed_by, phase",
                                ADA,
                                key,
                                more.isEmpty() ? "" : ", " + more));
    }

    @Test
    void runsExactlyWhatItShows() throws SQLException {
        DatabaseAddress ran = postgres.product("ran");
        DatabaseAddress shown = postgres.product("shown");
        List<String> before = everything(ran);

        String text = plan(ran).text();
        install(ran);
        execute(shown, text);

        assertThat(everything(ran)).isEqualTo(everything(shown)).isNotEqualTo(before);
        assertThat(column(ran, "select kind || name from lifecycle.created_objects order by 1"))
                .isEqualTo(
                        column(
                                shown,
                                "select kind || name from lifecycle.created_objects order by 1"));
    }

    @Test
    void leavesTheProductsTablesAsTheyAreButForAdditionsToItsJournal() throws SQLException {
        DatabaseAddress address = postgres.product("untouched");
        execute(address, "create table public.subscriptions_of_old (id uuid)");
        List<String> before = everything(address);

        install(address);

        List<String> after = everything(address);
        assertThat(after).containsAll(before);
        assertThat(after.stream().filter(line -> !before.contains(line)))
                .allMatch(
                        line ->
                                line.matches(
                                        "schema (lifecycle|kpi)|publication seqpulse_lifecycle .*|published .*"
                                                + "|.*\\b(lifecycle|kpi)\\..*|.*email_deliveries_lifecycle_.*"
                                                + "|(column|grant \\S+|grant) (public\\.)?email_deliveries.*"))
                .noneMatch(
                        line -> line.contains("column email_deliveries") && line.contains(" true"));
        assertThat(after).noneMatch(line -> line.startsWith("role lifecycle"));
    }

    @Test
    void repeatsNothingAndAddsWhatTheProductHasGained() throws SQLException {
        DatabaseAddress address = postgres.product("growing");
        execute(address, "alter table public.users drop column locale");
        execute(address, "drop table public.quota_refusals");
        install(address);
        assertThat(plan(address).isEmpty()).isTrue();

        execute(address, "alter table public.users add column locale text");
        execute(address, "create table public.quota_refusals (id uuid primary key, used integer)");

        SqlPlan rest = plan(address);
        assertThat(rest.statements())
                .singleElement()
                .asString()
                .contains("lifecycle.publish_tables()");
        run(address, rest);
        assertThat(everything(address))
                .anyMatch(line -> line.matches("published users .*\\blocale\\b.*"))
                .contains("published quota_refusals {id,used}");
        assertThat(plan(address).isEmpty()).isTrue();
    }

    @Test
    void aSuperuserMayLetThePublicationFollowTheTables() throws SQLException {
        DatabaseAddress address = postgres.product("followed");
        SqlPlan plan = plan(address);
        assertThat(plan.text()).contains("-- create event trigger seqpulse_lifecycle_follow");
        run(address, plan);
        ada(address);
        execute(address, "alter table public.users replica identity full");
        assertThatThrownBy(() -> execute(address, "update public.users set name = 'x'"))
                .hasMessageContaining("does not cover the replica identity");

        execute(address, "select lifecycle.publish_table('users')");
        execute(address, "alter table public.users replica identity default");
        postgres.asSuperuser(
                "followed",
                "create event trigger seqpulse_lifecycle_follow on ddl_command_end"
                        + " execute function lifecycle.follow_tables()");
        execute(address, "alter table public.users replica identity full");
        execute(address, "update public.users set name = 'x'");

        try (Connection connection = address.connect()) {
            assertThat(Removal.obstacleToPurge(connection))
                    .hasValueSatisfying(
                            obstacle ->
                                    assertThat(obstacle)
                                            .contains(
                                                    "drop event trigger seqpulse_lifecycle_follow;"));
        }
        postgres.asSuperuser("followed", "drop event trigger seqpulse_lifecycle_follow");
        purge(address);
        assertThat(everything(address)).noneMatch(line -> line.contains("lifecycle"));
    }

    @Test
    void aSuperusersOwnInstallationFollowsByItself() throws SQLException {
        postgres.product("super");
        DatabaseAddress address = postgres.address("super", "postgres");
        List<String> before = everything(address);
        install(address);
        ada(address);
        execute(address, "alter table public.users replica identity full");
        execute(address, "update public.users set name = 'x'");
        execute(address, "alter table public.users replica identity default");
        assertThat(plan(address).isEmpty()).isTrue();
        execute(address, "delete from public.users");

        purge(address);
        assertThat(everything(address)).isEqualTo(before);
    }

    @Test
    void publishesAPartitionedTableAndNoTableOfWhichRowsWouldBeMissing() throws SQLException {
        DatabaseAddress address = postgres.product("parts");
        execute(address, "drop table public.quota_refusals, public.email_events");
        execute(
                address,
                "create table public.quota_refusals (id uuid, attempted_at timestamptz,"
                        + " secret text, primary key (id, attempted_at))"
                        + " partition by range (attempted_at);"
                        + " create table public.one partition of public.quota_refusals default");
        execute(address, "create table public.more () inherits (public.sdh_hints)");
        execute(address, "create view public.email_events as select 1 as id");
        execute(
                address,
                "insert into public.quota_refusals values (gen_random_uuid(), now(), 'x')");

        SqlPlan plan = plan(address);
        run(address, plan);

        assertThat(plan.text())
                .contains("Not captured, because other tables inherit from it", "public.sdh_hints")
                .contains(
                        "because it is no table, so no log holds its changes: public.email_events");
        assertThat(everything(address))
                .contains("published quota_refusals {id,attempted_at}")
                .noneMatch(line -> line.startsWith("published sdh_hints"));
        execute(address, "update public.quota_refusals set secret = 'y'");
        assertThat(plan(address).isEmpty()).isTrue();
    }

    @Test
    void namesWhatItCouldNotRead() throws SQLException {
        DatabaseAddress address = postgres.product("unreadable");
        execute(
                address,
                "alter table public.users alter column twofa_enabled_at type date,"
                        + " enable row level security, force row level security");
        execute(
                address,
                "drop table public.projects cascade;"
                        + " create view public.projects as select gen_random_uuid() as id,"
                        + " gen_random_uuid() as owner_id, 'free'::text as plan");
        assertThat(String.join("\n", missing(address)))
                .contains("column public.users.twofa_enabled_at is date; it must be timestamptz")
                .contains("alter table public.users alter column twofa_enabled_at type timestamptz")
                .contains("row level security hides rows of table public.users from user product")
                .contains("table public.projects has no primary key");
    }

    @Test
    void leavesATableWithoutAPrimaryKeyAlone() throws SQLException {
        DatabaseAddress address = postgres.product("keyless");
        execute(address, "alter table public.metric_samples drop constraint metric_samples_pkey");
        List<String> before = everything(address);

        SqlPlan plan = plan(address);
        run(address, plan);

        assertThat(plan.text())
                .contains("-- Not captured, because it has no primary key: public.metric_samples");
        assertThat(everything(address)).containsAll(before);
        execute(address, "delete from public.metric_samples"); // refused, if it were published
    }

    @Test
    void leavesNothingBehindWhereTheJournalWasTheProducts() throws SQLException {
        DatabaseAddress address = postgres.product("gone");
        List<String> before = everything(address);
        install(address);
        ada(address);
        journal(address, "theirs", "");
        journal(address, "ours", "'sent', 'lifecycle', null");

        SqlPlan plan = purge(address);

        assertThat(everything(address)).isEqualTo(before);
        assertThat(column(address, "select dedupe_key from public.email_deliveries"))
                .containsExactly("theirs");
        assertThat(plan.text()).contains("what we remember of 1 emails sent");
        try (Connection connection = address.connect()) {
            assertThat(Removal.purge(address, connection).isEmpty()).isTrue();
        }
    }

    @Test
    void leavesNothingBehindWhereItMadeTheJournal() throws SQLException {
        DatabaseAddress address = postgres.product("bare");
        execute(address, "drop table public.email_events, public.email_deliveries");
        execute(address, "drop table public.email_preferences");
        List<String> before = everything(address);
        install(address);
        ada(address);
        journal(address, "ours", "'sent', 'lifecycle', null");

        purge(address);

        assertThat(everything(address)).isEqualTo(before);
    }

    @Test
    void keepsATableItMadeThatOthersHaveWrittenTo() throws SQLException {
        DatabaseAddress address = postgres.product("shared");
        execute(address, "drop table public.email_events, public.email_deliveries");
        execute(address, "drop table public.email_preferences");
        install(address);
        ada(address);
        journal(address, "ours", "'sent', 'lifecycle', null");
        journal(address, "theirs", "");
        execute(
                address,
                "insert into public.email_preferences values ('%s', false)".formatted(ADA));

        SqlPlan plan = purge(address);

        assertThat(plan.text())
                .contains("Kept, because it has rows that are not ours: public.email_deliveries")
                .contains("Kept, because it has rows that are not ours: public.email_preferences");
        assertThat(column(address, "select dedupe_key from public.email_deliveries"))
                .containsExactly("theirs");
        assertThat(everything(address))
                .noneMatch(line -> line.contains("lifecycle") || line.contains("managed_by"));
    }

    @Test
    void keepsAColumnThatWasThereBefore() throws SQLException {
        DatabaseAddress address = postgres.product("owncolumn");
        execute(address, "alter table public.email_deliveries add column category text");
        List<String> before = everything(address);

        install(address);
        purge(address);

        assertThat(everything(address)).isEqualTo(before);
    }

    @Test
    void undoesEverythingWhenTheDatabaseRefusesOneStatement() throws SQLException {
        DatabaseAddress address = postgres.product("refusing");
        SqlPlan plan = plan(address);
        execute(address, "create publication seqpulse_lifecycle");
        List<String> before = everything(address);

        assertThatThrownBy(() -> run(address, plan))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("already exists");

        assertThat(everything(address)).isEqualTo(before);
    }

    @Test
    void handsBackWhatIsQueuedAndKeepsTheKeysOfWhatMayHaveBeenSent() throws SQLException {
        DatabaseAddress address = postgres.product("handedback");
        install(address);
        ada(address);
        journal(address, "sent", "'sent', 'lifecycle', null");
        journal(address, "waiting", "'queued', 'lifecycle', null");
        journal(address, "leased", "'queued', 'lifecycle', 'leased'");
        journal(address, "maybe", "'queued', 'lifecycle', 'final'");
        journal(address, "again#held", "'suppressed', 'lifecycle', null");
        journal(address, "again", "'queued', 'lifecycle', null");
        journal(address, "theirs", "");

        SqlPlan plan;
        try (Connection connection = address.connect()) {
            plan = Removal.handBack(address, connection);
        }
        run(address, plan);

        assertThat(
                        column(
                                address,
                                "select regexp_replace(dedupe_key, ':.*', ':ID') || ' ' || status || ' '"
                                        + " || coalesce(reason, '-') from public.email_deliveries"
                                        + " order by 1"))
                .containsExactlyInAnyOrder(
                        "again#held suppressed -",
                        "again#held:ID suppressed held",
                        "leased#held suppressed held",
                        "maybe failed unconfirmed",
                        "sent sent -",
                        "theirs queued -",
                        "waiting#held suppressed held");
        try (Connection connection = address.connect()) {
            assertThat(Removal.handBack(address, connection).isEmpty()).isTrue();
        }
    }

    @Test
    void needsNothingOfADatabaseThatIsReady() throws SQLException {
        DatabaseAddress address = postgres.product("ready");
        assertThat(missing(address)).isEmpty();
        install(address);
        assertThat(missing(address)).isEmpty();
    }

    @Test
    void namesEverythingThatIsMissingAtOnceAndWhatToDo() throws SQLException {
        try (SomebodysPostgres poor =
                SomebodysPostgres.start(
                        Map.of("wal_level", "replica", "max_replication_slots", "0"))) {
            DatabaseAddress owner = poor.product("poor");
            execute(owner, "alter table public.projects drop column plan");
            execute(
                    owner,
                    "alter table public.email_deliveries drop constraint email_deliveries_dedupe_key_key");
            execute(owner, "alter table public.email_deliveries add column attempts text");
            execute(owner, "drop table public.email_events, public.email_preferences");
            poor.asSuperuser("poor", "create role guest login");
            poor.asSuperuser("poor", "revoke create on schema public from public");
            poor.asSuperuser("poor", "grant select on all tables in schema public to guest");
            List<String> before = everything(owner);

            List<String> missing = missing(poor.address("poor", "guest"));

            assertThat(String.join("\n", missing))
                    .contains("wal_level is replica", "alter system set wal_level = 'logical'")
                    .contains("all 0 replication slots are in use")
                    .contains("user guest may not replicate", "alter role guest replication;")
                    .contains("grant create on database poor to guest;")
                    .contains("grant create on schema public to guest;")
                    .contains("does not own table public.users", "grant product to guest;")
                    .contains("table public.projects has no column plan")
                    .contains("alter table public.email_deliveries add unique (dedupe_key);")
                    .contains("column public.email_deliveries.attempts is there already as text");
            assertThat(everything(owner)).isEqualTo(before);
        }
    }

    @Test
    void takesNothingForItsOwnThatOthersMade() throws SQLException {
        DatabaseAddress address = postgres.product("taken");
        execute(address, "create publication seqpulse_lifecycle");
        execute(address, "create schema lifecycle; create table lifecycle.theirs (id integer)");
        execute(address, "create schema kpi");

        assertThat(String.join("\n", missing(address)))
                .contains("publication seqpulse_lifecycle is there, but was not made by")
                .contains("schema kpi is there, but was not made by")
                .contains("schema lifecycle is there, but was not made by");
    }

    @Test
    void wantsTheProductsDatabase() throws SQLException {
        assertThat(String.join("\n", missing(postgres.empty("empty"))))
                .contains("table public.users is missing from database empty")
                .contains("table public.projects is missing from database empty");
    }

    @Test
    void trafficAndHistoryStayOutOfIt() throws SQLException {
        DatabaseAddress address = postgres.product("serious");
        try (Connection connection = address.connect()) {
            assertThatThrownBy(() -> LiveTraffic.start(connection, 100, 1, failure -> {}))
                    .isInstanceOf(CommandException.class)
                    .hasMessageContaining("embedded database only");
            assertThatThrownBy(() -> new DemoHistory(1, Instant.now()).insert(connection))
                    .isInstanceOf(CommandException.class)
                    .hasMessageContaining("embedded database only");
        }
        assertThat(column(address, "select count(*) from public.users")).containsExactly("0");
    }
}
