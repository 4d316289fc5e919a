package io.seqpulse.lifecycle.segment;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.OwnedProject;
import io.seqpulse.lifecycle.fact.ProjectSignal;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Reconciliations;
import io.seqpulse.lifecycle.story.Tallies;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who is in which segment, as time goes by. */
class CountSegmentsTest {

    /** A Monday. */
    private static final long MONDAY = Facts.at("2026-11-09T00:00:00Z");

    private static final long SIGN_UP = MONDAY + 9 * HOUR;
    private static final int NOVEMBER = 2026 * 12 + 10;

    private final List<Increment> before = new ArrayList<>();
    private KeyedTwoInputStreamOperatorTestHarness<String, Fact, SnapshotBoundary, Increment>
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
    void isNewForFourteenDaysAndThenSilent() throws Exception {
        hears(user(SIGN_UP).fact());
        assertThat(segments()).as("the clock has not passed it").isEmpty();
        clock(SIGN_UP);
        assertThat(segments()).containsExactly("new_user");
        clock(SIGN_UP + 14 * DAY - 1);
        assertThat(segments()).containsExactly("new_user");
        clock(SIGN_UP + 14 * DAY);
        assertThat(segments()).containsExactly("at_risk");
        restart();
        clock(SIGN_UP + 30 * DAY - 1);
        assertThat(segments()).containsExactly("at_risk");
        clock(SIGN_UP + 30 * DAY);
        assertThat(segments()).containsExactly("at_risk", "at_risk_severe");
        assertThat(Reconciliations.timers(harness)).as("nothing is to come").isZero();
    }

    @Test
    void isNotNewForEverBecauseAClockWasAhead() throws Exception {
        hears(user(SIGN_UP + 3_000 * DAY).committedAt(SIGN_UP).fact());
        clock(SIGN_UP + 15 * DAY);
        assertThat(segments()).doesNotContain("new_user");
    }

    @Test
    void isActiveForFourteenDaysAfterADeploymentByThePlanOfTheProject() throws Exception {
        long deployed = SIGN_UP + 20 * DAY;
        hears(user(SIGN_UP).fact(), project("free", SIGN_UP + HOUR, deployed).fact());
        clock(deployed);
        assertThat(segments()).containsExactly("free_active");
        hears(project("pro", SIGN_UP + HOUR, deployed).committedAt(deployed + 1).fact());
        clock(deployed + 1);
        assertThat(segments()).containsExactly("pro_active");
        clock(deployed + 14 * DAY);
        assertThat(segments()).containsExactly("at_risk");
        hears(
                project("pro", SIGN_UP + HOUR, deployed + 15 * DAY)
                        .committedAt(deployed + 15 * DAY)
                        .fact());
        clock(deployed + 15 * DAY);
        assertThat(segments()).containsExactly("pro_active");
    }

    @Test
    void isNoFreeUserWithAPaidProject() throws Exception {
        hears(
                user(SIGN_UP).fact(),
                project("free", SIGN_UP, SIGN_UP + 20 * DAY).fact(),
                Facts.summary(
                                ALICE,
                                "p2",
                                new OwnedProject("enterprise", SIGN_UP, 0, 0, List.of()),
                                SIGN_UP)
                        .fact());
        clock(SIGN_UP + 20 * DAY);
        assertThat(segments()).isEmpty();
    }

    @Test
    void isNearTheLimitUntilTheMonthEnds() throws Exception {
        hears(user(SIGN_UP).fact(), project("free", SIGN_UP, SIGN_UP, NOVEMBER).fact());
        long december = Facts.at("2026-12-01T00:00:00Z");
        clock(december - 1);
        assertThat(segments()).contains("free_near_limit");
        clock(december);
        assertThat(segments()).doesNotContain("free_near_limit");
    }

    @Test
    void isAtRiskInTheWeekAfterADrop() throws Exception {
        int week = (int) ((MONDAY / DAY + 3) / 7);
        long nextMonday = MONDAY + 7 * DAY;
        hears(user(SIGN_UP).fact(), project("free", SIGN_UP, MONDAY + 6 * DAY, 0, week).fact());
        clock(nextMonday - 1);
        assertThat(segments()).containsExactly("free_active", "new_user");
        clock(nextMonday);
        assertThat(segments()).containsExactly("at_risk", "free_active", "new_user");
        clock(nextMonday + 7 * DAY);
        assertThat(segments()).doesNotContain("at_risk");
    }

    @Test
    void isSensitiveWhileTwoFactorsAreOnAndNinetyDaysAfter() throws Exception {
        hears(user(SIGN_UP).with("twofa_enabled", "true").fact());
        clock(SIGN_UP + 200 * DAY);
        assertThat(segments()).contains("security_sensitive");
        hears(user(SIGN_UP).committedAt(SIGN_UP + 200 * DAY).fact());
        clock(SIGN_UP + 290 * DAY - 1);
        assertThat(segments()).contains("security_sensitive");
        clock(SIGN_UP + 290 * DAY);
        assertThat(segments()).doesNotContain("security_sensitive");
    }

    @Test
    void cannotBeSilentWhereItIsNotHeard() throws Exception {
        hears(user(SIGN_UP).fact(), member(SIGN_UP).fact());
        clock(SIGN_UP + 40 * DAY);
        assertThat(segments()).isEmpty();
        hears(
                Facts.deletion(CapturedTable.PROJECT_MEMBERS, ALICE, "m1", SIGN_UP + 41 * DAY)
                        .fact());
        clock(SIGN_UP + 41 * DAY);
        assertThat(segments()).containsExactly("at_risk", "at_risk_severe");
    }

    @Test
    void isInNoSegmentWhileInactive() throws Exception {
        hears(user(SIGN_UP).fact());
        clock(SIGN_UP);
        hears(user(SIGN_UP).with("is_active", "false").committedAt(SIGN_UP + HOUR).fact());
        clock(SIGN_UP + HOUR);
        assertThat(segments()).isEmpty();
        hears(user(SIGN_UP).fact());
        clock(SIGN_UP + 20 * DAY);
        assertThat(segments()).as("an older version says nothing").isEmpty();
    }

    @Test
    void leavesAllSegmentsWhenDeletedAndIsForgotten() throws Exception {
        hears(user(SIGN_UP).fact(), project("free", SIGN_UP, SIGN_UP).fact());
        clock(SIGN_UP + DAY);
        restart();
        hears(
                Facts.deletion(CapturedTable.USERS, ALICE, ALICE, SIGN_UP + 2 * DAY).fact(),
                Facts.summary(ALICE, SHOP, null, SIGN_UP + 2 * DAY).fact(),
                user(SIGN_UP).fact());
        clock(SIGN_UP + 2 * DAY);
        assertThat(segments()).isEmpty();
        clock(SIGN_UP + 2 * DAY + HOUR);
        assertThat(Reconciliations.timers(harness)).isZero();
        assertThat(Reconciliations.stateEntries(harness)).isZero();
    }

    @Test
    void leavesAllSegmentsWhenANewSnapshotNoLongerShowsIt() throws Exception {
        hears(user(SIGN_UP).fact());
        clock(SIGN_UP);
        Reconciliations.tell(harness, Reconciliations.boundary(SIGN_UP, SIGN_UP + DAY, "users"));
        clock(SIGN_UP + DAY);
        assertThat(segments()).as("it was shown").isNotEmpty();
        Reconciliations.tell(
                harness, Reconciliations.boundary(SIGN_UP + 1, SIGN_UP + 2 * DAY, "users"));
        clock(SIGN_UP + 2 * DAY);
        assertThat(segments()).isEmpty();
    }

    private void start(OperatorSubtaskState state) throws Exception {
        harness = Reconciliations.harness(new CountSegments(), Fact::key);
        if (state != null) {
            harness.initializeState(state);
        }
        harness.open();
    }

    private void restart() throws Exception {
        before.addAll(harness.extractOutputValues());
        OperatorSubtaskState state = harness.snapshot(1, 1);
        harness.close();
        start(state);
    }

    private void hears(Fact... facts) throws Exception {
        for (Fact fact : facts) {
            harness.processElement1(new StreamRecord<>(fact));
        }
    }

    private void clock(long millis) throws Exception {
        Reconciliations.clock(harness, millis);
    }

    /** Those with one member, in the order of their names. */
    private List<String> segments() {
        List<Increment> all = new ArrayList<>(before);
        all.addAll(harness.extractOutputValues());
        return Tallies.of(all).entrySet().stream()
                .peek(total -> assertThat(total.getValue()).isEqualTo("0/1"))
                .map(total -> total.getKey().replace("segment ", ""))
                .toList();
    }

    private static Facts<RowChange> user(long createdAt) {
        return Facts.row(CapturedTable.USERS, ALICE, ALICE, createdAt)
                .with("is_active", "true")
                .with("twofa_enabled", "false");
    }

    private static Facts<ProjectSignal> project(String plan, long createdAt, long deployedAt) {
        return project(plan, createdAt, deployedAt, 0);
    }

    private static Facts<ProjectSignal> project(
            String plan, long createdAt, long deployedAt, int nearLimitIn, Integer... drops) {
        return Facts.summary(
                ALICE,
                SHOP,
                new OwnedProject(plan, createdAt, deployedAt, nearLimitIn, List.of(drops)),
                createdAt);
    }

    private static Facts<RowChange> member(long at) {
        return Facts.row(CapturedTable.PROJECT_MEMBERS, ALICE, "m1", at);
    }
}
