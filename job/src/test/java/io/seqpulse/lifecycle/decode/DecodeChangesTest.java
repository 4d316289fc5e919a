package io.seqpulse.lifecycle.decode;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.LOG;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.debezium.ChangeEvent.Snapshot;
import io.seqpulse.connector.debezium.LogRecord;
import io.seqpulse.connector.kafka.DeadLetter;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactTexts;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.host.DeadLetters;
import io.seqpulse.lifecycle.story.Rows;
import java.util.List;
import java.util.Set;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.flink.util.OutputTag;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DecodeChangesTest {

    private static final String CREATED_AT = "2026-11-10T08:00:00Z";

    private OneInputStreamOperatorTestHarness<LogRecord, Void> harness;

    @BeforeEach
    void start() throws Exception {
        harness =
                new OneInputStreamOperatorTestHarness<>(
                        new ProcessOperator<>(new DecodeChanges(LOG)));
        harness.open();
        harness.setProcessingTime(MORNING);
    }

    @AfterEach
    void stop() throws Exception {
        harness.close();
    }

    @Test
    void leadsEachFactToTheStreamOfItsSubject() throws Exception {
        reads(
                Rows.inserted("users", ALICE)
                        .with("email", "alice@example.org")
                        .with("created_at", CREATED_AT)
                        .record());
        reads(
                Rows.inserted("projects", SHOP)
                        .with("owner_id", ALICE)
                        .with("created_at", CREATED_AT)
                        .record());
        reads(Rows.inserted("deployments", "d1").with("project_id", SHOP).record());

        assertThat(side(DecodeChanges.USERS))
                .extracting(FactTexts::kind)
                .containsExactly("USERS", "USER_CREATED", "USER_ACTIVATED");
        assertThat(side(DecodeChanges.RECIPIENTS))
                .extracting(message -> FactTexts.kind(message.row()))
                .containsExactly("USERS");
        assertThat(side(DecodeChanges.PROJECTS))
                .extracting(FactTexts::kind)
                .containsExactly("PROJECTS", "PROJECT_CREATED");
        assertThat(side(DecodeChanges.DEPLOYMENTS))
                .extracting(FactTexts::kind)
                .containsExactly("DEPLOYMENTS");
        assertThat(side(DeadLetters.OUTPUT)).isEmpty();
        assertThat(harness.extractOutputValues()).isEmpty();
    }

    @Test
    void buriesARowThatDoesNotSayWhatItMustAndGoesOn() throws Exception {
        reads(Rows.inserted("users", ALICE).record());
        reads(Rows.inserted("deployments", "d1").with("project_id", SHOP).record());

        DeadLetter letter = only(side(DeadLetters.OUTPUT));
        assertThat(letter.topic()).isEqualTo("seqpulse.changes");
        assertThat(letter.offset()).isEqualTo(42);
        assertThat(letter.table()).isEqualTo("users");
        assertThat(letter.reason()).isEqualTo("users.created_at is not in the change log");
        assertThat(letter.value()).asString().isEqualTo("value");
        assertThat(letter.keyText()).isEqualTo("key");
        assertThat(letter.atMillis()).isEqualTo(MORNING);
        assertThat(side(DecodeChanges.USERS)).as("all of a row or nothing").isEmpty();
        assertThat(side(DecodeChanges.DEPLOYMENTS)).hasSize(1);
    }

    /** Debezium gives a snapshot's rows a time later than the moment that they show. */
    @Test
    void believesWhatFollowsTheRowsOfASnapshotWhateverItsTime() throws Exception {
        reads(
                Rows.snapshot("projects", SHOP, Snapshot.LAST, MORNING)
                        .with("owner_id", ALICE)
                        .with("created_at", CREATED_AT)
                        .record());
        reads(Rows.deleted("projects", "id", SHOP).committedAt(MORNING - 40).record());

        Fact deletion = side(DecodeChanges.PROJECTS).get(2);
        assertThat(FactTexts.kind(deletion)).isEqualTo("PROJECTS DELETED");
        assertThat(deletion.committedAt()).isEqualTo(MORNING);
    }

    @Test
    void takesTheRowsOfATruncatedTableForDeleted() throws Exception {
        reads(Rows.truncated("deployments").record());
        reads(Rows.truncated("somebody_elses").record());

        assertThat(side(DecodeChanges.BOUNDARIES))
                .containsExactly(new SnapshotBoundary(42, 42, MORNING, Set.of("deployments")));
        assertThat(side(DeadLetters.OUTPUT)).isEmpty();
    }

    @Test
    void buriesWhatCouldNotEvenBeParsed() throws Exception {
        reads(Rows.record(LogRecord.Kind.UNREADABLE, "no JSON"));
        reads(Rows.record(LogRecord.Kind.UNREADABLE, "no JSON"));
        assertThat(side(DeadLetters.OUTPUT)).hasSize(2);
        assertThat(side(DeadLetters.OUTPUT).get(0).table()).isNull();
        assertThat(side(DeadLetters.OUTPUT).get(0).reason()).isEqualTo("no JSON");
    }

    @ParameterizedTest
    @EnumSource(
            value = LogRecord.Kind.class,
            names = {"CLOCK", "HEARTBEAT", "TOMBSTONE", "FOREIGN"})
    void saysNothingOfWhatIsNoChange(LogRecord.Kind kind) throws Exception {
        reads(Rows.record(kind, null));
        assertThat(harness.getOutput()).isEmpty();
        assertThat(side(DeadLetters.OUTPUT)).isEmpty();
    }

    @Test
    void saysNothingOfUnknownTables() throws Exception {
        reads(Rows.inserted("invoices", "x").record());
        assertThat(side(DeadLetters.OUTPUT)).isEmpty();
    }

    @Test
    void tellsOfANewSnapshotAcrossARestartInTheMiddleOfIt() throws Exception {
        reads(Rows.inserted("invoices", "x").record());
        reads(Rows.snapshot("invoices", "y", Snapshot.FIRST, MORNING + 1).record());
        OperatorSubtaskState state = harness.snapshot(1, 1);
        stop();
        harness =
                new OneInputStreamOperatorTestHarness<>(
                        new ProcessOperator<>(new DecodeChanges(LOG)));
        harness.initializeState(state);
        harness.open();
        LogRecord last = Rows.snapshot("invoices", "z", Snapshot.LAST, MORNING + 1).record();
        reads(last.asReplayed(42));
        assertThat(side(DecodeChanges.BOUNDARIES)).isEmpty();
        reads(last);
        assertThat(side(DecodeChanges.BOUNDARIES))
                .containsExactly(new SnapshotBoundary(42, 42, MORNING + 1, Set.of("invoices")));
    }

    @Test
    void takesNobodyForDeletedWhoseRowCouldNotBeRead() throws Exception {
        reads(Rows.inserted("invoices", "x").record());
        reads(Rows.snapshot("users", ALICE, Snapshot.FIRST, MORNING + 1).record());
        reads(Rows.snapshot("invoices", "z", Snapshot.LAST, MORNING + 1).record());
        assertThat(side(DeadLetters.OUTPUT)).hasSize(1);
        assertThat(side(DecodeChanges.BOUNDARIES))
                .extracting(SnapshotBoundary::tables)
                .containsExactly(Set.of("invoices"));
    }

    private void reads(LogRecord record) throws Exception {
        harness.processElement(new StreamRecord<>(record));
    }

    private <T> List<T> side(OutputTag<T> tag) {
        var records = harness.getSideOutput(tag);
        return records == null ? List.of() : records.stream().map(StreamRecord::getValue).toList();
    }

    private static <T> T only(List<T> all) {
        assertThat(all).hasSize(1);
        return all.get(0);
    }
}
