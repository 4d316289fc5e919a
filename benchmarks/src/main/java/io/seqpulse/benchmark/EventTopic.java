package io.seqpulse.benchmark;

import io.seqpulse.benchmark.history.ChangeLogRecords;
import io.seqpulse.benchmark.history.ProductHistory;
import io.seqpulse.connector.kafka.ChangeLog;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A history written into Kafka once, as Debezium would have written it.
 *
 * @param kafka what a client of Kafka needs
 * @param events row changes in it
 * @param records what else is in it included
 * @param begin before its first commit
 * @param end a time of the log after its last commit, which its clock passes
 * @param bytes of keys and values, before compression
 */
record EventTopic(
        Map<String, String> kafka,
        String name,
        long events,
        long records,
        Instant begin,
        Instant end,
        long bytes) {

    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Writes it into a new topic with one partition. */
    static EventTopic write(
            Map<String, String> kafka, String name, ProductHistory history, long events)
            throws InterruptedException {
        create(kafka, name);
        // As the registration has it; batches are as full as a busy connector's.
        Map<String, Object> settings = new HashMap<>(kafka);
        settings.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 1);
        AtomicReference<Exception> failure = new AtomicReference<>();
        long[] bytes = new long[1];
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            ChangeLogRecords log =
                    new ChangeLogRecords(
                            name,
                            record -> {
                                bytes[0] += record.key().length + (long) record.value().length;
                                producer.send(
                                        record,
                                        (written, e) -> {
                                            if (e != null) {
                                                failure.compareAndSet(null, e);
                                            }
                                        });
                            });
            while (history.hasNext()) {
                log.write(history.next());
            }
            Instant end = log.end();
            producer.flush();
            if (failure.get() != null) {
                throw new BenchmarkException(
                        "the events could not be written to Kafka", failure.get());
            }
            return new EventTopic(
                    kafka, name, events, log.records(), history.begin(), end, bytes[0]);
        }
    }

    private static void create(Map<String, String> kafka, String name) throws InterruptedException {
        try (Admin admin = Admin.create(new HashMap<>(kafka))) {
            NewTopic topic =
                    new NewTopic(name, 1, (short) 1)
                            .configs(Map.of(TopicConfig.RETENTION_MS_CONFIG, "-1"));
            admin.createTopics(List.of(topic)).all().get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TopicExistsException) {
                throw new BenchmarkException(
                        "the state folder holds the events of an earlier run; choose an empty or new one",
                        e);
            }
            throw new BenchmarkException("topic %s cannot be made".formatted(name), e);
        }
    }

    /** The topic as the job reads it. */
    ChangeLog changeLog() {
        return new ChangeLog(
                kafka.get(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG),
                name,
                "seqpulse-benchmark",
                kafka,
                null);
    }

    /** Reads all of it with a consumer that does nothing else, set as the job's is. */
    Rate consume() {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(kafka)) {
            TopicPartition partition = new TopicPartition(name, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long read = 0;
            long begun = System.nanoTime();
            long uncounted = 0;
            long last = System.nanoTime();
            while (read < records) {
                int polled = consumer.poll(POLL).count();
                long now = System.nanoTime();
                if (polled > 0) {
                    uncounted = read < WarmUp.of(records) ? read + polled : uncounted;
                    begun = read < WarmUp.of(records) ? now : begun;
                    read += polled;
                } else if (read > 0 && now - last > PATIENCE.toNanos()) {
                    throw new BenchmarkException(
                            "only %s of %s records came back".formatted(read, records));
                }
                last = now;
            }
            return new Rate(events * (read - uncounted) / read, last - begun);
        }
    }

    /**
     * How long Debezium took for row changes on a topic: from the first that counts to the last of
     * them, by the times at which they were sent.
     *
     * @param from offset of the first record that may be one of them
     * @param rows how many there are; waits until all are there
     */
    static Rate sent(Map<String, String> kafka, String topic, long from, long rows) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(kafka)) {
            TopicPartition partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            // Reading would take from Debezium what it needs, so first only the end is asked for.
            awaitEnd(consumer, partition, from + rows);
            consumer.seek(partition, from);
            long seen = 0;
            long first = 0;
            long last = 0;
            long patient = System.nanoTime() + PATIENCE.toNanos();
            while (seen < rows) {
                ConsumerRecords<byte[], byte[]> polled = consumer.poll(POLL);
                for (ConsumerRecord<byte[], byte[]> record : polled) {
                    if (isRow(record)) {
                        seen++;
                        first = seen <= 1 + WarmUp.of(rows) ? record.timestamp() : first;
                        last = record.timestamp();
                        patient = System.nanoTime() + PATIENCE.toNanos();
                    }
                }
                if (System.nanoTime() > patient) {
                    throw new BenchmarkException(
                            "Debezium wrote %s of %s rows, then no more".formatted(seen, rows));
                }
            }
            return new Rate(WarmUp.rest(rows), Math.max(1, last - first) * 1_000_000);
        }
    }

    private static void awaitEnd(
            KafkaConsumer<byte[], byte[]> consumer, TopicPartition partition, long offset) {
        long end = end(consumer, partition);
        long patient = System.nanoTime() + PATIENCE.toNanos();
        while (end < offset) {
            // Its timeout is the pause between two questions: nothing is fetched while paused.
            consumer.pause(List.of(partition));
            consumer.poll(POLL);
            long now = end(consumer, partition);
            if (now > end) {
                patient = System.nanoTime() + PATIENCE.toNanos();
            } else if (System.nanoTime() > patient) {
                throw new BenchmarkException(
                        "Debezium stands still at offset %s of %s".formatted(now, offset));
            }
            end = now;
        }
        consumer.resume(List.of(partition));
    }

    private static long end(KafkaConsumer<byte[], byte[]> consumer, TopicPartition partition) {
        return consumer.endOffsets(List.of(partition)).get(partition);
    }

    /** The offset that the next record of a topic will have. */
    static long end(Map<String, String> kafka, String topic) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(kafka)) {
            return end(consumer, new TopicPartition(topic, 0));
        }
    }

    /** Clock messages and heartbeats have other keys; looking at no more keeps this cheap. */
    private static boolean isRow(ConsumerRecord<byte[], byte[]> record) {
        String key = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
        return !key.startsWith("{\"prefix\"") && !key.startsWith("{\"serverName\"");
    }

    private static KafkaConsumer<byte[], byte[]> consumer(Map<String, String> kafka) {
        Map<String, Object> settings = new HashMap<>(kafka);
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        return new KafkaConsumer<>(
                settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
