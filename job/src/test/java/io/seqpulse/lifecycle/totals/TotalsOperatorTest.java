package io.seqpulse.lifecycle.totals;

import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.jdbc.KpiRow;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.StateObjectCollection;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TotalsOperatorTest {

    private static final String KPI = "signup_to_project_24h";
    private static final long MINUTE_OF_MORNING = MORNING / MINUTE;
    private static final long START = MORNING + 1;

    private KeyedOneInputStreamOperatorTestHarness<String, Increment, KpiRow> harness;
    private int read;

    @BeforeEach
    void begin() throws Exception {
        start(new Generation(START, Set.of()), null, MORNING);
    }

    @AfterEach
    void end() throws Exception {
        harness.close();
    }

    @Test
    void writesATotalOnceHoweverOftenItChangesInATick() throws Exception {
        harness.processWatermark(new Watermark(MORNING));
        add(KPI, 0, 1);
        add(KPI, 0, 1);
        add(KPI, 1, 0);
        assertThat(rows()).isEmpty();

        harness.setProcessingTime(MORNING + 250);

        assertThat(rows())
                .containsExactly(
                        row("begin", "", 0, 0, 0),
                        row("cohort", KPI, MORNING, 1, 2),
                        row("cohort_hour", KPI, MORNING, 1, 2),
                        row("heartbeat", "0\n1", MORNING, 0, 0));
    }

    @Test
    void writesTheHourBehindItsMinutesWhereTheRelationHasIt() throws Exception {
        long noon = MORNING + 60 * MINUTE;
        add(new Increment(Relation.ACTIVITY, "signup", MINUTE_OF_MORNING, 0, 1));
        add(new Increment(Relation.ACTIVITY, "signup", MINUTE_OF_MORNING + 59, 0, 2));
        add(new Increment(Relation.ACTIVITY, "signup", MINUTE_OF_MORNING + 60, 0, 4));
        add(new Increment(Relation.EMAIL, "E-ACT-01\nsent\n", MINUTE_OF_MORNING, 0, 1));
        harness.prepareSnapshotPreBarrier(1);
        assertThat(rows())
                .contains(
                        row("activity", "signup", MORNING, 0, 1),
                        row("activity", "signup", MORNING + 59 * MINUTE, 0, 2),
                        row("activity", "signup", noon, 0, 4),
                        row("activity_hour", "signup", MORNING, 0, 3),
                        row("activity_hour", "signup", noon, 0, 4))
                .hasSize(7);

        add(new Increment(Relation.ACTIVITY, "signup", MINUTE_OF_MORNING, 0, -1));
        harness.prepareSnapshotPreBarrier(2);
        assertThat(rows())
                .containsExactly(
                        row("activity", "signup", MORNING, 0, 0),
                        row("activity_hour", "signup", MORNING, 0, 2));
    }

    /** A job of before there were rows of hours has totals, and has told their minutes. */
    @Test
    void tellsTheHoursOfAJobThatDidNot() throws Exception {
        add(KPI, 1, 2);
        add(new Increment(Relation.COHORT, KPI, MINUTE_OF_MORNING + 1, 0, 1));
        OperatorSubtaskState state = checkpoint();
        rows();

        start(
                new Generation(START, Set.of(START)),
                state.toBuilder().setManagedOperatorState(StateObjectCollection.empty()).build(),
                MORNING + 250);
        harness.setProcessingTime(MORNING + 5_250);

        assertThat(rows())
                .containsExactly(row("begin", "", 0, 0, 0), row("cohort_hour", KPI, MORNING, 1, 3));
    }

    @Test
    void saysOnceThatNothingIsLeftAndForgetsIt() throws Exception {
        harness.processWatermark(new Watermark(MORNING));
        add(KPI, 1, 1);
        harness.setProcessingTime(MORNING + 250);
        add(KPI, -1, -1);
        harness.setProcessingTime(MORNING + 500);
        harness.setProcessingTime(MORNING + 750);

        assertThat(rows())
                .filteredOn(row -> row.relation().startsWith("cohort"))
                .containsExactly(
                        row("cohort", KPI, MORNING, 1, 1),
                        row("cohort_hour", KPI, MORNING, 1, 1),
                        row("cohort", KPI, MORNING, 0, 0),
                        row("cohort_hour", KPI, MORNING, 0, 0));
        assertThat(harness.numKeyedStateEntries()).isZero();
    }

    /** Rows first, then the time up to which they are there; and none before the clock runs. */
    @Test
    void tellsTheTimeAfterTheRowsAndNotBeforeTheClockRuns() throws Exception {
        add(KPI, 0, 1);
        harness.setProcessingTime(MORNING + 5_000);
        assertThat(rows())
                .extracting(KpiRow::relation)
                .containsExactly("begin", "cohort", "cohort_hour");

        add(KPI, 0, 1);
        harness.processWatermark(new Watermark(MORNING + 4_990));
        harness.setProcessingTime(MORNING + 5_250);
        assertThat(rows())
                .extracting(KpiRow::relation)
                .containsExactly("cohort", "cohort_hour", "heartbeat");
    }

    @Test
    void writesSeldomWhileTheLogIsFarAhead() throws Exception {
        harness.processWatermark(new Watermark(MORNING - DAY));
        add(KPI, 0, 1);
        harness.setProcessingTime(MORNING + 4_000);
        assertThat(rows()).isEmpty();
        harness.setProcessingTime(MORNING + 5_000);
        assertThat(rows()).hasSize(4);
    }

    @Test
    void goesOnWithItsTotalsAndItsGenerationAfterARestore() throws Exception {
        add(KPI, 1, 2);
        OperatorSubtaskState state = checkpoint();
        assertThat(rows()).contains(row("cohort", KPI, MORNING, 1, 2));

        start(new Generation(START + 7, Set.of(START)), state, MORNING + 250);
        harness.processWatermark(new Watermark(MORNING));
        harness.setProcessingTime(MORNING + 500);
        assertThat(rows()).extracting(KpiRow::relation).containsExactly("begin", "heartbeat");
        add(KPI, 1, 1);
        harness.setProcessingTime(MORNING + 750);
        assertThat(rows()).contains(row("cohort", KPI, MORNING, 2, 3));
    }

    @Test
    void writesEveryTotalAnewWhereTheTablesHaveThemNoMore() throws Exception {
        add(KPI, 1, 2);
        add(new Increment(Relation.SEGMENT, "new_user", 0, 0, 5));
        OperatorSubtaskState state = checkpoint();
        rows();

        start(new Generation(START + 7, Set.of(START - 1)), state, MORNING + 250);
        harness.processWatermark(new Watermark(MORNING));
        harness.setProcessingTime(MORNING + 500);

        assertThat(rows())
                .contains(row("cohort", KPI, MORNING, 1, 2), row("segment", "new_user", 0, 0, 5))
                .allMatch(row -> row.generation() == START);
    }

    @Test
    void writesNothingAnewWhenTheSameStartGoesOnAfterAFailure() throws Exception {
        add(KPI, 1, 2);
        OperatorSubtaskState state = checkpoint();
        rows();

        start(new Generation(START, Set.of()), state, MORNING + 250);
        harness.processWatermark(new Watermark(MORNING));
        harness.setProcessingTime(MORNING + 500);
        assertThat(rows()).extracting(KpiRow::relation).containsExactly("begin", "heartbeat");
    }

    @Test
    void countsNoMinuteThatIsOlderThanItsTotals() throws Exception {
        harness.processWatermark(new Watermark(MORNING));
        add(new Increment(Relation.COHORT, KPI, MINUTE_OF_MORNING - 400 * 24 * 60 - 1, 0, 1));
        add(new Increment(Relation.COHORT, KPI, MINUTE_OF_MORNING - 400 * 24 * 60, 0, 1));
        harness.setProcessingTime(MORNING + 250);
        assertThat(rows())
                .filteredOn(row -> row.relation().equals("cohort"))
                .extracting(KpiRow::atMillis)
                .containsExactly(MORNING - 400 * DAY);
    }

    private OperatorSubtaskState checkpoint() throws Exception {
        harness.prepareSnapshotPreBarrier(1);
        return harness.snapshot(1, MORNING);
    }

    private void add(String kpi, long numerator, long denominator) throws Exception {
        add(new Increment(Relation.COHORT, kpi, MINUTE_OF_MORNING, numerator, denominator));
    }

    private void add(Increment increment) throws Exception {
        harness.processElement(new StreamRecord<>(increment));
    }

    private static KpiRow row(
            String relation, String series, long at, long numerator, long denominator) {
        return new KpiRow(START, relation, series, at, numerator, denominator);
    }

    /** Those since the last time. */
    private List<KpiRow> rows() {
        List<KpiRow> all = harness.extractOutputValues();
        List<KpiRow> news = List.copyOf(all.subList(read, all.size()));
        read = all.size();
        return news;
    }

    private void start(Generation generation, OperatorSubtaskState state, long now)
            throws Exception {
        if (harness != null) {
            harness.close();
        }
        read = 0;
        harness =
                new KeyedOneInputStreamOperatorTestHarness<>(
                        new TotalsOperator(generation), Hours::key, Types.STRING);
        harness.setProcessingTime(now);
        harness.setup();
        if (state != null) {
            harness.initializeState(state);
        }
        harness.open();
    }
}
