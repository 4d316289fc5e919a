package io.seqpulse.quickstart.stack;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
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

    static ChangeTopic fromStart(Map<String, String> client) {
        ChangeTopic topic = new ChangeTopic(consumer(client));
        topic.consumer.seekToBeginning(List.of(LOG));
        return topic;
    }

    /** From what was written at a time on. */
    public static ChangeTopic since(Map<String, String> client, Instant time) {
        ChangeTopic topic = new ChangeTopic(consumer(client));
        OffsetAndTimestamp first =
                topic.consumer.offsetsForTimes(Map.of(LOG, time.toEpochMilli())).get(LOG);
        if (first == null) {
            topic.consumer.seekToEnd(List.of(LOG));
        } else {
            topic.consumer.seek(LOG, first.offset());
        }
        return topic;
    }

    static ChangeTopic fromNow(Map<String, String> client) {
        ChangeTopic topic = new ChangeTopic(consumer(client));
        topic.consumer.seekToEnd(List.of(LOG));
        topic.consumer.position(LOG);
        return topic;
    }

    private static KafkaConsumer<byte[], byte[]> consumer(Map<String, String> client) {
        Map<String, Object> settings = new HashMap<>(client);
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 50);
        return new KafkaConsumer<>(
                settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
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
