package io.seqpulse.lifecycle.parent;

import static io.seqpulse.lifecycle.fact.FactTexts.kind;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Reconciliations;
import java.util.List;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which project hears that somebody no longer belongs to it. */
class FollowMembersTest {

    private static final String SHOP = "shop";
    private static final String BLOG = "blog";

    private KeyedTwoInputStreamOperatorTestHarness<String, RowChange, SnapshotBoundary, Fact>
            harness;

    @BeforeEach
    void start() throws Exception {
        harness = Reconciliations.harness(new FollowMembers(), RowChange::id);
        harness.open();
    }

    @AfterEach
    void stop() throws Exception {
        harness.close();
    }

    @Test
    void aMemberWhoGoesToAnotherProjectLeavesTheFirst() throws Exception {
        hears(member(SHOP, MORNING));
        hears(member(BLOG, MORNING + MINUTE));
        assertThat(told())
                .containsExactly(
                        "PROJECT_MEMBERS shop " + MORNING,
                        "PROJECT_MEMBERS DELETED shop " + (MORNING + MINUTE),
                        "PROJECT_MEMBERS blog " + (MORNING + MINUTE));
        hears(member(SHOP, MORNING));
        assertThat(told())
                .as("an older row told again")
                .doesNotContain("PROJECT_MEMBERS shop again");
        assertThat(told().get(3)).startsWith("PROJECT_MEMBERS DELETED shop");
    }

    @Test
    void aDeletionThatTellsNothingButItsIdReachesTheProjectAfterYears() throws Exception {
        hears(member(SHOP, MORNING));
        Reconciliations.clock(harness, MORNING + 900 * DAY);
        harness.setProcessingTime(MORNING + 900 * DAY);
        hears(deleted(MORNING + 900 * DAY));
        assertThat(told()).endsWith("PROJECT_MEMBERS DELETED shop " + (MORNING + 900 * DAY));
        Reconciliations.clock(harness, MORNING + 900 * DAY + HOUR);
        assertThat(Reconciliations.stateEntries(harness)).isZero();
    }

    @Test
    void whatChangesInTheRowIsHandedOn() throws Exception {
        hears(member(SHOP, MORNING));
        hears(member(SHOP, MORNING + MINUTE));
        assertThat(told())
                .containsExactly(
                        "PROJECT_MEMBERS shop " + MORNING,
                        "PROJECT_MEMBERS shop " + (MORNING + MINUTE));
    }

    @Test
    void aMemberWhomANewSnapshotNoLongerShowsIsGone() throws Exception {
        hears(member(SHOP, MORNING));
        Reconciliations.tell(
                harness,
                Reconciliations.boundary(MORNING + HOUR, MORNING + 2 * HOUR, "project_members"));
        Reconciliations.clock(harness, MORNING + 2 * HOUR);
        assertThat(told()).endsWith("PROJECT_MEMBERS DELETED shop " + (MORNING + 2 * HOUR));
    }

    private void hears(RowChange fact) throws Exception {
        harness.processElement1(new StreamRecord<>(fact));
    }

    private List<String> told() {
        return harness.extractOutputValues().stream()
                .map(fact -> kind(fact) + " " + fact.key() + " " + fact.committedAt())
                .toList();
    }

    private static RowChange member(String project, long at) {
        return Facts.row(CapturedTable.PROJECT_MEMBERS, project, "m1", at)
                .with("on_call", "true")
                .fact();
    }

    private static RowChange deleted(long at) {
        return Facts.deletion(CapturedTable.PROJECT_MEMBERS, "m1", "m1", at).fact();
    }
}
