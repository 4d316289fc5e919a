package io.seqpulse.lifecycle;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.seqpulse.connector.debezium.DebeziumEnvelope;
import io.seqpulse.connector.debezium.LogRecord;
import io.seqpulse.lifecycle.catalogue.CapturedTable;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The product's tables as somebody fills them who wants to know what they can hold: rows that
 * belong together, and in any captured column now and then whatever its type can be at its worst,
 * as Debezium writes it. Which columns there are is asked of {@link CapturedTable}, of which type,
 * of the reference schema, so a column that is captured from tomorrow on is among them.
 */
final class OddRows {

    private static final Path SQL = Path.of("../sql");
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** Half a surrogate pair can only be written escaped. */
    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    /** In the order in which the rows of one subject are written. */
    private static final List<String> TABLES =
            Arrays.stream(CapturedTable.values()).map(CapturedTable::label).toList();

    private final Random random;
    private final Instant now;
    private final Map<String, Map<String, String>> types = new LinkedHashMap<>();
    private final List<LogRecord> log;
    private final Map<Long, Set<String>> odd = new HashMap<>();

    /**
     * @param log what is written goes there
     * @param now when all of it is committed
     */
    OddRows(Random random, List<LogRecord> log, Instant now) throws IOException {
        this.random = random;
        this.log = log;
        this.now = now;
        Map<String, Map<String, String>> declared = declaredTypes();
        for (CapturedTable table : CapturedTable.values()) {
            Map<String, String> columns = new LinkedHashMap<>();
            for (CapturedTable.Column column : table.columns()) {
                String type = declared.get(table.label()).get(column.name());
                columns.put(column.name(), type != null ? type : journalType(column.name()));
            }
            types.put(table.label(), columns);
        }
    }

    private static Map<String, Map<String, String>> declaredTypes() throws IOException {
        Map<String, Map<String, String>> declared = new HashMap<>();
        for (String file : List.of("01_product.sql", "02_optional.sql")) {
            Map<String, String> columns = null;
            for (String line : Files.readAllLines(SQL.resolve("reference").resolve(file))) {
                Matcher table = Pattern.compile("create table public\\.(\\w+).*").matcher(line);
                Matcher column = Pattern.compile(" {4}(\\w+) (\\w+(?:\\[\\])?).*").matcher(line);
                if (table.matches()) {
                    columns = new HashMap<>();
                    declared.put(table.group(1), columns);
                } else if (columns != null && column.matches()) {
                    columns.put(column.group(1), column.group(2));
                }
            }
        }
        return declared;
    }

    /** Those that our own migrations add to the journal. */
    private static String journalType(String column) {
        return column.endsWith("_at") ? "timestamptz" : "text";
    }

    /** The columns of the record at a position that hold something odd, as {@code table.column}. */
    Set<String> oddColumns(long position) {
        return odd.getOrDefault(position, Set.of());
    }

    /** Everything that can be said of one user, with something odd now and then. */
    void write() {
        Map<String, String> ids = new HashMap<>();
        TABLES.forEach(table -> ids.put(table, uuid()));
        for (String table : TABLES) {
            write(table, ids, "c", 12);
            if (random.nextInt(3) == 0) {
                write(table, ids, random.nextBoolean() ? "u" : "r", 6);
            }
        }
        if (random.nextInt(4) == 0) {
            write(TABLES.get(random.nextInt(TABLES.size())), ids, "d", 4);
        }
    }

    /** Somebody signs up as everybody does. */
    String signUp() {
        Map<String, String> ids = new HashMap<>();
        TABLES.forEach(table -> ids.put(table, uuid()));
        write("users", ids, "c", 0);
        return ids.get("users");
    }

    /**
     * @param oneIn of so many columns one is odd; 0: none
     */
    private void write(String table, Map<String, String> ids, String op, int oneIn) {
        long position = log.size();
        String keyColumn = table.equals("email_preferences") ? "user_id" : "id";
        ObjectNode row = JSON.objectNode();
        for (Map.Entry<String, String> column : types.get(table).entrySet()) {
            String name = column.getKey();
            String type = column.getValue();
            boolean strange = oneIn > 0 && random.nextInt(oneIn) == 0;
            if (strange) {
                odd.computeIfAbsent(position, none -> new HashSet<>()).add(table + "." + name);
                if (name.equals(keyColumn) || random.nextInt(8) != 0) {
                    row.set(name, odd(type));
                } // else the log does not tell it
            } else {
                row.set(name, usual(table, name, type, ids));
            }
        }
        ObjectNode key = JSON.objectNode();
        key.set(keyColumn, row.get(keyColumn));
        ObjectNode source = JSON.objectNode();
        source.put("table", table).put("ts_us", now.toEpochMilli() * 1_000).put("lsn", 1);
        source.put("snapshot", op.equals("r") ? "incremental" : "false");
        ObjectNode envelope = JSON.objectNode();
        envelope.set("before", op.equals("d") ? row : JSON.nullNode());
        envelope.set("after", op.equals("d") ? JSON.nullNode() : row);
        envelope.set("source", source);
        envelope.put("op", op).put("ts_ms", now.toEpochMilli() + 1);
        log.add(DebeziumEnvelope.parse(bytes(key), bytes(envelope), position));
    }

    /** The clock goes on. */
    void tick(Instant committed) {
        ObjectNode clock = JSON.objectNode();
        clock.put("op", "m").put("ts_ms", committed.toEpochMilli() + 1);
        clock.putObject("source").put("ts_us", committed.toEpochMilli() * 1_000);
        clock.putObject("message").put("prefix", DebeziumEnvelope.CLOCK_PREFIX);
        log.add(DebeziumEnvelope.parse(null, bytes(clock), log.size()));
    }

    private static byte[] bytes(JsonNode json) {
        try {
            return MAPPER.writeValueAsString(json).getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private String uuid() {
        return new UUID(random.nextLong(), random.nextLong()).toString();
    }

    private JsonNode usual(String table, String column, String type, Map<String, String> ids) {
        String value =
                switch (column) {
                    case "id" -> ids.get(table);
                    case "user_id", "owner_id", "inviter_id" -> ids.get("users");
                    case "subscription_id", "invoice_id" -> "in_" + ids.get(table);
                    case "project_id" -> ids.get("projects");
                    case "deployment_id" -> ids.get("deployments");
                    case "email_delivery_id" -> ids.get("email_deliveries");
                    case "email" -> ids.get("users") + "@live.example";
                    case "plan" -> "pro";
                    case "state" -> "analyzed";
                    case "verdict" -> random.nextBoolean() ? "ok" : "rollback_recommended";
                    case "phase" -> random.nextBoolean() ? "pre" : "post";
                    case "email_type" -> "E-CONV-01";
                    case "dedupe_key" -> "free_quota_80:" + ids.get("email_deliveries");
                    case "status" -> "sent";
                    case "kind" ->
                            any(
                                    table.equals("payment_events")
                                            ? List.of("failed", "succeeded", "cancelled")
                                            : List.of("verdict_viewed", "session", "stay"));
                    case "event_type" -> random.nextBoolean() ? "opened" : "clicked";
                    case "reason", "first_name", "locale", "timezone" -> null;
                    default -> "a " + column;
                };
        return switch (type) {
            case "timestamptz", "timestamp" -> JSON.textNode(now.minusMillis(200).toString());
            case "boolean" -> JSON.booleanNode(!column.equals("machine"));
            case "integer", "bigint", "smallint" -> JSON.numberNode(7);
            case "numeric" -> JSON.textNode("0.250");
            case "text[]" -> JSON.arrayNode().add("Roll back");
            default -> value == null ? JSON.nullNode() : JSON.textNode(value);
        };
    }

    private JsonNode odd(String type) {
        if (random.nextInt(6) == 0) {
            return JSON.nullNode();
        }
        return switch (type) {
            case "timestamptz", "timestamp" -> time();
            case "boolean" -> JSON.booleanNode(random.nextBoolean());
            case "integer", "bigint", "smallint" -> whole();
            case "numeric" -> number();
            case "text[]" -> array();
            case "uuid" -> random.nextInt(3) == 0 ? text() : JSON.textNode(uuid());
            default -> text();
        };
    }

    /** What Debezium 3.7 makes of the edges of PostgreSQL's types, and of what lies between. */
    private JsonNode time() {
        return switch (random.nextInt(4)) {
            case 0 -> JSON.numberNode(random.nextBoolean() ? random.nextLong() : edge());
            case 1 ->
                    JSON.textNode(
                            Instant.ofEpochSecond(
                                            random.nextLong(-70_000_000_000L, 300_000_000_000L))
                                    .toString());
            default -> JSON.textNode(any(TIMES));
        };
    }

    private static final List<String> TIMES =
            List.of(
                    "0001-01-01T00:00:00.000000Z",
                    "0000-12-31T23:59:59.999999Z",
                    "-4712-11-24T00:00:00.000000Z",
                    "1969-12-31T23:59:59.900000Z",
                    "1970-01-01T00:00:00.000000Z",
                    "9999-11-30T23:59:59.999999Z",
                    "9999-12-31T23:59:59.999999Z",
                    "+10000-01-01T00:00:00.000000Z",
                    "+294246-01-01T00:00:00.000000Z",
                    "+294276-12-31T23:59:59.999999Z",
                    "2026-02-30T00:00:00Z",
                    "infinity",
                    "-infinity",
                    "");

    private long edge() {
        return any(List.of(Long.MAX_VALUE, Long.MIN_VALUE, 0L, -1L, 253_402_300_799_999_999L));
    }

    private JsonNode whole() {
        return switch (random.nextInt(3)) {
            case 0 -> JSON.numberNode(edge());
            case 1 -> JSON.numberNode(random.nextInt());
            default -> JSON.numberNode(BigInteger.TEN.pow(random.nextInt(400)));
        };
    }

    private JsonNode number() {
        String text =
                any(
                        List.of(
                                "NAN",
                                "POSITIVE_INFINITY",
                                "NEGATIVE_INFINITY",
                                "NaN",
                                "-Infinity",
                                "0",
                                "-0",
                                "0.000",
                                "1E+100000",
                                "-1E-100000",
                                "1e999999999",
                                "9".repeat(1 + random.nextInt(130_000)),
                                "0." + "0".repeat(random.nextInt(16_000)) + "1",
                                ""));
        return random.nextInt(4) == 0
                ? JSON.numberNode(Double.longBitsToDouble(random.nextLong()))
                : JSON.textNode(text);
    }

    private JsonNode array() {
        var array = JSON.arrayNode();
        for (int left = random.nextInt(5); left > 0; left--) {
            switch (random.nextInt(5)) {
                case 0 -> array.addNull();
                case 1 -> array.add("[Ljava.lang.String;@4d7dcbeb"); // one of more dimensions
                case 2 -> array.addArray().add("nested").addNull();
                default -> array.add(text());
            }
        }
        return array;
    }

    private JsonNode text() {
        if (random.nextInt(4) == 0) {
            StringBuilder any = new StringBuilder();
            for (int left = random.nextInt(40); left > 0; left--) {
                any.append((char) random.nextInt(0x10000));
            }
            return JSON.textNode(any.toString());
        }
        return JSON.textNode(
                any(
                        List.of(
                                "",
                                " ",
                                "\n",
                                "\u0000",
                                "a\nb\tc\u0001\u001f\u007f",
                                "\ud83d",
                                "half \ude80",
                                "whole \ud83d\ude80",
                                "x".repeat(65_535) + "\ud83d",
                                "\u202eeman",
                                "null",
                                "true",
                                "__debezium_unavailable_value",
                                "${env:SECRET} {branch} <#assign x=1>${x}",
                                "'; drop table users; --",
                                "Robert\"); \\",
                                "E-\nweekly",
                                "rollback_recommended",
                                "z".repeat(1 + random.nextInt(65_536)))));
    }

    private <T> T any(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    /** How many of each table there are. */
    Map<String, Integer> written() {
        Map<String, Integer> written = new HashMap<>();
        for (LogRecord record : log) {
            if (record.change() != null) {
                written.merge(record.change().table(), 1, Integer::sum);
            }
        }
        return written;
    }

    /** All of the tables. */
    static List<String> tables() {
        return new ArrayList<>(TABLES);
    }
}
