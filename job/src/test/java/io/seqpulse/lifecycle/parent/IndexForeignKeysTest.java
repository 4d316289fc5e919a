package io.seqpulse.lifecycle.parent;

import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Reconciliations;
import java.util.List;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whom the deletion of a row concerns that tells its own id only. */
class IndexForeignKeysTest {

    private KeyedTwoInputStreamOperatorTestHarness<String, RowChange, SnapshotBoundary, RowChange>
            harness;

    @BeforeEach
    void start() throws Exception {
        start(null);
    }

    @AfterEach
    void stop() throws Exception {
        harness.close();
    }

    @Test
    void tellsTheDeploymentThatItsVerdictWasDeleted() throws Exception {
        hears(verdict("d1", MORNING));
        assertThat(told()).isEmpty();
        hears(deleted(MORNING + MINUTE));
        assertThat(harness.extractOutputValues())
                .singleElement()
                .isEqualTo(
                        Facts.deletion(
                                        CapturedTable.DEPLOYMENT_VERDICTS,
                                        "d1",
                                        "v1",
                                        MORNING + MINUTE)
                                .updated()
                                .fact());
    }

    @Test
    void tellsTheEmailThatItsEventWasDeleted() throws Exception {
        hears(Facts.row(CapturedTable.EMAIL_EVENTS, "m1", "e1", MORNING).fact());
        hears(Facts.deletion(CapturedTable.EMAIL_EVENTS, "e1", "e1", MORNING + 1).fact());
        assertThat(told()).isEmpty();
        assertThat(harness.getSideOutput(IndexForeignKeys.OF_EMAILS))
                .extracting(record -> record.getValue().key() + " " + record.getValue().id())
                .containsExactly("m1 e1");
    }

    @Test
    void tellsTheProjectThatItsInvitationIsOver() throws Exception {
        hears(invitation("p1", MORNING), invitation("p1", MORNING + 1));
        assertThat(revoked()).isNull();
        hears(Facts.deletion(CapturedTable.PROJECT_INVITATIONS, "i1", "i1", MORNING + 2).fact());
        assertThat(told()).isEmpty();
        assertThat(revoked())
                .extracting(record -> record.getValue())
                .containsExactly(
                        Facts.of(EventType.INVITATION_REVOKED, "p1", "i1", MORNING + 2)
                                .with("invitation_id", "i1")
                                .updated()
                                .fact());
    }

    @Test
    void tellsTheProjectOfAnInvitationThatASnapshotNoLongerShows() throws Exception {
        hears(invitation("p1", MORNING));
        restart();
        Reconciliations.tell(
                harness,
                Reconciliations.boundary(MORNING + HOUR, MORNING + HOUR, "project_invitations"));
        Reconciliations.clock(harness, MORNING + HOUR);
        assertThat(revoked())
                .extracting(record -> record.getValue().key() + " " + record.getValue().at())
                .containsExactly("p1 " + (MORNING + HOUR));
    }

    @Test
    void tellsTheProjectAlsoWhenTheInvitationComesAfterItsDeletion() throws Exception {
        hears(Facts.deletion(CapturedTable.PROJECT_INVITATIONS, "i1", "i1", MORNING + 2).fact());
        assertThat(revoked()).isNull();
        hears(invitation("p1", MORNING));
        assertThat(revoked())
                .extracting(record -> record.getValue().at())
                .containsExactly(MORNING + 2);
    }

    @Test
    void tellsItAlsoWhenTheRowComesAfterItsDeletion() throws Exception {
        hears(deleted(MORNING + MINUTE));
        hears(verdict("d1", MORNING));
        assertThat(told()).containsExactly("d1 " + (MORNING + MINUTE));
    }

    @Test
    void tellsNothingOfARowInsertedAnew() throws Exception {
        hears(verdict("d1", MORNING), deleted(MORNING + MINUTE));
        hears(verdict("d1", MORNING + HOUR / 2), deleted(MORNING + MINUTE));
        assertThat(told()).hasSize(1);
        hears(deleted(MORNING + HOUR));
        assertThat(told()).hasSize(2);
    }

    @Test
    void tellsThatItMovedWhicheverIsReadFirst() throws Exception {
        hears(verdict("d1", MORNING), verdict("d2", MORNING + MINUTE));
        assertThat(told()).containsExactly("d1 " + (MORNING + MINUTE));
        hears(verdict("d1", MORNING));
        assertThat(told()).containsExactly("d1 " + (MORNING + MINUTE), "d1 " + (MORNING + MINUTE));
        hears(deleted(MORNING + HOUR));
        assertThat(told()).endsWith("d2 " + (MORNING + HOUR));
    }

    @Test
    void takesForDeletedWhatANewSnapshotNoLongerShows() throws Exception {
        hears(verdict("d1", MORNING), verdict("d1", MORNING + MINUTE));
        Reconciliations.tell(
                harness,
                Reconciliations.boundary(MORNING + MINUTE, MORNING + HOUR, "deployment_verdicts"));
        Reconciliations.clock(harness, MORNING + HOUR);
        assertThat(told()).as("it was shown").isEmpty();

        Reconciliations.tell(
                harness,
                Reconciliations.boundary(
                        MORNING + HOUR, MORNING + 2 * HOUR, "email_events", "users"));
        Reconciliations.clock(harness, MORNING + 2 * HOUR);
        assertThat(told()).as("another table").isEmpty();

        Reconciliations.tell(
                harness,
                Reconciliations.boundary(
                        MORNING + HOUR, MORNING + 3 * HOUR, "deployment_verdicts"));
        Reconciliations.clock(harness, MORNING + 3 * HOUR - 1);
        assertThat(told()).isEmpty();
        Reconciliations.clock(harness, MORNING + 3 * HOUR);
        assertThat(told()).containsExactly("d1 " + (MORNING + 3 * HOUR));
    }

    @Test
    void forgetsADeletionAfterAnHourAcrossARestore() throws Exception {
        hears(verdict("d1", MORNING));
        restart();
        hears(deleted(MORNING + MINUTE));
        assertThat(told()).hasSize(1);
        restart();
        hears(verdict("d1", MORNING + SECOND));
        assertThat(told()).as("it is remembered").hasSize(1);
        assertThat(Reconciliations.timers(harness)).isEqualTo(1);
        Reconciliations.clock(harness, MORNING + MINUTE + HOUR);
        assertThat(Reconciliations.timers(harness)).isZero();
        assertThat(Reconciliations.stateEntries(harness)).isZero();
    }

    /** Ids may be numbers, which each table counts for itself. */
    @Test
    void tellsRowsOfTwoTablesApartThatHaveTheSameId() throws Exception {
        hears(Facts.row(CapturedTable.DEPLOYMENT_VERDICTS, "d1", "7", MORNING).fact());
        hears(Facts.row(CapturedTable.EMAIL_EVENTS, "m1", "7", MORNING + 1).fact());
        hears(Facts.deletion(CapturedTable.EMAIL_EVENTS, "7", "7", MORNING + 2).fact());
        hears(Facts.row(CapturedTable.DEPLOYMENT_VERDICTS, "d1", "7", MORNING).fact());
        assertThat(told()).as("of the deployment").isEmpty();
        hears(Facts.deletion(CapturedTable.DEPLOYMENT_VERDICTS, "7", "7", MORNING + 3).fact());
        assertThat(told()).containsExactly("d1 " + (MORNING + 3));
        Reconciliations.tell(
                harness, Reconciliations.boundary(MORNING + HOUR, MORNING + HOUR, "email_events"));
        hears(Facts.row(CapturedTable.EMAIL_EVENTS, "m2", "8", MORNING + 4).fact());
        Reconciliations.clock(harness, MORNING + HOUR);
        assertThat(harness.getSideOutput(IndexForeignKeys.OF_EMAILS))
                .extracting(told -> told.getValue().key() + " " + told.getValue().id())
                .containsExactly("m1 7", "m2 8");
    }

    private void start(OperatorSubtaskState state) throws Exception {
        harness = Reconciliations.harness(new IndexForeignKeys(), IndexForeignKeys::key);
        if (state != null) {
            harness.initializeState(state);
        }
        harness.open();
    }

    private void restart() throws Exception {
        OperatorSubtaskState state = harness.snapshot(1, 1);
        harness.close();
        start(state);
    }

    private void hears(RowChange... facts) throws Exception {
        for (RowChange fact : facts) {
            harness.processElement1(new StreamRecord<>(fact));
        }
    }

    private List<String> told() {
        return harness.extractOutputValues().stream()
                .map(fact -> fact.key() + " " + fact.committedAt())
                .toList();
    }

    private Iterable<StreamRecord<Fact>> revoked() {
        return harness.getSideOutput(IndexForeignKeys.OF_PROJECTS);
    }

    private static RowChange invitation(String project, long at) {
        return Facts.row(CapturedTable.PROJECT_INVITATIONS, project, "i1", at).fact();
    }

    private static RowChange verdict(String deployment, long at) {
        return Facts.row(CapturedTable.DEPLOYMENT_VERDICTS, deployment, "v1", at).fact();
    }

    private static RowChange deleted(long at) {
        return Facts.deletion(CapturedTable.DEPLOYMENT_VERDICTS, "v1", "v1", at).fact();
    }
}
