package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.seqpulse.quickstart.stack.ChangeTopic;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** What comes from PostgreSQL to the log, with the registration that every installation uses. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ChangeCaptureIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final List<String> ALARMS = new CopyOnWriteArrayList<>();
    private static final String OLD_USER = "00000000-0000-4000-8000-000000000001";
    private static final String NEW_USER = "00000000-0000-4000-8000-000000000002";
    private static final String PROJECT = "00000000-0000-4000-8000-0000000000a1";
    private static final String DEPLOYMENT = "00000000-0000-4000-8000-0000000000d1";

    private static EmbeddedStack stack;

    @BeforeAll
    static void start() throws InterruptedException {
        stack =
                EmbeddedStack.builder()
                        .withoutJob()
                        .history(
                                product -> {
                                    try (Statement statement = product.createStatement()) {
                                        statement.execute(user(OLD_USER, "old@history.example"));
                                    }
                                })
                        .onAlarm(ALARMS::add)
                        .start();
    }

    @AfterAll
    static void stop() {
        stack.close();
    }

    private static String user(String id, String email) {
        return """
        insert into public.users (id, name, email, password_hash, twofa_secret)
        values ('%s', 'Somebody', '%s', 'TOP-SECRET-HASH', 'TOP-SECRET-SEED')
        """
                .formatted(id, email);
    }

    private static void execute(String... statements) throws SQLException {
        try (Connection product = stack.connect();
                Statement statement = product.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    @Test
    @Order(1)
    void everySettingIsOneThatTheConnectorKnows() throws Exception {
        JsonNode registration = registration();
        String plugin = registration.path("connector.class").asText();
        JsonNode answer =
                send(
                        "PUT",
                        "/connector-plugins/" + plugin + "/config/validate",
                        ((ObjectNode) registration.deepCopy()).put("name", "seqpulse"));
        Set<String> known = new HashSet<>();
        for (JsonNode setting : answer.path("configs")) {
            known.add(setting.path("definition").path("name").asText());
        }
        // Kafka Connect reads these itself, and these have a variable name.
        List<String> unknown =
                fields(registration)
                        .filter(name -> !known.contains(name))
                        .filter(name -> !name.startsWith("producer.override."))
                        .filter(name -> !name.matches("(key|value)\\.converter\\..*"))
                        .filter(name -> !name.matches("column\\.truncate\\.to\\.\\d+\\.chars"))
                        .toList();
        assertThat(unknown).isEmpty();
        assertThat(answer.path("error_count").asInt()).isZero();
    }

    @Test
    @Order(2)
    void theConnectorCapturesExactlyThePublishedColumns() throws Exception {
        assertThat(includedColumns()).isEqualTo(publishedColumns());
        List<String> tables =
                List.of(registration().path("table.include.list").asText().split(","));
        assertThat(new TreeSet<>(tables))
                .isEqualTo(
                        includedColumns().keySet().stream()
                                .map("public."::concat)
                                .collect(Collectors.toCollection(TreeSet::new)));
        assertThat(tables.indexOf("public.users")).isLessThan(tables.indexOf("public.projects"));
        assertThat(tables.indexOf("public.projects"))
                .isLessThan(tables.indexOf("public.deployments"));
        assertThat(tables.indexOf("public.deployments"))
                .isLessThan(tables.indexOf("public.deployment_verdicts"));
    }

    @Test
    @Order(3)
    void aSnapshotCoversWhatWasThereBefore() throws Exception {
        try (ChangeTopic log = stack.changes()) {
            JsonNode old =
                    JSON.readTree(log.next(value -> value.contains(OLD_USER), SOON).orElseThrow());
            assertThat(old.path("op").asText()).isEqualTo("r");
            assertThat(old.path("source").path("snapshot").asText()).isEqualTo("last");
        }
    }

    @Test
    @Order(4)
    void theClockTicksWhileNobodyWrites() throws Exception {
        try (ChangeTopic log = stack.changes()) {
            Instant last = Instant.EPOCH;
            for (int i = 0; i < 5; i++) {
                JsonNode clock = JSON.readTree(log.next(ChangeTopic::isClock, SOON).orElseThrow());
                JsonNode message = clock.path("message");
                assertThat(message.path("prefix").asText()).isEqualTo("seqpulse.clock");
                JsonNode content =
                        JSON.readTree(Base64.getDecoder().decode(message.path("content").asText()));
                assertThat(content.path("system_identifier").asText()).matches("\\d{15,20}");
                assertThat(content.path("timeline").asInt()).isEqualTo(1);
                Instant committed =
                        Instant.ofEpochMilli(clock.path("source").path("ts_us").asLong() / 1000);
                assertThat(committed).isAfter(last);
                assertThat(Duration.between(committed, Instant.now())).isLessThan(SOON);
                last = committed;
            }
        }
    }

    @Test
    @Order(5)
    void changesArriveInCommitOrderWithoutSecrets() throws Exception {
        execute(
                user(NEW_USER, "new@live.example"),
                """
                insert into public.projects (id, name, owner_id, api_key_hash, hmac_secret, webhook_url)
                values ('%s', 'Gateway', '%s', 'TOP-SECRET-KEY', 'TOP-SECRET-HMAC', 'TOP-SECRET-URL')
                """
                        .formatted(PROJECT, NEW_USER),
                """
                insert into public.deployments (id, deployment_number, project_id, state, started_at)
                values ('%s', 1, '%s', 'running', now())
                """
                        .formatted(DEPLOYMENT, PROJECT),
                "update public.deployments set state = 'finished' where id = '%s'"
                        .formatted(DEPLOYMENT),
                """
                insert into public.deployment_verdicts (deployment_id, verdict, confidence, summary)
                values ('%s', 'ok', 0.875, repeat('x', 10000000))
                """
                        .formatted(DEPLOYMENT),
                """
                insert into public.email_deliveries (user_id, email_type, dedupe_key, payload_json)
                values ('%s', 'E-TRX-01', 'k', '{"html": "TOP-SECRET-PAYLOAD"}')
                """
                        .formatted(NEW_USER),
                "delete from public.deployment_verdicts",
                "update public.users set name = 'The end' where id = '%s'".formatted(NEW_USER));

        List<String> read = new ArrayList<>();
        try (ChangeTopic log = stack.changes()) {
            do {
                read.add(log.next(value -> true, SOON).orElseThrow());
            } while (!read.get(read.size() - 1).contains("The end"));
        }
        assertThat(read).noneMatch(value -> value.contains("TOP-SECRET"));
        List<JsonNode> changes = new ArrayList<>();
        for (String value : read) {
            JsonNode record = JSON.readTree(value);
            if (List.of("c", "u", "d").contains(record.path("op").asText())) {
                changes.add(record);
            }
        }
        assertThat(changes)
                .extracting(
                        change ->
                                change.path("op").asText()
                                        + " "
                                        + change.path("source").path("table").asText())
                .containsExactly(
                        "c users",
                        "c projects",
                        "c deployments",
                        "u deployments",
                        "c deployment_verdicts",
                        "c email_deliveries",
                        "d deployment_verdicts",
                        "u users");
        JsonNode verdict = changes.get(4).path("after");
        assertThat(verdict.path("confidence").asText()).isEqualTo("0.875");
        assertThat(verdict.path("summary").asText()).hasSize(65_536);
        assertThat(changes.get(6).path("before").path("id").asText())
                .isEqualTo(verdict.path("id").asText());
    }

    private static void awaitInLog(String text) {
        try (ChangeTopic log = stack.changes()) {
            assertThat(log.next(value -> value.contains(text), SOON)).as(text).isPresent();
        }
    }

    private static void awaitAlarm(String text) {
        Awaitility.await()
                .atMost(SOON)
                .untilAsserted(() -> assertThat(ALARMS).anyMatch(alarm -> alarm.contains(text)));
    }

    /** A migration that is left open, and an index that is being rebuilt. */
    @Test
    @Order(6)
    void neitherALockedTableNorALockedIndexStopsCapture() throws Exception {
        try (Connection migration = stack.connect();
                Statement statement = migration.createStatement()) {
            migration.setAutoCommit(false);
            statement.execute("alter table public.metric_samples add column note text");
            statement.execute("reindex index public.sdh_hints_pkey");
            execute("update public.users set name = 'While it is locked'");
            try (ChangeTopic log = stack.changes()) {
                assertThat(log.next(value -> value.contains("While it is locked"), SOON))
                        .isPresent();
                JsonNode clock = JSON.readTree(log.next(ChangeTopic::isClock, SOON).orElseThrow());
                JsonNode content =
                        JSON.readTree(
                                Base64.getDecoder()
                                        .decode(clock.path("message").path("content").asText()));
                assertThat(content.path("empty"))
                        .extracting(JsonNode::asText)
                        .contains("quota_refusals")
                        .doesNotContain("users", "metric_samples", "sdh_hints");
            }
            migration.rollback();
        }
    }

    /** What a migration tool may do; after each step the product writes as before. */
    @Test
    @Order(7)
    void whateverTheProductDoesToATableItsWritesNeverFail() throws Exception {
        execute(
                "insert into public.quota_refusals (project_id, used) values ('%s', 0)"
                        .formatted(PROJECT));
        List<String> changes =
                List.of(
                        "replica identity full",
                        "replica identity default",
                        "drop constraint quota_refusals_pkey",
                        "add primary key (id)",
                        "add constraint by_number unique (id, used)",
                        "replica identity using index by_number",
                        "drop constraint by_number",
                        "replica identity nothing",
                        "replica identity default",
                        "drop column attempted_at cascade",
                        "add column attempted_at timestamptz not null default now()",
                        "rename to refusals",
                        "replica identity full");
        String table = "quota_refusals";
        for (int i = 0; i < changes.size(); i++) {
            execute("alter table public.%s %s".formatted(table, changes.get(i)));
            table = changes.get(i).equals("rename to refusals") ? "refusals" : table;
            execute("update public.%s set used = %s".formatted(table, 1_000 + i));
        }
        execute(
                "alter table public.refusals rename to quota_refusals",
                "alter table public.quota_refusals replica identity default",
                "update public.quota_refusals set used = 777777");
        awaitInLog("777777");

        execute("alter table public.users replica identity full");
        awaitAlarm("all columns of table users leave PostgreSQL now");
        execute(
                "alter table public.users replica identity default",
                "alter table public.email_events drop constraint email_events_pkey");
        awaitAlarm("table email_events is no longer captured");
        execute("alter table public.email_events add primary key (id)");
        assertThat(publishedColumns()).isEqualTo(includedColumns());
    }

    @Test
    @Order(8)
    void aTypeIsChangedInOneTransactionAndNothingIsMissed() throws Exception {
        execute(
                """
                begin;
                select lifecycle.release_table('users');
                alter table public.users alter column name type varchar(200);
                alter table public.users alter column locale type varchar(20);
                update public.users set name = 'In the same transaction';
                select lifecycle.publish_table('users');
                commit
                """,
                "update public.users set name = 'Of another type'");
        awaitInLog("Of another type");
        assertThat(publishedColumns()).isEqualTo(includedColumns());
    }

    @Test
    @Order(8)
    void aTruncationIsTold() throws Exception {
        execute("truncate public.sdh_hints");
        awaitInLog("\"op\":\"t\"");
    }

    @Test
    @Order(9)
    void aPartitionedTableIsReadAsOne() throws Exception {
        execute(
                "drop table public.quota_refusals",
                """
                create table public.quota_refusals (
                    id uuid default gen_random_uuid(), project_id uuid, used integer, note text,
                    attempted_at timestamptz not null default now(),
                    primary key (id, attempted_at)) partition by range (attempted_at)
                """,
                """
                create table public.refusals_then partition of public.quota_refusals
                for values from ('2020-01-01') to ('2026-01-01')
                """,
                """
                create table public.refusals_now (
                    note text, used integer, gone text, attempted_at timestamptz not null,
                    project_id uuid, id uuid not null)
                """,
                "alter table public.refusals_now drop column gone",
                """
                alter table public.quota_refusals attach partition public.refusals_now
                for values from ('2026-01-01') to ('2126-01-01')
                """,
                "insert into public.quota_refusals (project_id, used, note) values ('%s', 31, 'TOP-SECRET-NOTE')"
                        .formatted(PROJECT),
                "update public.quota_refusals set used = 32",
                "update public.quota_refusals set attempted_at = '2025-01-01'",
                "alter table public.refusals_then replica identity full",
                "update public.quota_refusals set used = 33",
                "alter table public.refusals_then replica identity default",
                "delete from public.quota_refusals",
                "insert into public.quota_refusals (project_id, used) values ('%s', 34)"
                        .formatted(PROJECT),
                "update public.users set name = 'After the partitions'");
        List<String> seen = new ArrayList<>();
        try (ChangeTopic log = stack.changes()) {
            String value;
            do {
                value = log.next(any -> true, SOON).orElseThrow();
                JsonNode change = JSON.readTree(value);
                if (change.path("source").path("table").asText().matches("quota_.*|refusals_.*")
                        && (!seen.isEmpty() || change.path("after").path("used").asInt() == 31)) {
                    assertThat(value).doesNotContain("TOP-SECRET");
                    seen.add(
                            "%s %s %s"
                                    .formatted(
                                            change.path("op").asText(),
                                            change.path("source").path("table").asText(),
                                            change.path("after").path("used").asText("-")));
                }
            } while (!value.contains("After the partitions"));
        }
        assertThat(seen)
                .containsExactly(
                        "c quota_refusals 31",
                        "u quota_refusals 32",
                        "d quota_refusals -",
                        "c quota_refusals 32",
                        "u quota_refusals 33",
                        "d quota_refusals -",
                        "c quota_refusals 34");
        assertThat(query("select problem from lifecycle.publication_faults()")).isEmpty();
    }

    /** No row may be too large for the log, whatever of it is: text, an array, JSON, a key. */
    @Test
    @Order(10)
    void aRowOfAnySizeIsPassed() throws Exception {
        execute(
                """
                insert into public.sdh_hints (deployment_id, metric, severity, title, suggested_actions)
                select '%s', 'latency', 'high', 'As an array',
                    array_agg(repeat(md5(i::text), 1000) order by i)
                from generate_series(1, 700) i
                """
                        .formatted(DEPLOYMENT),
                """
                insert into public.project_members (project_id, email)
                values ('%s', repeat('large', 4000000) || '@example.org')
                """
                        .formatted(PROJECT),
                "update public.project_members set role = 'owner'",
                """
                begin;
                select lifecycle.release_table('sdh_hints');
                alter table public.sdh_hints alter column suggested_actions drop default,
                    alter column suggested_actions type jsonb using to_jsonb(suggested_actions);
                select lifecycle.publish_table('sdh_hints');
                commit
                """,
                """
                insert into public.sdh_hints (deployment_id, metric, severity, title, suggested_actions)
                select '%s', 'latency', 'high', 'Too much to do', to_jsonb(array_agg(repeat('do it', 100)))
                from generate_series(1, 40000) i
                """
                        .formatted(DEPLOYMENT),
                "update public.users set name = 'After the large ones'");
        try (ChangeTopic log = stack.changes()) {
            JsonNode array =
                    JSON.readTree(
                                    log.next(value -> value.contains("As an array"), SOON)
                                            .orElseThrow())
                            .path("after")
                            .path("suggested_actions");
            assertThat(array).hasSize(3);
            assertThat(array.get(0).asText()).hasSize(32_000);
            assertThat(array.toString()).hasSizeLessThan(66_000);
            JsonNode hint =
                    JSON.readTree(
                                    log.next(value -> value.contains("Too much to do"), SOON)
                                            .orElseThrow())
                            .path("after");
            assertThat(hint.path("suggested_actions").asText()).isEqualTo("[]");
            assertThat(log.next(value -> value.contains("After the large ones"), SOON)).isPresent();
        }
    }

    private static List<String> query(String sql) throws SQLException {
        List<String> values = new ArrayList<>();
        try (Connection product = stack.connect();
                Statement statement = product.createStatement();
                ResultSet found = statement.executeQuery(sql)) {
            while (found.next()) {
                values.add(found.getString(1));
            }
        }
        return values;
    }

    @Test
    @Order(12)
    void aFailedTaskIsRestartedUntilItRuns() throws Exception {
        execute(
                "alter role lifecycle_connect nologin",
                "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'lifecycle_connect'");
        Awaitility.await()
                .atMost(Duration.ofMinutes(2))
                .until(
                        () ->
                                ALARMS.stream()
                                        .anyMatch(
                                                alarm ->
                                                        alarm.contains(
                                                                "is restarted until it runs")));
        execute("alter role lifecycle_connect login", "update public.users set name = 'Again'");
        try (ChangeTopic log = stack.changes()) {
            assertThat(log.next(value -> value.contains("Again"), Duration.ofMinutes(1)))
                    .isPresent();
        }
    }

    /** Near the end: it reads everything anew. */
    @Test
    @Order(13)
    void aLostSlotIsNotRestartedButRaisesTheAlarmWithTheCommand() throws Exception {
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .pollInterval(Duration.ofMillis(20))
                .ignoreExceptions()
                .until(
                        () -> {
                            execute(
                                    """
                                    select pg_terminate_backend(active_pid) from pg_replication_slots
                                    where active
                                    """,
                                    "select pg_drop_replication_slot('seqpulse_lifecycle')");
                            return true;
                        });
        Awaitility.await()
                .atMost(Duration.ofMinutes(2))
                .untilAsserted(
                        () ->
                                assertThat(ALARMS)
                                        .anyMatch(
                                                alarm ->
                                                        alarm.contains("Not restarted")
                                                                && alarm.contains(
                                                                        " -X DELETE "
                                                                                + stack
                                                                                        .connectUrl())));
        assertThat(status()).contains("FAILED");

        // What the alarm says to type.
        send("PUT", "/connectors/seqpulse/stop", null);
        Awaitility.await().atMost(SOON).until(() -> status().contains("STOPPED"));
        send("DELETE", "/connectors/seqpulse/offsets", null);
        send("PUT", "/connectors/seqpulse/resume", null);
        execute("update public.users set name = 'After all'");
        try (ChangeTopic log = stack.changes()) {
            assertThat(log.next(value -> value.contains("After all"), Duration.ofMinutes(1)))
                    .isPresent();
            assertThat(
                            log.next(
                                    value ->
                                            value.contains("\"op\":\"r\"")
                                                    && value.contains("\"quota_refusals\""),
                                    Duration.ofMinutes(1)))
                    .as("of all partitions, in the snapshot")
                    .isPresent();
        }
    }

    @Test
    @Order(14)
    void everyTypeIsReadOrRefused() throws Exception {
        new CapturedTypes(stack).everyOneIsReadOrRefused();
    }

    private static String status() throws IOException, InterruptedException {
        return send("GET", "/connectors/seqpulse/status", null).toString();
    }

    private static JsonNode registration() throws IOException {
        Path file =
                Path.of(System.getProperty("lifecycle.home"), "connectors/debezium/seqpulse.json");
        return JSON.readTree(Files.readString(file));
    }

    private static Stream<String> fields(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names.stream();
    }

    private static JsonNode send(String method, String path, JsonNode body)
            throws IOException, InterruptedException {
        URI uri = stack.connectUrl().resolve(path);
        HttpResponse<String> answer =
                stack.access()
                        .client()
                        .send(
                                HttpRequest.newBuilder(uri)
                                        .header("Content-Type", "application/json")
                                        .method(
                                                method,
                                                body == null
                                                        ? HttpRequest.BodyPublishers.noBody()
                                                        : HttpRequest.BodyPublishers.ofString(
                                                                body.toString()))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString());
        return answer.body().isEmpty() ? JSON.nullNode() : JSON.readTree(answer.body());
    }

    /** Table → columns, from {@code public\.table\.(column|column)} of the registration. */
    private static Map<String, Set<String>> includedColumns() throws IOException {
        Map<String, Set<String>> included = new TreeMap<>();
        for (String table : registration().path("column.include.list").asText().split(",")) {
            String[] parts = table.split("\\\\\\.", 3);
            String columns = parts[2].replaceAll("[()]", "");
            included.put(parts[1], new TreeSet<>(List.of(columns.split("\\|"))));
        }
        return included;
    }

    private static Map<String, Set<String>> publishedColumns() throws SQLException {
        Map<String, Set<String>> published = new TreeMap<>();
        try (Connection product = stack.connect();
                Statement statement = product.createStatement();
                ResultSet tables =
                        statement.executeQuery(
                                """
                                select tablename, attnames::text[] from pg_publication_tables
                                where pubname = 'seqpulse_lifecycle'
                                """)) {
            while (tables.next()) {
                Array columns = tables.getArray(2);
                published.put(
                        tables.getString(1), new TreeSet<>(List.of((String[]) columns.getArray())));
            }
        }
        return published;
    }
}
