package io.seqpulse.lifecycle.user;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.detect.Detection;
import io.seqpulse.lifecycle.detect.Profile;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.host.DetectionFunction;
import io.seqpulse.lifecycle.kpi.KpiIndex;
import io.seqpulse.lifecycle.kpi.UserCohorts;
import java.util.List;

/** Keyed by user: hosts the rules about people, who hear of their projects by signals. */
public final class DetectUser extends DetectionFunction {

    /**
     * @param topic the change log, named in dead letters
     * @param measures what is counted
     */
    public DetectUser(String topic, List<ActiveRule> rules, KpiIndex measures) {
        super(Subject.USER, topic, rules, new UserCohorts(measures));
    }

    @Override
    protected boolean isOwn(RowChange change) {
        return change.table() == CapturedTable.USERS;
    }

    @Override
    protected void takeOther(Detection detection, Profile profile, RowChange change) {
        throw new IllegalArgumentException(change.table() + " is not about a user");
    }

    /** Somebody's project, and what they did. */
    @Override
    protected boolean needsSubject(Fact fact) {
        return fact instanceof Event && fact.table() != CapturedTable.USERS;
    }
}
