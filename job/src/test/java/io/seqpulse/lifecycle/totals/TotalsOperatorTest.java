package io.seqpulse.lifecycle.totals;

import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.jdbc.KpiBatch;
import io.seqpulse.connector.jdbc.KpiClaim;
import io.seqpulse.connector.jdbc.KpiFound;
import io.seqpulse.connector.jdbc.KpiRow;
import io.seqpulse.connector.jdbc.KpiTables;
import io.seqpulse.connector.jdbc.KpiWriter;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
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
    private static final int MOST_CHANGED = 50;

    /** The writer of the task at work, which gets it from a copy of the operator. */
    private static ScriptedWriter writer;

    private KeyedOneInputStreamOperatorTestHarness<String, Increment, Void> harness;
    private long checkpoints;

    @BeforeEach
    void begin() throws Exception {
        start(START, null, MORNING);
        writer.find(1, false);
    }

    /** The harness lets the log end, and then everything is written. */
    @AfterEach
    void end() throws Exception {
        writer.away = false;
        writer.find(Long.MAX_VALUE, false);
        harness.close();
    }

    /** Writes what it is given as soon as it is told to. */
    private static final class ScriptedWriter implements KpiWriter {
        private final KpiClaim claim;
        private final Deque<KpiFound> found = new ArrayDeque<>();
        private final List<KpiBatch> given = new ArrayList<>();
        private boolean away;
        private int taken;
        private long written;
        private int read;

        ScriptedWriter(KpiClaim claim) {
            this.claim = claim;
        }

        void find(long number, boolean anew, KpiFound.Target... rows) {
            found.add(new KpiFound(number, number, anew, List.of(rows), true));
        }

        @Override
        public KpiFound found() {
            return found.poll();
        }

        @Override
        public boolean takesMore() {
            return !away || given.size() - written < 2;
        }

        @Override
        public void write(KpiBatch batch) {
            assertThat(takesMore()).isTrue();
            Set<String> targets = new LinkedHashSet<>();
            for (KpiRow row : batch.rows()) {
                assertThat(targets.add(row.relation() + row.series() + row.atMillis())).isTrue();
            }
            given.add(batch);
        }

        @Override
        public long written() {
            if (!away) {
                written = given.size();
            }
            return written;
        }

        @Override
        public void completed(long checkpoint) {
            taken++;
        }

        @Override
        public void check() {}

        @Override
        public void close() {}
    }

    /** A writer for each task. */
    private static final class ScriptedTables implements KpiTables {
        private static final long serialVersionUID = 1L;

        @Override
        public KpiWriter claim(KpiClaim claim, MetricGroup metrics) {
            writer = new ScriptedWriter(claim);
            return writer;
        }
    }

    @Test
    void writesATotalOnceHoweverOftenItChangesInATick() throws Exception {
        harness.processWatermark(new Watermark(MORNING));
        add(KPI, 0, 1);
        add(KPI, 0, 1);
        add(KPI, 1, 0);
        assertThat(rows()).isEmpty();

        pass(250);

        assertThat(rows())
                .containsExactly(
                        row("cohort", KPI, MORNING, 1, 2), row("cohort_hour", KPI, MORNING, 1, 2));
        assertThat(time()).isEqualTo(MORNING);
    }

    @Test
    void writesTheHourBehindItsMinutesWhereTheRelationHasIt() throws Exception {
        long noon = MORNING + 60 * MINUTE;
        harness.processWatermark(new Watermark(MORNING));
        add(new Increment(Relation.ACTIVITY, "signup", MINUTE_OF_MORNING, 0, 1));
        add(new Increment(Relation.ACTIVITY, "signup", MINUTE_OF_MORNING + 59, 0, 2));
        add(new Increment(Relation.ACTIVITY, "signup", MINUTE_OF_MORNING + 60, 0, 4));
        add(new Increment(Relation.EMAIL, "E-ACT-01\nsent\n", MINUTE_OF_MORNING, 0, 1));
        pass(250);
        assertThat(rows())
                .contains(
                        row("activity", "signup", MORNING, 0, 1),
                        row("activity", "signup", MORNING + 59 * MINUTE, 0, 2),
                        row("activity", "signup", noon, 0, 4),
                        row("activity_hour", "signup", MORNING, 0, 3),
                        row("activity_hour", "signup", noon, 0, 4))
                .hasSize(6);

        add(new Increment(Relation.ACTIVITY, "signup", MINUTE_OF_MORNING, 0, -1));
        pass(250);
        assertThat(rows())
                .containsExactly(
                        row("activity", "signup", MORNING, 0, 0),
                        row("activity_hour", "signup", MORNING, 0, 2));
    }

    @Test
    void saysOnceThatNothingIsLeftAndForgetsIt() throws Exception {
        harness.processWatermark(new Watermark(MORNING));
        add(KPI, 1, 1);
        pass(250);
        add(KPI, -1, -1);
        pass(250);
        pass(250);

        assertThat(rows())
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
        pass(5_000);
        assertThat(rows()).extracting(KpiRow::relation).containsExactly("cohort", "cohort_hour");
        assertThat(time()).isNull();

        add(KPI, 0, 1);
        harness.processWatermark(new Watermark(MORNING + 4_990));
        pass(250);
        assertThat(rows()).extracting(KpiRow::relation).containsExactly("cohort", "cohort_hour");
        assertThat(time()).isEqualTo(MORNING + 4_990);
    }

    @Test
    void writesSeldomWhileTheLogIsFarAhead() throws Exception {
        harness.processWatermark(new Watermark(MORNING - DAY));
        add(KPI, 0, 1);
        pass(4_000);
        assertThat(rows()).isEmpty();
        pass(1_000);
        assertThat(rows()).hasSize(2);
    }

    @Test
    void goesOnWithItsTotalsAndItsGenerationAfterARestore() throws Exception {
        harness.processWatermark(new Watermark(MORNING));
        add(KPI, 1, 2);
        pass(250);
        OperatorSubtaskState state = checkpoint();
        assertThat(rows()).contains(row("cohort", KPI, MORNING, 1, 2));

        start(START + 7, state, MORNING + 250);
        assertThat(writer.claim.generation()).isEqualTo(START);
        assertThat(writer.claim.start()).isEqualTo(START + 7);
        writer.find(1, false);
        harness.processWatermark(new Watermark(MORNING));
        pass(250);
        assertThat(rows()).isEmpty();
        assertThat(time()).isEqualTo(MORNING);
        add(KPI, 1, 1);
        pass(250);
        assertThat(rows()).contains(row("cohort", KPI, MORNING, 2, 3));
    }

    /** The lost attempt wrote what the log, read again, need not say again. */
    @Test
    void tellsWhatItKnowsOfTheRowsThatWereWrittenSinceTheCheckpoint() throws Exception {
        harness.processWatermark(new Watermark(MORNING));
        add(KPI, 1, 2);
        add(new Increment(Relation.SEGMENT, "new_user", 0, 0, 5));
        pass(250);
        OperatorSubtaskState state = checkpoint();

        start(START, state, MORNING + 250);
        harness.processWatermark(new Watermark(MORNING));
        pass(500);
        assertThat(rows()).as("before it has looked").isEmpty();
        assertThat(time()).isNull();
        writer.find(
                1,
                false,
                new KpiFound.Target("cohort", KPI, MORNING),
                new KpiFound.Target("cohort", "ghost", MORNING + MINUTE),
                new KpiFound.Target("cohort_hour", "ghost", MORNING),
                new KpiFound.Target("email", "E-ACT-01\nqueued\n", MORNING),
                new KpiFound.Target("segment", "new_user", 0),
                new KpiFound.Target("segment", "at_risk", 0));
        pass(250);

        assertThat(rows())
                .containsExactlyInAnyOrder(
                        row("cohort", KPI, MORNING, 1, 2),
                        row("cohort_hour", KPI, MORNING, 1, 2),
                        row("cohort", "ghost", MORNING + MINUTE, 0, 0),
                        row("cohort_hour", "ghost", MORNING, 0, 0),
                        row("email", "E-ACT-01\nqueued\n", MORNING, 0, 0),
                        row("segment", "new_user", 0, 0, 5),
                        row("segment", "at_risk", 0, 0, 0));
        assertThat(time()).isEqualTo(MORNING);
        harness.snapshot(9, MORNING);
        assertThat(harness.numKeyedStateEntries()).as("of what is there").isEqualTo(2);
    }

    /** Of rows that others wrote, be it under smaller numbers of checkpoints, it hears, too. */
    @Test
    void asksForWhatWasWrittenSinceTheMomentOfTheCheckpointUntilItHasHeardOfAll() throws Exception {
        assertThat(writer.claim.since()).isEqualTo(KpiClaim.NONE);
        writer.find(4, false);
        pass(250);
        OperatorSubtaskState state = checkpoint();
        start(START, state, MORNING);
        long since = KpiClaim.stamp(4, 1);
        assertThat(writer.claim.since()).isEqualTo(since);
        start(START, checkpoint(), MORNING);
        assertThat(writer.claim.since()).as("it has not looked").isEqualTo(since);
        writer.find(7, false);
        start(START, checkpoint(), MORNING);
        assertThat(writer.claim.since()).as("nor heard").isEqualTo(since);
        writer.find(8, false);
        pass(250);
        start(START, checkpoint(), MORNING);
        assertThat(writer.claim.since()).isEqualTo(KpiClaim.stamp(8, 4));
    }

    /** An attempt that was lost before its first checkpoint may have written all the same. */
    @Test
    void asksForAllRowsWhereItHadNotLookedThroughTheTablesYet() throws Exception {
        writer.found.clear();
        start(START, checkpoint(), MORNING);
        assertThat(writer.claim.since()).isZero();
    }

    @Test
    void writesEveryTotalAnewWhereTheTablesHaveThemNoMore() throws Exception {
        harness.processWatermark(new Watermark(MORNING));
        add(KPI, 1, 2);
        add(new Increment(Relation.SEGMENT, "new_user", 0, 0, 5));
        pass(250);
        OperatorSubtaskState state = checkpoint();

        start(START + 7, state, MORNING + 250);
        writer.find(1, true);
        harness.processWatermark(new Watermark(MORNING));
        pass(250);

        assertThat(rows())
                .containsExactlyInAnyOrder(
                        row("cohort", KPI, MORNING, 1, 2),
                        row("cohort_hour", KPI, MORNING, 1, 2),
                        row("segment", "new_user", 0, 0, 5));
        assertThat(time()).as("not before all is there").isNull();
        pass(250);
        assertThat(time()).isEqualTo(MORNING);
    }

    /** A checkpoint waits for nobody; what it holds is told by who is restored from it. */
    @Test
    void remembersOverACheckpointWhatWasNotYetWritten() throws Exception {
        harness.processWatermark(new Watermark(MORNING));
        add(KPI, 1, 2);
        add("gone", 1, 1);
        pass(250);
        rows();
        writer.away = true;
        add(KPI, 1, 1);
        add("gone", -1, -1);
        pass(250);
        add("later", 0, 1);
        OperatorSubtaskState state = checkpoint();

        start(START, state, MORNING + 500);
        writer.find(1, false);
        harness.processWatermark(new Watermark(MORNING));
        pass(250);

        assertThat(rows())
                .contains(
                        row("cohort", KPI, MORNING, 2, 3),
                        row("cohort", "gone", MORNING, 0, 0),
                        row("cohort_hour", "gone", MORNING, 0, 0),
                        row("cohort", "later", MORNING, 0, 1));
        assertThat(time()).isEqualTo(MORNING);
    }

    /** More than it remembers: an outage of a day. */
    @Test
    void tellsAllAnewWhereMoreHasChangedThanItRemembers() throws Exception {
        harness.processWatermark(new Watermark(MORNING));
        add("before", 0, 7);
        pass(250);
        rows();
        writer.away = true;
        for (int i = 0; i < 20 * MOST_CHANGED; i++) {
            add("series " + i, 0, 1);
            add("series " + i / 2, 1, 0);
        }
        add("before", 0, -7);
        pass(5_000);
        OperatorSubtaskState state = checkpoint();
        writer.away = false;
        for (int i = 0; i < 20; i++) {
            pass(250);
        }
        assertAllTold();
        assertThat(time()).isEqualTo(MORNING);

        start(START, state, MORNING + 60_000);
        writer.find(1, false);
        harness.processWatermark(new Watermark(MORNING + 60_000));
        for (int i = 0; i < 20; i++) {
            pass(250);
        }
        assertAllTold();
    }

    private void assertAllTold() {
        List<KpiRow> rows = rows();
        assertThat(rows).contains(row("cohort", "before", MORNING, 0, 0));
        List<KpiRow> last = new ArrayList<>();
        for (int i = 0; i < 20 * MOST_CHANGED; i++) {
            last.add(row("cohort", "series " + i, MORNING, i < 10 * MOST_CHANGED ? 2 : 0, 1));
        }
        assertThat(rows).containsAll(last);
    }

    /** Somebody removed its rows while it was cut off. */
    @Test
    void tellsNoTimeUnderAClaimThatIsNotTheOneItKnows() throws Exception {
        harness.processWatermark(new Watermark(MORNING));
        add(KPI, 1, 2);
        pass(250);
        rows();
        writer.find(2, true);
        pass(250);
        assertThat(rows()).contains(row("cohort", KPI, MORNING, 1, 2));
        pass(250);
        assertThat(writer.given).last().extracting(KpiBatch::claim).isEqualTo(2L);
        assertThat(time()).isEqualTo(MORNING);
    }

    @Test
    void countsNoMinuteThatIsOlderThanItsTotals() throws Exception {
        harness.processWatermark(new Watermark(MORNING));
        add(new Increment(Relation.COHORT, KPI, MINUTE_OF_MORNING - 400 * 24 * 60 - 1, 0, 1));
        add(new Increment(Relation.COHORT, KPI, MINUTE_OF_MORNING - 400 * 24 * 60, 0, 1));
        pass(250);
        assertThat(rows())
                .filteredOn(row -> row.relation().equals("cohort"))
                .extracting(KpiRow::atMillis)
                .containsExactly(MORNING - 400 * DAY);
    }

    private OperatorSubtaskState checkpoint() throws Exception {
        long id = ++checkpoints;
        harness.prepareSnapshotPreBarrier(id);
        OperatorSubtaskState state = harness.snapshot(id, MORNING);
        harness.notifyOfCompletedCheckpoint(id);
        assertThat(writer.taken).isPositive();
        return state;
    }

    private void add(String kpi, long numerator, long denominator) throws Exception {
        add(new Increment(Relation.COHORT, kpi, MINUTE_OF_MORNING, numerator, denominator));
    }

    private void add(Increment increment) throws Exception {
        harness.processElement(new StreamRecord<>(increment));
    }

    private void pass(long millis) throws Exception {
        harness.setProcessingTime(harness.getProcessingTime() + millis);
    }

    private static KpiRow row(
            String relation, String series, long at, long numerator, long denominator) {
        return new KpiRow(relation, series, at, numerator, denominator);
    }

    /** Those since the last time. */
    private static List<KpiRow> rows() {
        List<KpiRow> news = new ArrayList<>();
        writer.given
                .subList(writer.read, writer.given.size())
                .forEach(batch -> news.addAll(batch.rows()));
        writer.read = writer.given.size();
        return news;
    }

    /** Of the last batch. */
    private static Long time() {
        return writer.given.isEmpty()
                ? null
                : writer.given.get(writer.given.size() - 1).asOfMillis();
    }

    private void start(long start, OperatorSubtaskState state, long now) throws Exception {
        if (harness != null) {
            end();
        }
        harness =
                new KeyedOneInputStreamOperatorTestHarness<>(
                        new TotalsOperator(start, new ScriptedTables(), MOST_CHANGED),
                        Hours::key,
                        Types.STRING);
        harness.setProcessingTime(now);
        harness.setup();
        if (state != null) {
            harness.initializeState(state);
        }
        harness.open();
    }
}
