package io.seqpulse.lifecycle.kpi;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static io.seqpulse.lifecycle.story.Facts.account;
import static io.seqpulse.lifecycle.story.Facts.project;
import static io.seqpulse.lifecycle.story.Facts.started;
import static io.seqpulse.lifecycle.story.Facts.verdict;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.fact.DeploymentSignal;
import io.seqpulse.lifecycle.fact.DeploymentSignal.Kind;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SpillStore;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.InMemory;
import io.seqpulse.lifecycle.story.Rules;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CohortsTest {

    private static final Cohorts USERS = new UserCohorts(Rules.measures());
    private static final Cohorts PROJECTS = new ProjectCohorts(Rules.measures());

    private final InMemory more = new InMemory();
    private CohortState cohortState = new CohortState();

    @ParameterizedTest
    @CsvSource({"-86400000000, 1/1", "0, 1/1", "86400000000, 1/1", "86400000001, 0/1"})
    void countsAProjectUpToTheLastMicrosecondOfTheDay(long afterMicros, String figure) {
        take(USERS, account(ALICE, MORNING).fact());
        take(USERS, owned("p", MORNING * 1_000 + afterMicros));

        assertThat(figures(USERS, ALICE)).containsEntry("signup_to_project_24h", figure);
    }

    @Test
    void countsWhatTheUserOwnsNow() {
        take(USERS, account(ALICE, MORNING).fact());
        take(USERS, owned("p", MORNING * 1_000));
        take(USERS, owned("q", MORNING * 1_000 + 5));
        take(USERS, Facts.ownership(false, ALICE, "p", MORNING).fact());
        assertThat(figures(USERS, ALICE)).containsEntry("signup_to_project_24h", "1/1");
        take(USERS, Facts.ownership(false, ALICE, "q", MORNING).fact());
        assertThat(figures(USERS, ALICE)).containsEntry("signup_to_project_24h", "0/1");
    }

    @Test
    void countsTheGoalOfAnEmailFromWhatItsRuleSays() {
        take(USERS, account(ALICE, MORNING).fact());
        take(USERS, sent(ALICE, "e1", "E-TRX-01", MORNING + HOUR));
        take(USERS, sent(ALICE, "e2", "E-ACT-01", MORNING + 2 * HOUR));
        take(USERS, sent(ALICE, "e3", "E-ACT-05", MORNING + 2 * HOUR));
        take(USERS, owned("p", (MORNING + 25 * HOUR) * 1_000));
        assertThat(figures(USERS, ALICE))
                .containsEntry("email/E-TRX-01/goal", "1/1") // a day after it was sent
                .containsEntry("email/E-ACT-01/goal", "0/1") // a day after sign-up
                .doesNotContainKey("email/E-ACT-05/goal");
        take(USERS, Facts.email(false, ALICE, "e1", MORNING).fact());
        assertThat(figures(USERS, ALICE)).doesNotContainKey("email/E-TRX-01/goal");
    }

    @Test
    void countsTheGoalOfWhoIsHeldOutByItself() {
        take(USERS, account(ALICE, MORNING).fact());
        take(USERS, sent(ALICE, "e1", "E-TRX-01", MORNING + HOUR));
        take(USERS, heldOut(ALICE, "e2", "E-TRX-01", MORNING + HOUR));
        take(
                USERS,
                Facts.email(true, ALICE, "e4", MORNING + HOUR)
                        .with("email_type", "E-TRX-01")
                        .with("variant", "b")
                        .fact());
        take(USERS, owned("p", (MORNING + 2 * HOUR) * 1_000));
        assertThat(figures(USERS, ALICE))
                .containsEntry("email/E-TRX-01/goal", "1/1")
                .containsEntry("email/E-TRX-01/goal/b", "1/1")
                .containsEntry("email/E-TRX-01/holdout_goal", "1/1");

        cohortState = new CohortState();
        take(PROJECTS, project(SHOP, MORNING).fact());
        take(PROJECTS, heldOut(SHOP, "e3", "E-CONV-01", MORNING + DAY));
        take(
                PROJECTS,
                project(SHOP, MORNING).with("plan", "pro").committedAt(MORNING + 4 * DAY).fact());
        assertThat(figures(PROJECTS, SHOP))
                .containsEntry("email/E-CONV-01/holdout_goal", "1/1")
                .doesNotContainKeys(
                        "email/E-CONV-01/goal", "quota_email_to_upgrade", SHOP + " e3 E-CONV-01");
        take(PROJECTS, Facts.email(false, SHOP, "e3", MORNING).fact());
        assertThat(figures(PROJECTS, SHOP)).doesNotContainKey("email/E-CONV-01/holdout_goal");
    }

    private static Fact heldOut(String key, String delivery, String code, long at) {
        return Facts.email(true, key, delivery, at)
                .with("email_type", code)
                .with("variant", "holdout")
                .fact();
    }

    @Test
    void countsNothingOfAUserWhoseRowIsNotThere() {
        take(USERS, owned("p", MORNING * 1_000));
        assertThat(figures(USERS, ALICE)).isEmpty();
    }

    @Test
    void countsVerdictsAndDeploymentsOfTheProjectNow() {
        take(PROJECTS, verdict(SHOP, "d1", "ok", MORNING + 72 * HOUR).fact());
        take(PROJECTS, started(SHOP, "d1", MORNING + 71 * HOUR).fact());
        take(PROJECTS, project(SHOP, MORNING).fact());
        assertThat(figures(PROJECTS, SHOP))
                .containsEntry("project_to_first_verdict_72h", "1/1")
                .containsEntry("first_deployment_72h", "1/1");
        take(PROJECTS, Facts.deployment(Kind.VERDICT_GONE, SHOP, "d1", MORNING).fact());
        assertThat(figures(PROJECTS, SHOP))
                .containsEntry("project_to_first_verdict_72h", "0/1")
                .containsEntry("first_deployment_72h", "1/1");
        take(PROJECTS, Facts.deployment(Kind.GONE, SHOP, "d1", MORNING).fact());
        assertThat(figures(PROJECTS, SHOP)).containsEntry("first_deployment_72h", "0/1");
    }

    @Test
    void countsAnUpgradeAfterTheEmailAndInTime() {
        take(PROJECTS, project(SHOP, MORNING).fact());
        take(PROJECTS, sent(SHOP, "e1", "E-CONV-01", MORNING + DAY));
        take(PROJECTS, sent(SHOP, "e3", "E-CONV-03", MORNING + 2 * DAY));
        take(
                PROJECTS,
                project(SHOP, MORNING).with("plan", "pro").committedAt(MORNING + 4 * DAY).fact());
        assertThat(figures(PROJECTS, SHOP))
                .containsEntry("email/E-CONV-01/goal", "1/1")
                .containsEntry("email/E-CONV-03/goal", "0/1") // a day later it was too late
                .containsEntry("quota_email_to_upgrade", "1/2")
                .containsEntry("free_to_pro_conversion_30d", "1/1")
                .containsEntry(SHOP + " e1 E-CONV-01", "1/1")
                .containsEntry(SHOP + " e3 E-CONV-03", "1/1");
        take(
                PROJECTS,
                project(SHOP, MORNING).with("plan", "free").committedAt(MORNING + 5 * DAY).fact());
        assertThat(figures(PROJECTS, SHOP))
                .containsEntry("email/E-CONV-01/goal", "1/1") // it did become pro
                .containsEntry(SHOP + " e1 E-CONV-01", "0/1"); // but is no more
    }

    @Test
    void readsFromASnapshotWhenAPlanMayHaveChanged() {
        String changed = Long.toString((MORNING + 31 * DAY) * 1_000);
        take(
                PROJECTS,
                project(SHOP, MORNING)
                        .with("plan", "pro")
                        .with("updated_at", changed)
                        .snapshotAt(MORNING + 60 * DAY)
                        .fact());
        assertThat(figures(PROJECTS, SHOP)).containsEntry("free_to_pro_conversion_30d", "0/1");

        cohortState = new CohortState();
        take(
                PROJECTS,
                project(SHOP, MORNING)
                        .with("plan", "pro")
                        .with("updated_at", Long.toString(MORNING * 1_000))
                        .snapshotAt(MORNING + 60 * DAY)
                        .fact());
        assertThat(figures(PROJECTS, SHOP)).doesNotContainKey("free_to_pro_conversion_30d");
    }

    @Test
    void countsADeploymentThatFinishesInTime() {
        DeploymentCohorts cohorts = new DeploymentCohorts(Rules.measures());
        long start = MORNING * 1_000;
        long end = start + 48 * HOUR * 1_000;
        assertThat(flat(cohorts.figures(new DeploymentCohorts.State(start, end, "ok", end))))
                .isEqualTo(
                        Map.of(
                                "trigger_to_finish", "1/1",
                                "deployment_started", "0/1",
                                "deployment_finished", "0/1",
                                "verdict_ok", "0/1"));
        assertThat(
                        flat(
                                cohorts.figures(
                                        new DeploymentCohorts.State(
                                                start, end + 1, null, EarliestTimes.NEVER))))
                .containsEntry("trigger_to_finish", "0/1");
        assertThat(
                        flat(
                                cohorts.figures(
                                        new DeploymentCohorts.State(
                                                start, end, "x".repeat(65_536), end))))
                .as("a verdict nobody knows")
                .hasSize(3);
    }

    /**
     * Facts about a project in any order, any of them told again: the same figures as in the order
     * in which they were, and the sum of what was said of them on the way. What is told of one
     * deployment or email keeps its order, as the channels do, and a row's versions as the log
     * does.
     */
    @Property(tries = 500)
    void endsTheSameInAnyOrder(@ForAll long seed) throws IOException {
        Random random = new Random(seed);
        List<List<Fact>> tales = tales(random);

        Map<Figure, Count> inOrder = new HashMap<>();
        CohortState first = new CohortState();
        List<Fact> told = new ArrayList<>();
        tales.forEach(told::addAll);
        InMemory elsewhere = new InMemory();
        for (Fact fact : told) {
            takeCounting(first, fact, elsewhere, inOrder);
        }

        Map<Figure, Count> summed = new HashMap<>();
        CohortState other = new CohortState();
        InMemory overflow = new InMemory();
        for (Fact fact : shuffled(tales, random)) {
            takeCounting(other, fact, overflow, summed);
            if (random.nextInt(4) == 0) {
                other = throughState(other);
            }
        }
        assertThat(PROJECTS.figures(SHOP, other)).isEqualTo(PROJECTS.figures(SHOP, first));
        Map<Figure, Count> contributed = PROJECTS.figures(SHOP, other);
        Map<Figure, Count> expected = new HashMap<>(contributed);
        expected.putAll(recoveries(tales));
        assertThat(summed).isEqualTo(expected);
        assertThat(inOrder).isEqualTo(summed);

        other.clear(overflow);
        other.tellChanges(increment -> add(summed, increment));
        assertThat(summed).isEqualTo(contributed);
        assertThat(overflow.all(SpillStore.VERDICTS)).isEmpty();
    }

    /** From each critical verdict that is left to the first ok after it, the plain way. */
    private static Map<Figure, Count> recoveries(List<List<Fact>> tales) {
        List<Event> verdicts = new ArrayList<>();
        for (List<Fact> tale : tales) {
            Event left = null;
            for (Fact fact : tale) {
                if (fact instanceof Event event && event.type() == EventType.VERDICT_CREATED) {
                    left = event;
                } else if (fact instanceof DeploymentSignal) {
                    left = null;
                }
            }
            if (left != null) {
                verdicts.add(left);
            }
        }
        Map<Figure, Count> recoveries = new HashMap<>();
        for (Event critical : verdicts) {
            if (!critical.value("verdict").equals("ok")) {
                verdicts.stream()
                        .filter(ok -> ok.value("verdict").equals("ok"))
                        .filter(ok -> ok.value("env").equals(critical.value("env")))
                        .mapToLong(Event::atMicros)
                        .filter(at -> at >= critical.atMicros())
                        .min()
                        .ifPresent(
                                ok ->
                                        Histogram.RECOVERY.add(
                                                recoveries,
                                                "critical_alert_mttr",
                                                critical.atMicros(),
                                                ok,
                                                1));
            }
        }
        return recoveries;
    }

    @Test
    void countsHowLongACriticalVerdictStood() {
        take(PROJECTS, verdict(SHOP, "d1", "warning", MORNING).fact());
        take(PROJECTS, verdict(SHOP, "d2", "rollback_recommended", MORNING + HOUR).fact());
        take(PROJECTS, verdict(SHOP, "d3", "ok", MORNING + 2 * HOUR).with("env", "test").fact());
        assertThat(changes()).isEmpty();
        take(PROJECTS, verdict(SHOP, "d4", "ok", MORNING + 3 * HOUR).fact());
        assertThat(changes())
                .containsExactly(
                        Map.entry("critical_alert_mttr 14400000", 3 * HOUR + "/1"),
                        Map.entry("critical_alert_mttr 7200000", 2 * HOUR + "/1"));

        // an earlier end of both, read late
        take(PROJECTS, verdict(SHOP, "d5", "ok", MORNING + HOUR + 30 * 60_000).fact());
        assertThat(changes())
                .containsExactly(
                        Map.entry("critical_alert_mttr 14400000", -3 * HOUR + "/-1"),
                        Map.entry("critical_alert_mttr 1800000", HOUR / 2 + "/1"),
                        Map.entry("critical_alert_mttr 7200000", -HOUR / 2 + "/0"));
        take(PROJECTS, verdict(SHOP, "d5", "ok", MORNING + HOUR + 30 * 60_000).fact());
        assertThat(changes()).isEmpty();
    }

    /** Otherwise what is kept for so long after it was written would go before its figure. */
    @Test
    void writesEarlierVerdictsAnewWhoseFigureIsAnother() throws IOException {
        SpillStore elsewhere = new InMemory();
        Recoveries recoveries = new Recoveries();
        for (int i = 0; i < 20; i++) {
            recoveries.put("production", new Recoveries.Given("d" + i, i, i == 1), elsewhere);
        }
        Set<String> written = new TreeSet<>();
        SpillStore watched = new Watched(elsewhere, written);
        recoveries.put("production", new Recoveries.Given("end", 20, true), watched);
        assertThat(written).hasSize(15).contains("production\nd2").doesNotContain("production\nd0");
        written.clear();
        recoveries.remove("production", "d1", watched);
        assertThat(written).containsExactly("production\nd0");
    }

    @Test
    void takesEarlierVerdictsInHandWhenTheLatestAreGone() {
        SpillStore elsewhere = new InMemory();
        Recoveries recoveries = new Recoveries();
        for (int i = 0; i < 20; i++) {
            recoveries.put("production", new Recoveries.Given("d" + i, i, false), elsewhere);
        }
        for (int i = 19; i > 0; i--) {
            recoveries.remove("production", "d" + i, elsewhere);
        }
        recoveries.put("production", new Recoveries.Given("end", 20, true), elsewhere);

        Map<Figure, Count> told = new HashMap<>();
        recoveries.tell(increment -> add(told, increment));
        assertThat(told.values()).extracting(Count::denominator).containsExactly(1L);
        assertThat(elsewhere.all(SpillStore.VERDICTS)).isEmpty();
    }

    private record Watched(SpillStore to, Set<String> written) implements SpillStore {
        @Override
        public Long get(String kind, String id) {
            return to.get(kind, id);
        }

        @Override
        public void put(String kind, String id, long atMicros) {
            written.add(id);
            to.put(kind, id, atMicros);
        }

        @Override
        public void remove(String kind, String id) {
            to.remove(kind, id);
        }

        @Override
        public Map<String, Long> all(String kind) {
            return to.all(kind);
        }
    }

    private Map<String, String> changes() {
        Map<Figure, Count> changes = new HashMap<>();
        cohortState.tellChanges(increment -> add(changes, increment));
        return flat(changes);
    }

    private static void add(Map<Figure, Count> sums, Increment increment) {
        Figure figure =
                new Figure(increment.relation(), increment.series(), increment.bucketMinute());
        sums.merge(figure, new Count(increment.numerator(), increment.denominator()), Count::plus);
        sums.remove(figure, Count.ZERO);
    }

    private static List<List<Fact>> tales(Random random) {
        List<List<Fact>> tales = new ArrayList<>();
        List<Fact> row = new ArrayList<>();
        row.add(project(SHOP, MORNING).fact());
        for (int i = random.nextInt(4); i > 0; i--) {
            row.add(
                    project(SHOP, MORNING)
                            .with("plan", random.nextBoolean() ? "pro" : "free")
                            .committedAt(MORNING + (10 - i) * DAY)
                            .fact());
        }
        tales.add(row);
        int deployments = random.nextInt(80);
        int oks = List.of(0, 5, 33, 60).get(random.nextInt(4));
        for (int d = 0; d < deployments; d++) {
            long at = MORNING + (random.nextInt(12) - 1) * DAY;
            List<Fact> tale = new ArrayList<>();
            tale.add(started(SHOP, "d" + d, at).fact());
            String environment = random.nextInt(3) == 0 ? "test" : "production";
            if (random.nextBoolean()) {
                tale.add(given(random, oks, d, environment, at));
            }
            if (random.nextInt(3) == 0) {
                tale.add(gone(Kind.VERDICT_GONE, d, environment, at));
                if (random.nextBoolean()) {
                    tale.add(given(random, oks, d, environment, at));
                }
            }
            Fact last = tale.get(tale.size() - 1);
            if (last instanceof Event event
                    && event.type() == EventType.VERDICT_CREATED
                    && random.nextInt(3) == 0) {
                tale.add(verdict(SHOP, "d" + d, "ok", last.at()).with("env", environment).fact());
            }
            if (random.nextInt(3) == 0) {
                tale.add(gone(Kind.GONE, d, environment, at));
            }
            tales.add(tale);
        }
        for (int e = random.nextInt(4); e > 0; e--) {
            String code = random.nextBoolean() ? "E-CONV-01" : "E-CONV-03";
            List<Fact> tale = new ArrayList<>();
            tale.add(sent(SHOP, "e" + e, code, MORNING + random.nextInt(10) * DAY));
            if (random.nextInt(3) == 0) {
                tale.add(Facts.email(false, SHOP, "e" + e, MORNING).fact());
            }
            tales.add(tale);
        }
        return tales;
    }

    /**
     * @param oks in a hundred
     */
    private static Fact given(Random random, int oks, int deployment, String environment, long at) {
        String verdict =
                random.nextInt(100) < oks
                        ? "ok"
                        : random.nextBoolean() ? "warning" : "rollback_recommended";
        return verdict(SHOP, "d" + deployment, verdict, at + random.nextInt(5) * HOUR)
                .with("env", environment)
                .fact();
    }

    private static Fact gone(Kind kind, int deployment, String environment, long at) {
        return Facts.deployment(kind, SHOP, "d" + deployment, at).with("env", environment).fact();
    }

    /** The tales mixed, each in its order; the end of one may be told twice. */
    private static List<Fact> shuffled(List<List<Fact>> tales, Random random) {
        List<List<Fact>> left = new ArrayList<>();
        for (List<Fact> tale : tales) {
            List<Fact> copy = new ArrayList<>(tale);
            if (random.nextInt(3) == 0) {
                copy.addAll(tale.subList(lastWord(tale), tale.size()));
            }
            left.add(copy);
        }
        List<Fact> all = new ArrayList<>();
        while (!left.isEmpty()) {
            Collections.shuffle(left, random);
            all.add(left.get(0).remove(0));
            left.removeIf(List::isEmpty);
        }
        return all;
    }

    /** From where on a tale may be told again: what was taken back in it is not. */
    private static int lastWord(List<Fact> tale) {
        if (tale.get(0) instanceof RowChange) {
            return tale.size() - 1;
        }
        for (int i = tale.size() - 2; i > 0; i--) {
            if (tale.get(i) instanceof DeploymentSignal signal
                    && signal.kind() == Kind.VERDICT_GONE) {
                return i;
            }
        }
        return 0;
    }

    private static void takeCounting(
            CohortState cohortState, Fact fact, InMemory overflow, Map<Figure, Count> sums) {
        if (PROJECTS.take(cohortState, fact, overflow)) {
            cohortState.contributed.become(
                    PROJECTS.figures(SHOP, cohortState), increment -> add(sums, increment));
        }
        cohortState.tellChanges(increment -> add(sums, increment));
    }

    private static CohortState throughState(CohortState cohortState) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CohortStateCodec.write(cohortState, new DataOutputStream(bytes));
        return CohortStateCodec.read(
                new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
    }

    private void take(Cohorts cohorts, Fact fact) {
        cohorts.take(cohortState, fact, more);
    }

    private Map<String, String> figures(Cohorts cohorts, String id) {
        return flat(cohorts.figures(id, cohortState));
    }

    private static Map<String, String> flat(Map<Figure, Count> figures) {
        Map<String, String> flat = new TreeMap<>();
        Map<String, Count> sums = new HashMap<>();
        figures.forEach(
                (figure, count) ->
                        sums.merge(figure.series().replace('\n', ' '), count, Count::plus));
        sums.forEach(
                (series, count) -> flat.put(series, count.numerator() + "/" + count.denominator()));
        return flat;
    }

    private static Fact owned(String project, long atMicros) {
        return Facts.ownership(true, ALICE, project, MORNING).atMicros(atMicros).fact();
    }

    private static Fact sent(String key, String delivery, String code, long at) {
        return Facts.email(true, key, delivery, at).with("email_type", code).fact();
    }
}
