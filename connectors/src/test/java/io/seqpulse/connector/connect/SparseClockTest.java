package io.seqpulse.connector.connect;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.junit.jupiter.api.Test;

class SparseClockTest {

    private static final Schema SOURCE =
            SchemaBuilder.struct()
                    .field("version", Schema.STRING_SCHEMA)
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
    private static final Schema CHANGE =
            SchemaBuilder.struct().field("op", Schema.STRING_SCHEMA).build();
    private static final Schema HEARTBEAT =
            SchemaBuilder.struct().field("ts_ms", Schema.INT64_SCHEMA).build();

    private long millis;
    private final SparseClock<SourceRecord> sparse = new SparseClock<>(() -> millis * 1_000_000);

    private boolean passes(Schema schema, Struct value) {
        return sparse.apply(record(schema, value)) != null;
    }

    private static SourceRecord record(Schema schema, Struct value) {
        return new SourceRecord(Map.of(), Map.of(), "t", 0, CHANGE, null, schema, value);
    }

    private static Struct clock(long micros) {
        return new Struct(CLOCK)
                .put("op", "m")
                .put("ts_ms", 7L)
                .put(
                        "source",
                        new Struct(SOURCE)
                                .put("version", "3")
                                .put("ts_us", micros)
                                .put("lsn", 5L)
                                .put("sequence", "[\"4\",\"5\"]"))
                .put(
                        "message",
                        new Struct(MESSAGE)
                                .put("prefix", "seqpulse.clock")
                                .put("content", "{}".getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void theFirstAfterAChangePassesAtOnceAndOthersNowAndThen() {
        Struct change = new Struct(CHANGE).put("op", "c");
        int passed = 0;
        for (millis = 0; millis < 60_000; millis += 250) {
            passed += passes(CLOCK, clock(millis)) ? 1 : 0;
        }
        assertThat(passed).isEqualTo(60);

        for (millis = 60_000; millis < 70_000; millis += 250) {
            assertThat(passes(CHANGE, change)).isTrue();
            assertThat(passes(CLOCK, clock(millis))).isTrue();
        }
        millis += 250;
        assertThat(passes(CLOCK, clock(millis))).isFalse();
    }

    @Test
    void keepsWhatIsReadOfAClockMessage() {
        SourceRecord passed = sparse.apply(record(CLOCK, clock(42)));
        Struct value = (Struct) passed.value();
        assertThat(value.getString("op")).isEqualTo("m");
        assertThat(value.getInt64("ts_ms")).isEqualTo(7);
        assertThat(value.getStruct("source").getInt64("ts_us")).isEqualTo(42);
        assertThat(value.getStruct("source").getInt64("lsn")).isEqualTo(5);
        assertThat(value.getStruct("source").getString("sequence")).isEqualTo("[\"4\",\"5\"]");
        assertThat(value.getStruct("source").schema().field("version")).isNull();
        assertThat(value.getStruct("message").getString("prefix")).isEqualTo("seqpulse.clock");
        assertThat(value.getStruct("message").getBytes("content"))
                .isEqualTo("{}".getBytes(StandardCharsets.UTF_8));
        assertThat(passed.key()).isNull();
    }

    @Test
    void plainHeartbeatsComeNowAndThen() {
        int passed = 0;
        for (millis = 0; millis < 10_000; millis += 100) {
            passed += passes(HEARTBEAT, new Struct(HEARTBEAT).put("ts_ms", millis)) ? 1 : 0;
        }
        assertThat(passed).isEqualTo(10);
    }

    /** Kafka would not take it, and the connector would fail again whenever it is started. */
    @Test
    void leavesOutAMessageOfASizeThatTheClockNeverHas() {
        for (int bytes : new int[] {61_000_000, SparseClock.MOST_BYTES + 1}) {
            Struct forged = clock(millis);
            forged.getStruct("message").put("content", new byte[bytes]);
            assertThat(passes(CLOCK, forged)).isFalse();
        }
        assertThat(passes(CLOCK, clock(millis))).as("the next, at once").isTrue();
    }

    @Test
    void leavesTombstonesAlone() {
        SourceRecord tombstone = record(null, null);
        assertThat(sparse.apply(tombstone)).isSameAs(tombstone);
    }
}
