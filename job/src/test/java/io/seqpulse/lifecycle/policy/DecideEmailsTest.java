package io.seqpulse.lifecycle.policy;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.BOB;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static io.seqpulse.lifecycle.story.Facts.account;
import static io.seqpulse.lifecycle.story.Facts.delivery;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.detect.Retraction;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.host.KpiOutputs;
import io.seqpulse.lifecycle.kpi.Count;
import io.seqpulse.lifecycle.kpi.Figure;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Reconciliations;
import io.seqpulse.lifecycle.story.Rules;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The recipient's operator: state, timers and restarts around {@link EmailPolicy}. */
class DecideEmailsTest {

    private static final String DUTY = Candidate.BARE_ADDRESS + "duty@example.org";

    private final List<Decision> before = new ArrayList<>();
    private final List<Increment> incrementsBefore = new ArrayList<>();
    private KeyedTwoInputStreamOperatorTestHarness<String, Message, SnapshotBoundary, Decision>
            harness;

    @BeforeEach
    void start() throws Exception {
        start(null);
        harness.setProcessingTime(MORNING);
    }

    @AfterEach
    void stop() throws Exception {
        harness.close();
    }

    @Test
    void waitsForTheClockToReachTheCandidate() throws Exception {
        hears(account(ALICE, MORNING - DAY).fact());
        wants(candidate("E-TRX-01", "welcome", ALICE, MORNING));
        clock(MORNING - 1);
        assertThat(sent()).as("an opt-out may still be on its way").isEmpty();
        hears(account(ALICE, MORNING).with("is_active", "false").fact());

        clock(MORNING);
        assertThat(sent()).isEmpty();
        assertThat(reasons()).containsExactly("welcome inactive");
    }

    @Test
    void sendsAnAlertWithoutWaitingForTheClock() throws Exception {
        hears(account(ALICE, MORNING - DAY).fact());
        wants(candidate("E-ACT-05", "alert", ALICE, MORNING));
        assertThat(sent()).containsExactly("alert");
    }

    @Test
    void defersToTheNextWindowAcrossARestart() throws Exception {
        hears(account(ALICE, MORNING - DAY).fact());
        wants(candidate("E-ACT-01", "first", ALICE, MORNING));
        clock(MORNING);
        restart();
        wants(candidate("E-CONV-01", "second", ALICE, MORNING + HOUR));
        clock(MORNING + HOUR);
        restart();
        hears(delivery(ALICE, "first", "E-ACT-01", "sent", MORNING + MINUTE).fact());
        clock(MORNING + MINUTE + DAY - 1);
        assertThat(sent()).containsExactly("first");
        assertThat(Reconciliations.timers(harness)).isEqualTo(1);

        restart();
        clock(MORNING + MINUTE + DAY);
        assertThat(sent()).containsExactly("first", "second");
    }

    @Test
    void carriesADigestAndTheOptOutAcrossARestart() throws Exception {
        hears(
                account(ALICE, MORNING - DAY).with("locale", null).fact(),
                Facts.row(CapturedTable.EMAIL_PREFERENCES, ALICE, ALICE, MORNING - DAY)
                        .with("marketing_opt_in", "false")
                        .fact());
        for (int i = 1; i <= 7; i++) {
            wants(candidate("E-ACT-05", "alert " + i, ALICE, MORNING));
        }
        restart();
        wants(candidate("E-ACT-01", "reminder", ALICE, MORNING + MINUTE));
        clock(MORNING + HOUR);
        assertThat(sent()).hasSize(6).endsWith("alert 6:digest");
        assertThat(reasons()).contains("reminder opted_out");
    }

    @Test
    void goesByTheWallClockWhenTheLogIsBehind() throws Exception {
        hears(account(ALICE, MORNING - DAY).fact());
        wants(candidate("E-TRX-01", "late", ALICE, MORNING));
        harness.setProcessingTime(MORNING + 31 * DAY);
        clock(MORNING);
        assertThat(reasons()).containsExactly("late stale");
    }

    @Test
    void keepsOneTimerForAPersonAndNoneWhenNothingIsLeft() throws Exception {
        hears(account(ALICE, MORNING - DAY).fact());
        assertThat(Reconciliations.timers(harness)).isZero();
        wants(candidate("E-TRX-01", "a", ALICE, MORNING));
        wants(candidate("E-ACT-04", "b", ALICE, MORNING + HOUR));
        wants(candidate("E-ACT-01", "c", ALICE, MORNING + 2 * HOUR));
        assertThat(Reconciliations.timers(harness)).isEqualTo(1);
        clock(MORNING + 5 * HOUR);
        assertThat(Reconciliations.timers(harness)).isEqualTo(1);
        clock(MORNING + 100 * DAY);
        assertThat(Reconciliations.timers(harness)).isZero();
        assertThat(Reconciliations.stateEntries(harness)).as("the person is known").isEqualTo(1);
    }

    @Test
    void keepsNothingOfADeletedPerson() throws Exception {
        hears(account(ALICE, MORNING - DAY).fact());
        wants(candidate("E-TRX-01", "welcome", ALICE, MORNING));
        hears(Facts.deletion(CapturedTable.USERS, ALICE, ALICE, MORNING).fact());
        assertThat(Reconciliations.stateEntries(harness)).isZero();
        assertThat(Reconciliations.timers(harness)).isZero();

        retracts("welcome", ALICE);
        clock(MORNING + DAY);
        assertThat(sent()).isEmpty();
        assertThat(reasons()).isEmpty();
        assertThat(withdrawals()).containsExactly("welcome");
        assertThat(Reconciliations.stateEntries(harness))
                .as("the retraction came after it")
                .isZero();
    }

    @Test
    void sendsNothingToAPersonWhomANewSnapshotNoLongerShows() throws Exception {
        hears(account(ALICE, MORNING - DAY).fact(), account(BOB, MORNING - DAY).fact());
        wants(candidate("E-TRX-01", "to alice", ALICE, MORNING));
        wants(candidate("E-TRX-01", "to bob", BOB, MORNING));
        hears(account(BOB, MORNING - DAY).position(MORNING).fact());
        Reconciliations.tell(harness, Reconciliations.boundary(MORNING, MORNING + HOUR, "users"));
        restart();
        clock(MORNING + HOUR);
        assertThat(sent()).containsExactly("to bob");
        assertThat(Reconciliations.stateEntries(harness)).isEqualTo(1);
    }

    @Test
    void forgetsAnOptOutThatANewSnapshotNoLongerShows() throws Exception {
        for (String user : List.of(ALICE, BOB)) {
            hears(
                    account(user, MORNING - DAY).fact(),
                    Facts.row(CapturedTable.EMAIL_PREFERENCES, user, user, MORNING - DAY)
                            .with("marketing_opt_in", "false")
                            .position(user.equals(BOB) ? MORNING : MORNING - DAY)
                            .fact());
        }
        wants(candidate("E-ACT-01", "to alice", ALICE, MORNING + 1));
        wants(candidate("E-ACT-01", "to bob", BOB, MORNING + 1));
        Reconciliations.tell(
                harness, Reconciliations.boundary(MORNING, MORNING + 1, "email_preferences"));
        clock(MORNING + 1);
        assertThat(sent()).containsExactly("to alice");
        assertThat(reasons()).containsExactly("to bob opted_out");
    }

    @Test
    void keepsNothingOfABareAddressInTheEnd() throws Exception {
        wants(candidate("E-ACT-05", "alert", DUTY, MORNING));
        assertThat(sent()).containsExactly("alert");
        assertThat(Reconciliations.stateEntries(harness)).isEqualTo(1);
        clock(MORNING + 100 * DAY);
        assertThat(Reconciliations.stateEntries(harness)).isZero();
        assertThat(Reconciliations.timers(harness)).isZero();
    }

    @Test
    void sendsOnceHoweverOftenItIsToldAcrossARestart() throws Exception {
        hears(account(ALICE, MORNING - DAY).fact());
        for (int i = 0; i < 3; i++) {
            wants(candidate("E-ACT-04", "verdict", ALICE, MORNING));
            clock(MORNING + i);
            restart();
            hears(delivery(ALICE, "verdict", "E-ACT-04", "sent", MORNING + i).fact());
        }
        assertThat(sent()).containsExactly("verdict");
    }

    /** The day after, when the window opens, it is no longer there to be sent. */
    @Test
    void tellsThatAnEmailExpiresBeforeTheCapLetsItThrough() throws Exception {
        hears(account(ALICE, MORNING - DAY).fact());
        wants(candidate("E-ACT-01", "first", ALICE, MORNING));
        clock(MORNING);
        wants(expiring("E-CONV-01", "ends", MORNING + HOUR, MORNING + DAY));
        clock(MORNING + HOUR);
        assertThat(held())
                .containsExactly(
                        heldBack("ends", "E-CONV-01", "expiry", MORNING + HOUR, MORNING + DAY));
        restart();
        clock(MORNING + DAY);
        assertThat(held()).isEmpty();
        assertThat(sent()).containsExactly("first");
    }

    /** What has no line in the journal yet is visible from its decision to its end. */
    @Test
    void tellsWhatIsHeldBackAndThatItNoLongerIs() throws Exception {
        hears(account(ALICE, MORNING - DAY).fact());
        wants(candidate("E-ACT-01", "first", ALICE, MORNING));
        clock(MORNING);
        assertThat(held()).as("sent at once").isEmpty();
        wants(candidate("E-CONV-01", "second", ALICE, MORNING + HOUR));
        assertThat(held()).as("not decided yet").isEmpty();
        clock(MORNING + HOUR);
        assertThat(held())
                .containsExactly(
                        heldBack("second", "E-CONV-01", "cap", MORNING + HOUR, MORNING + DAY));
        restart();
        hears(delivery(ALICE, "first", "E-ACT-01", "sent", MORNING + MINUTE).fact());
        assertThat(held())
                .as("the window opens a day after it was sent")
                .containsExactly(
                        heldBack(
                                "second",
                                "E-CONV-01",
                                "cap",
                                MORNING + HOUR,
                                MORNING + MINUTE + DAY));
        for (int i = 1; i <= 7; i++) {
            wants(candidate("E-ACT-05", "alert " + i, ALICE, MORNING + 2 * HOUR));
        }
        assertThat(held())
                .contains(
                        heldBack(
                                "alert 6",
                                "E-ACT-05",
                                "digest",
                                MORNING + 2 * HOUR,
                                MORNING + 3 * HOUR),
                        heldBack(
                                "alert 7",
                                "E-ACT-05",
                                "digest",
                                MORNING + 2 * HOUR,
                                MORNING + 3 * HOUR))
                .hasSize(3);
        restart();
        retracts("alert 7", ALICE);
        assertThat(held()).hasSize(2);
        clock(MORNING + 3 * HOUR);
        assertThat(held()).as("the digest is sent").hasSize(1);
        clock(MORNING + 2 * DAY);
        assertThat(sent()).endsWith("second");
        assertThat(held()).isEmpty();
    }

    @Test
    void holdsNothingBackForADeletedPerson() throws Exception {
        for (boolean seen : List.of(true, false)) {
            hears(account(BOB, MORNING - DAY).fact());
            wants(candidate("E-ACT-01", "first", BOB, MORNING));
            wants(candidate("E-CONV-01", "second", BOB, MORNING));
            clock(MORNING + (seen ? 0 : DAY / 2));
            assertThat(held()).hasSize(1);
            if (seen) {
                hears(Facts.deletion(CapturedTable.USERS, BOB, BOB, MORNING + HOUR).fact());
            } else {
                Reconciliations.tell(
                        harness,
                        Reconciliations.boundary(MORNING + DAY / 2, MORNING + DAY - 1, "users"));
                clock(MORNING + DAY - 1);
            }
            assertThat(held()).isEmpty();
        }
    }

    /** The rows as all increments since the start add up to. */
    private Map<Figure, Count> held() {
        Map<Figure, Count> rows = new HashMap<>();
        List<Increment> all = new ArrayList<>(incrementsBefore);
        all.addAll(increments());
        for (Increment increment : all) {
            rows.merge(
                    new Figure(increment.relation(), increment.series(), increment.bucketMinute()),
                    new Count(increment.numerator(), increment.denominator()),
                    Count::plus);
        }
        rows.values().removeIf(Count.ZERO::equals);
        return rows;
    }

    private List<Increment> increments() {
        Queue<StreamRecord<Increment>> told = harness.getSideOutput(KpiOutputs.INCREMENTS);
        return told == null ? List.of() : told.stream().map(StreamRecord::getValue).toList();
    }

    private static Map.Entry<Figure, Count> heldBack(
            String key, String code, String why, long since, long until) {
        return Map.entry(
                new Figure(
                        Relation.WAITING,
                        Increment.series(key, code, "policy", why, ALICE, SHOP),
                        since / MINUTE),
                new Count(until, 1));
    }

    private void start(OperatorSubtaskState state) throws Exception {
        harness =
                Reconciliations.harness(
                        new DecideEmails(
                                Rules.all(), Duration.ofHours(24), ZoneOffset.UTC, QuietHours.NONE),
                        Message::recipient);
        harness.setup();
        if (state != null) {
            harness.initializeState(state);
        }
        harness.open();
    }

    private void restart() throws Exception {
        long wall = harness.getProcessingTime();
        OperatorSubtaskState state = harness.snapshot(1, wall);
        before.addAll(harness.extractOutputValues());
        incrementsBefore.addAll(increments());
        harness.close();
        start(state);
        harness.setProcessingTime(wall);
    }

    private void hears(RowChange... facts) throws Exception {
        for (RowChange fact : facts) {
            harness.processElement1(new StreamRecord<>(Message.of(fact)));
        }
    }

    private void wants(Candidate candidate) throws Exception {
        harness.processElement1(new StreamRecord<>(Message.of(candidate)));
    }

    private void retracts(String key, String recipient) throws Exception {
        Retraction retraction = new Retraction(key, recipient, recipient, Retraction.RESOLVED);
        harness.processElement1(new StreamRecord<>(Message.of(retraction)));
    }

    private void clock(long millis) throws Exception {
        harness.setProcessingTime(Math.max(millis, harness.getProcessingTime()));
        Reconciliations.clock(harness, millis);
    }

    private List<Decision> decisions() {
        List<Decision> decisions = new ArrayList<>(before);
        decisions.addAll(harness.extractOutputValues());
        return decisions;
    }

    private List<String> sent() {
        return decisions().stream()
                .filter(d -> d.withdrawal() == null && d.suppressedFor() == null)
                .map(d -> d.candidate().key())
                .toList();
    }

    private List<String> reasons() {
        return decisions().stream()
                .filter(d -> d.suppressedFor() != null)
                .map(d -> d.candidate().key() + " " + d.suppressedFor())
                .toList();
    }

    private List<String> withdrawals() {
        return decisions().stream()
                .filter(d -> d.withdrawal() != null)
                .map(d -> d.withdrawal().key())
                .toList();
    }

    private static Candidate expiring(String rule, String key, long at, long expiresAt) {
        return new Candidate(rule, key, key, ALICE, ALICE, SHOP, at, expiresAt, at, at, Map.of());
    }

    private static Candidate candidate(String rule, String key, String recipient, long at) {
        return new Candidate(
                rule, key, key, recipient, ALICE, SHOP, at, at + 30 * DAY, at, at, Map.of());
    }
}
