package io.seqpulse.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seqpulse.connector.debezium.ClockKey;
import io.seqpulse.connector.debezium.ClockKeyTest;
import io.seqpulse.connector.debezium.LogRecord;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.types.PojoTestUtils;
import org.apache.flink.util.CloseableIterator;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Source and dead letters on a real broker. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ChangeLogTest {

    @RegisterExtension static final LoopbackBroker BROKER = new LoopbackBroker();

    @RegisterExtension
    static final MiniClusterExtension FLINK =
            new MiniClusterExtension(
                    new MiniClusterResourceConfiguration.Builder()
                            .setNumberTaskManagers(1)
                            .setNumberSlotsPerTaskManager(2)
                            .build());

    @TempDir private Path savepoints;

    @Test
    void refusesATopicThatIsNoChangeLog() throws Exception {
        BROKER.createTopic("two", 2);

        assertThatThrownBy(() -> changeLog("none").requireOnePartition())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("change topic 'none' does not exist: create it");
        assertThatThrownBy(() -> changeLog("two").requireOnePartition())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("change topic 'two' has 2 partitions");

        StreamExecutionEnvironment env = environment(null);
        changes(env, "two").print();
        assertThatThrownBy(env::execute)
                .hasStackTraceContaining("change topic 'two' has 2 partitions");
    }

    @Test
    void readsFromTheBeginningGoesOnFromTheSavepointAndNeverSkipsAGap() throws Exception {
        BROKER.createTopic("log", 1);
        BROKER.send("log", heartbeats(0, 10));
        BROKER.forgetBefore("log", 3);

        StreamExecutionEnvironment first = environment(null);
        CloseableIterator<LogRecord> records = changes(first, "log").collectAsync();
        JobClient job = first.executeAsync();
        assertThat(offsets(records, 7)).containsExactly(3L, 4L, 5L, 6L, 7L, 8L, 9L);
        String savepoint =
                job.stopWithSavepoint(
                                false, savepoints.toUri().toString(), SavepointFormatType.CANONICAL)
                        .get();

        BROKER.send("log", heartbeats(10, 20));
        StreamExecutionEnvironment second = environment(savepoint);
        records = changes(second, "log").collectAsync();
        job = second.executeAsync();
        assertThat(offsets(records, 2)).containsExactly(10L, 11L);
        job.cancel().get();

        BROKER.forgetBefore("log", 15);
        StreamExecutionEnvironment third = environment(savepoint);
        changes(third, "log").print();
        assertThatThrownBy(third::execute).hasRootCauseInstanceOf(OffsetOutOfRangeException.class);
    }

    @Test
    void knowsWhatWasReplayed() throws Exception {
        BROKER.createTopic("replays", 1);
        BROKER.send("replays", heartbeats(0, 1));
        BROKER.replay("replays", "{\"ts_ms\":0}", 0);

        StreamExecutionEnvironment env = environment(null);
        try (CloseableIterator<LogRecord> records = changes(env, "replays").executeAndCollect()) {
            assertThat(records.next().replayed()).isFalse();
            assertThat(records.next().replayed()).isTrue();
        }
    }

    /** Producers stamp records with the present. */
    @Test
    void whatIsDatedAfterItWasProducedIsADeadLetter() throws Exception {
        BROKER.createTopic("dated", 1);
        long now = System.currentTimeMillis();
        long soon = now + Duration.ofMinutes(5).toMillis();
        long past = now - Duration.ofDays(400).toMillis();
        long future = now + Duration.ofDays(400).toMillis();
        BROKER.send(
                "dated",
                List.of(
                        change(future, future),
                        clockMessage(future, future),
                        change(future, now),
                        change(soon, soon),
                        change(past, past)));

        StreamExecutionEnvironment env = environment(null);
        try (CloseableIterator<LogRecord> records = changes(env, "dated").executeAndCollect()) {
            LogRecord first = records.next();
            assertThat(first.kind()).isEqualTo(LogRecord.Kind.UNREADABLE);
            assertThat(first.table()).isEqualTo("users");
            assertThat(first.reason()).contains("10 minutes later than the record was produced");
            assertThat(first.rawValue()).isEqualTo(text(change(future, future)));
            assertThat(records.next().kind()).isEqualTo(LogRecord.Kind.UNREADABLE);
            for (String kept : List.of("a stepped database", "clocks apart", "history")) {
                assertThat(records.next().kind()).as(kept).isEqualTo(LogRecord.Kind.CHANGE);
            }
        }
    }

    /** Whoever is connected to the database may write one, with any content. */
    @Test
    void aClockMessageThatIsNotSignedIsADeadLetter() throws Exception {
        BROKER.createTopic("forged", 1);
        long now = System.currentTimeMillis();
        long before = now - 60_000;
        ClockKey key = new ClockKey(new byte[] {1, 2, 3}, (now - 10_000) * 1_000);
        String signed =
                "{\"empty\":[],\"mac\":\"b8b6fd0d\"}".replace("b8b6fd0d", ClockKeyTest.SIGNATURE);
        BROKER.send(
                "forged",
                List.of(
                        clockMessage(before, before),
                        clockMessage(before, now),
                        clockMessage(now, now),
                        clockMessage(now, now, "{\"empty\":[\"users\"]}"),
                        clockMessage(now, now, signed.replace("[]", "[\"users\"]")),
                        clockMessage(now, now, signed)));

        StreamExecutionEnvironment env = environment(null);
        ChangeLog log = new ChangeLog(BROKER.address(), "forged", "test", Map.of(), key);
        try (CloseableIterator<LogRecord> records =
                env.fromSource(log.source(), ChangeLog.clock(), "log")
                        .uid("log")
                        .executeAndCollect()) {
            assertThat(records.next().kind()).as("before it was").isEqualTo(LogRecord.Kind.CLOCK);
            for (String forged : List.of("dated back", "empty", "unsigned", "changed")) {
                LogRecord record = records.next();
                assertThat(record.kind()).as(forged).isEqualTo(LogRecord.Kind.UNREADABLE);
                assertThat(record.table()).isEqualTo("seqpulse.clock");
                assertThat(record.reason()).contains("lifecycle.emit_clock() did not write");
            }
            LogRecord genuine = records.next();
            assertThat(genuine.kind()).isEqualTo(LogRecord.Kind.CLOCK);
            assertThat(genuine.clock().emptyTables()).isEmpty();
        }
    }

    private static String clockMessage(long committed, long handled, String content) {
        return clockMessage(committed, handled)
                .replace(
                        "\"content\": \"\"",
                        "\"content\": \"%s\""
                                .formatted(Base64.getEncoder().encodeToString(text(content))));
    }

    private static String change(long committed, long handled) {
        return """
               {"op": "c", "ts_ms": %s, "after": {"id": 1},
                "source": {"table": "users", "ts_us": %s000, "lsn": 1, "snapshot": "false"}}
               """
                .formatted(handled, committed);
    }

    private static String clockMessage(long committed, long handled) {
        return """
               {"op": "m", "ts_ms": %s, "message": {"prefix": "seqpulse.clock", "content": ""},
                "source": {"table": "", "ts_us": %s000, "lsn": 1, "snapshot": "false"}}
               """
                .formatted(handled, committed);
    }

    @Test
    void keepsADeadLettersBytesAndSaysWhatItIs() throws Exception {
        BROKER.createTopic("dead", 1);
        byte[] key = text("{\"id\":1}");
        byte[] noUtf8 = {-1, 0, 1};
        StreamExecutionEnvironment env = environment(null);
        env.fromData(
                        new DeadLetter("log", 7, "users", "users.id is null", key, key, 1_000),
                        new DeadLetter("log", 8, null, "value is no JSON", null, noUtf8, 2_000),
                        new DeadLetter("log", 9, "sdh_hints", "orphan", null, null, 3_000))
                .sinkTo(DeadLetterSink.to(BROKER.address(), "dead"));
        env.execute();

        List<ConsumerRecord<byte[], byte[]>> letters = BROKER.read("dead", 3);

        assertThat(letters).hasSize(3);
        assertThat(letters.get(0).key()).isEqualTo(key);
        assertThat(letters.get(0).value()).isEqualTo(key);
        assertThat(letters.get(0).timestamp()).isEqualTo(1_000);
        assertThat(headers(letters.get(0)))
                .isEqualTo(
                        "{offset=7, partition=0, reason=users.id is null, table=users, topic=log}");
        assertThat(letters.get(1).key()).isNull();
        assertThat(letters.get(1).value()).isEqualTo(noUtf8);
        assertThat(headers(letters.get(1)))
                .isEqualTo("{offset=8, partition=0, reason=value is no JSON, topic=log}");
        assertThat(letters.get(2).key()).isNull();
        assertThat(letters.get(2).value()).isNull();
        assertThat(headers(letters.get(2)))
                .isEqualTo("{offset=9, partition=0, reason=orphan, table=sdh_hints, topic=log}");
    }

    @Test
    void streamsDeadLettersWithoutKryo() {
        PojoTestUtils.assertSerializedAsPojoWithoutKryo(DeadLetter.class);
    }

    private static ChangeLog changeLog(String topic) {
        return new ChangeLog(BROKER.address(), topic, "test");
    }

    private static DataStream<LogRecord> changes(StreamExecutionEnvironment env, String topic) {
        return env.fromSource(changeLog(topic).source(), ChangeLog.clock(), "changes")
                .uid("changes");
    }

    private static StreamExecutionEnvironment environment(String savepoint) {
        Configuration settings = new Configuration();
        settings.setString("restart-strategy.type", "none");
        settings.setString("pipeline.generic-types", "false");
        if (savepoint != null) {
            settings.setString("execution.state-recovery.path", savepoint);
            // What collects or prints the records is another operator each time.
            settings.setString("execution.state-recovery.ignore-unclaimed-state", "true");
        }
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.getExecutionEnvironment(settings);
        env.setParallelism(1);
        return env;
    }

    private static List<String> heartbeats(long from, long to) {
        return LongStream.range(from, to).mapToObj(i -> "{\"ts_ms\":" + i + "}").toList();
    }

    private static List<Long> offsets(CloseableIterator<LogRecord> records, int count) {
        List<Long> offsets = new ArrayList<>();
        while (offsets.size() < count) {
            offsets.add(records.next().offset());
        }
        return offsets;
    }

    private static String headers(ConsumerRecord<byte[], byte[]> letter) {
        TreeMap<String, String> headers = new TreeMap<>();
        letter.headers()
                .forEach(h -> headers.put(h.key(), new String(h.value(), StandardCharsets.UTF_8)));
        return headers.toString();
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
