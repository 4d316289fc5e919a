package io.seqpulse.cli.deadletters;

import io.seqpulse.cli.CommandException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The topic of dead letters, in the form that docs/operations.md describes, and the change log they
 * came from. Not thread-safe.
 *
 * <p>A replay is a record of the same topic without key and value: the headers {@code topic} and
 * {@code offset} name the letter, {@code replayed-as} the offset at which it stands now.
 */
final class LetterTopic implements AutoCloseable {

    private static final String REPLAYED_AS = "replayed-as";

    /** In the change log: which letter the record was. The job's source knows it by this. */
    private static final String REPLAYED_FROM = "replayed-from";

    private static final int LARGEST_REQUEST = 17 * 1024 * 1024;

    /** A broker asked for more than there is would hold up the next question that long. */
    private static final int ANSWER_AT_THE_END_MS = 10;

    /** Among them is a letter, unless so many were replayed since the last one. */
    private static final int LAST = 100;

    private static final String ANSWER_MS = "15000";
    private static final Duration SILENCE = Duration.ofSeconds(30);

    private final Map<String, String> client;
    private final String bootstrapServers;
    private final TopicPartition letters;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private KafkaProducer<byte[], byte[]> producer;

    /**
     * @param client what a client of Kafka needs: where it is, and how to log in
     */
    LetterTopic(Map<String, String> client, String topic) {
        this.client = Map.copyOf(client);
        this.bootstrapServers = client.get(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG);
        this.letters = new TopicPartition(topic, 0);
        try {
            this.consumer =
                    new KafkaConsumer<>(
                            with(
                                    ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                                    false,
                                    ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                                    "read_committed",
                                    ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                                    "none",
                                    ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
                                    false,
                                    ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG,
                                    ANSWER_AT_THE_END_MS,
                                    CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG,
                                    ANSWER_MS),
                            new ByteArrayDeserializer(),
                            new ByteArrayDeserializer());
        } catch (KafkaException e) {
            throw new CommandException(
                    "%s is no address of Kafka: %s".formatted(bootstrapServers, cause(e)), e);
        }
    }

    /**
     * Every letter, in the order of the change log.
     *
     * @throws CommandException if Kafka does not answer or has no such topic; the message says what
     *     to do
     */
    List<StoredLetter> read() {
        Map<String, StoredLetter> found = new LinkedHashMap<>();
        List<ConsumerRecord<byte[], byte[]>> replays = new ArrayList<>();
        readAll(
                record -> {
                    if (text(record, REPLAYED_AS).isPresent()) {
                        replays.add(record);
                    } else {
                        StoredLetter letter = letter(record);
                        found.putIfAbsent(name(letter.topic(), letter.position()), letter);
                    }
                });
        for (ConsumerRecord<byte[], byte[]> replay : replays) {
            StoredLetter letter =
                    found.get(name(text(replay, "topic").orElse(""), number(replay, "offset")));
            if (letter != null) {
                letter.replays()
                        .add(
                                new StoredLetter.Replay(
                                        Instant.ofEpochMilli(replay.timestamp()),
                                        number(replay, REPLAYED_AS)));
            }
        }
        List<StoredLetter> inOrder = new ArrayList<>(found.values());
        inOrder.sort((a, b) -> Long.compare(a.position(), b.position()));
        return inOrder;
    }

    /** As {@link #next()}, beginning with what was written at a time. */
    List<StoredLetter> nextSince(Instant time) {
        if (consumer.assignment().isEmpty()) {
            OffsetAndTimestamp first =
                    consumer.offsetsForTimes(Map.of(letters, time.toEpochMilli())).get(letters);
            long from =
                    first == null
                            ? consumer.endOffsets(List.of(letters)).get(letters)
                            : first.offset();
            consumer.assign(List.of(letters));
            consumer.seek(letters, from);
        }
        return next();
    }

    /** Letters that were not read before, without notes of replays; waits for none. */
    List<StoredLetter> next() {
        List<StoredLetter> found = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : poll()) {
            if (text(record, REPLAYED_AS).isEmpty()) {
                found.add(letter(record));
            }
        }
        return found;
    }

    /** The letter that was given up last, of the last {@value #LAST} records. */
    Optional<StoredLetter> newest() {
        try {
            consumer.assign(List.of(letters));
            long end = consumer.endOffsets(List.of(letters)).get(letters);
            long first = consumer.beginningOffsets(List.of(letters)).get(letters);
            consumer.seek(letters, Math.max(first, end - LAST));
            Optional<StoredLetter> newest = Optional.empty();
            long asked = System.nanoTime();
            while (consumer.position(letters) < end
                    && System.nanoTime() - asked < SILENCE.toNanos()) {
                List<StoredLetter> found = next();
                newest = found.isEmpty() ? newest : Optional.of(found.get(found.size() - 1));
            }
            return newest;
        } catch (KafkaException e) {
            throw new CommandException(
                    "'%s' cannot be read: %s".formatted(letters.topic(), cause(e)), e);
        }
    }

    private void readAll(Consumer<ConsumerRecord<byte[], byte[]>> reader) {
        try {
            if (!consumer.listTopics().containsKey(letters.topic())) {
                throw new CommandException(
                        "Kafka at %s has no topic '%s': name the job's kafka.dead-letter-topic with --topic"
                                .formatted(bootstrapServers, letters.topic()));
            }
            consumer.assign(List.of(letters));
            consumer.seekToBeginning(List.of(letters));
            long end = consumer.endOffsets(List.of(letters)).get(letters);
            long heardAt = System.nanoTime();
            while (consumer.position(letters) < end) {
                for (ConsumerRecord<byte[], byte[]> record : poll()) {
                    heardAt = System.nanoTime();
                    if (record.offset() < end) {
                        reader.accept(record);
                    }
                }
                if (System.nanoTime() - heardAt > SILENCE.toNanos()) {
                    throw new CommandException(
                            "Kafka at %s does not give what is in '%s'"
                                    .formatted(bootstrapServers, letters.topic()));
                }
            }
        } catch (KafkaException e) {
            throw new CommandException(
                    "Kafka at %s does not answer (%s): check the address and that it is up"
                            .formatted(bootstrapServers, cause(e)),
                    e);
        }
    }

    private Iterable<ConsumerRecord<byte[], byte[]>> poll() {
        return consumer.poll(Duration.ofMillis(100));
    }

    private static StoredLetter letter(ConsumerRecord<byte[], byte[]> record) {
        return new StoredLetter(
                text(record, "topic").orElse(""),
                number(record, "offset"),
                Instant.ofEpochMilli(record.timestamp()),
                text(record, "table").orElse(null),
                text(record, "reason").orElse("not given"),
                record.key() == null ? null : new String(record.key(), StandardCharsets.UTF_8),
                record.offset(),
                record.value() != null,
                new ArrayList<>());
    }

    private static String name(String topic, long position) {
        return topic + "@" + position;
    }

    private static Optional<String> text(ConsumerRecord<byte[], byte[]> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null || header.value() == null
                ? Optional.empty()
                : Optional.of(new String(header.value(), StandardCharsets.UTF_8));
    }

    private static long number(ConsumerRecord<byte[], byte[]> record, String name) {
        try {
            return Long.parseLong(text(record, name).orElse("-1"));
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /**
     * The record that was given up, as it was read.
     *
     * @throws CommandException if it is no longer in Kafka
     */
    ConsumerRecord<byte[], byte[]> original(StoredLetter letter) {
        TopicPartition place = letter.kept() ? letters : new TopicPartition(letter.topic(), 0);
        long offset = letter.kept() ? letter.storedAt() : letter.position();
        try {
            consumer.assign(List.of(place));
            long first = consumer.beginningOffsets(List.of(place)).get(place);
            long end = consumer.endOffsets(List.of(place)).get(place);
            if (offset < first || offset >= end) {
                throw gone(letter, place);
            }
            consumer.seek(place, offset);
            while (consumer.position(place) <= offset) {
                for (ConsumerRecord<byte[], byte[]> record : poll()) {
                    if (record.offset() == offset) {
                        return record;
                    }
                }
            }
        } catch (KafkaException e) {
            throw new CommandException(
                    "position %s cannot be read: %s".formatted(letter.position(), cause(e)), e);
        }
        throw gone(letter, place);
    }

    private static CommandException gone(StoredLetter letter, TopicPartition place) {
        return new CommandException(
                "position %s: its bytes are no longer in '%s', which keeps them for a time only"
                        .formatted(letter.position(), place.topic()));
    }

    /**
     * Appends a letter's bytes to the change log again, then notes that. Whoever is interrupted
     * between the two may append it twice, which decides nothing anew.
     *
     * @return the position at which it stands now
     */
    long replay(StoredLetter letter) throws InterruptedException {
        ConsumerRecord<byte[], byte[]> original = original(letter);
        byte[] position = bytes(letter.position());
        ProducerRecord<byte[], byte[]> again =
                new ProducerRecord<>(letter.topic(), 0, original.key(), original.value());
        again.headers().add(REPLAYED_FROM, position);
        long now = send(again);

        ProducerRecord<byte[], byte[]> note =
                new ProducerRecord<>(letters.topic(), 0, null, (byte[]) null);
        note.headers()
                .add("topic", letter.topic().getBytes(StandardCharsets.UTF_8))
                .add("partition", bytes(0))
                .add("offset", position)
                .add(REPLAYED_AS, bytes(now));
        send(note);
        return now;
    }

    private long send(ProducerRecord<byte[], byte[]> record) throws InterruptedException {
        if (producer == null) {
            producer = producer();
        }
        try {
            return producer.send(record).get().offset();
        } catch (ExecutionException e) {
            throw new CommandException(
                    "'%s' takes no record: %s".formatted(record.topic(), cause(e)), e);
        }
    }

    private KafkaProducer<byte[], byte[]> producer() {
        return new KafkaProducer<>(
                with(
                        ProducerConfig.ACKS_CONFIG,
                        "all",
                        ProducerConfig.COMPRESSION_TYPE_CONFIG,
                        "lz4",
                        ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                        LARGEST_REQUEST,
                        ProducerConfig.MAX_BLOCK_MS_CONFIG,
                        ANSWER_MS),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /** What the client needs, and keys with their values. */
    private Map<String, Object> with(Object... more) {
        Map<String, Object> settings = new HashMap<>(client);
        for (int i = 0; i < more.length; i += 2) {
            settings.put((String) more[i], more[i + 1]);
        }
        return settings;
    }

    private static byte[] bytes(long number) {
        return Long.toString(number).getBytes(StandardCharsets.UTF_8);
    }

    private static String cause(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }

    @Override
    public void close() {
        consumer.close();
        if (producer != null) {
            producer.close();
        }
    }
}
