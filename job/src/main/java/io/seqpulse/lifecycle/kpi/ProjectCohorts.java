package io.seqpulse.lifecycle.kpi;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Goal;
import io.seqpulse.lifecycle.catalogue.Kpi;
import io.seqpulse.lifecycle.catalogue.Kpi.Cohort;
import io.seqpulse.lifecycle.catalogue.Kpi.Success;
import io.seqpulse.lifecycle.fact.Columns.Projects;
import io.seqpulse.lifecycle.fact.DeploymentSignal;
import io.seqpulse.lifecycle.fact.EmailSignal;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SpillStore;
import java.time.Duration;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;

/**
 * What projects add to the figures: how many are created, which of them get a deployment, a verdict
 * or the Pro plan in time, whether emails about them were followed by an upgrade, and how long
 * critical verdicts stood.
 *
 * <p>When a plan became pro is known from the change as it was committed. A snapshot does not tell:
 * for a change that it is the first to show, the row's {@code updated_at} stands, which is too late
 * where the row was changed again for another reason; and a project that it finds on pro passes for
 * one that began on free unless it was never updated. What was changed to and fro between two
 * snapshots is not known at all.
 */
public record ProjectCohorts(KpiIndex measures) implements Cohorts {

    private static final String PRO = "pro";
    private static final String FREE = "free";
    private static final String OK = "ok";

    /** What E-ACT-05 alerts to. */
    private static final Set<String> CRITICAL = Set.of("warning", "rollback_recommended");

    private static final int UPGRADES_KEPT = 16;
    private static final long MICROS_PER_MILLI = Fact.MICROS_PER_MILLI;

    /** What happens later after the creation is not kept, unless a KPI has a longer horizon. */
    private static final Duration KEPT = Duration.ofDays(7);

    @Override
    public boolean take(CohortState cohortState, Fact fact, SpillStore more) {
        if (fact instanceof RowChange change && change.tells(CapturedTable.PROJECTS)) {
            takeRow(cohortState, change, more);
            return true;
        }
        if (fact instanceof Event event) {
            return takeEvent(cohortState, event, more);
        }
        if (fact instanceof DeploymentSignal signal) {
            return takeSignal(cohortState, signal, more);
        }
        return fact instanceof EmailSignal signal && takeEmail(cohortState, signal);
    }

    private boolean takeEvent(CohortState cohortState, Event event, SpillStore more) {
        if (event.type() == EventType.DEPLOYMENT_STARTED) {
            return put(cohortState, cohortState.starts, event, more);
        }
        if (event.type() == EventType.VERDICT_CREATED) {
            given(cohortState, event, event.value("env"), event.value("verdict"), more);
            return put(cohortState, cohortState.verdicts, event, more);
        }
        return false;
    }

    private boolean takeSignal(CohortState cohortState, DeploymentSignal signal, SpillStore more) {
        return switch (signal.kind()) {
            case VERDICT_KEPT -> {
                given(cohortState, signal, signal.environment(), signal.verdict(), more);
                yield put(cohortState, cohortState.verdicts, signal, more);
            }
            case GONE -> {
                cohortState.starts.remove(signal.id(), more);
                verdictGone(cohortState, signal, more);
                yield true;
            }
            case VERDICT_GONE -> {
                verdictGone(cohortState, signal, more);
                yield true;
            }
        };
    }

    private static void given(
            CohortState cohortState, Fact fact, String env, String verdict, SpillStore more) {
        String environment = orNothing(env);
        if (verdict != null && (verdict.equals(OK) || CRITICAL.contains(verdict))) {
            cohortState.recoveries.put(
                    environment,
                    new Recoveries.Given(fact.id(), fact.atMicros(), OK.equals(verdict)),
                    more);
        } else {
            cohortState.recoveries.remove(environment, fact.id(), more);
        }
    }

    private static void verdictGone(
            CohortState cohortState, DeploymentSignal signal, SpillStore more) {
        cohortState.verdicts.remove(signal.id(), more);
        cohortState.recoveries.remove(orNothing(signal.environment()), signal.id(), more);
    }

    private static String orNothing(String text) {
        return text == null ? "" : text;
    }

    private boolean put(
            CohortState cohortState, EarliestTimes moments, Fact fact, SpillStore more) {
        long before = moments.first();
        moments.put(fact.id(), fact.atMicros(), latest(cohortState), more);
        return moments.first() != before;
    }

    private long latest(CohortState cohortState) {
        if (!cohortState.born) {
            return EarliestTimes.NEVER;
        }
        long latest = Horizon.end(cohortState.createdMicros, KEPT);
        for (Kpi kpi : measures.of(Cohort.PROJECT_CREATED)) {
            latest = Math.max(latest, Horizon.end(cohortState.createdMicros, kpi.within()));
        }
        return latest;
    }

    private void takeRow(CohortState cohortState, RowChange change, SpillStore more) {
        boolean first = !cohortState.born;
        cohortState.born = true;
        cohortState.createdMicros = change.atMicros();
        if (first) {
            cohortState.starts.prune(latest(cohortState), more);
            cohortState.verdicts.prune(latest(cohortState), more);
        }
        if (!change.row().knows(Projects.PLAN)) {
            return;
        }
        String before = cohortState.plan;
        cohortState.plan = change.row().get(Projects.PLAN);
        boolean pro = PRO.equals(cohortState.plan);
        if (first) {
            boolean changed =
                    change.snapshot() && changedMicros(change) > cohortState.createdMicros;
            cohortState.startedFree = FREE.equals(cohortState.plan) || (pro && changed);
            if (pro && changed) {
                cohortState.upgrades.add(changedMicros(change));
            }
        } else if (pro && !PRO.equals(before)) {
            cohortState.upgrades.add(changedMicros(change));
            if (cohortState.upgrades.size() > UPGRADES_KEPT) {
                // the first decides on the cohort, the last ones on emails
                cohortState.upgrades.remove(
                        cohortState.upgrades.higher(cohortState.upgrades.first()));
            }
        }
    }

    /** When the row came to be as it is. */
    private static long changedMicros(RowChange change) {
        Long updatedAt = change.snapshot() ? change.row().get(Projects.UPDATED_AT) : null;
        return updatedAt == null ? change.committedAt() * MICROS_PER_MILLI : updatedAt;
    }

    private boolean takeEmail(CohortState cohortState, EmailSignal signal) {
        if (!signal.sent() || !measures.exposed().contains(signal.code())) {
            return cohortState.emails.remove(signal.id()) != null;
        }
        SentEmail email = new SentEmail(signal.code(), signal.variant(), signal.atMicros());
        return !email.equals(cohortState.emails.put(signal.id(), email));
    }

    @Override
    public Map<Figure, Count> figures(String id, CohortState cohortState) {
        Accumulator tally = new Accumulator();
        if (cohortState.born) {
            tallyCreation(tally, cohortState);
        }
        cohortState.emails.forEach(
                (delivery, email) -> {
                    if (!email.isHeldOut()) {
                        tally.exposure(
                                id,
                                delivery,
                                email.code(),
                                email.sentMicros(),
                                PRO.equals(cohortState.plan));
                    }
                    Goal goal = measures.goal(email.code());
                    if (goal != null && goal.success() == Success.PRO) {
                        measures.tallyGoal(tally, email, upgraded(cohortState, email, goal));
                    }
                });
        return tally.counts();
    }

    private void tallyCreation(Accumulator tally, CohortState cohortState) {
        long createdMicros = cohortState.createdMicros;
        tally.activity("project_created", createdMicros);
        for (Kpi kpi : measures.of(Cohort.PROJECT_CREATED)) {
            EarliestTimes moments =
                    kpi.success() == Success.VERDICT_CREATED
                            ? cohortState.verdicts
                            : cohortState.starts;
            tally.cohort(
                    kpi.name(),
                    createdMicros,
                    Horizon.reached(createdMicros, moments.first(), kpi.within()));
        }
        if (cohortState.startedFree) {
            long upgrade =
                    cohortState.upgrades.isEmpty()
                            ? EarliestTimes.NEVER
                            : cohortState.upgrades.first();
            for (Kpi kpi : measures.of(Cohort.FREE_PROJECT_CREATED)) {
                tally.cohort(
                        kpi.name(),
                        createdMicros,
                        Horizon.reached(createdMicros, upgrade, kpi.within()));
            }
        }
    }

    /** Whether it became pro after the email and in time. */
    private static boolean upgraded(CohortState cohortState, SentEmail email, Goal goal) {
        NavigableSet<Long> since = cohortState.upgrades.tailSet(email.sentMicros(), true);
        return !since.isEmpty()
                && Horizon.reached(email.sentMicros(), since.first(), goal.within());
    }
}
