package io.seqpulse.lifecycle.deployment;

import static io.seqpulse.lifecycle.fact.FactTexts.kind;
import static io.seqpulse.lifecycle.fact.FactTexts.value;
import static io.seqpulse.lifecycle.fact.FactTexts.values;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.LOG;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SECOND;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.fact.Activity;
import io.seqpulse.lifecycle.fact.Activity.Figures;
import io.seqpulse.lifecycle.fact.ActivitySignal;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactTexts;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.host.StreamTypes;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Reconciliations;
import io.seqpulse.lifecycle.story.Rules;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How what names only a deployment finds its project. */
class AttachDeploymentTest {

    private static final String DEPLOYMENT = "d1";
    private static final String OTHER = "07he7000-0000-4000-8000-000000000009";

    private final List<Fact> before = new ArrayList<>();
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
    void tellsProjectsWhatHappensInThemAndTakesItBack() throws Exception {
        hears(verdict(MORNING + HOUR).with("verdict", "warning").fact());
        assertThat(activity(SHOP).isEmpty()).isTrue();

        hears(row(MORNING).fact());
        Activity warned = new Activity();
        warned.add(MORNING, Figures.DEPLOYMENT);
        warned.add(MORNING + HOUR, Figures.ofVerdict("warning"));
        assertThat(activity(SHOP)).isEqualTo(warned);

        restart();
        hears(verdict(MORNING + HOUR).with("verdict", "ok").committedAt(MORNING + 2 * HOUR).fact());
        hears(verdict(MORNING + HOUR).with("verdict", "ok").committedAt(MORNING + 2 * HOUR).fact());
        Activity well = new Activity();
        well.add(MORNING, Figures.DEPLOYMENT);
        well.add(MORNING + HOUR, Figures.ofVerdict("ok"));
        assertThat(activity(SHOP)).isEqualTo(well);

        hears(
                row(MORNING)
                        .with("project_id", OTHER)
                        .committedAt(MORNING + 3 * HOUR)
                        .updated()
                        .fact());
        assertThat(activity(SHOP).isEmpty()).isTrue();
        assertThat(activity(OTHER)).isEqualTo(well);

        hears(
                Facts.deletion(
                                CapturedTable.DEPLOYMENTS,
                                DEPLOYMENT,
                                DEPLOYMENT,
                                MORNING + 4 * HOUR)
                        .fact());
        assertThat(activity(OTHER).isEmpty()).isTrue();
    }

    @Test
    void tellsTheProjectThatADeploymentStartedAndFinished() throws Exception {
        hears(row(MORNING).with("state", "pending").with("started_at", null).fact());
        assertThat(told()).isEmpty();

        hears(row(MORNING + SECOND).fact());
        assertThat(told()).hasSize(1);
        Fact started = told().get(0);
        assertThat(kind(started)).isEqualTo("DEPLOYMENT_STARTED");
        assertThat(started.key()).isEqualTo(SHOP);
        assertThat(started.id()).isEqualTo(DEPLOYMENT);
        assertThat(started.at()).isEqualTo(MORNING);
        assertThat(started.committedAt()).isEqualTo(MORNING + SECOND);
        assertThat(value(started, "deployment_id")).isEqualTo(DEPLOYMENT);

        hears(
                row(MORNING + MINUTE)
                        .with("state", "finished")
                        .with("finished_at", Facts.micros(MORNING + 50 * SECOND))
                        .fact());
        assertThat(told())
                .extracting(FactTexts::kind)
                .containsExactly("DEPLOYMENT_STARTED", "DEPLOYMENT_FINISHED");
        assertThat(told().get(1).at()).isEqualTo(MORNING + 50 * SECOND);
    }

    /** A start next year is a plan, or somebody's wrong clock, until then. */
    @Test
    void tellsOfAStartInTheFutureWhenItsTimeHasCome() throws Exception {
        long start = MORNING + 300 * DAY;
        hears(row(MORNING).with("started_at", Facts.micros(start)).fact());
        assertThat(told()).isEmpty();

        restart();
        Reconciliations.clock(harness, start - 1);
        assertThat(told()).isEmpty();
        Reconciliations.clock(harness, start);
        assertThat(only("DEPLOYMENT_STARTED").at()).isEqualTo(start);
        assertThat(Reconciliations.timers(harness)).isZero();
    }

    @Test
    void tellsOfAStartByAClockThatIsALittleAheadAtOnce() throws Exception {
        long start = MORNING + 4 * MINUTE;
        hears(row(MORNING).with("started_at", Facts.micros(start)).fact());
        assertThat(only("DEPLOYMENT_STARTED").at()).isEqualTo(start);
    }

    @Test
    void takesBackAStartThatIsPutOffAndTellsOfItOnceItIsThere() throws Exception {
        hears(row(MORNING).fact());
        long start = MORNING + DAY;
        hears(row(MORNING + MINUTE).with("started_at", Facts.micros(start)).fact());
        assertThat(only("DEPLOYMENT GONE")).isNotNull();

        hears(
                row(start)
                        .with("started_at", Facts.micros(start))
                        .with("state", "finished")
                        .with("finished_at", Facts.micros(start))
                        .fact());
        assertThat(last("DEPLOYMENT_STARTED").at()).isEqualTo(start);
    }

    /** Such a row costs no timer that nobody lives to see. */
    @Test
    void waitsForNoStartBeyondItsMemory() throws Exception {
        hears(row(MORNING).with("started_at", Facts.micros(MORNING + 9_000 * DAY)).fact());
        assertThat(told()).isEmpty();
        assertThat(Reconciliations.timers(harness)).isZero();
    }

    @Test
    void tellsAllOfARowAgainThatIsToldAgain() throws Exception {
        Facts<RowChange> finished =
                row(MORNING + MINUTE)
                        .with("state", "finished")
                        .with("finished_at", Facts.micros(MORNING + 50 * SECOND));
        hears(finished.fact());
        int once = told().size();
        hears(finished.fact());
        assertThat(told().subList(once, told().size()))
                .hasSize(once)
                .hasSameSizeAs(told().subList(0, once));
    }

    @Test
    void tellsNothingOfAStepThatConcernsNobody() throws Exception {
        hears(
                row(MORNING + MINUTE)
                        .with("state", "finished")
                        .with("finished_at", Facts.micros(MORNING + 50 * SECOND))
                        .fact(),
                verdict(MORNING + MINUTE + SECOND).fact());
        int told = told().size();
        hears(
                row(MORNING + MINUTE + SECOND)
                        .with("state", "analyzed")
                        .with("finished_at", Facts.micros(MORNING + 50 * SECOND))
                        .fact());
        assertThat(told()).hasSize(told);
    }

    @Test
    void takesAnAnalyzedDeploymentForFinishedWhenItWasCommitted() throws Exception {
        hears(row(MORNING + MINUTE).with("state", "analyzed").with("finished_at", null).fact());
        assertThat(told("DEPLOYMENT_FINISHED"))
                .singleElement()
                .satisfies(f -> assertThat(f.at()).isEqualTo(MORNING + MINUTE));
    }

    @Test
    void attachesAVerdictToItsProject() throws Exception {
        hears(row(MORNING).fact(), verdict(MORNING + HOUR).fact());
        Fact verdict = only("VERDICT_CREATED");
        assertThat(verdict.key()).isEqualTo(SHOP);
        assertThat(verdict.id()).as("a deployment has one").isEqualTo(DEPLOYMENT);
        assertThat(verdict.at()).isEqualTo(MORNING + HOUR);
        assertThat(verdict.committedAt()).isEqualTo(MORNING + HOUR);
        assertThat(values(verdict))
                .containsEntry("deployment_id", DEPLOYMENT)
                .containsEntry("deployment_number", "7")
                .containsEntry("env", "production")
                .containsEntry("verdict", "warning")
                .containsEntry("summary", "slower")
                .doesNotContainKeys("branch", "actions", "latency_delta", "error_rate_delta")
                .doesNotContainValue(null);
    }

    @Test
    void keepsAnOrphanVerdictUntilItsDeploymentIsKnown() throws Exception {
        hears(hint("h1", MORNING).fact(), verdict(MORNING).fact());
        assertThat(told()).isEmpty();
        hears(row(MORNING).fact());
        assertThat(told())
                .extracting(FactTexts::kind)
                .containsExactlyInAnyOrder("DEPLOYMENT_STARTED", "HINT_CREATED", "VERDICT_CREATED");
        assertThat(values(only("VERDICT_CREATED"))).containsEntry("actions", "[\"scale up\"]");
    }

    @Test
    void tellsAnOrphanVerdictHoweverLateItsDeploymentIsKnown() throws Exception {
        hears(verdict(MORNING).fact(), row(MORNING + DAY).fact());
        assertThat(only("VERDICT_CREATED").committedAt()).isEqualTo(MORNING);
    }

    @ParameterizedTest
    @CsvSource({"-60000, true", "0, true", "2000, true", "2001, false"})
    void takesActionsFromHintsUntilTwoSecondsAfterTheVerdict(long after, boolean belongs)
            throws Exception {
        hears(row(MORNING).fact(), verdict(MORNING + HOUR).fact());
        hears(hint("h1", MORNING + HOUR + after).fact());
        List<Fact> verdicts = told("VERDICT_CREATED");
        assertThat(verdicts).hasSize(belongs ? 2 : 1);
        assertThat(value(verdicts.get(verdicts.size() - 1), "actions"))
                .isEqualTo(belongs ? "[\"scale up\"]" : null);
        assertThat(told("HINT_CREATED")).hasSize(1);
    }

    /** Told first or last: the rows of one transaction come in the order they were written. */
    @ParameterizedTest
    @CsvSource({
        // milliseconds and microseconds after the verdict; whether it was committed with it
        "0, 0, true",
        "0, 1, false",
        "1, 0, false",
        "2000, 0, false",
        "-1, 0, false",
        "-60000, 0, false"
    })
    void saysWhetherHintsWereCommittedWithTheVerdict(long after, int micros, boolean hinted)
            throws Exception {
        RowChange verdict = verdict(MORNING + HOUR).committedMicros(5).fact();
        RowChange hint =
                hint("h1", MORNING + HOUR + after)
                        .with("suggested_actions", null)
                        .committedMicros(5 + micros)
                        .fact();
        for (List<RowChange> order : List.of(List.of(verdict, hint), List.of(hint, verdict))) {
            stop();
            before.clear();
            start();
            hears(row(MORNING).fact());
            hears(order.toArray(RowChange[]::new));
            assertThat(value(last("VERDICT_CREATED"), "hinted")).isEqualTo(hinted ? "true" : null);
        }
    }

    @Test
    void saysSoToAProjectThatIsKnownLaterAndAfterARestart() throws Exception {
        hears(hint("h1", MORNING).committedMicros(7).fact());
        restart();
        hears(verdict(MORNING).committedMicros(7).fact());
        restart();
        hears(row(MORNING).fact());
        assertThat(value(only("VERDICT_CREATED"), "hinted")).isEqualTo("true");
    }

    @Test
    void ofASnapshotsRowsNobodyKnowsWhichTransactionWroteThem() throws Exception {
        hears(
                row(MORNING).snapshotAt(MORNING + HOUR).fact(),
                hint("h1", MORNING).snapshotAt(MORNING + HOUR).fact(),
                verdict(MORNING).snapshotAt(MORNING + HOUR).fact());
        assertThat(values(last("VERDICT_CREATED"))).doesNotContainKey("hinted");
    }

    @Test
    void hintsOfAVerdictAreNotThoseOfItsCorrection() throws Exception {
        hears(row(MORNING).fact(), verdict(MORNING).fact(), hint("h1", MORNING).fact());
        assertThat(value(last("VERDICT_CREATED"), "hinted")).isEqualTo("true");
        Facts<RowChange> corrected =
                verdict(MORNING).with("verdict", "rollback_recommended").updated();
        hears(corrected.committedAt(MORNING + SECOND).fact());
        assertThat(values(last("VERDICT_CREATED"))).doesNotContainKey("hinted");
        hears(hint("h2", MORNING + SECOND).fact());
        assertThat(value(last("VERDICT_CREATED"), "hinted")).isEqualTo("true");
    }

    @Test
    void proposesTheActionsOfTheGravestHintsAndThreeOfThem() throws Exception {
        hears(
                row(MORNING).fact(),
                hint("h3", MORNING)
                        .with("severity", "odd")
                        .with("suggested_actions", "[\"e\"]")
                        .fact(),
                hint("h5", MORNING)
                        .with("severity", null)
                        .with("suggested_actions", "[\"f\"]")
                        .fact(),
                hint("h2", MORNING)
                        .with("severity", "low")
                        .with("suggested_actions", "[\"d\"]")
                        .fact(),
                hint("h1", MORNING)
                        .with("severity", "critical")
                        .with("suggested_actions", "[\"a\",\" \",null,\"b\",\"a\"]")
                        .fact(),
                hint("h4", MORNING)
                        .with("severity", "high")
                        .with("suggested_actions", "[\"b\",\"c\"]")
                        .fact(),
                verdict(MORNING).fact());
        assertThat(value(only("VERDICT_CREATED"), "actions")).isEqualTo("[\"a\",\"b\",\"c\"]");
    }

    @ParameterizedTest
    @CsvSource(
            value = {
                "null",
                "[]",
                "{}",
                "[{}]",
                "no json",
                "''",
                "\"text\"",
                "NULL",
                // what the connector makes of the elements of '{{a,b},{c,d}}'
                "'[\"[Ljava.lang.String;@4d7dcbeb\",\"[Ljava.lang.String;@2ba1e7d3\"]'"
            },
            nullValues = "NULL")
    void proposesNothingWhereNoActionsCanBeRead(String actions) throws Exception {
        hears(
                row(MORNING).fact(),
                hint("h1", MORNING).with("suggested_actions", actions).fact(),
                verdict(MORNING).fact());
        assertThat(value(only("VERDICT_CREATED"), "actions")).isNull();
    }

    @Test
    void keepsTextsThatAnUpdateDoesNotTell() throws Exception {
        hears(row(MORNING).fact(), hint("h1", MORNING).fact(), verdict(MORNING).fact());
        hears(
                Facts.row(CapturedTable.SDH_HINTS, DEPLOYMENT, "h1", MORNING)
                        .with("severity", "high")
                        .committedAt(MORNING + SECOND)
                        .fact(),
                Facts.row(CapturedTable.DEPLOYMENT_VERDICTS, DEPLOYMENT, "v1", MORNING)
                        .with("verdict", "rollback_recommended")
                        .committedAt(MORNING + SECOND)
                        .fact());
        Fact last = last("VERDICT_CREATED");
        assertThat(values(last))
                .containsEntry("verdict", "rollback_recommended")
                .containsEntry("summary", "slower")
                .containsEntry("actions", "[\"scale up\"]");
    }

    @Test
    void tellsThatAVerdictWasDeleted() throws Exception {
        hears(row(MORNING).fact(), verdict(MORNING).fact());
        hears(
                Facts.deletion(CapturedTable.DEPLOYMENT_VERDICTS, DEPLOYMENT, "v1", MORNING + HOUR)
                        .updated()
                        .fact());
        assertThat(values(last("DEPLOYMENT VERDICT_GONE")))
                .isEqualTo(Map.of("env", "production", "deleted", "true"));
    }

    /** Another record that waits for the deployment is given up just then. */
    @Test
    void remembersTheDeletionOfAVerdictThatIsStillOnItsWay() throws Exception {
        hears(hint("h1", MORNING).fact());
        long at = MORNING + 10 * MINUTE;
        hears(
                Facts.deletion(CapturedTable.DEPLOYMENT_VERDICTS, DEPLOYMENT, "v1", at + 2 * SECOND)
                        .updated()
                        .fact());
        Reconciliations.clock(harness, at);
        hears(verdict(at + SECOND).fact(), row(at + 3 * SECOND).fact());
        assertThat(value(last("DEPLOYMENT VERDICT_GONE"), "deleted")).isEqualTo("true");
    }

    @Test
    void forgetsTheDeletionOfAVerdictOfWhichNothingElseIsKnown() throws Exception {
        hears(
                Facts.deletion(CapturedTable.DEPLOYMENT_VERDICTS, DEPLOYMENT, "v1", MORNING)
                        .updated()
                        .fact());
        Reconciliations.clock(harness, MORNING + HOUR);
        assertThat(Reconciliations.stateEntries(harness)).isZero();
    }

    @Test
    void takesAVerdictBackFromTheEnvironmentItIsNoMoreIn() throws Exception {
        hears(row(MORNING).fact(), verdict(MORNING).fact());
        hears(row(MORNING + HOUR).with("env", "staging").fact());
        assertThat(values(last("DEPLOYMENT VERDICT_GONE"))).isEqualTo(Map.of("env", "production"));
        assertThat(values(last("DEPLOYMENT VERDICT_KEPT")))
                .isEqualTo(Map.of("env", "staging", "verdict", "warning"));
        assertThat(last("DEPLOYMENT VERDICT_KEPT").at()).isEqualTo(MORNING);

        hears(verdict(MORNING + MINUTE).committedAt(MORNING + 2 * HOUR).fact());
        List<Fact> told = told();
        assertThat(told.subList(told.size() - 2, told.size()))
                .extracting(FactTexts::kind)
                .containsExactly("DEPLOYMENT VERDICT_GONE", "VERDICT_CREATED");
        assertThat(value(last("DEPLOYMENT VERDICT_GONE"), "env")).isEqualTo("staging");

        hears(
                row(MORNING + 3 * HOUR)
                        .with("project_id", "another")
                        .with("env", "production")
                        .fact());
        assertThat(last("DEPLOYMENT GONE").key()).isEqualTo(SHOP);
        assertThat(value(last("DEPLOYMENT GONE"), "env")).isEqualTo("staging");
        assertThat(last("DEPLOYMENT VERDICT_KEPT").key()).isEqualTo("another");
        assertThat(value(last("DEPLOYMENT VERDICT_KEPT"), "env")).isEqualTo("production");
    }

    @Test
    void believesTheLastVerdictInAnyOrder() throws Exception {
        hears(row(MORNING).fact());
        hears(verdict(MORNING).with("verdict", "ok").committedAt(MORNING + HOUR).fact());
        hears(verdict(MORNING).fact());
        assertThat(told("VERDICT_CREATED")).extracting(f -> value(f, "verdict")).containsOnly("ok");
    }

    @ParameterizedTest
    @CsvSource(
            value = {
                "100, 118.4, 18",
                "100, 118.5, 19",
                "100, 80, -20",
                "0, 80, NULL",
                "NULL, 80, NULL",
                "100, NaN, NULL",
                "100, POSITIVE_INFINITY, NULL",
                "1E-999999999, 100, NULL",
                "100, 1E+999999999, NULL"
            },
            nullValues = "NULL")
    void measuresLatencyInPercentOfBefore(String pre, String post, String delta) throws Exception {
        hears(row(MORNING).fact());
        hears(sample("pre", MORNING).with("latency_p95", pre).fact());
        hears(sample("post", MORNING + 1).with("latency_p95", post).fact());
        hears(verdict(MORNING + 2).fact());
        assertThat(value(last("VERDICT_CREATED"), "latency_delta")).isEqualTo(delta);
    }

    @ParameterizedTest
    @CsvSource(
            value = {"0.001, 0.0144, 1.3", "0.02, 0, -2.0", "0, 0.0004, 0.0", "0, NULL, NULL"},
            nullValues = "NULL")
    void measuresErrorsInPoints(String pre, String post, String delta) throws Exception {
        hears(row(MORNING).fact());
        hears(sample("pre", MORNING).with("error_rate", pre).fact());
        hears(sample("post", MORNING + 1).with("error_rate", post).fact());
        hears(verdict(MORNING + 2).fact());
        assertThat(value(last("VERDICT_CREATED"), "error_rate_delta")).isEqualTo(delta);
    }

    @Test
    void takesTheLastSampleOfAPhase() throws Exception {
        hears(row(MORNING).fact());
        hears(sample("pre", MORNING).with("latency_p95", "100").fact());
        hears(sample("post", MORNING + 2).with("latency_p95", "150").fact());
        hears(sample("post", MORNING + 1).with("latency_p95", "900").fact());
        hears(verdict(MORNING + 3).fact());
        assertThat(value(last("VERDICT_CREATED"), "latency_delta")).isEqualTo("50");
    }

    @Test
    void tellsTheProjectOfEveryHintButKeepsTwenty() throws Exception {
        hears(row(MORNING).fact());
        for (int i = 0; i < 30; i++) {
            hears(hint("h" + i, MORNING + i).fact());
        }
        assertThat(told("HINT_CREATED")).hasSize(30);
        assertThat(values(told("HINT_CREATED").get(29)))
                .containsEntry("severity", "critical")
                .containsEntry("title", "latency");
    }

    @Test
    void forgetsADeletedDeploymentAndTellsItsProjectForTheFigures() throws Exception {
        hears(row(MORNING).fact(), verdict(MORNING).fact());
        int told = told().size();
        hears(
                Facts.deletion(CapturedTable.DEPLOYMENTS, DEPLOYMENT, DEPLOYMENT, MORNING + 1)
                        .fact());
        assertThat(told()).hasSize(told + 1);
        assertThat(last("DEPLOYMENT GONE").id()).isEqualTo(DEPLOYMENT);
        Reconciliations.clock(harness, MORNING + 1 + HOUR);
        assertThat(Reconciliations.stateEntries(harness)).isZero();
        assertThat(Reconciliations.timers(harness)).isZero();
    }

    @Test
    void forgetsADeploymentThatTheLogCanNoLongerRepeat() throws Exception {
        hears(row(MORNING).fact());
        restart();
        harness.setStateTtlProcessingTime(402 * DAY + 1);
        hears(verdict(MORNING + 402 * DAY).fact());
        assertThat(told("VERDICT_CREATED")).isEmpty();
    }

    @Test
    void endsTheSameInAnyOrderAndWithAnyRepetition() throws Exception {
        List<RowChange> facts =
                List.of(
                        row(MORNING).with("state", "pending").with("started_at", null).fact(),
                        row(MORNING + 1).fact(),
                        row(MORNING + 2)
                                .with("state", "finished")
                                .with("finished_at", Facts.micros(MORNING + 2))
                                .fact(),
                        sample("pre", MORNING).with("latency_p95", "100").fact(),
                        sample("post", MORNING + 1).with("latency_p95", "118").fact(),
                        verdict(MORNING + SECOND).fact(),
                        hint("h1", MORNING + SECOND).fact(),
                        hint("h2", MORNING + 2 * SECOND)
                                .with("severity", "low")
                                .with("suggested_actions", "[\"wait\"]")
                                .fact());
        Random random = new Random(3);
        for (int i = 0; i < 100; i++) {
            List<RowChange> order = new ArrayList<>(facts);
            order.addAll(facts.subList(0, random.nextInt(facts.size())));
            Collections.shuffle(order, random);
            stop();
            before.clear();
            start();
            hears(order.toArray(RowChange[]::new));
            assertThat(values(last("VERDICT_CREATED")))
                    .containsEntry("latency_delta", "18")
                    .containsEntry("actions", "[\"scale up\",\"wait\"]");
            assertThat(told("DEPLOYMENT_STARTED")).isNotEmpty().allMatch(f -> f.at() == MORNING);
            assertThat(told("DEPLOYMENT_FINISHED"))
                    .isNotEmpty()
                    .allMatch(f -> f.at() == MORNING + 2);
            assertThat(told("HINT_CREATED")).extracting(Fact::id).contains("h1", "h2");
        }
    }

    @Test
    void goesOnWhereItWasAcrossARestart() throws Exception {
        hears(
                hint("h1", MORNING).with("title", null).fact(),
                sample("pre", MORNING).with("latency_p95", "100").with("error_rate", null).fact());
        restart();
        hears(
                verdict(MORNING).fact(),
                sample("post", MORNING + 1).with("latency_p95", "90").fact());
        restart();
        hears(row(MORNING).with("branch", null).fact());
        assertThat(values(last("VERDICT_CREATED")))
                .containsEntry("latency_delta", "-10")
                .containsEntry("actions", "[\"scale up\"]");
    }

    private void start(OperatorSubtaskState state) throws Exception {
        harness =
                Reconciliations.harness(
                        new AttachDeployment(LOG, Rules.measures()), RowChange::key);
        harness.setup(StreamTypes.FACT.createSerializer(new SerializerConfigImpl()));
        if (state != null) {
            harness.initializeState(state);
        }
        harness.open();
    }

    private void restart() throws Exception {
        OperatorSubtaskState state = harness.snapshot(1, 1);
        before.addAll(harness.extractOutputValues());
        harness.close();
        start(state);
    }

    private void hears(RowChange... facts) throws Exception {
        for (RowChange fact : facts) {
            harness.processElement1(new StreamRecord<>(fact, fact.committedAt()));
        }
    }

    private List<Fact> told() {
        return all().stream().filter(fact -> !(fact instanceof ActivitySignal)).toList();
    }

    private List<Fact> all() {
        List<Fact> told = new ArrayList<>(before);
        told.addAll(harness.extractOutputValues());
        return told;
    }

    /** What its projects hear of what happens in them, summed up. */
    private Activity activity(String project) {
        Activity sum = new Activity();
        all().stream()
                .filter(fact -> fact instanceof ActivitySignal && fact.key().equals(project))
                .forEach(fact -> sum.add(((ActivitySignal) fact).change()));
        return sum;
    }

    private List<Fact> told(String kind) {
        return told().stream().filter(fact -> kind(fact).equals(kind)).toList();
    }

    private Fact only(String kind) {
        assertThat(told(kind)).hasSize(1);
        return told(kind).get(0);
    }

    private Fact last(String kind) {
        assertThat(told(kind)).isNotEmpty();
        return told(kind).get(told(kind).size() - 1);
    }

    /** The row of a deployment that started in the morning, as committed then. */
    private static Facts<RowChange> row(long committedAt) {
        return Facts.row(CapturedTable.DEPLOYMENTS, DEPLOYMENT, DEPLOYMENT, MORNING)
                .with("project_id", SHOP)
                .with("deployment_number", "7")
                .with("env", "production")
                .with("state", "running")
                .with("started_at", Facts.micros(MORNING))
                .committedAt(committedAt);
    }

    private static Facts<RowChange> verdict(long at) {
        return Facts.row(CapturedTable.DEPLOYMENT_VERDICTS, DEPLOYMENT, "v1", at)
                .with("verdict", "warning")
                .with("confidence", null)
                .with("summary", "slower");
    }

    private static Facts<RowChange> hint(String id, long at) {
        return Facts.row(CapturedTable.SDH_HINTS, DEPLOYMENT, id, at)
                .with("severity", "critical")
                .with("title", "latency")
                .with("suggested_actions", "[\"scale up\"]");
    }

    private static Facts<RowChange> sample(String phase, long at) {
        return Facts.row(CapturedTable.METRIC_SAMPLES, DEPLOYMENT, phase + " " + at, at)
                .with("phase", phase);
    }
}
