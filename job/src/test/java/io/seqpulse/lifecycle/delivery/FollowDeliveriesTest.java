package io.seqpulse.lifecycle.delivery;

import static io.seqpulse.lifecycle.fact.FactTexts.kind;
import static io.seqpulse.lifecycle.fact.FactTexts.values;
import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.BOB;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.LOG;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SECOND;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.fact.EmailSignal;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.host.DeadLetters;
import io.seqpulse.lifecycle.host.KpiOutputs;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.KpiIndex;
import io.seqpulse.lifecycle.kpi.Relation;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Reconciliations;
import io.seqpulse.lifecycle.story.Rules;
import io.seqpulse.lifecycle.story.Tallies;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.apache.flink.util.OutputTag;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an email counts for, from the journal and what was done with it. */
class FollowDeliveriesTest {

    private static final String ALERT = "E-ACT-05";
    private static final String VERDICT = "E-ACT-04";
    private static final long MINUTE_NUMBER = MORNING / MINUTE;

    private final List<Increment> before = new ArrayList<>();
    private KpiIndex measures = Rules.measures();
    private KeyedTwoInputStreamOperatorTestHarness<String, RowChange, SnapshotBoundary, Fact>
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
    void countsAnEmailByItsOutcomeWhereverThatStands() throws Exception {
        hears(row("E-TRX-01", "queued", MORNING).fact());
        assertThat(totals()).containsExactly(Map.entry(email("E-TRX-01 queued ", 0), "0/1"));

        hears(sent("E-TRX-01", MORNING + 2 * MINUTE).fact());
        assertThat(totals())
                .containsEntry(email("E-TRX-01 sent ", 2), "0/1")
                .doesNotContainKey(email("E-TRX-01 queued ", 0))
                .containsEntry(cohort("email/E-TRX-01/opened", 2), "0/1")
                .containsEntry(cohort("email/E-TRX-01/opened_by_people", 2), "0/1")
                .containsEntry(cohort("email/E-TRX-01/clicked", 2), "0/1")
                .hasSize(4);

        hears(row("E-TRX-01", "failed", MORNING + HOUR).with("reason", "unconfirmed").fact());
        assertThat(totals())
                .containsExactly(Map.entry(email("E-TRX-01 failed unconfirmed", 60), "0/1"));
    }

    @Test
    void countsTheVariantsOfAnEmailApart() throws Exception {
        hears(
                sent(VERDICT, MORNING).with("variant", "b").fact(),
                event("e1", "clicked", MORNING + HOUR).fact());
        assertThat(totals())
                .containsEntry(cohort("email/E-ACT-04/opened/b", 0), "0/1")
                .containsEntry(cohort("email/E-ACT-04/opened_by_people/b", 0), "0/1")
                .containsEntry(cohort("email/E-ACT-04/clicked/b", 0), "1/1")
                .containsEntry(cohort("email/E-ACT-04/goal/b", 0), "1/1")
                .containsEntry(email("E-ACT-04 sent ", 0), "0/1")
                .doesNotContainKeys(
                        cohort("email/E-ACT-04/opened", 0), cohort("email/E-ACT-04/goal", 0));
        assertThat(((EmailSignal) harness.extractOutputValues().get(0)).variant()).isEqualTo("b");
    }

    /** It may have been written by anybody. */
    @ParameterizedTest
    @ValueSource(strings = {"holdout", "a/b", "", "A", "x\ny", "a very long name of a variant"})
    void takesNothingElseForTheVariantOfWhatWasSent(String variant) throws Exception {
        hears(sent(VERDICT, MORNING).with("variant", variant).fact());
        assertThat(totals())
                .containsEntry(cohort("email/E-ACT-04/opened", 0), "0/1")
                .containsEntry(cohort("email/E-ACT-04/goal", 0), "0/1")
                .doesNotContainKey(cohort("email/E-ACT-04/holdout_goal", 0));
    }

    @Test
    void hasNoFunnelForWhatIsNoLifecycleEmail() throws Exception {
        hears(sent("password_reset", MORNING).fact());
        assertThat(totals()).containsExactly(Map.entry(email("password_reset sent ", 0), "0/1"));
    }

    /** Others write into the journal what they like. */
    @Test
    void keepsTheTextsOfOthersApartAndShort() throws Exception {
        Random random = new Random(1);
        StringBuilder noise = new StringBuilder();
        while (noise.length() < 6_400) {
            noise.append((char) (' ' + random.nextInt(60_000)));
        }
        hears(
                row("weekly\nreport", "sent", MORNING)
                        .with("sent_at", Long.toString(MORNING * 1_000))
                        .with("reason", "a\nb")
                        .fact());
        for (Increment increment : increments()) {
            assertThat(increment.parts())
                    .as(increment.series())
                    .hasSize(increment.relation() == Relation.EMAIL ? 3 : 1);
        }
        hears(
                row("E-" + noise, "sent", MORNING + 1)
                        .with("sent_at", Long.toString(MORNING * 1_000))
                        .with("reason", noise.toString())
                        .fact());
        for (Increment increment : increments()) {
            assertThat(increment.series().getBytes(StandardCharsets.UTF_8).length).isLessThan(700);
        }
        hears(row("weekly report", "queued", MORNING + 2).fact());
        assertThat(totals()).containsKey(email("weekly report queued ", 0));
    }

    @Test
    void tellsOpeningsByPeopleFromThoseByMachines() throws Exception {
        hears(sent(ALERT, MORNING).fact(), event("e1", "opened", MORNING + HOUR).fact());
        assertThat(totals())
                .containsEntry(cohort("critical_alert_open_rate", 0), "1/1")
                .containsEntry(cohort("email/E-ACT-05/opened", 0), "1/1")
                .containsEntry(cohort("email/E-ACT-05/opened_by_people", 0), "1/1")
                .containsEntry(cohort("email/E-ACT-05/clicked", 0), "0/1");

        hears(event("e1", "opened", MORNING + HOUR).position(1).fact());
        hears(
                event("e1", "opened", MORNING + HOUR)
                        .with("machine", "true")
                        .committedAt(MORNING + 2 * HOUR)
                        .fact());
        assertThat(totals())
                .containsEntry(cohort("critical_alert_open_rate", 0), "1/1")
                .containsEntry(cohort("email/E-ACT-05/opened_by_people", 0), "0/1");
    }

    @Test
    void countsAnOpeningThatComesBeforeTheEmailWasMarkedSent() throws Exception {
        hears(row(ALERT, "queued", MORNING).fact(), event("e1", "opened", MORNING + 1).fact());
        assertThat(totals()).hasSize(1);
        hears(sent(ALERT, MORNING + SECOND).fact());
        assertThat(totals()).containsEntry(cohort("critical_alert_open_rate", 0), "1/1");
    }

    @ParameterizedTest
    @CsvSource({"-1, 1/1", "0, 1/1", "1, 0/1"})
    void reachesAGoalByAClickUpToItsTimeToTheMicrosecond(long micros, String reached)
            throws Exception {
        long clicked = (MORNING + 7 * DAY) * 1_000 + micros;
        RowChange click = event("e1", "clicked", MORNING + 7 * DAY).atMicros(clicked).fact();
        hears(sent(VERDICT, MORNING).fact(), click);
        assertThat(totals())
                .containsEntry(cohort("email/E-ACT-04/goal", 0), reached)
                .containsEntry(cohort("email/E-ACT-04/clicked", 0), "1/1")
                .containsEntry(cohort("email/E-ACT-04/opened", 0), "0/1");
    }

    @Test
    void takesNoMachinesClickForAClick() throws Exception {
        hears(
                sent(VERDICT, MORNING).fact(),
                event("e1", "clicked", MORNING).with("machine", "true").fact());
        assertThat(totals())
                .containsEntry(cohort("email/E-ACT-04/goal", 0), "0/1")
                .containsEntry(cohort("email/E-ACT-04/clicked", 0), "0/1");
    }

    @Test
    void takesADeletedEventBackWhicheverIsReadFirst() throws Exception {
        hears(sent(ALERT, MORNING).fact());
        hears(event("e1", "opened", MORNING + 1).fact(), eventDeleted("e1", MORNING + 2));
        hears(eventDeleted("e2", MORNING + 4), event("e2", "opened", MORNING + 3).fact());
        assertThat(totals()).containsEntry(cohort("critical_alert_open_rate", 0), "0/1");

        hears(event("e2", "opened", MORNING + 5).fact(), eventDeleted("e2", MORNING + 4));
        assertThat(totals())
                .as("inserted anew")
                .containsEntry(cohort("critical_alert_open_rate", 0), "1/1");
        Reconciliations.clock(harness, MORNING + HOUR + 5);
        assertThat(Reconciliations.timers(harness)).isZero();
    }

    @Test
    void remembersNoMoreThanAFewEventsOfAKind() throws Exception {
        hears(sent(ALERT, MORNING).fact());
        for (int i = 0; i < 1_000; i++) {
            hears(event("m" + i, "opened", MORNING + i).with("machine", "true").fact());
            hears(event("d" + i, "delivered", MORNING + i).fact());
        }
        hears(event("e", "opened", MORNING + DAY).fact());
        assertThat(totals()).containsEntry(cohort("email/E-ACT-05/opened_by_people", 0), "1/1");
        Delivery delivery = new Delivery();
        for (int i = 0; i < 1_000; i++) {
            delivery.take("m1", event("m" + i, "opened", MORNING - i).fact());
        }
        assertThat(delivery.events).hasSize(32).containsKey("m999").doesNotContainKey("m0");
    }

    @Test
    void countsHowLongItTook() throws Exception {
        hears(
                sent(ALERT, MORNING)
                        .with("caused_at", micros(MORNING - 1_500))
                        .with("decided_at", micros(MORNING - 1_400))
                        .fact());
        assertThat(totals())
                .containsEntry("duration detection_latency 100@" + (MINUTE_NUMBER - 1), "100/1")
                .containsEntry("duration delivery_latency 2000@" + MINUTE_NUMBER, "1500/1");
        hears(
                row(ALERT, "suppressed", MORNING + 1)
                        .with("sent_at", null)
                        .with("caused_at", micros(MORNING))
                        .with("decided_at", micros(MORNING - 1))
                        .fact());
        assertThat(totals())
                .containsEntry("duration detection_latency 100@" + (MINUTE_NUMBER - 1), "0/1")
                .hasSize(2);
    }

    @Test
    void tellsItsProjectAndItsUserThatItWasSent() throws Exception {
        hears(row(ALERT, "queued", MORNING).fact());
        assertThat(toProjects()).isEmpty();
        hears(sent(ALERT, MORNING + SECOND).fact());
        assertThat(toProjects()).containsExactly("EMAIL SENT " + SHOP);
        assertThat(toUsers()).containsExactly("EMAIL SENT " + ALICE);
        Fact told = harness.extractOutputValues().get(0);
        assertThat(told.id()).isEqualTo("m1");
        assertThat(told.atMicros()).isEqualTo((MORNING + SECOND) * 1_000);
        assertThat(told.committedAt()).isEqualTo(MORNING + SECOND);
        assertThat(values(told)).containsOnly(Map.entry("email_type", ALERT));
    }

    @Test
    void tellsWhoWasKeptFromGettingItAndCountsNothingAsSent() throws Exception {
        hears(row("E-CONV-01", "suppressed", MORNING).with("reason", "holdout").fact());
        assertThat(totals())
                .containsExactly(Map.entry(email("E-CONV-01 suppressed holdout", 0), "0/1"));
        List<EmailSignal> told =
                harness.extractOutputValues().stream().map(EmailSignal.class::cast).toList();
        assertThat(told)
                .singleElement()
                .satisfies(
                        signal -> {
                            assertThat(signal.sent()).isTrue();
                            assertThat(signal.variant()).isEqualTo("holdout");
                            assertThat(signal.atMicros()).isEqualTo(MORNING * 1_000);
                        });
        assertThat(toUsers()).hasSize(1);

        hears(row("E-CONV-01", "suppressed", MORNING + 1).with("reason", "resolved").fact());
        assertThat(toProjects()).containsExactly("EMAIL SENT " + SHOP, "EMAIL UNSENT " + SHOP);
    }

    @Test
    void tellsNothingThatConcernsNobody() throws Exception {
        hears(sent(ALERT, MORNING).fact());
        hears(sent(ALERT, MORNING).with("reason", "x").committedAt(MORNING + 1).fact());
        hears(event("e1", "opened", MORNING + 2).fact());
        assertThat(toProjects()).hasSize(1);
        assertThat(toUsers()).hasSize(1);
    }

    @Test
    void tellsWhomItIsNoLongerAbout() throws Exception {
        hears(sent(ALERT, MORNING).fact());
        hears(sent(ALERT, MORNING).with("project_id", null).committedAt(MORNING + 1).fact());
        assertThat(toProjects()).containsExactly("EMAIL SENT " + SHOP, "EMAIL UNSENT " + SHOP);
        assertThat(toUsers()).containsExactly("EMAIL SENT " + ALICE, "EMAIL SENT " + ALICE);

        hears(
                sent(ALERT, MORNING)
                        .with("project_id", null)
                        .with("user_id", BOB)
                        .committedAt(MORNING + 2)
                        .fact());
        assertThat(toUsers()).endsWith("EMAIL UNSENT " + ALICE, "EMAIL SENT " + BOB);
        hears(row(ALERT, "failed", MORNING).with("user_id", BOB).committedAt(MORNING + 3).fact());
        assertThat(toUsers()).endsWith("EMAIL UNSENT " + BOB);
    }

    @Test
    void takesADeletedEmailOutOfEverything() throws Exception {
        hears(sent(ALERT, MORNING).fact(), event("e1", "opened", MORNING + 1).fact());
        restart();
        hears(deleted(MORNING + HOUR));
        assertThat(totals()).isEmpty();
        assertThat(toProjects()).containsExactly("EMAIL UNSENT " + SHOP);
        assertThat(toUsers()).containsExactly("EMAIL UNSENT " + ALICE);

        hears(
                sent(ALERT, MORNING).fact(),
                event("e1", "opened", MORNING + 1).fact(),
                eventDeleted("e1", MORNING + HOUR),
                deleted(MORNING + HOUR));
        assertThat(totals()).isEmpty();
        restart();
        Reconciliations.clock(harness, MORNING + 2 * HOUR);
        assertThat(buried()).isEmpty();
        assertThat(Reconciliations.timers(harness)).isZero();
        assertThat(Reconciliations.stateEntries(harness)).isZero();
    }

    @Test
    void takesOutWhatANewSnapshotNoLongerShows() throws Exception {
        hears(sent(ALERT, MORNING).fact());
        Reconciliations.tell(
                harness, Reconciliations.boundary(MORNING, MORNING + HOUR, "email_deliveries"));
        Reconciliations.clock(harness, MORNING + HOUR);
        assertThat(totals()).as("it was shown").isNotEmpty();
        Reconciliations.tell(
                harness,
                Reconciliations.boundary(MORNING + 1, MORNING + 2 * HOUR, "email_deliveries"));
        Reconciliations.clock(harness, MORNING + 2 * HOUR);
        assertThat(totals()).isEmpty();
        assertThat(toProjects()).endsWith("EMAIL UNSENT " + SHOP);
        assertThat(toUsers()).endsWith("EMAIL UNSENT " + ALICE);
    }

    @Test
    void buriesAnEventWhoseEmailHasNotComeInTenMinutesAndStillCountsIt() throws Exception {
        hears(event("e1", "opened", MORNING).position(5).fact());
        Reconciliations.clock(harness, MORNING + 10 * MINUTE);
        assertThat(buried()).containsExactly("email_events 5");
        hears(sent(ALERT, MORNING).fact());
        assertThat(totals()).containsEntry(cohort("critical_alert_open_rate", 0), "1/1");
        assertThat(Reconciliations.timers(harness)).isZero();
    }

    @Test
    void countsWhatWasSentBeforeAKpiWasDeclared() throws Exception {
        measures = KpiIndex.of(new Catalogue(List.of(), List.of()));
        harness.close();
        start();
        hears(sent(ALERT, MORNING).fact(), event("e1", "opened", MORNING + 1).fact());
        assertThat(totals()).doesNotContainKey(cohort("critical_alert_open_rate", 0));
        measures = Rules.measures();
        restart();
        Reconciliations.clock(harness, MORNING + 2);
        assertThat(totals())
                .containsEntry(cohort("critical_alert_open_rate", 0), "1/1")
                .containsEntry(cohort("email/E-ACT-05/opened", 0), "1/1");
        measures = KpiIndex.of(new Catalogue(List.of(), List.of()));
        restart();
        Reconciliations.clock(harness, MORNING + 3);
        assertThat(totals()).doesNotContainKey(cohort("critical_alert_open_rate", 0));
    }

    @Test
    void countsOnAcrossARestore() throws Exception {
        hears(sent(ALERT, MORNING).fact());
        restart();
        hears(event("e1", "opened", MORNING + 1).fact());
        assertThat(totals()).containsEntry(cohort("critical_alert_open_rate", 0), "1/1");
        restart();
        hears(sent(ALERT, MORNING).fact());
        hears(eventDeleted("e1", MORNING + 2));
        assertThat(totals())
                .containsEntry(cohort("critical_alert_open_rate", 0), "0/1")
                .containsEntry(email("E-ACT-05 sent ", 0), "0/1");
    }

    private void start(OperatorSubtaskState state) throws Exception {
        harness = Reconciliations.harness(new FollowDeliveries(LOG, measures), RowChange::key);
        if (state != null) {
            harness.initializeState(state);
        }
        harness.open();
    }

    private void restart() throws Exception {
        before.addAll(increments());
        OperatorSubtaskState state = harness.snapshot(1, 1);
        harness.close();
        start(state);
    }

    private void hears(RowChange... facts) throws Exception {
        for (RowChange fact : facts) {
            harness.processElement1(new StreamRecord<>(fact));
        }
    }

    private Map<String, String> totals() {
        List<Increment> all = new ArrayList<>(before);
        all.addAll(increments());
        return Tallies.of(all);
    }

    private List<Increment> increments() {
        return side(KpiOutputs.INCREMENTS);
    }

    private List<String> toProjects() {
        return names(harness.extractOutputValues());
    }

    private List<String> toUsers() {
        return names(side(FollowDeliveries.USER_SIGNALS));
    }

    private static List<String> names(List<Fact> facts) {
        return facts.stream().map(fact -> kind(fact) + " " + fact.key()).toList();
    }

    private List<String> buried() {
        return side(DeadLetters.OUTPUT).stream()
                .map(letter -> letter.table() + " " + letter.offset())
                .toList();
    }

    private <T> List<T> side(OutputTag<T> tag) {
        var records = harness.getSideOutput(tag);
        return records == null ? List.of() : records.stream().map(StreamRecord::getValue).toList();
    }

    private static Facts<RowChange> row(String code, String status, long at) {
        return Facts.row(CapturedTable.EMAIL_DELIVERIES, "m1", "m1", at)
                .with("email_type", code)
                .with("status", status)
                .with("reason", null)
                .with("user_id", ALICE)
                .with("project_id", SHOP)
                .with("sent_at", null);
    }

    private static Facts<RowChange> sent(String code, long at) {
        return row(code, "sent", at).with("sent_at", micros(at));
    }

    private static RowChange deleted(long at) {
        return Facts.deletion(CapturedTable.EMAIL_DELIVERIES, "m1", "m1", at).fact();
    }

    private static Facts<RowChange> event(String id, String type, long at) {
        return Facts.row(CapturedTable.EMAIL_EVENTS, "m1", id, at)
                .with("event_type", type)
                .with("machine", "false");
    }

    private static RowChange eventDeleted(String id, long at) {
        return Facts.deletion(CapturedTable.EMAIL_EVENTS, "m1", id, at).fact();
    }

    private static String micros(long millis) {
        return Long.toString(millis * 1_000);
    }

    private static String email(String series, long minutes) {
        return "email " + series + "@" + (MINUTE_NUMBER + minutes);
    }

    private static String cohort(String kpi, long minutes) {
        return "cohort " + kpi + "@" + (MINUTE_NUMBER + minutes);
    }
}
