package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.StackNames;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;

/**
 * A secret of its own in every column that is not captured, whatever columns the product's tables
 * have: it is nowhere outside the database. The same search finds what was planted in captured
 * columns, or it would prove nothing.
 *
 * <p>Searched are the records of every topic, read as a consumer does because they are compressed,
 * and every file below the state folder but the database's own: checkpoints, a savepoint and
 * RocksDB's files (written without compression here), mails, configuration; the log; and the tables
 * and views of schema {@code kpi}, where not even the captured names of people, their addresses and
 * their projects may stand.
 */
class PlantedSecretsIT {

    private static final Duration SOON = Duration.ofSeconds(60);

    /** Columns whose type or check leaves no room for anything that could be recognised. */
    private static final Set<String> TOO_NARROW =
            Set.of("boolean", "smallint", "numeric(4,3)", "numeric(10,4)");

    private static final Set<String> CHECKED =
            Set.of(
                    "deployments.pipeline_result",
                    "payment_events.kind",
                    "usage_events.kind",
                    "email_events.event_type",
                    "email_preferences.security_opt_in");

    private static final String OWNER = UUID.randomUUID().toString();
    private static final String PROJECT = UUID.randomUUID().toString();
    private static final String DEPLOYMENT = UUID.randomUUID().toString();
    private static final String SUBSCRIPTION = UUID.randomUUID().toString();
    private static final String DELIVERY = UUID.randomUUID().toString();

    /** What foreign keys point to; the rows of these tables have these ids. */
    private static final Map<String, String> IDS =
            Map.of(
                    "users", OWNER,
                    "projects", PROJECT,
                    "deployments", DEPLOYMENT,
                    "subscriptions", SUBSCRIPTION,
                    "email_deliveries", DELIVERY);

    private static final Map<String, String> REFERENCES =
            Map.ofEntries(
                    Map.entry("user_id", OWNER),
                    Map.entry("owner_id", OWNER),
                    Map.entry("inviter_id", OWNER),
                    Map.entry("project_id", PROJECT),
                    Map.entry("deployment_id", DEPLOYMENT),
                    Map.entry("subscription_id", SUBSCRIPTION),
                    Map.entry("email_delivery_id", DELIVERY));

    /** Values that checks and rules ask for. */
    private static final Map<String, String> GIVEN =
            Map.ofEntries(
                    Map.entry("projects.plan", "free"),
                    Map.entry("deployments.state", "finished"),
                    Map.entry("deployments.pipeline_result", "success"),
                    Map.entry("deployment_verdicts.verdict", "ok"),
                    Map.entry("metric_samples.phase", "pre"),
                    Map.entry("email_deliveries.status", "sent"),
                    Map.entry("project_invitations.expires_at", "2096-02-03T04:05:06Z"),
                    Map.entry("payment_events.kind", "failed"),
                    Map.entry("nps_responses.score", "7"),
                    Map.entry("usage_events.kind", "session"),
                    Map.entry("email_events.event_type", "opened"),
                    Map.entry("email_preferences.security_opt_in", "true"));

    /** Captured, and yet not for the KPIs: what names people and what is theirs. */
    private static final Set<String> PERSONAL =
            Set.of(
                    "users.name",
                    "users.first_name",
                    "users.email",
                    "projects.name",
                    "project_members.email",
                    "deployments.branch",
                    "deployment_verdicts.summary",
                    "email_deliveries.dedupe_key",
                    "project_invitations.email",
                    "login_events.country",
                    "login_events.city",
                    "login_events.device",
                    "payment_events.invoice_id",
                    "payment_events.invoice_url");

    /** A planted text, and where. */
    private record Planted(String column, String text) {}

    private record Column(String table, String name, String type, boolean captured) {
        String path() {
            return table + "." + name;
        }
    }

    /** The job's own rows are its own business. */
    private static final String OF_THE_PRODUCT = " where managed_by is distinct from 'lifecycle'";

    private final List<Planted> secrets = new ArrayList<>();
    private final List<Planted> captured = new ArrayList<>();
    private final Set<String> unplanted = new TreeSet<>();
    private int planted;

    @Test
    void noSecretLeavesTheDatabase() throws Exception {
        Path log = Path.of(System.getProperty("java.io.tmpdir"), "test.log");
        try (EmbeddedStack stack =
                EmbeddedStack.builder()
                        .flinkSetting(
                                "state.backend.rocksdb.compression.per.level", "NO_COMPRESSION")
                        .history(this::withBeforeImages)
                        .start()) {
            Map<String, List<Column>> tables = tables(stack);
            plant(stack, tables);
            breakARow(stack);
            String end = UUID.randomUUID() + "@live.example";
            execute(
                    stack,
                    "insert into users (id, name, email) values (gen_random_uuid(), 'End', '%s')"
                            .formatted(end));
            assertThat(stack.mails().await(mail -> mail.recipient().equals(end), SOON)).isPresent();
            assertThat(stack.awaitWatermark(Instant.now(), SOON)).isTrue();
            Path savepoint = stack.stopJob();
            stack.resumeJob();

            Map<String, byte[]> places = new LinkedHashMap<>(records(stack));
            assertThat(places.keySet()).anyMatch(p -> p.startsWith(StackNames.DEAD_LETTERS));
            places.putAll(files(stack.folder()));
            places.put("the log", Files.readAllBytes(log));
            places.putAll(relations(stack));

            List<String> texts = new ArrayList<>();
            Stream.of(secrets, captured)
                    .flatMap(List::stream)
                    .map(Planted::text)
                    .forEach(texts::add);
            tables.keySet().forEach(table -> texts.add(namedInTheLog(table)));
            Map<String, Set<String>> standing = new TextSearch(texts).in(places);

            String topic = StackNames.CHANGES;
            String inSavepoint = stack.folder().relativize(savepoint) + "/";
            assertThat(standing.get(only(captured, "users.name").text()))
                    .as("where the search finds what may leave")
                    .anyMatch(place -> place.startsWith(topic))
                    .anyMatch(place -> place.startsWith(inSavepoint))
                    .anyMatch(place -> place.startsWith("checkpoints/"))
                    .anyMatch(place -> place.startsWith("tmp/flink/"));
            for (Planted seen : captured) {
                assertThat(standing.getOrDefault(seen.text(), Set.of()))
                        .as(seen.column() + " is captured")
                        .anyMatch(place -> place.startsWith(topic));
            }
            Map<String, Set<String>> found = new TreeMap<>();
            for (Planted secret : secrets) {
                if (standing.containsKey(secret.text())) {
                    found.put(secret.column(), standing.get(secret.text()));
                }
            }
            assertThat(standing.get(only(captured, "email_deliveries.email_type").text()))
                    .as("where the search finds what may stand in the KPIs")
                    .contains("kpi.email_rows", "kpi.emails");
            Set<String> personal = new TreeSet<>();
            for (Planted seen : captured) {
                if (PERSONAL.contains(seen.column())) {
                    personal.add(seen.column());
                    assertThat(standing.get(seen.text()))
                            .as(seen.column() + " is not in the KPIs")
                            .noneMatch(place -> place.startsWith("kpi."));
                }
            }
            assertThat(personal).isEqualTo(PERSONAL);
            System.out.printf(
                    "%d secrets planted in %d columns, %d captured markers, %d places searched (%,d bytes); not plantable: %s%n",
                    secrets.size(),
                    secrets.stream().map(Planted::column).distinct().count(),
                    captured.size(),
                    places.size(),
                    places.values().stream().mapToLong(bytes -> bytes.length).sum(),
                    unplanted);
            System.out.println("found: " + found);
            assertThat(found).isEmpty();
            assertThat(secrets).hasSizeGreaterThan(50);
            for (Map.Entry<String, List<Column>> table : tables.entrySet()) {
                boolean leaves = standing.containsKey(namedInTheLog(table.getKey()));
                assertThat(leaves)
                        .as("whether the log has changes of " + table.getKey())
                        .isEqualTo(table.getValue().stream().anyMatch(Column::captured));
            }
        }
    }

    /** Its changes have that in them. */
    private static String namedInTheLog(String table) {
        return "\"table\":\"" + table + "\"";
    }

    /** Updates and deletes then carry the whole row as it was: all its columns, to Debezium. */
    private void withBeforeImages(Connection product) throws SQLException {
        try (Statement statement = product.createStatement()) {
            statement.execute("alter table projects replica identity full");
        }
    }

    private static Map<String, List<Column>> tables(EmbeddedStack stack) throws SQLException {
        Map<String, List<Column>> tables = new LinkedHashMap<>();
        try (Connection product = stack.connect();
                Statement statement = product.createStatement();
                ResultSet found =
                        statement.executeQuery(
                                """
                                select k.relname, a.attname,
                                    format_type(
                                        a.atttypid,
                                        case a.atttypid when 'numeric'::regtype
                                            then a.atttypmod end),
                                    exists (
                                        select from lifecycle.captured_columns() c
                                        where c.table_name = k.relname
                                            and a.attname = any (c.column_names))
                                from pg_class k
                                join pg_attribute a on a.attrelid = k.oid
                                where k.relnamespace = 'public'::regnamespace and k.relkind = 'r'
                                    and a.attnum > 0 and not a.attisdropped
                                order by k.oid, a.attnum
                                """)) {
            while (found.next()) {
                Column column =
                        new Column(
                                found.getString(1),
                                found.getString(2),
                                found.getString(3),
                                found.getBoolean(4));
                tables.computeIfAbsent(column.table(), t -> new ArrayList<>()).add(column);
            }
        }
        return tables;
    }

    /** A row in every table; then all are updated, and one more is deleted again. */
    private void plant(EmbeddedStack stack, Map<String, List<Column>> tables) throws SQLException {
        for (Map.Entry<String, List<Column>> table : tables.entrySet()) {
            insert(stack, table.getKey(), table.getValue(), IDS.get(table.getKey()));
        }
        for (String name : List.of("users", "projects")) {
            String id = UUID.randomUUID().toString();
            insert(stack, name, tables.get(name), id);
            execute(stack, "delete from %s where id = '%s'".formatted(name, id));
        }
        for (Map.Entry<String, List<Column>> table : tables.entrySet()) {
            String changes =
                    table.getValue().stream()
                            .filter(column -> !column.captured() && isFree(column))
                            .map(column -> column.name() + " = " + plantIn(column))
                            .collect(Collectors.joining(", "));
            if (!changes.isEmpty()) {
                String rows = table.getKey().equals("email_deliveries") ? OF_THE_PRODUCT : "";
                execute(stack, "update %s set %s%s".formatted(table.getKey(), changes, rows));
            }
        }
    }

    private void insert(EmbeddedStack stack, String table, List<Column> columns, String id)
            throws SQLException {
        Map<String, String> values = new LinkedHashMap<>();
        for (Column column : columns) {
            values.put(column.name(), value(column, id));
        }
        values.values().removeIf(value -> value == null);
        execute(
                stack,
                "insert into %s (%s) values (%s)"
                        .formatted(
                                table,
                                String.join(", ", values.keySet()),
                                String.join(", ", values.values())));
    }

    /** What to write, as SQL; null for the default. */
    private String value(Column column, String id) {
        String given = GIVEN.get(column.path());
        if (given != null) {
            return "'" + given + "'";
        }
        if (column.name().equals("id")) {
            return id == null ? null : "'" + id + "'";
        }
        if (REFERENCES.containsKey(column.name()) && column.type().equals("uuid")) {
            return "'" + REFERENCES.get(column.name()) + "'";
        }
        if (column.captured() && !column.type().equals("text")) {
            return Set.of("integer", "bigint").contains(column.type())
                            || column.type().startsWith("numeric")
                    ? "1"
                    : null;
        }
        return isFree(column) || column.captured() ? plantIn(column) : null;
    }

    private boolean isFree(Column column) {
        boolean free =
                !TOO_NARROW.contains(column.type())
                        && !CHECKED.contains(column.path())
                        && !column.name().equals("id")
                        && !(REFERENCES.containsKey(column.name()) && column.type().equals("uuid"));
        if (!free && !column.captured()) {
            unplanted.add(column.path());
        }
        return free;
    }

    /** Plants something that is nowhere else; returns it as SQL. */
    private String plantIn(Column column) {
        planted++;
        String text =
                switch (column.type()) {
                    case "text", "text[]", "jsonb" ->
                            "planted" + UUID.randomUUID().toString().replace("-", "");
                    case "uuid" -> UUID.randomUUID().toString();
                    case "integer", "numeric(14,4)" -> Integer.toString(1_846_273_000 + planted);
                    case "bigint" -> Long.toString(7_291_846_273_000_000L + planted);
                    case "timestamp with time zone" ->
                            String.format(
                                    Locale.ROOT,
                                    "2097-03-%02dT11:22:33.%06dZ",
                                    1 + planted % 28,
                                    700_000 + planted);
                    // As the log would tell it: in microseconds since the epoch.
                    case "timestamp without time zone" ->
                            Long.toString(4_015_236_153_000_000L + planted);
                    default -> throw new AssertionError("plant something in " + column);
                };
        (column.captured() ? captured : secrets).add(new Planted(column.path(), text));
        return switch (column.type()) {
            case "jsonb" -> "'{\"secret\": \"%s\"}'".formatted(text);
            case "text[]" -> "'{%s}'".formatted(text);
            case "timestamp without time zone" ->
                    "timestamp 'epoch' + %s * interval '1 microsecond'".formatted(text);
            default -> "'" + text + "'";
        };
    }

    /** A row of which no use can be made becomes a dead letter, with all its bytes. */
    private void breakARow(EmbeddedStack stack) throws SQLException {
        String hash = "planted" + UUID.randomUUID().toString().replace("-", "");
        secrets.add(new Planted("users.password_hash", hash));
        execute(
                stack,
                "alter table users alter created_at drop not null",
                """
                insert into users (name, email, password_hash, twofa_secret, created_at)
                values ('Nobody', 'nobody@live.example', '%s', '%s', null)
                """
                        .formatted(hash, hash));
        // PostgreSQL's log tells of it, beside the data; nothing else does.
        assertThatThrownBy(
                        () ->
                                execute(
                                        stack,
                                        "insert into users (id, name, email, password_hash) values ('%s', 'x', 'x', '%s')"
                                                .formatted(OWNER, hash)))
                .isInstanceOf(SQLException.class);
        await().atMost(SOON).untilAsserted(() -> assertThat(databaseLog(stack)).contains(hash));
        await().atMost(SOON)
                .until(
                        () ->
                                records(stack).keySet().stream()
                                        .anyMatch(p -> p.startsWith(StackNames.DEAD_LETTERS)));
    }

    private static String databaseLog(EmbeddedStack stack) throws IOException {
        try (Stream<Path> logs = Files.list(stack.folder().resolve("postgres/log"))) {
            StringBuilder all = new StringBuilder();
            for (Path log : logs.toList()) {
                all.append(Files.readString(log));
            }
            return all.toString();
        }
    }

    private static void execute(EmbeddedStack stack, String... statements) throws SQLException {
        try (Connection product = stack.connect();
                Statement statement = product.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    /** Every record of every topic, Kafka's own included, by its place. */
    private static Map<String, byte[]> records(EmbeddedStack stack) {
        Map<String, byte[]> records = new LinkedHashMap<>();
        Map<String, Object> settings = new HashMap<>(stack.kafkaClient());
        settings.put(ConsumerConfig.EXCLUDE_INTERNAL_TOPICS_CONFIG, false);
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> all =
                    consumer.listTopics().values().stream()
                            .flatMap(List::stream)
                            .map(info -> new TopicPartition(info.topic(), info.partition()))
                            .toList();
            consumer.assign(all);
            consumer.seekToBeginning(all);
            Map<TopicPartition, Long> ends = consumer.endOffsets(all);
            while (all.stream().anyMatch(part -> consumer.position(part) < ends.get(part))) {
                for (ConsumerRecord<byte[], byte[]> record :
                        consumer.poll(Duration.ofMillis(200))) {
                    String place = record.topic() + "@" + record.offset();
                    put(records, place + " key", record.key());
                    put(records, place + " value", record.value());
                    for (Header header : record.headers()) {
                        put(records, place + " " + header.key(), header.value());
                    }
                }
            }
        }
        return records;
    }

    private static void put(Map<String, byte[]> records, String place, byte[] bytes) {
        if (bytes != null) {
            records.put(place, bytes);
        }
    }

    /** Every table and view of the KPIs, as text. */
    private static Map<String, byte[]> relations(EmbeddedStack stack) throws SQLException {
        Map<String, byte[]> relations = new TreeMap<>();
        try (Connection product = stack.connect();
                Statement statement = product.createStatement();
                Statement each = product.createStatement();
                ResultSet names =
                        statement.executeQuery(
                                "select relname from pg_class where relkind in ('r', 'v', 'm', 'p')"
                                        + " and relnamespace = 'kpi'::regnamespace")) {
            while (names.next()) {
                String name = names.getString(1);
                try (ResultSet text =
                        each.executeQuery(
                                "select string_agg(t::text, chr(10)) from kpi.%s t"
                                        .formatted(name))) {
                    text.next();
                    put(relations, "kpi." + name, bytes(text.getString(1)));
                }
            }
        }
        return relations;
    }

    private static byte[] bytes(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    /** Every file of the stack but those of the database itself, and the job's jar. */
    private static Map<String, byte[]> files(Path folder) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                String name = folder.relativize(file).toString();
                if (!name.startsWith("postgres/") && !name.contains("blobStore")) {
                    try {
                        files.put(name, Files.readAllBytes(file));
                    } catch (IOException goneMeanwhile) {
                        assertThat(file).as("what cannot be read").doesNotExist();
                    }
                }
            }
        }
        return files;
    }

    private static Planted only(List<Planted> planted, String column) {
        return planted.stream()
                .filter(one -> one.column().equals(column))
                .findFirst()
                .orElseThrow();
    }
}
