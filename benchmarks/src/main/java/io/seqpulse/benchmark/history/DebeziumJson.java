package io.seqpulse.benchmark.history;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/**
 * Changes as Debezium's connector for PostgreSQL writes them with our registration ({@code
 * connectors/debezium/seqpulse.json}), byte for byte. Not thread-safe.
 */
final class DebeziumJson {

    static final String VERSION = "3.7.0.Final";

    private static final DateTimeFormatter ISO =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    private final JsonStringEncoder encoder = JsonStringEncoder.getInstance();
    private final StringBuilder json = new StringBuilder(2_048);

    /**
     * Where in the database's log something was committed.
     *
     * @param commitMicros when, in microseconds since the epoch
     * @param transaction the transaction's number
     * @param lastCommit log sequence number of the end of the transaction before; null for the
     *     first that a connector sees
     * @param lsn log sequence number of the change itself
     */
    record Position(long commitMicros, long transaction, Long lastCommit, long lsn) {}

    /** The Kafka record's key. */
    byte[] key(Change change) {
        json.setLength(0);
        json.append('{');
        column(change.table().columns().get(0), change.key());
        return bytes(json.append('}'));
    }

    /**
     * The Kafka record's value.
     *
     * @param handledNanos when Debezium handled it, in nanoseconds since the epoch
     */
    byte[] value(Change change, Position position, long handledNanos) {
        json.setLength(0);
        json.append("{\"before\":null,\"after\":{");
        List<Column> columns = change.table().columns();
        for (int i = 0; i < columns.size(); i++) {
            if (i > 0) {
                json.append(',');
            }
            column(columns.get(i), change.values().get(i));
        }
        json.append("},");
        source(position, "public", change.table().label());
        json.append(",\"transaction\":null,\"op\":\"")
                .append(
                        switch (change.operation()) {
                            case INSERT -> 'c';
                            case UPDATE -> 'u';
                        })
                .append("\",\"ts_ms\":")
                .append(handledNanos / 1_000_000)
                .append(",\"ts_us\":")
                .append(handledNanos / 1_000)
                .append(",\"ts_ns\":")
                .append(handledNanos);
        return bytes(json.append('}'));
    }

    /** The key of a logical message. */
    byte[] messageKey(String prefix) {
        return ("{\"prefix\":\"" + prefix + "\"}").getBytes(StandardCharsets.UTF_8);
    }

    /** The value of a logical message. */
    byte[] message(String prefix, String content, Position position, long handledMillis) {
        json.setLength(0);
        json.append("{\"op\":\"m\",\"ts_ms\":").append(handledMillis).append(',');
        source(position, "", "");
        json.append(",\"transaction\":null,\"message\":{\"prefix\":\"")
                .append(prefix)
                .append("\",\"content\":\"")
                .append(
                        Base64.getEncoder()
                                .encodeToString(content.getBytes(StandardCharsets.UTF_8)));
        return bytes(json.append("\"}}"));
    }

    /** The key of the connector's own heartbeat. */
    byte[] heartbeatKey() {
        return "{\"serverName\":\"seqpulse\"}".getBytes(StandardCharsets.UTF_8);
    }

    /** The value of the connector's own heartbeat. */
    byte[] heartbeat(long handledMillis) {
        return ("{\"ts_ms\":" + handledMillis + "}").getBytes(StandardCharsets.UTF_8);
    }

    private void source(Position position, String schema, String table) {
        json.append("\"source\":{\"version\":\"")
                .append(VERSION)
                .append("\",\"connector\":\"postgresql\",\"name\":\"seqpulse\",\"ts_ms\":")
                .append(position.commitMicros() / 1_000)
                .append(",\"snapshot\":\"false\",\"db\":\"seqpulse\",\"sequence\":\"[");
        if (position.lastCommit() == null) {
            json.append("null");
        } else {
            json.append("\\\"").append(position.lastCommit()).append("\\\"");
        }
        json.append(",\\\"")
                .append(position.lsn())
                .append("\\\"]\",\"ts_us\":")
                .append(position.commitMicros())
                .append(",\"ts_ns\":")
                .append(position.commitMicros())
                .append("000,\"schema\":\"")
                .append(schema)
                .append("\",\"table\":\"")
                .append(table)
                .append("\",\"txId\":")
                .append(position.transaction())
                .append(",\"lsn\":")
                .append(position.lsn())
                .append(",\"xmin\":null,\"origin\":null,\"origin_lsn\":null}");
    }

    private void column(Column column, Object value) {
        json.append('"').append(column.name()).append("\":");
        if (value == null) {
            json.append("null");
            return;
        }
        switch (column.type()) {
            case UUID, NUMERIC -> json.append('"').append(value).append('"');
            case TEXT -> text(value.toString());
            case BOOLEAN, INTEGER, TIMESTAMP -> json.append(value);
            case TIMESTAMPTZ -> json.append('"').append(iso((Long) value)).append('"');
            case TEXT_ARRAY -> texts((List<?>) value);
        }
    }

    /** A {@code timestamptz} as text. */
    static String iso(long micros) {
        return ISO.format(Instant.EPOCH.plus(micros, ChronoUnit.MICROS));
    }

    private void texts(List<?> values) {
        json.append('[');
        for (int i = 0; i < values.size(); i++) {
            if (i > 0) {
                json.append(',');
            }
            text(values.get(i).toString());
        }
        json.append(']');
    }

    private void text(String value) {
        json.append('"');
        encoder.quoteAsString(value, json);
        json.append('"');
    }

    private static byte[] bytes(StringBuilder text) {
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }
}
