package io.seqpulse.lifecycle.kpi;

import io.seqpulse.lifecycle.catalogue.Goal;
import io.seqpulse.lifecycle.catalogue.Kpi;
import io.seqpulse.lifecycle.catalogue.Kpi.Cohort;
import io.seqpulse.lifecycle.catalogue.Kpi.Success;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.fact.Fact;
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
        switch (fact.kind()) {
            case ACCOUNT -> {
                cohortState.born = true;
                cohortState.createdMicros = fact.atMicros();
            }
            case PROJECT_OWNED ->
                    cohortState.starts.put(fact.id(), fact.atMicros(), EarliestTimes.NEVER, more);
            case PROJECT_LEFT -> cohortState.starts.remove(fact.id(), more);
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

    private boolean sent(CohortState cohortState, Fact fact) {
        String code = fact.value("email_type");
        Goal goal = measures.goal(code);
        if (goal == null
                || goal.success() != Success.PROJECT_CREATED
                || measures.subject(code) != Subject.USER) {
            return cohortState.emails.remove(fact.id()) != null;
        }
        SentEmail email = new SentEmail(code, fact.atMicros());
        return !email.equals(cohortState.emails.put(fact.id(), email));
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
