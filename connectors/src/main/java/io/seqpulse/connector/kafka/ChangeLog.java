package io.seqpulse.connector.kafka;

import io.seqpulse.connector.debezium.ClockKey;
import io.seqpulse.connector.debezium.DebeziumEnvelope;
import io.seqpulse.connector.debezium.LogRecord;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceOptions;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.enumerator.subscriber.KafkaSubscriber;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.metrics.Counter;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
 * @param client what Kafka's clients need over that, such as a login; may hold secrets
 * @param clockKey what its clock messages are signed with; null: all of them are believed
 */
public record ChangeLog(
        String bootstrapServers,
        String topic,
        String groupId,
        Map<String, String> client,
        ClockKey clockKey)
        implements Serializable {

    private static final Logger LOG = LoggerFactory.getLogger(ChangeLog.class);

    /** Counts clock messages that the database's function did not write: dead letters. */
    static final String FORGED_CLOCK = "forgedClockMessages";

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
        client = Map.copyOf(client);
    }

    /** Of a Kafka that asks for no login, to which nobody but the connector writes. */
    public ChangeLog(String bootstrapServers, String topic, String groupId) {
        this(bootstrapServers, topic, groupId, Map.of(), null);
    }

    /**
     * Asks Kafka whether the topic is a change log. The source asks again whenever it starts.
     *
     * @throws IllegalStateException if the topic does not exist or has another number of partitions
     *     than one, or Kafka cannot be asked; the message says what to do
     */
    public void requireOnePartition() {
        Properties admin = properties();
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
                .setProperties(properties())
                .setBootstrapServers(bootstrapServers)
                .setGroupId(groupId)
                .setKafkaSubscriber(new OnePartition(topic))
                .setStartingOffsets(
                        OffsetsInitializer.offsets(fromTheBeginning, OffsetResetStrategy.NONE))
                .setDeserializer(new Parse(clockKey))
                .setProperty(KafkaSourceOptions.PARTITION_DISCOVERY_INTERVAL_MS.key(), "-1")
                .setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed")
                .build();
    }

    private Properties properties() {
        Properties properties = new Properties();
        properties.putAll(client);
        return properties;
    }

    /** Without what the clients need: a login may be among it. */
    @Override
    public String toString() {
        return "ChangeLog[%s, %s, %s]".formatted(bootstrapServers, topic, groupId);
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
                    "change topic '%s' has %s partitions where the order of commits needs exactly one: create a topic with one partition and a new snapshot, and set kafka.topic to it"
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

        /** Of a header that says something else. */
        private static final long UNKNOWN_POSITION = 0;

        /** How far the clocks of the machines may be apart. */
        private static final Duration TOLERANCE = Duration.ofMinutes(10);

        /** How often a forged message is logged while there are more of them. */
        private static final Duration LOGGED_AGAIN = Duration.ofMinutes(1);

        private final ClockKey clockKey;
        private transient Counter forged;
        private transient long loggedAt;

        Parse(ClockKey clockKey) {
            this.clockKey = clockKey;
        }

        @Override
        public void open(DeserializationSchema.InitializationContext context) {
            forged = context.getMetricGroup().counter(FORGED_CLOCK);
            loggedAt = System.nanoTime() - LOGGED_AGAIN.toNanos();
        }

        @Override
        public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<LogRecord> out) {
            LogRecord read = DebeziumEnvelope.parse(record.key(), record.value(), record.offset());
            if (isForged(read)) {
                tellForged(read);
                read = read.asForged();
            }
            if (isAheadOfItsProducer(read, record)) {
                read =
                        read.asUnreadable(
                                "ts_ms and source.ts_us are more than %s minutes later than the record was produced"
                                        .formatted(TOLERANCE.toMinutes()));
            }
            OptionalLong before = replayedFrom(record.headers().toArray());
            out.collect(before.isPresent() ? read.asReplayed(before.getAsLong()) : read);
        }

        private boolean isForged(LogRecord read) {
            return clockKey != null
                    && read.kind() == LogRecord.Kind.CLOCK
                    && !clockKey.admits(read.clock());
        }

        private void tellForged(LogRecord read) {
            forged.inc();
            if (System.nanoTime() - loggedAt >= LOGGED_AGAIN.toNanos()) {
                loggedAt = System.nanoTime();
                LOG.warn(
                        "The clock message at offset {} was not written by lifecycle.emit_clock()"
                                + " and is left out: somebody else wrote it into the database's log,"
                                + " or our schema was made anew, and the job has to be restarted",
                        read.offset());
            }
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
        private static OptionalLong replayedFrom(Header[] headers) {
            if (headers.length == 0 || !headers[headers.length - 1].key().equals(REPLAYED_FROM)) {
                return OptionalLong.empty();
            }
            byte[] position = headers[headers.length - 1].value();
            try {
                return OptionalLong.of(
                        Long.parseLong(new String(position, StandardCharsets.UTF_8)));
            } catch (NumberFormatException | NullPointerException e) {
                return OptionalLong.of(UNKNOWN_POSITION);
            }
        }

        @Override
        public TypeInformation<LogRecord> getProducedType() {
            return TypeInformation.of(LogRecord.class);
        }
    }
}
