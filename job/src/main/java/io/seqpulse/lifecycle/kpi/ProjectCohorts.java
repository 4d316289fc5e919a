package io.seqpulse.lifecycle.kpi;

import io.seqpulse.lifecycle.catalogue.Goal;
import io.seqpulse.lifecycle.catalogue.Kpi;
import io.seqpulse.lifecycle.catalogue.Kpi.Cohort;
import io.seqpulse.lifecycle.catalogue.Kpi.Success;
import io.seqpulse.lifecycle.fact.Fact;
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
public record ProjectCohorts(Measures measures) implements Cohorts {

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
    public boolean take(Ledger ledger, Fact fact, Overflow more) {
        switch (fact.kind()) {
            case PROJECT -> takeRow(ledger, fact, more);
            case DEPLOYMENT_STARTED -> {
                return put(ledger, ledger.starts, fact, more);
            }
            case VERDICT_CREATED, VERDICT_KEPT -> {
                given(ledger, fact, more);
                return put(ledger, ledger.verdicts, fact, more);
            }
            case DEPLOYMENT_GONE -> {
                ledger.starts.remove(fact.id(), more);
                verdictGone(ledger, fact, more);
            }
            case VERDICT_GONE -> verdictGone(ledger, fact, more);
            case EMAIL_SENT -> {
                return sent(ledger, fact);
            }
            case EMAIL_UNSENT -> {
                return ledger.emails.remove(fact.id()) != null;
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private static void given(Ledger ledger, Fact fact, Overflow more) {
        String verdict = fact.value("verdict");
        if (verdict != null && (verdict.equals(OK) || CRITICAL.contains(verdict))) {
            ledger.recoveries.put(
                    environment(fact),
                    new Recoveries.Given(fact.id(), fact.atMicros(), OK.equals(verdict)),
                    more);
        } else {
            ledger.recoveries.remove(environment(fact), fact.id(), more);
        }
    }

    private static void verdictGone(Ledger ledger, Fact fact, Overflow more) {
        ledger.verdicts.remove(fact.id(), more);
        ledger.recoveries.remove(environment(fact), fact.id(), more);
    }

    private static String environment(Fact fact) {
        String environment = fact.value("env");
        return environment == null ? "" : environment;
    }

    private boolean put(Ledger ledger, Moments moments, Fact fact, Overflow more) {
        long before = moments.first();
        moments.put(fact.id(), fact.atMicros(), latest(ledger), more);
        return moments.first() != before;
    }

    private long latest(Ledger ledger) {
        if (!ledger.born) {
            return Moments.NEVER;
        }
        long latest = Horizon.end(ledger.createdMicros, KEPT);
        for (Kpi kpi : measures.of(Cohort.PROJECT_CREATED)) {
            latest = Math.max(latest, Horizon.end(ledger.createdMicros, kpi.within()));
        }
        return latest;
    }

    private void takeRow(Ledger ledger, Fact fact, Overflow more) {
        boolean first = !ledger.born;
        ledger.born = true;
        ledger.createdMicros = fact.atMicros();
        if (first) {
            ledger.starts.prune(latest(ledger), more);
            ledger.verdicts.prune(latest(ledger), more);
        }
        if (!fact.values().containsKey("plan")) {
            return;
        }
        String before = ledger.plan;
        ledger.plan = fact.value("plan");
        boolean pro = PRO.equals(ledger.plan);
        if (first) {
            boolean changed = fact.snapshot() && changedMicros(fact) > ledger.createdMicros;
            ledger.startedFree = FREE.equals(ledger.plan) || (pro && changed);
            if (pro && changed) {
                ledger.upgrades.add(changedMicros(fact));
            }
        } else if (pro && !PRO.equals(before)) {
            ledger.upgrades.add(changedMicros(fact));
            if (ledger.upgrades.size() > UPGRADES_KEPT) {
                // the first decides on the cohort, the last ones on emails
                ledger.upgrades.remove(ledger.upgrades.higher(ledger.upgrades.first()));
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

    private boolean sent(Ledger ledger, Fact fact) {
        String code = fact.value("email_type");
        if (!measures.exposed().contains(code)) {
            return ledger.emails.remove(fact.id()) != null;
        }
        SentEmail email = new SentEmail(code, fact.atMicros());
        return !email.equals(ledger.emails.put(fact.id(), email));
    }

    @Override
    public Map<Figure, Count> figures(String id, Ledger ledger) {
        Tally tally = new Tally();
        if (ledger.born) {
            tallyCreation(tally, ledger);
        }
        ledger.emails.forEach(
                (delivery, email) -> {
                    tally.exposure(
                            id,
                            delivery,
                            email.code(),
                            email.sentMicros(),
                            PRO.equals(ledger.plan));
                    Goal goal = measures.goal(email.code());
                    if (goal != null && goal.success() == Success.PRO) {
                        measures.tallyGoal(tally, email, upgraded(ledger, email, goal));
                    }
                });
        return tally.counts();
    }

    private void tallyCreation(Tally tally, Ledger ledger) {
        long createdMicros = ledger.createdMicros;
        tally.activity("project_created", createdMicros);
        for (Kpi kpi : measures.of(Cohort.PROJECT_CREATED)) {
            Moments moments =
                    kpi.success() == Success.VERDICT_CREATED ? ledger.verdicts : ledger.starts;
            tally.cohort(
                    kpi.name(),
                    createdMicros,
                    Horizon.reached(createdMicros, moments.first(), kpi.within()));
        }
        if (ledger.startedFree) {
            long upgrade = ledger.upgrades.isEmpty() ? Moments.NEVER : ledger.upgrades.first();
            for (Kpi kpi : measures.of(Cohort.FREE_PROJECT_CREATED)) {
                tally.cohort(
                        kpi.name(),
                        createdMicros,
                        Horizon.reached(createdMicros, upgrade, kpi.within()));
            }
        }
    }

    /** Whether it became pro after the email and in time. */
    private static boolean upgraded(Ledger ledger, SentEmail email, Goal goal) {
        NavigableSet<Long> since = ledger.upgrades.tailSet(email.sentMicros(), true);
        return !since.isEmpty()
                && Horizon.reached(email.sentMicros(), since.first(), goal.within());
    }
}
