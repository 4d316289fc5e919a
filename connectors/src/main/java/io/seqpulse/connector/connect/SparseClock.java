package io.seqpulse.connector.connect;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.transforms.Transformation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets only those clock messages through that somebody waits for: the first after each change, and
 * else one in {@value #QUIET}, in which nothing has changed. Plain heartbeats, too, come at most so
 * often. Of a clock message goes to the log what is read of it, and none that is larger than the
 * database's function writes: whoever is connected to the database can write one of any size, and
 * what Kafka does not take would stop the connector.
 *
 * <p>Stands behind what routes to the log, since that needs the rest.
 *
 * @param <R> the kind of record
 */
public final class SparseClock<R extends ConnectRecord<R>> implements Transformation<R> {

    private static final String QUIET = "quiet.interval.ms";
    private static final int DEFAULT_QUIET = 1_000;

    /** Content of a clock message is a few hundred bytes. */
    static final int MOST_BYTES = 16_384;

    private static final Duration LOGGED_AGAIN = Duration.ofMinutes(1);
    private static final Logger LOG = LoggerFactory.getLogger(SparseClock.class);

    private static final ConfigDef CONFIG =
            new ConfigDef()
                    .define(
                            QUIET,
                            Type.INT,
                            DEFAULT_QUIET,
                            Range.between(0, 10_000),
                            Importance.MEDIUM,
                            "How long nothing need be said while nothing changes");

    private static final Schema SOURCE =
            SchemaBuilder.struct()
                    .field("ts_us", Schema.OPTIONAL_INT64_SCHEMA)
                    .field("lsn", Schema.OPTIONAL_INT64_SCHEMA)
                    .field("sequence", Schema.OPTIONAL_STRING_SCHEMA)
                    .build();
    private static final Schema MESSAGE =
            SchemaBuilder.struct()
                    .field("prefix", Schema.OPTIONAL_STRING_SCHEMA)
                    .field("content", Schema.OPTIONAL_BYTES_SCHEMA)
                    .build();
    private static final Schema CLOCK =
            SchemaBuilder.struct()
                    .field("op", Schema.STRING_SCHEMA)
                    .field("ts_ms", Schema.OPTIONAL_INT64_SCHEMA)
                    .field("source", SOURCE)
                    .field("message", MESSAGE)
                    .build();

    private final LongSupplier nanos;
    private long quietNanos = Duration.ofMillis(DEFAULT_QUIET).toNanos();
    private boolean changed = true;
    private long clockAt;
    private Long heartbeatAt;
    private Long tooLargeAt;

    /** By the JVM's own time. */
    public SparseClock() {
        this(System::nanoTime);
    }

    SparseClock(LongSupplier nanos) {
        this.nanos = nanos;
    }

    @Override
    public ConfigDef config() {
        return CONFIG;
    }

    @Override
    public void configure(Map<String, ?> settings) {
        quietNanos = Duration.ofMillis((Integer) CONFIG.parse(settings).get(QUIET)).toNanos();
    }

    @Override
    public R apply(R record) {
        if (!(record.value() instanceof Struct value)) {
            return record;
        }
        Schema schema = value.schema();
        if (schema.field("op") == null) {
            return schema.fields().size() == 1 && schema.field("ts_ms") != null
                    ? heartbeat(record)
                    : record;
        }
        if (!"m".equals(value.getString("op"))) {
            changed = true;
            return record;
        }
        if (isTooLarge(value.getStruct("message").get("content"))) {
            tellTooLarge();
            return null;
        }
        return clock(record, value);
    }

    private static boolean isTooLarge(Object content) {
        return (content instanceof byte[] bytes && bytes.length > MOST_BYTES)
                || (content instanceof ByteBuffer buffer && buffer.remaining() > MOST_BYTES)
                || (content instanceof String text && text.length() > MOST_BYTES);
    }

    private void tellTooLarge() {
        long now = nanos.getAsLong();
        if (tooLargeAt == null || now - tooLargeAt >= LOGGED_AGAIN.toNanos()) {
            tooLargeAt = now;
            LOG.warn(
                    "A clock message of more than {} bytes is left out: somebody else wrote it into"
                            + " the database's log",
                    MOST_BYTES);
        }
    }

    private R heartbeat(R record) {
        long now = nanos.getAsLong();
        if (heartbeatAt != null && now - heartbeatAt < quietNanos) {
            return null;
        }
        heartbeatAt = now;
        return record;
    }

    private R clock(R record, Struct value) {
        long now = nanos.getAsLong();
        if (!changed && now - clockAt < quietNanos) {
            return null;
        }
        changed = false;
        clockAt = now;
        Struct source = value.getStruct("source");
        Struct message = value.getStruct("message");
        Struct clock =
                new Struct(CLOCK)
                        .put("op", "m")
                        .put("ts_ms", value.getInt64("ts_ms"))
                        .put(
                                "source",
                                new Struct(SOURCE)
                                        .put("ts_us", source.getInt64("ts_us"))
                                        .put("lsn", source.getInt64("lsn"))
                                        .put("sequence", source.getString("sequence")))
                        .put(
                                "message",
                                new Struct(MESSAGE)
                                        .put("prefix", message.getString("prefix"))
                                        .put("content", message.get("content")));
        return record.newRecord(
                record.topic(),
                record.kafkaPartition(),
                null,
                null,
                CLOCK,
                clock,
                record.timestamp());
    }

    @Override
    public void close() {
        // holds nothing
    }
}
