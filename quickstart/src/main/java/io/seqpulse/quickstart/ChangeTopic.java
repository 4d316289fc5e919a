package io.seqpulse.quickstart;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads the change log as it is on the topic, for a look at it and for tests. Not thread-safe. */
public final class ChangeTopic implements AutoCloseable {

    private static final TopicPartition LOG = new TopicPartition(KafkaBroker.CHANGES, 0);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final List<String> buffered = new ArrayList<>();

    private ChangeTopic(KafkaConsumer<byte[], byte[]> consumer) {
        this.consumer = consumer;
        consumer.assign(List.of(LOG));
    }

    static ChangeTopic fromStart(String bootstrapServers) {
        ChangeTopic topic = new ChangeTopic(consumer(bootstrapServers));
        topic.consumer.seekToBeginning(List.of(LOG));
        return topic;
    }

    static ChangeTopic fromNow(String bootstrapServers) {
        ChangeTopic topic = new ChangeTopic(consumer(bootstrapServers));
        topic.consumer.seekToEnd(List.of(LOG));
        topic.consumer.position(LOG);
        return topic;
    }

    private static KafkaConsumer<byte[], byte[]> consumer(String bootstrapServers) {
        return new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        false,
                        ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG,
                        50),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    /**
     * The next record whose value matches, passing over the others.
     *
     * @return its value as JSON text, or empty when none came in time
     */
    public Optional<String> next(Predicate<String> wanted, Duration atMost) {
        long end = System.nanoTime() + atMost.toNanos();
        do {
            while (!buffered.isEmpty()) {
                String value = buffered.remove(0);
                if (wanted.test(value)) {
                    return Optional.of(value);
                }
            }
            for (ConsumerRecord<byte[], byte[]> read : consumer.poll(Duration.ofMillis(50))) {
                if (read.value() != null) {
                    buffered.add(new String(read.value(), StandardCharsets.UTF_8));
                }
            }
        } while (!buffered.isEmpty() || System.nanoTime() < end);
        return Optional.empty();
    }

    /** Whether a record is a clock message. */
    public static boolean isClock(String value) {
        return value.contains("\"op\":\"m\"");
    }

    @Override
    public void close() {
        consumer.close();
    }
}
