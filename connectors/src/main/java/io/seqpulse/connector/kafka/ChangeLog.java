package io.seqpulse.connector.kafka;

import io.seqpulse.connector.debezium.DebeziumEnvelope;
import io.seqpulse.connector.debezium.LogRecord;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceOptions;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.enumerator.subscriber.KafkaSubscriber;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.TimestampType;

/**
 * The ordered change log of one database: a Kafka topic with exactly one partition (DESIGN D1).
 *
 * <p>The source reads it exactly once into state, from its beginning on a first start and from the
 * checkpointed position ever after; a position that the topic no longer holds stops the job, it
 * never skips. What cannot be read becomes {@link LogRecord.Kind#UNREADABLE} and stops nothing.
 *
 * @param bootstrapServers Kafka's {@code host:port} list
 * @param topic name of the topic
 * @param groupId consumer group under which the read position is published for monitoring; it is
 *     never read back
 */
public record ChangeLog(String bootstrapServers, String topic, String groupId)
        implements Serializable {

    /**
     * Header of a record that was appended again: the position at which it stood before, or that of
     * the dead letter it was kept in. The last of its headers.
     */
    public static final String REPLAYED_FROM = "replayed-from";

    /** Bounds the wait for a broker that does not answer. */
    private static final String ADMIN_TIMEOUT_MS = "15000";

    public ChangeLog {
        Objects.requireNonNull(bootstrapServers, "bootstrapServers");
        Objects.requireNonNull(topic, "topic");
        Objects.requireNonNull(groupId, "groupId");
    }

    /**
     * Asks Kafka whether the topic is a change log. The source asks again whenever it starts.
     *
     * @throws IllegalStateException if the topic does not exist or has another number of partitions
     *     than one, or Kafka cannot be asked; the message says what to do
     */
    public void requireOnePartition() {
        Properties admin = new Properties();
        admin.setProperty(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        admin.setProperty(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, ADMIN_TIMEOUT_MS);
        admin.setProperty(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ADMIN_TIMEOUT_MS);
        try (AdminClient client = AdminClient.create(admin)) {
            onlyPartition(client, topic);
        }
    }

    /** The source; read with parallelism 1 and {@link #clock()}. */
    public KafkaSource<LogRecord> source() {
        // Partition 0 starts at its earliest offset, which the reader seeks explicitly; the reset
        // strategy, which would also answer a lost position, stays NONE.
        Map<TopicPartition, Long> fromTheBeginning =
                Map.of(new TopicPartition(topic, 0), KafkaPartitionSplit.EARLIEST_OFFSET);
        return KafkaSource.<LogRecord>builder()
                .setBootstrapServers(bootstrapServers)
                .setGroupId(groupId)
                .setKafkaSubscriber(new OnePartition(topic))
                .setStartingOffsets(
                        OffsetsInitializer.offsets(fromTheBeginning, OffsetResetStrategy.NONE))
                .setDeserializer(new Parse())
                .setProperty(KafkaSourceOptions.PARTITION_DISCOVERY_INTERVAL_MS.key(), "-1")
                .setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed")
                .build();
    }

    /** The watermarks of a change log. */
    public static WatermarkStrategy<LogRecord> clock() {
        return new CdcClock();
    }

    private static TopicPartition onlyPartition(AdminClient client, String topic) {
        TopicDescription description;
        try {
            description = client.describeTopics(List.of(topic)).topicNameValues().get(topic).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                throw new IllegalStateException(
                        "change topic '%s' does not exist: create it with one partition, or check kafka.topic"
                                .formatted(topic),
                        e.getCause());
            }
            throw new IllegalStateException(
                    "Kafka cannot be asked about change topic '%s': check kafka.bootstrap.servers and that the broker is up"
                            .formatted(topic),
                    e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while asking Kafka about " + topic, e);
        }
        int partitions = description.partitions().size();
        if (partitions != 1) {
            throw new IllegalStateException(
                    "change topic '%s' has %d partitions where the order of commits needs exactly one: create a topic with one partition and a new snapshot, and set kafka.topic to it"
                            .formatted(topic, partitions));
        }
        return new TopicPartition(topic, 0);
    }

    private record OnePartition(String topic) implements KafkaSubscriber {
        @Override
        public Set<TopicPartition> getSubscribedTopicPartitions(AdminClient client) {
            return Set.of(onlyPartition(client, topic));
        }
    }

    private static final class Parse implements KafkaRecordDeserializationSchema<LogRecord> {
        private static final long serialVersionUID = 1L;

        /** How far the clocks of the machines may be apart. */
        private static final Duration TOLERANCE = Duration.ofMinutes(10);

        @Override
        public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<LogRecord> out) {
            LogRecord read = DebeziumEnvelope.parse(record.key(), record.value(), record.offset());
            if (isAheadOfItsProducer(read, record)) {
                read =
                        read.asUnreadable(
                                "ts_ms and source.ts_us are more than %d minutes later than the record was produced"
                                        .formatted(TOLERANCE.toMinutes()));
            }
            out.collect(isReplayed(record.headers().toArray()) ? read.asReplayed() : read);
        }

        /**
         * Whether it says that it was committed, and handled by Debezium, after Debezium had sent
         * it. A database whose clock alone is ahead is not meant, nor a broker that stamps records
         * with a clock of its own.
         */
        private static boolean isAheadOfItsProducer(
                LogRecord read, ConsumerRecord<byte[], byte[]> record) {
            if (record.timestampType() != TimestampType.CREATE_TIME) {
                return false;
            }
            long most = record.timestamp() + TOLERANCE.toMillis();
            return switch (read.kind()) {
                case CHANGE ->
                        read.change().envelopeMillis() > most
                                && read.change().commitMillis() > most;
                case CLOCK ->
                        read.clock().envelopeMillis() > most
                                && Math.floorDiv(read.clock().commitMicros(), 1_000L) > most;
                case HEARTBEAT, TOMBSTONE, FOREIGN, UNREADABLE -> false;
            };
        }

        /** A header's name is decoded when it is asked for, so no more of them are than need be. */
        private static boolean isReplayed(Header[] headers) {
            return headers.length > 0 && headers[headers.length - 1].key().equals(REPLAYED_FROM);
        }

        @Override
        public TypeInformation<LogRecord> getProducedType() {
            return TypeInformation.of(LogRecord.class);
        }
    }
}
