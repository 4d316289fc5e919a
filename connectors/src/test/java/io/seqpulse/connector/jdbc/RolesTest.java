package io.seqpulse.connector.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seqpulse.connector.debezium.ClockKey;
import io.seqpulse.connector.debezium.ClockMessage;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What each of our roles can call that PostgreSQL lets everybody call and that does something, by
 * the server's own list; a later version's new function is found here. Held against what is known
 * to be harmless, and why; a session of a read-only role is thought to have lifted that.
 */
class RolesTest {

    private static final ProductDatabase SOMEBODYS = ProductDatabase.shared();
    private static ProductDatabase ours;

    /** Volatile functions, and procedures, that a role can call; those of triggers it cannot. */
    private static final String CALLABLE =
            """
            select distinct p.proname::text as name
            from pg_proc p
            join pg_namespace n on n.oid = p.pronamespace
            where (p.provolatile = 'v' or p.prokind = 'p') and p.prokind in ('f', 'p')
                and n.nspname not in ('lifecycle', 'kpi')
                and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
                and 'internal'::regtype <> all (p.proargtypes)
                and has_schema_privilege(?, n.oid, 'usage')
                and has_function_privilege(?, p.oid, 'execute')
            order by 1
            """;

    /** Pattern of names → why a role may call them. */
    private static final Map<String, String> HARMLESS = new LinkedHashMap<>();

    /** The same on a server of somebody's, where they are not ours to take from others. */
    private static final Map<String, String> BOUNDED = new LinkedHashMap<>();

    static {
        allow("tells the time", "clock_timestamp|timeofday|pg_sleep(_for|_until)?");
        allow("makes values", "gen_random_uuid|random(_normal)?|setseed|array_(sample|shuffle)");
        allow(
                "of the session alone",
                "current_query|lastval|pg_stat_(clear_snapshot|force_next_flush)");
        allow(
                "asks for the right to the sequence",
                "nextval|setval|currval|pg_sequence_last_value");
        allow("changes what a session may change with SET", "set_config");
        allow(
                "runs a query with the caller's rights",
                "(query|cursor)_to_xml.*|ts_stat|ts_rewrite");
        allow(
                "asks for the right to the table or the index",
                "currtid2|brin_.*|gin_clean_pending_list");
        allow(
                "reads figures",
                "pg_.*_size|pg_stat_get_.*|pg_partition_(tree|ancestors)|pg_control_.*");
        allow(
                "reads the state of the server",
                "pg_(current_wal|last_wal|last_xact|last_committed|xact_|get_wal|is_).*"
                        + "|txid_status|pg_lock_status|pg_prepared_xact|pg_get_multixact_.*"
                        + "|pg_(safe_snapshot_)?blocking_pids|pg_isolation_test_session_is_blocked"
                        + "|pg_jit_available|pg_get_wait_events|pg_available_wal_summaries"
                        + "|pg_wal_summary_contents|pg_notification_queue_usage"
                        + "|pg_(database_)?collation_actual_version|amvalidate");
        allow(
                "asks for REPLICATION",
                "pg_.*replication_slots?|pg_replication_slot_advance|pg_logical_slot_.*");
        allow("ends sessions of the caller's own role", "pg_(cancel|terminate)_backend");
        allow(
                "for superusers or initdb",
                "binary_upgrade_.*|pg_nextoid|pg_stop_making_pinned_objects"
                        + "|pg_import_system_collations|pg_extension_config_dump");
        allow("handles of a language, which check their caller", "plpgsql_.*");
        allow("is NOTIFY, which nobody can be denied", "pg_notify");
        allow(
                "lasts as long as its transaction, which is ended after a minute",
                "pg_export_snapshot");

        BOUNDED.put("pg_logical_emit_message", "signed clock messages; WAL is bounded by the slot");
        BOUNDED.put(
                "lo_.*|loread|lowrite", "large objects of its own, if the session lifts read-only");
        BOUNDED.put(
                "pg_(try_)?advisory_.*", "a foreign lock can hold up a sender's lease, no mail");
    }

    private static void allow(String why, String names) {
        HARMLESS.put(names, why);
    }

    private static ProductDatabase ours() {
        if (ours == null) {
            ours = ProductDatabase.startEmpty("seqpulse-embedded");
            ours.runReference();
            ours.migrate();
        }
        return ours;
    }

    @AfterAll
    static void stop() {
        if (ours != null) {
            ours.close();
        }
    }

    private static List<String> unreasoned(
            ProductDatabase database, String role, Iterable<String> allowed) {
        List<String> left = new ArrayList<>();
        for (Map<String, Object> row : database.rows(CALLABLE, role, role)) {
            String name = (String) row.get("name");
            boolean known = false;
            for (String pattern : allowed) {
                known |= name.matches(pattern);
            }
            if (!known) {
                left.add(name);
            }
        }
        return left;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lifecycle_job",
                "lifecycle_connect",
                "lifecycle_readonly",
                "lifecycle_support"
            })
    void callsNothingThatIsNotReasoned(String role) {
        var bounded = new TreeSet<>(HARMLESS.keySet());
        bounded.addAll(BOUNDED.keySet());
        assertThat(unreasoned(SOMEBODYS, role, bounded)).isEmpty();

        var onOurs = new TreeSet<>(HARMLESS.keySet());
        if (role.equals("lifecycle_job")) {
            onOurs.add("pg_(try_)?advisory_.*"); // senders tell by one that they live
        }
        onOurs.add("lo_(close|get|lseek|lseek64|open|tell|tell64)|loread");
        assertThat(unreasoned(ours(), role, onOurs)).isEmpty();
    }

    @Test
    void writesNothingThoughTheSessionIsNotReadOnly() throws SQLException {
        for (String role : new String[] {"lifecycle_readonly", "lifecycle_support"}) {
            try (Connection connection = ours().connect(ours().role(role));
                    Statement statement = connection.createStatement()) {
                statement.execute("set default_transaction_read_only = off");
                for (String writing :
                        List.of(
                                "select pg_logical_emit_message(true, 'seqpulse.clock', '{}')",
                                "select pg_logical_emit_message(false, 'x', 'x'::bytea)",
                                "select lo_create(0)",
                                "select lo_from_bytea(0, 'x')",
                                "select pg_advisory_lock(1)",
                                "select lifecycle.emit_clock()",
                                "select key from lifecycle.clock_key",
                                "select pg_create_logical_replication_slot('x', 'pgoutput')",
                                "create temporary table t ()",
                                "create table public.t ()",
                                "create schema x",
                                "copy kpi.definition to program 'true'",
                                "select pg_terminate_backend(pid) from pg_stat_activity"
                                        + " where usename = 'postgres'",
                                "alter role lifecycle_readonly connection limit -1",
                                "set temp_file_limit = -1")) {
                    assertDenied(statement, writing);
                }
                statement.execute("show temp_file_limit");
                statement.getResultSet().next();
                assertThat(statement.getResultSet().getString(1)).isEqualTo("1GB");
            }
            assertThat(
                            (Integer)
                                    ours().value(
                                                    "select rolconnlimit from pg_roles"
                                                            + " where rolname = ?",
                                                    role))
                    .isPositive();
        }
    }

    private static void assertDenied(Statement statement, String sql) {
        assertThatThrownBy(() -> statement.execute(sql))
                .as(sql)
                .isInstanceOfSatisfying(
                        SQLException.class,
                        denied -> assertThat(denied.getSQLState()).isEqualTo("42501"));
    }

    /** The clock goes on where writing messages is taken from everybody, and says whose it is. */
    @Test
    void theClockIsSignedWithTheKeyThatTheJobReads() throws SQLException {
        for (ProductDatabase database : List.of(SOMEBODYS, ours())) {
            database.value("select pg_create_logical_replication_slot('signed', 'pgoutput')::text");
            try {
                database.execute("update lifecycle.clock_key set signs_from = now()");
                try (Connection connection = database.connect(database.role("lifecycle_connect"));
                        Statement statement = connection.createStatement()) {
                    statement.execute("select lifecycle.emit_clock()");
                }
                database.execute(
                        "begin; set local synchronous_commit = on;"
                                + " select pg_logical_emit_message("
                                + "true, 'seqpulse.clock', '{\"empty\":[\"users\"]}'); commit");
                List<String> contents = messages(database);
                ClockKey key = new StartUpDatabase(database.job()).clockKey();
                long now = System.currentTimeMillis() + 60_000;

                assertThat(contents).hasSize(2);
                assertThat(contents)
                        .extracting(
                                content ->
                                        key.admits(
                                                new ClockMessage(now * 1_000, now, 1, 1, content)))
                        .containsExactly(true, false);
                ClockMessage told = new ClockMessage(now, now, 1, 1, contents.get(0));
                assertThat(told.identity()).matches("\\d+/\\d+");
            } finally {
                database.value("select pg_drop_replication_slot('signed')::text");
            }
        }
        assertThat(new StartUpDatabase(ours().job()).clockKey().key())
                .as("each database has its own")
                .hasSize(32)
                .isNotEqualTo(new StartUpDatabase(SOMEBODYS.job()).clockKey().key());
    }

    /** Their contents: behind the kind, flags and a position stand the prefix and a length. */
    private static List<String> messages(ProductDatabase database) {
        List<String> contents = new ArrayList<>();
        for (Map<String, Object> row :
                database.rows(
                        """
                        select data from pg_logical_slot_get_binary_changes('signed', null, null,
                            'proto_version', '1', 'publication_names', 'seqpulse_lifecycle',
                            'messages', 'true')
                        """)) {
            byte[] data = (byte[]) row.get("data");
            if (data[0] == 'M') {
                String text = new String(data, StandardCharsets.ISO_8859_1);
                contents.add(text.substring(text.indexOf("seqpulse.clock") + 15 + 4));
            }
        }
        return contents;
    }

    /** In another database of the server what PostgreSQL lets everybody do would not be revoked. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "lifecycle_job",
                "lifecycle_connect",
                "lifecycle_readonly",
                "lifecycle_support"
            })
    void connectsToNoOtherDatabaseOfOurs(String role) {
        assertThat(
                        ours().rows(
                                        "select datname from pg_database where datallowconn"
                                                + " and datname <> current_database()"
                                                + " and has_database_privilege(?, oid, 'connect')",
                                        role))
                .isEmpty();
    }

    /** Of our own functions each role has those it needs, whatever they do; triggers' aside. */
    @Test
    void callsOfOurFunctionsWhatItNeeds() {
        Map<String, List<String>> callable = new LinkedHashMap<>();
        for (String role :
                List.of(
                        "lifecycle_job",
                        "lifecycle_connect",
                        "lifecycle_readonly",
                        "lifecycle_support")) {
            callable.put(
                    role,
                    SOMEBODYS.rows(OURS, role, role).stream()
                            .map(row -> (String) row.get("name"))
                            .toList());
        }
        assertThat(callable)
                .isEqualTo(
                        Map.of(
                                "lifecycle_job",
                                List.of(
                                        "kpi.begin",
                                        "kpi.heartbeat",
                                        "kpi.new_start",
                                        "kpi.put",
                                        "kpi.written_since",
                                        "lifecycle.captured_columns",
                                        "lifecycle.hidden_rows",
                                        "lifecycle.publication_faults",
                                        "lifecycle.publication_targets",
                                        "lifecycle.unreadable_columns"),
                                "lifecycle_connect",
                                List.of("lifecycle.emit_clock"),
                                "lifecycle_readonly",
                                List.of(
                                        "kpi.activity_between",
                                        "kpi.cohort_between",
                                        "kpi.end_of_hours",
                                        "kpi.first_hour"),
                                "lifecycle_support",
                                List.of()));
    }

    private static final String OURS =
            """
            select distinct n.nspname || '.' || p.proname as name
            from pg_proc p
            join pg_namespace n on n.oid = p.pronamespace
            where n.nspname in ('lifecycle', 'kpi')
                and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
                and has_schema_privilege(?, n.oid, 'usage')
                and has_function_privilege(?, p.oid, 'execute')
            order by 1
            """;
}
