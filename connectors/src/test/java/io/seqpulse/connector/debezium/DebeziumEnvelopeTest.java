package io.seqpulse.connector.debezium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.seqpulse.connector.debezium.ChangeEvent.Operation;
import io.seqpulse.connector.debezium.ChangeEvent.Snapshot;
import io.seqpulse.connector.debezium.LogRecord.Kind;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Random;
import org.apache.flink.types.PojoTestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DebeziumEnvelopeTest {

    private static final String KEY =
            """
            {"id":"6f0c1c9e-7c11-4a53-8b0e-0f6a3c1d9a10","__dbz__physicalTableIdentifier":"seqpulse.public.users"}""";

    private static final String CREATE =
            """
            {"before":null,"after":{"id":"6f0c1c9e-7c11-4a53-8b0e-0f6a3c1d9a10","name":"Nassir É.","email":"nassir@example.com",
             "is_active":true,"twofa_enabled":false,"locale":null,"created_at":"2026-11-21T09:00:00.123456Z"},
             "source":{"version":"3.7.0.Final","connector":"postgresql","name":"seqpulse","ts_ms":1795251600130,"snapshot":"false",
             "db":"seqpulse","sequence":"[\\"24023128\\",\\"24023400\\"]","ts_us":1795251600130742,"ts_ns":1795251600130742000,
             "schema":"public","table":"users","txId":771,"lsn":24023400,"xmin":null},
             "transaction":null,"op":"c","ts_ms":1795251600141,"ts_us":1795251600141200,"ts_ns":1795251600141200000}""";

    private static final String DELETE =
            """
            {"before":{"id":"6f0c1c9e-7c11-4a53-8b0e-0f6a3c1d9a10","name":"","email":"","is_active":false,"created_at":"1970-01-01T00:00:00.000000Z"},
             "after":null,
             "source":{"version":"3.7.0.Final","connector":"postgresql","name":"seqpulse","ts_ms":1795251700000,"snapshot":"false",
             "db":"seqpulse","sequence":"[\\"24023400\\",\\"24023888\\"]","ts_us":1795251700000001,"ts_ns":1795251700000001000,
             "schema":"public","table":"users","txId":772,"lsn":24023888,"xmin":null},
             "transaction":null,"op":"d","ts_ms":1795251700010,"ts_us":1795251700010000,"ts_ns":1795251700010000000}""";

    private static final String CLOCK =
            """
            {"op":"m","ts_ms":1795251600391,
             "source":{"version":"3.7.0.Final","connector":"postgresql","name":"seqpulse","ts_ms":1795251600380,"snapshot":"false",
             "db":"seqpulse","sequence":"[\\"24023400\\",\\"24023560\\"]","ts_us":1795251600380111,"ts_ns":1795251600380111000,
             "schema":"","table":"","txId":773,"lsn":24023560,"xmin":null},
             "message":{"prefix":"seqpulse.clock","content":"NzQxMjM0NTY3ODkwLzE="}}""";

    private static final String HEARTBEAT =
            """
            {"ts_ms":1795251600400}""";

    private static byte[] bytes(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    private static LogRecord parse(String key, String value) {
        return DebeziumEnvelope.parse(bytes(key), bytes(value), 42);
    }

    private static ChangeEvent change(String key, String value) {
        LogRecord record = parse(key, value);
        assertThat(record.reason()).isNull();
        assertThat(record.kind()).isEqualTo(Kind.CHANGE);
        return record.change();
    }

    /** A change of one column, as the log would carry it. */
    private static ChangeEvent after(String json) {
        return change(KEY, CREATE.replace("\"locale\":null", "\"locale\":null,\"x\":" + json));
    }

    @Test
    void readsACreatedRow() {
        ChangeEvent created = change(KEY, CREATE);

        assertThat(created.table()).isEqualTo("users");
        assertThat(created.operation()).isEqualTo(Operation.CREATE);
        assertThat(created.key())
                .containsExactly(entry("id", "6f0c1c9e-7c11-4a53-8b0e-0f6a3c1d9a10"));
        assertThat(created.before()).isEmpty();
        assertThat(created.commitMicros()).isEqualTo(1795251600130742L);
        assertThat(created.commitMillis()).isEqualTo(1795251600130L);
        assertThat(created.envelopeMillis()).isEqualTo(1795251600141L);
        assertThat(created.offset()).isEqualTo(42);
        assertThat(created.snapshot()).isEqualTo(Snapshot.NONE);
        assertThat(created.lsn()).isEqualTo(24023400);
        assertThat(created.text("name")).isEqualTo("Nassir É.");
        assertThat(created.bool("is_active")).isTrue();
        assertThat(created.bool("twofa_enabled")).isFalse();
        assertThat(created.micros("created_at")).isEqualTo(1795251600123456L);
        assertThat(created.requiredMillis("created_at")).isEqualTo(1795251600123L);
    }

    @Test
    void namesTheTableOfAnUnreadableRecordWhereItHasAName() {
        String unreadable = CREATE.replace("\"op\":\"c\"", "\"op\":\"x\"");

        assertThat(parse(KEY, unreadable).kind()).isEqualTo(Kind.UNREADABLE);
        assertThat(parse(KEY, unreadable).table()).isEqualTo("users");
        assertThat(parse("{", CREATE).table()).isEqualTo("users");
        assertThat(parse(KEY, unreadable.replace("\"users\"", "\"no name\"")).table()).isNull();
        assertThat(parse(KEY, "{").table()).isNull();
    }

    @Test
    void keepsTheOriginalBytesForADeadLetter() {
        LogRecord record = parse(KEY, CREATE);

        assertThat(record.rawKey()).isEqualTo(bytes(KEY));
        assertThat(record.rawValue()).isEqualTo(bytes(CREATE));
        assertThat(record.offset()).isEqualTo(42);
    }

    @Test
    void tellsANullColumnFromAnUnknownOne() {
        ChangeEvent created = change(KEY, CREATE);

        assertThat(created.knows("locale")).isTrue();
        assertThat(created.text("locale")).isNull();
        assertThat(created.knows("timezone")).isFalse();
        assertThatThrownBy(() -> created.required("locale"))
                .isInstanceOf(UnusableChangeException.class)
                .hasMessage("users.locale is null");
        assertThatThrownBy(() -> created.required("timezone"))
                .isInstanceOf(UnusableChangeException.class)
                .hasMessage("users.timezone is not in the change log");
    }

    @Test
    void leavesOutLargeValuesTheUpdateDidNotTouch() {
        assertThat(after("\"__debezium_unavailable_value\"").knows("x")).isFalse();
        assertThat(after("[\"__debezium_unavailable_value\"]").knows("x")).isFalse();
    }

    @Test
    void believesOfADeletedRowOnlyItsKey() {
        ChangeEvent deleted = change(KEY, DELETE);

        assertThat(deleted.operation()).isEqualTo(Operation.DELETE);
        assertThat(deleted.required("id")).isEqualTo("6f0c1c9e-7c11-4a53-8b0e-0f6a3c1d9a10");
        assertThat(deleted.knows("email")).isFalse();
        assertThat(deleted.millis("created_at")).isNull();
        assertThat(deleted.before()).containsEntry("email", "");
        assertThat(deleted.after()).isEmpty();
    }

    @Test
    void readsAnUpdateAndATruncate() {
        assertThat(change(KEY, CREATE.replace("\"op\":\"c\"", "\"op\":\"u\"")).operation())
                .isEqualTo(Operation.UPDATE);
        ChangeEvent truncated =
                change(
                        null,
                        DELETE.replace("\"op\":\"d\"", "\"op\":\"t\"")
                                .replaceAll("\"before\":\\{[^}]*}", "\"before\":null"));
        assertThat(truncated.operation()).isEqualTo(Operation.TRUNCATE);
        assertThat(truncated.row()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "first, FIRST",
        "true, MIDDLE",
        "first_in_data_collection, MIDDLE",
        "last_in_data_collection, MIDDLE",
        "last, LAST",
        "incremental, INCREMENTAL",
        "false, NONE"
    })
    void readsTheSnapshotMarker(String marker, Snapshot snapshot) {
        ChangeEvent read =
                change(
                        KEY,
                        CREATE.replace("\"op\":\"c\"", "\"op\":\"r\"")
                                .replace(
                                        "\"snapshot\":\"false\"",
                                        "\"snapshot\":\"" + marker + "\""));

        assertThat(read.operation()).isEqualTo(Operation.READ);
        assertThat(read.snapshot()).isEqualTo(snapshot);
        assertThat(read.fromSnapshot()).isEqualTo(snapshot != Snapshot.NONE);
    }

    @Test
    void readsAClockMessage() {
        LogRecord record = parse("{\"prefix\":\"seqpulse.clock\"}", CLOCK);

        assertThat(record.kind()).isEqualTo(Kind.CLOCK);
        assertThat(record.clock())
                .isEqualTo(
                        new ClockMessage(
                                1795251600380111L,
                                1795251600391L,
                                24023560,
                                24023400,
                                "741234567890/1"));
        assertThat(record.change()).isNull();
    }

    @Test
    void leavesAloneWhatOthersWroteIntoTheDatabasesLog() {
        assertThat(parse(null, CLOCK.replace("seqpulse.clock", "other.tool")).kind())
                .isEqualTo(Kind.FOREIGN);
    }

    @Test
    void readsAPlainHeartbeatAndATombstone() {
        LogRecord heartbeat = parse("{\"serverName\":\"seqpulse\"}", HEARTBEAT);
        assertThat(heartbeat.kind()).isEqualTo(Kind.HEARTBEAT);
        assertThat(heartbeat.heartbeatMillis()).isEqualTo(1795251600400L);
        assertThat(parse(KEY, null).kind()).isEqualTo(Kind.TOMBSTONE);
    }

    @Test
    void toleratesTheSchemaBesideThePayload() {
        ChangeEvent created =
                change(
                        "{\"schema\":{\"type\":\"struct\"},\"payload\":" + KEY + "}",
                        "{\"schema\":{\"type\":\"struct\",\"fields\":[]},\"payload\":"
                                + CREATE
                                + "}");

        assertThat(created).isEqualTo(change(KEY, CREATE));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "12 | 12",
                "-0.50 | -0.50",
                "1.0E3 | 1000",
                "true | true",
                "[\"a\",null,\"b\"] | [\"a\",null,\"b\"]",
                "{\"a\":1} | {\"a\":1}",
                "12345678901234567890123 | 12345678901234567890123",
                "1e999999 | 1E+999999"
            })
    void givesEveryValueAsText(String json, String text) {
        assertThat(after(json).text("x")).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "\"2026-11-21T09:00:00.123456Z\", 2026-11-21T09:00:00.123456Z",
        "\"2026-11-21T10:00:00.5+01:00\", 2026-11-21T09:00:00.5Z",
        "\"2026-11-21T09:00:00\", 2026-11-21T09:00:00Z",
        "1795251600123456, 2026-11-21T09:00:00.123456Z",
        "\"1969-12-31T23:59:59.999999Z\", 1969-12-31T23:59:59.999999Z",
        "-1, 1969-12-31T23:59:59.999999Z"
    })
    void readsPointsInTime(String json, Instant instant) {
        ChangeEvent event = after(json);
        assertThat(Instant.EPOCH.plusNanos(event.micros("x") * 1_000)).isEqualTo(instant);
        assertThat(event.millis("x")).isEqualTo(instant.toEpochMilli());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"0001-01-01T00:00:00.000000Z\"",
                "\"0044-03-15T12:00:00Z\"",
                "\"9999-12-31T23:59:59.999999Z\"",
                "-62135596800000000",
                "253402300799999999"
            })
    void understandsTheYearsOneTo9999(String json) {
        assertThat(after(json).micros("x"))
                .isBetween(ChangeEvent.FIRST_MICROS, ChangeEvent.END_MICROS - 1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"0000-12-31T23:59:59.999999Z\"",
                "\"-4712-01-01T00:00:00Z\"",
                "\"-4713-11-24T00:00:00.000000Z\"",
                "\"+10000-01-01T00:00:00.000000Z\"",
                "\"+294276-12-31T23:59:59.999999Z\"",
                "\"+999999999-12-31T23:59:59.999999999Z\"",
                "-62135596800000001",
                "253402300800000000",
                "\"infinity\"",
                "\"-infinity\"",
                "9223372036854775807",
                "-9223372036854775808"
            })
    void refusesTimesThatNothingCanBeAddedTo(String json) {
        assertThatThrownBy(() -> after(json).micros("x"))
                .isInstanceOf(UnusableChangeException.class)
                .hasMessage("users.x is infinite, or not in the years 1 to 9999");
    }

    @ParameterizedTest
    @ValueSource(strings = {"9223372036854775807", "-62135596800000001", "253402300800000000"})
    void cannotReadARecordThatWasCommittedAtNoTime(String micros) {
        String odd = CREATE.replace("\"ts_us\":1795251600130742", "\"ts_us\":" + micros);

        assertThat(parse(KEY, odd).kind()).isEqualTo(Kind.UNREADABLE);
        assertThat(parse(KEY, odd).reason()).isEqualTo("ts_us is no time");
        String clock = CLOCK.replace("\"ts_us\":1795251600380111", "\"ts_us\":" + micros);
        assertThat(parse(null, clock).reason()).isEqualTo("ts_us is no time");
    }

    /** By both ways of reading: an array is read by the tree. */
    @ParameterizedTest
    @CsvSource({
        "\"a\\ud83d\", a\ufffd",
        "\"\\ude80b\", \ufffdb",
        "\"\\ude80\\ud83d\\u0000\", \ufffd\ufffd\ufffd",
        "\"\\ud83d\\ude80\", \ud83d\ude80",
        "[\"\\ud83d\"], [\"\ufffd\"]",
    })
    void makesTextThatNoDatabaseCouldHoldWellFormed(String json, String text) {
        assertThat(after(json).text("x")).isEqualTo(text);
    }

    @Test
    void refusesValuesOfAnotherTypeWithoutTellingThem() {
        assertThatThrownBy(() -> after("\"secret\"").millis("x"))
                .isInstanceOf(UnusableChangeException.class)
                .hasMessage("users.x is no point in time");
        assertThatThrownBy(() -> after("\"99999999999999999999\"").micros("x"))
                .isInstanceOf(UnusableChangeException.class);
        assertThatThrownBy(() -> after("\"yes\"").bool("x"))
                .isInstanceOf(UnusableChangeException.class)
                .hasMessage("users.x is neither true nor false");
        assertThatThrownBy(() -> after("\"a, b\"").list("x"))
                .isInstanceOf(UnusableChangeException.class)
                .hasMessage("users.x is no array");
        assertThatThrownBy(() -> after("\"\"").list("x"))
                .isInstanceOf(UnusableChangeException.class);
    }

    @Test
    void readsLists() {
        assertThat(after("[\"roll back\",null,\"\\u00e9\",3]").list("x"))
                .containsExactly("roll back", "é", "3");
        assertThat(after("[]").list("x")).isEmpty();
        assertThat(after("null").list("x")).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "not json",
                "[]",
                "\"text\"",
                "{}",
                "{\"op\":\"c\"}",
                "{\"op\":\"x\",\"source\":{\"table\":\"t\"}}",
                "{\"op\":{\"op\":1}}",
                "{\"ts_ms\":\"soon\"}",
                "{\"op\":\"m\",\"message\":{\"prefix\":\"seqpulse.clock\"}}",
                "{\"op\":\"c\",\"after\":{\"a\":1},\"ts_ms\":1,\"source\":{\"table\":\"t\"}}",
                "{\"op\":\"c\",\"after\":{\"a\":1},\"ts_ms\":1,\"source\":{\"table\":\"t\",\"ts_ms\":9223372036854775807}}",
                "{\"op\":\"c\",\"after\":[1],\"ts_ms\":1,\"source\":{\"table\":\"t\",\"ts_ms\":1}}",
                "{\"op\":\"d\",\"ts_ms\":1,\"source\":{\"table\":\"t\",\"ts_ms\":1}}",
                "{} {}"
            })
    void saysWhyItCannotRead(String value) {
        LogRecord record = parse(null, value);

        assertThat(record.kind()).isEqualTo(Kind.UNREADABLE);
        assertThat(record.reason()).isNotBlank();
        assertThat(record.rawValue()).isEqualTo(bytes(value));
        assertThat(record.offset()).isEqualTo(42);
    }

    @Test
    void saysThatAKeyCannotBeRead() {
        assertThat(parse("{", CREATE).reason()).isEqualTo("key is no JSON");
        assertThat(parse("7", CREATE).reason()).isEqualTo("key is no JSON object");
    }

    @Test
    void acceptsAnyBytes() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        byte[][] samples = {
            bytes(CREATE),
            bytes(
                    CREATE.replace(
                            "\"locale\":null", "\"details\":[\"a\",null],\"p\":0.50,\"n\":-7")),
            bytes(CREATE.replace("\"locale\":null", "\"d\":[\"a\",\"é\"],\"s\":\"\\u00e9\\n\"")),
            bytes(DELETE),
            bytes(CLOCK),
            bytes(HEARTBEAT)
        };
        for (int i = 0; i < 20_000; i++) {
            byte[] value = samples[random.nextInt(samples.length)].clone();
            byte[] key = random.nextInt(10) == 0 ? null : bytes(KEY);
            int changes = 1 + random.nextInt(6);
            for (int j = 0; j < changes; j++) {
                value[random.nextInt(value.length)] = mutation(random);
                if (key != null && random.nextInt(4) == 0) {
                    key[random.nextInt(key.length)] = mutation(random);
                }
            }
            LogRecord record = DebeziumEnvelope.parse(key, value, i);
            assertThat(record.kind()).as("seed %d, round %d", seed, i).isNotNull();
            assertThat(record.reason() != null).isEqualTo(record.kind() == Kind.UNREADABLE);
            assertThat(record)
                    .as("seed %d, round %d, read by way of a tree", seed, i)
                    .isEqualTo(DebeziumEnvelope.parseTree(key, value, i));
        }
        for (int i = 0; i < 20_000; i++) {
            byte[] value = new byte[random.nextInt(40)];
            random.nextBytes(value);
            assertThat(DebeziumEnvelope.parse(value, value, i).kind())
                    .as("seed %d, round %d", seed, i)
                    .isEqualTo(Kind.UNREADABLE);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "7",
                "-0",
                "-12345678901234567",
                "1234567890123456789",
                "123456789012345678901234567890",
                "1.50",
                "-0.0",
                "1e3",
                "true",
                "\"a\\u00e9\\n\"",
                "[]",
                "[\"a\",null,\"b\"]",
                "[\"__debezium_unavailable_value\"]",
                "\"__debezium_unavailable_value\"",
                "{\"a\":[1,2.0]}",
                "0",
                "01",
                "-",
                "1e",
                "+1",
                "1-2",
                "nul",
                "nullx",
                "tru\u00e9",
                "",
                "\"\"",
                "\"été 日本 👩‍👩‍👧 \ufffd\"",
                "\"é\\t\\uD83D\\uDE00\\uD83D\"",
                "\"\\u00zz\"",
                "\"\\x\"",
                "\"\u007f\"",
                "\"a\tb\"",
                "[ \"a\" ]",
                "[\"a\", \"b\"]",
                "[\"a\",]",
                "[\"a\"",
                "[\"a\\\"b\\/\"]",
                "[\"été\",\"b\"]",
                "[\"b\",\"été\"]",
                "[\"__debezium_unavailable_value\",\"b\"]",
                "[[\"a\"],{\"b\":\"]\"}]",
                "{ \"a\" : 1e400 }",
                "[}",
                " 7 ",
                "7,",
                "7,\"locale\":\"en\"",
                "7,\"\\u0061\":\"en\"",
                "7,\"été\":\"en\""
            })
    void readsAnyColumnInOnePassAsByWayOfATree(String json) {
        byte[] value = bytes(CREATE.replace("\"locale\":null", "\"locale\":null,\"x\":" + json));

        byte[] key = bytes(KEY);

        assertThat(DebeziumEnvelope.parse(key, value, 42))
                .isEqualTo(DebeziumEnvelope.parseTree(key, value, 42));
    }

    @Test
    void readsOrdinaryChangesInOnePass() {
        assertThat(UsualChange.read(bytes(KEY), bytes(CREATE), 42)).isNotNull();
        assertThat(UsualChange.read(bytes(KEY), bytes(DELETE), 42)).isNotNull();
        byte[] list = bytes(CREATE.replace("\"locale\":null", "\"details\":[\"a\"],\"p\":0.5"));
        assertThat(UsualChange.read(bytes(KEY), list, 42)).isNotNull();
    }

    @Test
    void acceptsDeepNestingAndHugeNumbers() {
        assertThat(parse(KEY, "[".repeat(100_000)).kind()).isEqualTo(Kind.UNREADABLE);
        String digits = "9".repeat(5_000);
        assertThat(parse(KEY, CREATE.replace("\"locale\":null", "\"locale\":" + digits)).kind())
                .isEqualTo(Kind.UNREADABLE);
        assertThat(parse(KEY, CREATE.replace("\"locale\":null", "\"locale\":1e99999999999")).kind())
                .isEqualTo(Kind.UNREADABLE);
    }

    @Test
    void readsNoValueDeeperThanTheLibraryDoes() {
        byte[] key = bytes(KEY);
        for (int depth : new int[] {90, 100, 101, 990, 998, 999, 1_000, 1_001}) {
            String json = "[".repeat(depth) + "]".repeat(depth);
            byte[] value =
                    bytes(CREATE.replace("\"locale\":null", "\"locale\":null,\"x\":" + json));
            assertThat(DebeziumEnvelope.parse(key, value, 42))
                    .isEqualTo(DebeziumEnvelope.parseTree(key, value, 42));
        }
    }

    @Test
    void readsWhatIsNoUtf8AsTheLibraryDoes() {
        byte[] value = bytes(CREATE.replace("\"locale\":null", "\"locale\":\"....\""));
        int at = new String(value, StandardCharsets.ISO_8859_1).indexOf("....");
        byte[] key = bytes(KEY);
        Random random = new Random(20261121);
        for (int i = 0; i < 20_000; i++) {
            for (int j = 0; j < 4; j++) {
                value[at + j] = (byte) (0x80 | random.nextInt(128));
            }
            assertThat(DebeziumEnvelope.parse(key, value, i))
                    .isEqualTo(DebeziumEnvelope.parseTree(key, value, i));
        }
    }

    private static byte mutation(Random random) {
        String likely = "{}[]\",:0129eE.-ntf \\\u0000";
        return random.nextBoolean()
                ? (byte) likely.charAt(random.nextInt(likely.length()))
                : (byte) random.nextInt(256);
    }

    @Test
    void streamsWithoutKryo() {
        PojoTestUtils.assertSerializedAsPojoWithoutKryo(LogRecord.class);
        PojoTestUtils.assertSerializedAsPojoWithoutKryo(ChangeEvent.class);
        PojoTestUtils.assertSerializedAsPojoWithoutKryo(ClockMessage.class);
    }
}
