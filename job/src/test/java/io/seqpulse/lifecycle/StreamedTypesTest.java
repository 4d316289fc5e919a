package io.seqpulse.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.ClockMessage;
import io.seqpulse.connector.debezium.LogRecord;
import io.seqpulse.connector.email.EmailCommand;
import io.seqpulse.connector.email.EmailContent;
import io.seqpulse.connector.email.JournalEntry;
import io.seqpulse.connector.email.Withdrawal;
import io.seqpulse.connector.kafka.DeadLetter;
import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.decode.SnapshotProgress;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.detect.Retraction;
import io.seqpulse.lifecycle.fact.DeploymentSignal.Kind;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.OwnedProject;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.host.StreamTypes;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;
import io.seqpulse.lifecycle.policy.Decision;
import io.seqpulse.lifecycle.policy.DecisionCodec;
import io.seqpulse.lifecycle.state.CodecType;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Rows;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.types.PojoTestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Everything that goes over the network or into state: never by Kryo, and back as it was. */
class StreamedTypesTest {

    static Stream<Class<?>> types() {
        return Stream.of(
                LogRecord.class,
                ChangeEvent.class,
                ClockMessage.class,
                DeadLetter.class,
                SnapshotBoundary.class,
                SnapshotProgress.class,
                EmailCommand.class,
                JournalEntry.class,
                EmailContent.class,
                Withdrawal.class);
    }

    @ParameterizedTest
    @MethodSource("types")
    void needsNoKryo(Class<?> type) {
        PojoTestUtils.assertSerializedAsPojoWithoutKryo(type);
    }

    static Stream<Object> records() {
        Map<String, String> values = withNull();
        Candidate candidate = candidate(values);
        Candidate local =
                new Candidate(
                        "E",
                        "k",
                        null,
                        "u",
                        null,
                        "p",
                        -1,
                        2,
                        0,
                        3,
                        values,
                        List.of(),
                        LocalDateTime.parse("1969-12-31T23:59:59.999999999"));
        RowChange user =
                Facts.row(CapturedTable.USERS, "u", "u", 5)
                        .with("is_active", "true")
                        .with("twofa_enabled", "false")
                        .with("name", null)
                        .with("email", "u@example.org")
                        .snapshotAt(9)
                        .fact();
        Retraction retraction = new Retraction("k", "r", null, Retraction.RESOLVED);
        return Stream.of(
                Rows.inserted("users", "u").with("first_name", null).change(),
                user,
                Facts.deletion(CapturedTable.PROJECTS, "p", "p", 5).fact(),
                Facts.row(CapturedTable.DEPLOYMENTS, "d", "d", 5)
                        .with("started_at", "-1")
                        .with("finished_at", null)
                        .with("state", "running")
                        .position(3, 4)
                        .fact(),
                Facts.of(EventType.USER_CREATED, "u", "u", 5).snapshotAt(9).fact(),
                Facts.of(EventType.HINT_CREATED, "p", "h", 5)
                        .with("title", "t")
                        .atMicros(5_001)
                        .fact(),
                Facts.deployment(Kind.GONE, "p", "d", 5).with("deleted", "true").fact(),
                Facts.deployment(Kind.VERDICT_KEPT, "p", "d", 5)
                        .with("env", "test")
                        .with("verdict", "ok")
                        .fact(),
                Facts.email(true, "u", "m", 5).with("email_type", "E-ACT-01").fact(),
                Facts.ownership(false, "u", "p", 5).fact(),
                Facts.summary("u", "p", null, 5).fact(),
                Facts.summary("u", "p", new OwnedProject(null, 1, 0, 7, List.of(3, 4)), 5).fact(),
                new Increment(Relation.COHORT, "signup_to_project_24h", 29_920_985, -1, 0),
                new Increment(Relation.EMAIL, Increment.series("E-ACT-01", "sent", ""), 1, 0, 1),
                Message.of(candidate),
                Message.of(toAddress(values)),
                Message.of(local),
                Message.of(user),
                new SnapshotBoundary(1, 2, 3, Set.of("users")),
                Message.of(retraction),
                new Decision(candidate, null, null, values, null),
                new Decision(toAddress(values), null, null, values, null),
                new Decision(local, "digest", "stale", values, null),
                new Decision(null, null, null, null, retraction),
                EmailCommand.withdraw(new Withdrawal("k", null, "resolved")),
                EmailCommand.journal(entry(null)),
                EmailCommand.journal(
                        entry(new EmailContent("fr", "s", "<p>", "t", Map.of("X-A", "b")))));
    }

    @ParameterizedTest
    @MethodSource("records")
    void comesBackAsItWas(Object record) throws IOException {
        assertThat(roundTrip(record)).isEqualTo(record);
        assertThat(copy(record)).isEqualTo(record);
    }

    @Test
    void bringsLogRecordsBackWithTheirBytes() throws IOException {
        LogRecord record = Rows.inserted("users", "u").with("name", null).record();
        LogRecord back = roundTrip(record);
        assertThat(back.change()).isEqualTo(record.change());
        assertThat(back.rawKey()).isEqualTo(record.rawKey());
        assertThat(back.rawValue()).isEqualTo(record.rawValue());
        LogRecord clock = Rows.record(LogRecord.Kind.CLOCK, null);
        assertThat(roundTrip(clock).kind()).isEqualTo(LogRecord.Kind.CLOCK);
        DeadLetter letter = new DeadLetter("t", 1, null, "reason", null, new byte[] {1}, 2);
        DeadLetter letterBack = roundTrip(letter);
        assertThat(letterBack.value()).containsExactly(1);
        assertThat(letterBack.key()).isNull();
    }

    private static Map<String, String> withNull() {
        Map<String, String> values = new HashMap<>();
        values.put("known", "value");
        values.put("null", null);
        return values;
    }

    private static Candidate candidate(Map<String, String> values) {
        return new Candidate("E-ACT-01", "k", "o", "u", "u", null, 1, 2, 0, 3, values);
    }

    private static Candidate toAddress(Map<String, String> values) {
        return new Candidate(
                "E-ACT-05",
                "k",
                "o",
                "mailto:a@b",
                "u",
                "p",
                1,
                2,
                0,
                3,
                values,
                List.of("u", "v"),
                null);
    }

    private static JournalEntry entry(EmailContent content) {
        return new JournalEntry(
                "k",
                "E-ACT-01",
                "marketing",
                "u",
                null,
                null,
                "o",
                null,
                null,
                Instant.ofEpochMilli(5),
                null,
                Instant.EPOCH,
                content,
                null,
                List.of("u"),
                "b");
    }

    private static <T> T roundTrip(T value) throws IOException {
        TypeSerializer<T> serializer = serializer(value);
        DataOutputSerializer out = new DataOutputSerializer(64);
        serializer.serialize(value, out);
        return serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer()));
    }

    private static <T> T copy(T value) {
        return serializer(value).copy(value);
    }

    @SuppressWarnings("unchecked")
    private static <T> TypeSerializer<T> serializer(T value) {
        TypeInformation<?> type =
                value instanceof Fact
                        ? StreamTypes.FACT
                        : value instanceof Message
                                ? StreamTypes.MESSAGE
                                : value instanceof Increment
                                        ? StreamTypes.INCREMENT
                                        : value instanceof Decision
                                                ? new CodecType<>(new DecisionCodec())
                                                : TypeInformation.of(value.getClass());
        return ((TypeInformation<T>) type).createSerializer(new SerializerConfigImpl());
    }
}
