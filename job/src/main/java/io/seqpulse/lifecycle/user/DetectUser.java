package io.seqpulse.lifecycle.user;

import io.seqpulse.lifecycle.catalogue.FactKind;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.detect.Detection;
import io.seqpulse.lifecycle.detect.Profile;
import io.seqpulse.lifecycle.fact.Fact;
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
    protected boolean ends(Fact fact) {
        return fact.kind() == FactKind.ACCOUNT_DELETED;
    }

    /** Somebody's project. */
    @Override
    protected boolean needsSubject(Fact fact) {
        return fact.kind() == FactKind.PROJECT_CREATED;
    }

    @Override
    protected boolean takeSpecial(Detection detection, Profile profile, Fact fact) {
        return false;
    }
}
