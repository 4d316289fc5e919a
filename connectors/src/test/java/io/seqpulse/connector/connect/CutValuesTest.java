package io.seqpulse.connector.connect;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.junit.jupiter.api.Test;

class CutValuesTest {

    private static final int MAX = 100;

    private static final Schema JSON =
            SchemaBuilder.string().name("io.debezium.data.Json").optional().build();
    private static final Schema JSON_REQUIRED =
            SchemaBuilder.string().name("io.debezium.data.Json").build();
    private static final Schema POINT =
            SchemaBuilder.struct()
                    .field("wkb", Schema.OPTIONAL_BYTES_SCHEMA)
                    .field("srid", Schema.OPTIONAL_INT32_SCHEMA)
                    .optional()
                    .build();
    private static final Schema ROW =
            SchemaBuilder.struct()
                    .field("id", Schema.INT64_SCHEMA)
                    .field("text", Schema.OPTIONAL_STRING_SCHEMA)
                    .field("json", JSON)
                    .field("json_required", JSON_REQUIRED)
                    .field("bytes", Schema.OPTIONAL_BYTES_SCHEMA)
                    .field(
                            "list",
                            SchemaBuilder.array(Schema.OPTIONAL_STRING_SCHEMA).optional().build())
                    .field(
                            "map",
                            SchemaBuilder.map(Schema.STRING_SCHEMA, Schema.OPTIONAL_STRING_SCHEMA)
                                    .optional()
                                    .build())
                    .field("point", POINT)
                    .optional()
                    .build();
    private static final Schema ENVELOPE =
            SchemaBuilder.struct()
                    .name("seqpulse.public.things.Envelope")
                    .field("before", ROW)
                    .field("after", ROW)
                    .field("op", Schema.STRING_SCHEMA)
                    .build();

    private final CutValues<SourceRecord> cut = new CutValues<>();

    CutValuesTest() {
        cut.configure(Map.of("max.chars", Integer.toString(MAX)));
    }

    private SourceRecord apply(Struct row) {
        Struct value = new Struct(ENVELOPE).put("op", "c").put("after", row);
        return cut.apply(new SourceRecord(Map.of(), Map.of(), "t", null, null, ENVELOPE, value));
    }

    private static Struct row() {
        return new Struct(ROW).put("id", 1L).put("json_required", "{}");
    }

    private static Struct after(SourceRecord record) {
        return ((Struct) record.value()).getStruct("after");
    }

    @Test
    void leavesWhatFits() {
        Struct row = row().put("text", "x".repeat(MAX)).put("list", List.of("a", "b"));
        SourceRecord record = apply(row);
        assertThat(after(record).getString("text")).hasSize(MAX);
        assertThat(after(record).getArray("list")).hasSize(2);
        assertThat(record.headers()).isEmpty();
    }

    @Test
    void namesWhatItCuts() {
        SourceRecord record =
                apply(
                        row().put("text", "x".repeat(MAX - 1) + "😀")
                                .put("list", List.of("a".repeat(60), "b".repeat(60)))
                                .put("json", "[" + "1,".repeat(MAX) + "1]")
                                .put("json_required", "[" + "1,".repeat(MAX) + "1]"));
        Struct row = after(record);
        assertThat(row.getString("text")).isEqualTo("x".repeat(MAX - 1)); // no half character
        assertThat(row.getArray("list")).isEqualTo(List.of("a".repeat(60), "b".repeat(24)));
        assertThat(row.getString("json")).isNull();
        assertThat(row.getString("json_required")).isEqualTo("[]");
        assertThat(record.headers().lastWithName(CutValues.HEADER).value())
                .isEqualTo("json,json_required,list,text");
    }

    /** Whatever stands in a row, it ends small, and a second look finds nothing more to cut. */
    @Test
    void everyRowFits() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            Struct row =
                    row().put("text", text(random))
                            .put("json", text(random))
                            .put("bytes", ByteBuffer.wrap(new byte[random.nextInt(3 * MAX)]))
                            .put("list", list(random))
                            .put("map", map(random))
                            .put(
                                    "point",
                                    new Struct(POINT)
                                            .put("wkb", ByteBuffer.allocate(random.nextInt(300))));
            Struct fitting = after(apply(row));
            fitting.validate();
            assertThat(fitting.toString().length()).as("seed %d", seed).isLessThan(12 * MAX);
            String once = fitting.toString();
            assertThat(after(apply(fitting)).toString()).as("seed %d", seed).isEqualTo(once);
        }
    }

    private static String text(Random random) {
        return random.nextInt(5) == 0 ? null : "é".repeat(random.nextInt(3 * MAX));
    }

    private static List<String> list(Random random) {
        List<String> list = new ArrayList<>();
        for (int i = random.nextInt(40); i > 0; i--) {
            list.add(text(random));
        }
        return random.nextInt(5) == 0 ? Collections.nCopies(1_000, null) : list;
    }

    private static Map<String, String> map(Random random) {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = random.nextInt(10); i > 0; i--) {
            map.put("k" + i, text(random));
        }
        return map;
    }

    @Test
    void leavesOtherRecordsAlone() {
        SourceRecord tombstone = new SourceRecord(Map.of(), Map.of(), "t", null, null, null, null);
        assertThat(cut.apply(tombstone)).isSameAs(tombstone);
    }
}
