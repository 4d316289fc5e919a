package io.seqpulse.lifecycle.kpi;

import io.seqpulse.lifecycle.catalogue.Goal;
import io.seqpulse.lifecycle.catalogue.Kpi;
import io.seqpulse.lifecycle.catalogue.Kpi.Cohort;
import io.seqpulse.lifecycle.catalogue.Kpi.Success;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.Subject;
import java.util.Map;

/**
 * What users add to the figures: sign-ups, who of them owns a project in time, and whether emails
 * to them were followed by one. A project counts for whoever owns it now, an older one too, as in
 * the founding documents' own SQL.
 */
public record UserCohorts(Measures measures) implements Cohorts {

    @Override
    public boolean take(Ledger ledger, Fact fact, Overflow more) {
        switch (fact.kind()) {
            case ACCOUNT -> {
                ledger.born = true;
                ledger.createdMicros = fact.atMicros();
            }
            case PROJECT_OWNED ->
                    ledger.starts.put(fact.id(), fact.atMicros(), Moments.NEVER, more);
            case PROJECT_LEFT -> ledger.starts.remove(fact.id(), more);
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

    private boolean sent(Ledger ledger, Fact fact) {
        String code = fact.value("email_type");
        Goal goal = measures.goal(code);
        if (goal == null
                || goal.success() != Success.PROJECT_CREATED
                || measures.subject(code) != Subject.USER) {
            return ledger.emails.remove(fact.id()) != null;
        }
        SentEmail email = new SentEmail(code, fact.atMicros());
        return !email.equals(ledger.emails.put(fact.id(), email));
    }

    @Override
    public Map<Figure, Count> figures(String id, Ledger ledger) {
        Tally tally = new Tally();
        if (!ledger.born) {
            return tally.counts();
        }
        tally.activity("signup", ledger.createdMicros);
        long firstProject = ledger.starts.first();
        for (Kpi kpi : measures.of(Cohort.USER_CREATED)) {
            tally.cohort(
                    kpi.name(),
                    ledger.createdMicros,
                    Horizon.reached(ledger.createdMicros, firstProject, kpi.within()));
        }
        for (SentEmail email : ledger.emails.values()) {
            Goal goal = measures.goal(email.code());
            if (goal != null) {
                long since =
                        goal.since() == Goal.Since.SIGNUP
                                ? ledger.createdMicros
                                : email.sentMicros();
                measures.tallyGoal(
                        tally, email, Horizon.reached(since, firstProject, goal.within()));
            }
        }
        return tally.counts();
    }
}
