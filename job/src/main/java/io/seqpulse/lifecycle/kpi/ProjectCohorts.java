package io.seqpulse.lifecycle.kpi;

import io.seqpulse.lifecycle.catalogue.Goal;
import io.seqpulse.lifecycle.catalogue.Kpi;
import io.seqpulse.lifecycle.catalogue.Kpi.Cohort;
import io.seqpulse.lifecycle.catalogue.Kpi.Success;
import io.seqpulse.lifecycle.fact.Fact;
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
    private static final long MICROS_PER_MILLI = 1_000;

    /** What happens later after the creation is not kept, unless a KPI has a longer horizon. */
    private static final Duration KEPT = Duration.ofDays(7);

    @Override
    public boolean take(CohortState cohortState, Fact fact, SpillStore more) {
        switch (fact.kind()) {
            case PROJECT -> takeRow(cohortState, fact, more);
            case DEPLOYMENT_STARTED -> {
                return put(cohortState, cohortState.starts, fact, more);
            }
            case VERDICT_CREATED, VERDICT_KEPT -> {
                given(cohortState, fact, more);
                return put(cohortState, cohortState.verdicts, fact, more);
            }
            case DEPLOYMENT_GONE -> {
                cohortState.starts.remove(fact.id(), more);
                verdictGone(cohortState, fact, more);
            }
            case VERDICT_GONE -> verdictGone(cohortState, fact, more);
            case EMAIL_SENT -> {
                return sent(cohortState, fact);
            }
            case EMAIL_UNSENT -> {
                return cohortState.emails.remove(fact.id()) != null;
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private static void given(CohortState cohortState, Fact fact, SpillStore more) {
        String verdict = fact.value("verdict");
        if (verdict != null && (verdict.equals(OK) || CRITICAL.contains(verdict))) {
            cohortState.recoveries.put(
                    environment(fact),
                    new Recoveries.Given(fact.id(), fact.atMicros(), OK.equals(verdict)),
                    more);
        } else {
            cohortState.recoveries.remove(environment(fact), fact.id(), more);
        }
    }

    private static void verdictGone(CohortState cohortState, Fact fact, SpillStore more) {
        cohortState.verdicts.remove(fact.id(), more);
        cohortState.recoveries.remove(environment(fact), fact.id(), more);
    }

    private static String environment(Fact fact) {
        String environment = fact.value("env");
        return environment == null ? "" : environment;
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

    private void takeRow(CohortState cohortState, Fact fact, SpillStore more) {
        boolean first = !cohortState.born;
        cohortState.born = true;
        cohortState.createdMicros = fact.atMicros();
        if (first) {
            cohortState.starts.prune(latest(cohortState), more);
            cohortState.verdicts.prune(latest(cohortState), more);
        }
        if (!fact.values().containsKey("plan")) {
            return;
        }
        String before = cohortState.plan;
        cohortState.plan = fact.value("plan");
        boolean pro = PRO.equals(cohortState.plan);
        if (first) {
            boolean changed = fact.snapshot() && changedMicros(fact) > cohortState.createdMicros;
            cohortState.startedFree = FREE.equals(cohortState.plan) || (pro && changed);
            if (pro && changed) {
                cohortState.upgrades.add(changedMicros(fact));
            }
        } else if (pro && !PRO.equals(before)) {
            cohortState.upgrades.add(changedMicros(fact));
            if (cohortState.upgrades.size() > UPGRADES_KEPT) {
                // the first decides on the cohort, the last ones on emails
                cohortState.upgrades.remove(
                        cohortState.upgrades.higher(cohortState.upgrades.first()));
            }
        }
    }

    /** When the row came to be as it is. */
    private static long changedMicros(Fact fact) {
        String updatedAt = fact.snapshot() ? fact.value("updated_at") : null;
        return updatedAt == null
                ? fact.committedAt() * MICROS_PER_MILLI
                : Long.parseLong(updatedAt);
    }

    private boolean sent(CohortState cohortState, Fact fact) {
        String code = fact.value("email_type");
        if (!measures.exposed().contains(code)) {
            return cohortState.emails.remove(fact.id()) != null;
        }
        SentEmail email = new SentEmail(code, fact.atMicros());
        return !email.equals(cohortState.emails.put(fact.id(), email));
    }

    @Override
    public Map<Figure, Count> figures(String id, CohortState cohortState) {
        Accumulator tally = new Accumulator();
        if (cohortState.born) {
            tallyCreation(tally, cohortState);
        }
        cohortState.emails.forEach(
                (delivery, email) -> {
                    tally.exposure(
                            id,
                            delivery,
                            email.code(),
                            email.sentMicros(),
                            PRO.equals(cohortState.plan));
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
