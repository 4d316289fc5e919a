package io.seqpulse.lifecycle.deployment;

import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.LOG;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.kafka.DeadLetter;
import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.fact.ActivitySignal;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactTexts;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.host.DeadLetters;
import io.seqpulse.lifecycle.host.StreamTypes;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Reconciliations;
import io.seqpulse.lifecycle.story.Rules;
import java.util.List;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What names only a deployment, and that one does not come, or has gone. */
class AttachDeploymentOrphansTest {

    private KeyedTwoInputStreamOperatorTestHarness<String, RowChange, SnapshotBoundary, Fact>
            harness;

    @BeforeEach
    void start() throws Exception {
        harness =
                Reconciliations.harness(
                        new AttachDeployment(LOG, Rules.measures()), RowChange::key);
        harness.setup(StreamTypes.FACT.createSerializer(new SerializerConfigImpl()));
        harness.open();
    }

    @AfterEach
    void stop() throws Exception {
        harness.close();
    }

    @Test
    void buriesAVerdictWithItsHintsWhoseDeploymentHasNotComeInTenMinutes() throws Exception {
        hears(verdict(MORNING).position(5).fact(), hint("h1", MORNING).position(6).fact());
        hears(sample(MORNING + 1).position(7).fact());
        clock(MORNING + 10 * MINUTE - 1);
        assertThat(buried()).isEmpty();

        clock(MORNING + 10 * MINUTE);
        assertThat(buried()).containsExactly("deployment_verdicts 5", "sdh_hints 6");
        clock(MORNING + DAY);
        assertThat(buried()).hasSize(3).endsWith("metric_samples 7");
        assertThat(Reconciliations.timers(harness)).isZero();
        assertThat(Reconciliations.stateEntries(harness)).as("it waits on").isEqualTo(1);
    }

    @Test
    void stillTellsTheProjectWhenTheDeploymentComesAfterThatEachFromItsOwnPlace() throws Exception {
        hears(verdict(MORNING).position(5).fact(), hint("h1", MORNING).position(6).fact());
        clock(MORNING + HOUR);
        hears(row(MORNING + HOUR).position(7).fact());
        assertThat(harness.extractOutputValues())
                .filteredOn(fact -> !(fact instanceof ActivitySignal))
                .extracting(fact -> FactTexts.kind(fact) + " " + fact.position().offset())
                .containsExactlyInAnyOrder(
                        "DEPLOYMENT_STARTED 7", "HINT_CREATED 6", "VERDICT_CREATED 5");
        assertThat(buried()).hasSize(2);
        assertThat(Reconciliations.timers(harness)).isZero();
    }

    @Test
    void buriesNothingWhoseDeploymentComesInTime() throws Exception {
        hears(verdict(MORNING).fact());
        assertThat(Reconciliations.timers(harness)).isEqualTo(1);
        hears(row(MORNING + 9 * MINUTE).fact());
        assertThat(Reconciliations.timers(harness)).isZero();
        clock(MORNING + DAY);
        assertThat(buried()).isEmpty();
    }

    @Test
    void buriesNothingOfADeploymentThatHasGone() throws Exception {
        hears(row(MORNING).fact(), deleted(MORNING + MINUTE));
        hears(verdict(MORNING + 1).fact(), hint("h1", MORNING + MINUTE).fact());
        clock(MORNING + HOUR);
        assertThat(Reconciliations.stateEntries(harness)).isEqualTo(1);
        clock(MORNING + HOUR + MINUTE);
        assertThat(buried()).isEmpty();
        assertThat(Reconciliations.stateEntries(harness)).isZero();
        assertThat(Reconciliations.timers(harness)).isZero();
    }

    @Test
    void beginsAnewWhenTheDeploymentIsInsertedAgain() throws Exception {
        hears(row(MORNING).fact(), deleted(MORNING + MINUTE));
        hears(row(MORNING + 2 * MINUTE).fact(), deleted(MORNING + MINUTE));
        hears(verdict(MORNING + 3 * MINUTE).fact());
        assertThat(harness.extractOutputValues())
                .filteredOn(fact -> !(fact instanceof ActivitySignal))
                .extracting(FactTexts::kind)
                .endsWith("VERDICT_CREATED");
        clock(MORNING + DAY);
        assertThat(Reconciliations.stateEntries(harness)).isEqualTo(1);
        assertThat(Reconciliations.timers(harness)).isZero();
    }

    @Test
    void letsGoOfADeploymentThatANewSnapshotNoLongerShows() throws Exception {
        hears(row(MORNING).fact(), row(MORNING).position(MORNING + MINUTE).fact());
        Reconciliations.tell(
                harness, Reconciliations.boundary(MORNING + MINUTE, MORNING + HOUR, "deployments"));
        clock(MORNING + HOUR);
        assertThat(Reconciliations.timers(harness)).as("it was shown").isZero();

        Reconciliations.tell(
                harness,
                Reconciliations.boundary(MORNING + MINUTE + 1, MORNING + DAY, "deployments"));
        clock(MORNING + DAY - 1);
        assertThat(Reconciliations.timers(harness)).isZero();
        clock(MORNING + DAY);
        assertThat(Reconciliations.timers(harness)).isEqualTo(1);
        hears(verdict(MORNING + DAY).fact());
        clock(MORNING + DAY + HOUR);
        assertThat(buried()).isEmpty();
        assertThat(Reconciliations.stateEntries(harness)).isZero();
        assertThat(Reconciliations.timers(harness)).isZero();
    }

    private void hears(RowChange... facts) throws Exception {
        for (RowChange fact : facts) {
            harness.processElement1(new StreamRecord<>(fact, fact.committedAt()));
        }
    }

    private void clock(long millis) throws Exception {
        Reconciliations.clock(harness, millis);
    }

    private List<String> buried() {
        var letters = harness.getSideOutput(DeadLetters.OUTPUT);
        return letters == null
                ? List.of()
                : letters.stream()
                        .map(StreamRecord::getValue)
                        .map((DeadLetter letter) -> letter.table() + " " + letter.offset())
                        .toList();
    }

    private static Facts<RowChange> row(long committedAt) {
        return Facts.row(CapturedTable.DEPLOYMENTS, "d1", "d1", MORNING)
                .with("project_id", SHOP)
                .with("state", "running")
                .with("started_at", Facts.micros(MORNING))
                .committedAt(committedAt);
    }

    private static RowChange deleted(long at) {
        return Facts.deletion(CapturedTable.DEPLOYMENTS, "d1", "d1", at).fact();
    }

    private static Facts<RowChange> verdict(long at) {
        return Facts.row(CapturedTable.DEPLOYMENT_VERDICTS, "d1", "v1", at).with("verdict", "ok");
    }

    private static Facts<RowChange> hint(String id, long at) {
        return Facts.row(CapturedTable.SDH_HINTS, "d1", id, at).with("severity", "critical");
    }

    private static Facts<RowChange> sample(long at) {
        return Facts.row(CapturedTable.METRIC_SAMPLES, "d1", "pre " + at, at).with("phase", "pre");
    }
}
