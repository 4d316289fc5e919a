package io.seqpulse.benchmark.history;

import io.seqpulse.benchmark.history.DebeziumJson.Position;
import io.seqpulse.connector.debezium.DebeziumEnvelope;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/**
 * A history as the records of a change log: one for each row change, and every 250 ms of the log's
 * time a clock message and the connector's own heartbeat. Not thread-safe.
 */
public final class ChangeLogRecords {

    private static final Duration HEARTBEAT = Duration.ofMillis(250);

    /** From commit to Debezium's hand, and from there to Kafka. */
    private static final Duration LATENCY = Duration.ofMillis(40);

    private static final String CLOCK =
            "{\"system_identifier\" : \"7710515533433811675\", \"timeline\" : 1}";

    /** What Debezium puts beside each row change. */
    private static final List<Header> HEADERS =
            List.of(
                    header("connectorLogicalName", "seqpulse"),
                    header("taskId", "0"),
                    header("connectorName", "postgresql"),
                    header("runId", "01a1fce6-2b6a-7499-ab79-3e0276f92e05"));

    private final String topic;
    private final DebeziumJson json = new DebeziumJson();
    private final Consumer<ProducerRecord<byte[], byte[]>> out;
    private long transaction = 754;
    private Long lastCommit;
    private long lsn = 27_107_016;
    private long commitMicros = Long.MIN_VALUE;
    private long nextHeartbeatMicros = Long.MIN_VALUE;
    private long records;

    /**
     * @param out takes each record, in the log's order
     */
    public ChangeLogRecords(String topic, Consumer<ProducerRecord<byte[], byte[]>> out) {
        this.topic = topic;
        this.out = out;
    }

    /** Writes a transaction, and the heartbeats that were due before it. */
    public void write(Transaction committed) {
        commitMicros = committed.commitMicros();
        if (nextHeartbeatMicros == Long.MIN_VALUE) {
            nextHeartbeatMicros = commitMicros;
        }
        while (nextHeartbeatMicros <= commitMicros) {
            heartbeat(nextHeartbeatMicros);
            nextHeartbeatMicros += HEARTBEAT.toNanos() / 1_000;
        }
        transaction++;
        for (Change change : committed.changes()) {
            Position position = new Position(commitMicros, transaction, lastCommit, lsn);
            long handledNanos = handledNanos(commitMicros);
            byte[] value = json.value(change, position, handledNanos);
            ProducerRecord<byte[], byte[]> record =
                    record(json.key(change), value, handledNanos / 1_000_000);
            HEADERS.forEach(record.headers()::add);
            emit(record);
            lsn += 64 + value.length / 2;
        }
        commit();
    }

    /**
     * Ends the log with a clock message a second after the last commit.
     *
     * @return a time of the log that comes after all that was written and before its end
     */
    public Instant end() {
        long endMicros = commitMicros + Duration.ofSeconds(1).toNanos() / 1_000;
        heartbeat(endMicros);
        return Instant.ofEpochMilli(commitMicros / 1_000 + 1);
    }

    /** How many records there are, heartbeats included. */
    public long records() {
        return records;
    }

    private void heartbeat(long micros) {
        transaction++;
        long handledMillis = handledNanos(micros) / 1_000_000;
        Position position = new Position(micros, transaction, lastCommit, lsn);
        String prefix = DebeziumEnvelope.CLOCK_PREFIX;
        emit(
                record(
                        json.messageKey(prefix),
                        json.message(prefix, CLOCK, position, handledMillis),
                        handledMillis));
        commit();
        emit(record(json.heartbeatKey(), json.heartbeat(handledMillis), handledMillis));
    }

    private void commit() {
        lsn += 48;
        lastCommit = lsn;
    }

    private static Header header(String name, String text) {
        return new RecordHeader(
                "__debezium.context." + name, text.getBytes(StandardCharsets.UTF_8));
    }

    private static long handledNanos(long micros) {
        return micros * 1_000 + LATENCY.toNanos();
    }

    private ProducerRecord<byte[], byte[]> record(byte[] key, byte[] value, long atMillis) {
        return new ProducerRecord<>(topic, 0, atMillis, key, value);
    }

    private void emit(ProducerRecord<byte[], byte[]> record) {
        records++;
        out.accept(record);
    }
}
