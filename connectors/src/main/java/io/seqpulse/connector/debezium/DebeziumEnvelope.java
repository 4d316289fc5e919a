package io.seqpulse.connector.debezium;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.seqpulse.connector.debezium.ChangeEvent.Operation;
import io.seqpulse.connector.debezium.ChangeEvent.Snapshot;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Debezium's JSON, with or without the schema beside the payload, as one of the kinds of {@link
 * LogRecord}. A pure function of its arguments that accepts any bytes.
 */
public final class DebeziumEnvelope {

    /** Prefix of the logical messages that are the clock. */
    public static final String CLOCK_PREFIX = "seqpulse.clock";

    /** What Debezium writes in place of a large value that an update did not touch. */
    static final String UNAVAILABLE = "__debezium_unavailable_value";

    /** The field that logical-topic routing adds to keys. */
    static final String ROUTING_KEY = "__dbz__physicalTableIdentifier";

    static final ObjectReader JSON =
            JsonMapper.builder()
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                    .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
                    .build()
                    .readerFor(JsonNode.class);

    /** Numbers whose plain notation would be longer than this stay in scientific notation. */
    private static final int MAX_PLAIN_DIGITS = 1_000;

    /** What PostgreSQL takes as a name without quotes. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_$]{0,62}");

    private DebeziumEnvelope() {}

    /**
     * What the record is; never throws. Whatever is wrong with it makes it {@link
     * LogRecord.Kind#UNREADABLE} with a reason.
     *
     * @param key the Kafka record's key, or null
     * @param value the Kafka record's value, or null
     * @param offset the Kafka record's offset
     */
    public static LogRecord parse(byte[] key, byte[] value, long offset) {
        if (value == null) {
            return LogRecord.tombstone(key, offset);
        }
        ChangeEvent usual = UsualChange.read(key, value, offset);
        return usual == null ? parseTree(key, value, offset) : LogRecord.change(usual, key, value);
    }

    /** Any record, by way of a tree. */
    static LogRecord parseTree(byte[] key, byte[] value, long offset) {
        JsonNode envelope;
        JsonNode keyColumns;
        try {
            envelope = json(value);
        } catch (IOException e) {
            return LogRecord.unreadable("value is no JSON", null, key, value, offset);
        }
        try {
            keyColumns = key == null ? null : json(key);
        } catch (IOException e) {
            return LogRecord.unreadable("key is no JSON", tableOf(envelope), key, value, offset);
        }
        try {
            return read(envelope, keyColumns, key, value, offset);
        } catch (Malformed e) {
            return LogRecord.unreadable(e.getMessage(), tableOf(envelope), key, value, offset);
        }
    }

    private static LogRecord read(
            JsonNode envelope, JsonNode keyColumns, byte[] key, byte[] value, long offset)
            throws Malformed {
        if (!envelope.isObject()) {
            throw new Malformed("value is no JSON object");
        }
        JsonNode op = envelope.get("op");
        if (op == null) {
            if (envelope.has("ts_ms") && !envelope.has("source")) {
                return LogRecord.heartbeat(integer(envelope, "ts_ms"), key, value, offset);
            }
            throw new Malformed("value has no op: no Debezium envelope");
        }
        JsonNode source = envelope.path("source");
        if (op.asText().equals("m")) {
            JsonNode message = envelope.path("message");
            if (!message.path("prefix").asText().equals(CLOCK_PREFIX)) {
                return LogRecord.foreign(key, value, offset);
            }
            ClockMessage clock =
                    new ClockMessage(
                            commitMicros(source),
                            integer(envelope, "ts_ms"),
                            source.path("lsn").asLong(),
                            previousCommitLsn(source.path("sequence").asText()),
                            content(message.path("content")));
            return LogRecord.clock(clock, key, value, offset);
        }
        Operation operation = operation(op.asText());
        if (operation == null) {
            throw new Malformed("op is none of c, u, d, r, t, m");
        }
        JsonNode table = source.path("table");
        if (!table.isTextual() || table.textValue().isEmpty()) {
            throw new Malformed("source.table is missing");
        }
        Map<String, String> after = columns(envelope.get("after"), "after");
        switch (operation) {
            case CREATE, UPDATE, READ -> {
                if (after.isEmpty()) {
                    throw new Malformed("after is missing in a change with op " + op.asText());
                }
            }
            case DELETE, TRUNCATE -> {}
        }
        ChangeEvent change =
                new ChangeEvent(
                        table.textValue(),
                        operation,
                        columns(keyColumns, "key"),
                        columns(envelope.get("before"), "before"),
                        after,
                        commitMicros(source),
                        integer(envelope, "ts_ms"),
                        offset,
                        snapshot(source),
                        source.path("lsn").asLong(),
                        previousCommitLsn(source.path("sequence").asText()));
        if (operation == Operation.DELETE && change.key().isEmpty()) {
            throw new Malformed("key is missing in a delete");
        }
        return LogRecord.change(change, key, value);
    }

    /** The table an unreadable record names, or null; what cannot be a name is none. */
    private static String tableOf(JsonNode envelope) {
        String table = envelope.path("source").path("table").asText();
        return NAME.matcher(table).matches() ? table : null;
    }

    /** The payload, without the schema that a converter may have put beside it. */
    private static JsonNode json(byte[] bytes) throws IOException {
        JsonNode node;
        try {
            node = JSON.readTree(bytes);
        } catch (NumberFormatException e) {
            // Jackson lets this one escape for a number whose exponent is out of range.
            throw new IOException(e);
        }
        boolean wrapped =
                node.size() == 2
                        && node.has("payload")
                        && node.has("schema")
                        && (node.get("schema").isNull() || node.get("schema").has("type"));
        return wrapped ? node.get("payload") : node;
    }

    /** What a code of Debezium's stands for, or null. */
    static Operation operation(String code) {
        return switch (code) {
            case "c" -> Operation.CREATE;
            case "u" -> Operation.UPDATE;
            case "d" -> Operation.DELETE;
            case "r" -> Operation.READ;
            case "t" -> Operation.TRUNCATE;
            default -> null;
        };
    }

    private static Snapshot snapshot(JsonNode source) throws Malformed {
        Snapshot snapshot = snapshot(source.path("snapshot").asText("false"));
        if (snapshot == null) {
            throw new Malformed("source.snapshot is unknown");
        }
        return snapshot;
    }

    /** What a mark of Debezium's stands for, or null. */
    static Snapshot snapshot(String marker) {
        return switch (marker) {
            case "", "false" -> Snapshot.NONE;
            case "first" -> Snapshot.FIRST;
            case "true", "first_in_data_collection", "last_in_data_collection" -> Snapshot.MIDDLE;
            case "last" -> Snapshot.LAST;
            case "incremental" -> Snapshot.INCREMENTAL;
            default -> null;
        };
    }

    private static long commitMicros(JsonNode source) throws Malformed {
        boolean exact = source.path("ts_us").isIntegralNumber();
        long micros;
        try {
            micros =
                    exact
                            ? integer(source, "ts_us")
                            : Math.multiplyExact(integer(source, "ts_ms"), 1_000L);
        } catch (ArithmeticException e) {
            throw new Malformed("ts_ms is no time");
        }
        if (!ChangeEvent.isTime(micros)) {
            throw new Malformed((exact ? "ts_us" : "ts_ms") + " is no time");
        }
        return micros;
    }

    /**
     * The first of the two positions in {@code source.sequence}, such as {@code
     * ["24023128","24023400"]}; 0 where there is none.
     */
    static long previousCommitLsn(String sequence) {
        int end = sequence.startsWith("[\"") ? sequence.indexOf('"', 2) : -1;
        try {
            return end < 0 ? 0 : Long.parseLong(sequence, 2, end, 10);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private static long integer(JsonNode parent, String field) throws Malformed {
        JsonNode number = parent.path(field);
        if (!number.isIntegralNumber() || !number.canConvertToLong()) {
            throw new Malformed(field + " is missing or no integer");
        }
        return number.longValue();
    }

    private static Map<String, String> columns(JsonNode row, String what) throws Malformed {
        if (row == null || row.isNull()) {
            return Map.of();
        }
        if (!row.isObject()) {
            throw new Malformed(what + " is no JSON object");
        }
        Map<String, String> columns = new LinkedHashMap<>(row.size() * 2);
        for (Map.Entry<String, JsonNode> column : row.properties()) {
            String text = text(column.getValue());
            if (!UNAVAILABLE.equals(text) && !column.getKey().equals(ROUTING_KEY)) {
                columns.put(column.getKey(), text);
            }
        }
        return Collections.unmodifiableMap(columns);
    }

    static String text(JsonNode value) {
        return switch (value.getNodeType()) {
            case NULL, MISSING -> null;
            case STRING -> wellFormed(value.textValue());
            case NUMBER -> value.isBigDecimal() ? plain(value.decimalValue()) : value.asText();
            case ARRAY -> isUnavailableArray(value) ? UNAVAILABLE : wellFormed(value.toString());
            case BOOLEAN, OBJECT, BINARY, POJO ->
                    value.isBoolean() ? value.asText() : wellFormed(value.toString());
        };
    }

    /**
     * The text with U+FFFD in place of what no text of a database can hold: half a surrogate pair,
     * which is no character, and NUL. Written to state or to a database it would come back as
     * another text, or not be taken at all.
     */
    static String wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (isForeign(text, i)) {
                StringBuilder well = new StringBuilder(text);
                for (int at = i; at < text.length(); at++) {
                    if (isForeign(text, at)) {
                        well.setCharAt(at, '\ufffd');
                    }
                }
                return well.toString();
            }
        }
        return text;
    }

    private static boolean isForeign(String text, int at) {
        char c = text.charAt(at);
        if (!Character.isSurrogate(c)) {
            return c == 0;
        }
        return Character.isHighSurrogate(c)
                ? at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1))
                : at == 0 || !Character.isHighSurrogate(text.charAt(at - 1));
    }

    /** An untouched array arrives as an array of one placeholder. */
    private static boolean isUnavailableArray(JsonNode array) {
        return array.size() == 1 && UNAVAILABLE.equals(array.get(0).textValue());
    }

    private static String plain(BigDecimal number) {
        long digits = (long) number.precision() + Math.abs((long) number.scale());
        return digits > MAX_PLAIN_DIGITS ? number.toString() : number.toPlainString();
    }

    private static String content(JsonNode content) {
        if (!content.isTextual()) {
            return "";
        }
        try {
            byte[] bytes = Base64.getDecoder().decode(content.textValue());
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            // Only the time of a clock message matters; its note may be in another encoding.
            return content.textValue();
        }
    }

    /** The value is JSON, but no envelope of Debezium's. */
    private static final class Malformed extends Exception {
        private static final long serialVersionUID = 1L;

        Malformed(String reason) {
            super(reason, null, false, false);
        }
    }
}
