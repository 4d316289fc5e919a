package io.seqpulse.cli.deadletters;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.StackNames;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Writes into the topics what Debezium and the job would, or would never. */
final class Feed implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String UNSIGNED = "{\"empty\":[]}";

    private final KafkaProducer<byte[], byte[]> producer;
    private final String signed;

    Feed(EmbeddedStack stack) {
        signed = signed(stack);
        Map<String, Object> settings = new LinkedHashMap<>(stack.kafkaClient());
        settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, 16 * 1024 * 1024);
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** Appends to the change log; returns the position. */
    long append(String key, String value) throws InterruptedException, ExecutionException {
        return send(StackNames.CHANGES, key, value, Map.of());
    }

    /** Appends a clock message that was committed, and produced, at a time. */
    void tick(Instant committed) throws InterruptedException, ExecutionException {
        producer.send(
                        new ProducerRecord<>(
                                StackNames.CHANGES,
                                0,
                                committed.toEpochMilli() + 1,
                                null,
                                bytes(clock(committed, signed))))
                .get();
    }

    /**
     * Appends a clock message that passes everything that was committed until now: the clock stays
     * behind what it is told by more than a millisecond, in which a quick machine appends a row.
     */
    void tickPastNow() throws InterruptedException, ExecutionException {
        tick(Instant.now().plusMillis(10));
    }

    /** Appends to any topic. */
    long send(String topic, String key, String value, Map<String, String> headers)
            throws InterruptedException, ExecutionException {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(topic, 0, bytes(key), bytes(value));
        for (Map.Entry<String, String> header : headers.entrySet()) {
            record.headers().add(new TextHeader(header.getKey(), header.getValue()));
        }
        return producer.send(record).get().offset();
    }

    private static byte[] bytes(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    private record TextHeader(String key, String text) implements Header {
        @Override
        public byte[] value() {
            return bytes(text);
        }
    }

    /** The key of a row. */
    static String key(Object id) {
        return json(Map.of("id", id.toString()));
    }

    /** An envelope as Debezium writes it for a row as it was inserted, committed now. */
    static String inserted(String table, Object... columns) {
        return change("c", table, Instant.now(), row(columns));
    }

    /** An envelope as Debezium writes it; times to the microsecond. */
    static String change(String op, String table, Instant committed, Map<String, Object> after) {
        Map<String, Object> envelope = new LinkedHashMap<>();
        envelope.put("before", null);
        envelope.put("after", after);
        envelope.put("source", source(table, committed));
        envelope.put("op", op);
        envelope.put("ts_ms", committed.toEpochMilli() + 1);
        return json(envelope);
    }

    /** What lifecycle.emit_clock() would say, with its signature. */
    private static String signed(EmbeddedStack stack) {
        try (Connection product = stack.connect();
                PreparedStatement sign =
                        product.prepareStatement(
                                """
                                select left(s.said, -1) || ',"mac":"' || encode(sha256(k.key
                                    || sha256(k.key || convert_to(s.said, 'UTF8'))), 'hex') || '"}'
                                from lifecycle.clock_key k, (select ?::text as said) s
                                """)) {
            sign.setString(1, UNSIGNED);
            try (ResultSet row = sign.executeQuery()) {
                row.next();
                return row.getString(1);
            }
        } catch (SQLException e) {
            throw new IllegalStateException("the clock's key cannot be read", e);
        }
    }

    /** A clock message that the database committed at a time. */
    static String clock(Instant committed) {
        return clock(committed, "{}");
    }

    private static String clock(Instant committed, String content) {
        return json(
                Map.of(
                        "op",
                        "m",
                        "ts_ms",
                        committed.toEpochMilli() + 1,
                        "source",
                        source("", committed),
                        "message",
                        Map.of(
                                "prefix",
                                "seqpulse.clock",
                                "content",
                                Base64.getEncoder().encodeToString(bytes(content)))));
    }

    private static Map<String, Object> source(String table, Instant committed) {
        return Map.of(
                "connector",
                "postgresql",
                "name",
                "seqpulse",
                "snapshot",
                "false",
                "schema",
                "public",
                "table",
                table,
                "ts_us",
                ChronoUnit.MICROS.between(Instant.EPOCH, committed),
                "ts_ms",
                committed.toEpochMilli(),
                "lsn",
                1);
    }

    /** Columns as name, value, name, value. */
    static Map<String, Object> row(Object... columns) {
        Map<String, Object> row = new LinkedHashMap<>();
        for (int i = 0; i < columns.length; i += 2) {
            Object value = columns[i + 1];
            boolean plain = value == null || value instanceof Boolean || value instanceof Number;
            row.put((String) columns[i], plain ? value : value.toString());
        }
        return row;
    }

    private static String json(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    @Override
    public void close() {
        producer.close();
    }
}
