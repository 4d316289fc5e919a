package io.seqpulse.quickstart.kpi;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Copies the change log, as it grows, to another topic and leaves the deletions out. */
final class LogWithoutDeletes implements AutoCloseable {

    static final String TOPIC = "seqpulse.changes-without-deletes";

    private static final String DELETION = "\"op\":\"d\"";

    private final Map<String, String> client;
    private final KafkaConsumer<byte[], byte[]> log;
    private final Thread copier = new Thread(this::copy, "log-without-deletes");
    private volatile RuntimeException failure;

    LogWithoutDeletes(Map<String, String> client, String log)
            throws InterruptedException, ExecutionException {
        this.client = client;
        try (Admin admin = Admin.create(new HashMap<>(client))) {
            admin.createTopics(
                            List.of(
                                    new NewTopic(TOPIC, 1, (short) 1)
                                            .configs(
                                                    Map.of(
                                                            "retention.ms", "10368000000",
                                                            "max.message.bytes", "16777216"))))
                    .all()
                    .get();
        }
        this.log =
                new KafkaConsumer<>(
                        with(Map.of("enable.auto.commit", false)),
                        new ByteArrayDeserializer(),
                        new ByteArrayDeserializer());
        TopicPartition partition = new TopicPartition(log, 0);
        this.log.assign(List.of(partition));
        this.log.seekToBeginning(List.of(partition));
        copier.start();
    }

    private Map<String, Object> with(Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>(client);
        settings.putAll(more);
        return settings;
    }

    private void copy() {
        try (KafkaProducer<byte[], byte[]> copy =
                new KafkaProducer<>(
                        with(Map.of("linger.ms", "5", "max.request.size", "16777216")),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            while (true) {
                for (ConsumerRecord<byte[], byte[]> record : log.poll(Duration.ofMillis(100))) {
                    if (!isDeletion(record)) {
                        copy.send(
                                new ProducerRecord<>(
                                        TOPIC,
                                        0,
                                        record.timestamp(),
                                        record.key(),
                                        record.value(),
                                        record.headers()));
                    }
                }
            }
        } catch (WakeupException closed) {
            // as it is meant
        } catch (RuntimeException e) {
            failure = e;
        }
    }

    private static boolean isDeletion(ConsumerRecord<byte[], byte[]> record) {
        return record.value() != null
                && new String(record.value(), StandardCharsets.UTF_8).contains(DELETION);
    }

    @Override
    public void close() throws InterruptedException {
        log.wakeup();
        copier.join();
        log.close();
        if (failure != null) {
            throw failure;
        }
    }
}
