package io.seqpulse.connector.kafka;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;

/**
 * Writes dead letters to a topic at least once: a checkpoint completes only when all before it have
 * been acknowledged, and a restart may repeat some.
 *
 * <p>Key and value are the original bytes; a letter without a value has them at its position in the
 * log still. The headers {@code topic}, {@code partition}, {@code offset}, {@code table} (absent
 * where unknown) and {@code reason} say what it is. {@code ./lifecycle deadletters} reads this
 * form, and docs/operations.md describes it.
 */
public final class DeadLetterSink {

    /** What the change topic accepts as one message must fit here too, with its headers. */
    private static final int MAX_REQUEST_BYTES = 17 * 1024 * 1024;

    private DeadLetterSink() {}

    /** A sink into that topic, which must exist or be creatable on first use. */
    public static KafkaSink<DeadLetter> to(String bootstrapServers, String topic) {
        return to(bootstrapServers, topic, Map.of());
    }

    /**
     * The same.
     *
     * @param client what Kafka's clients need over that, such as a login
     */
    public static KafkaSink<DeadLetter> to(
            String bootstrapServers, String topic, Map<String, String> client) {
        Properties properties = new Properties();
        properties.putAll(client);
        return KafkaSink.<DeadLetter>builder()
                .setKafkaProducerConfig(properties)
                .setBootstrapServers(bootstrapServers)
                .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
                .setProperty(
                        ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Integer.toString(MAX_REQUEST_BYTES))
                // A letter that fits the topic only just must fit with its headers too.
                .setProperty(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4")
                .setRecordSerializer(new Letters(topic))
                .build();
    }

    private record Letters(String topic) implements KafkaRecordSerializationSchema<DeadLetter> {

        /** A change log has no other. */
        private static final byte[] ONLY_PARTITION = text("0");

        @Override
        public ProducerRecord<byte[], byte[]> serialize(
                DeadLetter letter, KafkaSinkContext context, Long timestamp) {
            ProducerRecord<byte[], byte[]> message =
                    new ProducerRecord<>(
                            topic, null, letter.atMillis(), letter.key(), letter.value());
            Headers headers = message.headers();
            headers.add("topic", text(letter.topic()));
            headers.add("partition", ONLY_PARTITION);
            headers.add("offset", text(Long.toString(letter.offset())));
            if (letter.table() != null) {
                headers.add("table", text(letter.table()));
            }
            headers.add("reason", text(letter.reason()));
            return message;
        }

        private static byte[] text(String header) {
            return header.getBytes(StandardCharsets.UTF_8);
        }
    }
}
