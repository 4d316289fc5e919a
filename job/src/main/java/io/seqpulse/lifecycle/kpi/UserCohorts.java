package io.seqpulse.lifecycle.kpi;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.Goal;
import io.seqpulse.lifecycle.catalogue.Kpi;
import io.seqpulse.lifecycle.catalogue.Kpi.Cohort;
import io.seqpulse.lifecycle.catalogue.Kpi.Success;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.fact.EmailSignal;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.OwnershipSignal;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SpillStore;
import java.util.Map;

/**
 * What users add to the figures: sign-ups, who of them owns a project in time, and whether emails
 * to them were followed by one. A project counts for whoever owns it now, an older one too, as in
 * the founding documents' own SQL.
 */
public record UserCohorts(KpiIndex measures) implements Cohorts {

    @Override
    public boolean take(CohortState cohortState, Fact fact, SpillStore more) {
        if (fact instanceof RowChange change && change.tells(CapturedTable.USERS)) {
            cohortState.born = true;
            cohortState.createdMicros = change.atMicros();
            return true;
        }
        if (fact instanceof OwnershipSignal signal) {
            if (signal.owned()) {
                cohortState.starts.put(signal.id(), signal.atMicros(), EarliestTimes.NEVER, more);
            } else {
                cohortState.starts.remove(signal.id(), more);
            }
            return true;
        }
        return fact instanceof EmailSignal signal && takeEmail(cohortState, signal);
    }

    private boolean takeEmail(CohortState cohortState, EmailSignal signal) {
        Goal goal = measures.goal(signal.code());
        if (!signal.sent()
                || goal == null
                || goal.success() != Success.PROJECT_CREATED
                || measures.subject(signal.code()) != Subject.USER) {
            return cohortState.emails.remove(signal.id()) != null;
        }
        SentEmail email = new SentEmail(signal.code(), signal.variant(), signal.atMicros());
        return !email.equals(cohortState.emails.put(signal.id(), email));
    }

    @Override
    public Map<Figure, Count> figures(String id, CohortState cohortState) {
        Accumulator tally = new Accumulator();
        if (!cohortState.born) {
            return tally.counts();
        }
        tally.activity("signup", cohortState.createdMicros);
        long firstProject = cohortState.starts.first();
        for (Kpi kpi : measures.of(Cohort.USER_CREATED)) {
            tally.cohort(
                    kpi.name(),
                    cohortState.createdMicros,
                    Horizon.reached(cohortState.createdMicros, firstProject, kpi.within()));
        }
        for (SentEmail email : cohortState.emails.values()) {
            Goal goal = measures.goal(email.code());
            if (goal != null) {
                long since =
                        goal.since() == Goal.Since.SIGNUP
                                ? cohortState.createdMicros
                                : email.sentMicros();
                measures.tallyGoal(
                        tally, email, Horizon.reached(since, firstProject, goal.within()));
            }
        }
        return tally.counts();
    }
}
