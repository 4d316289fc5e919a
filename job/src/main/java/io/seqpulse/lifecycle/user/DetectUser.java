package io.seqpulse.lifecycle.user;

import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.detect.Detection;
import io.seqpulse.lifecycle.detect.Profile;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Subject;
import io.seqpulse.lifecycle.host.DetectionFunction;
import java.util.List;

/** Keyed by user: hosts the rules about people, who hear of their projects by signals. */
public final class DetectUser extends DetectionFunction {

    public DetectUser(List<ActiveRule> rules) {
        super(Subject.USER, rules);
    }

    @Override
    protected boolean ends(Fact fact) {
        return fact.kind() == FactKind.ACCOUNT_DELETED;
    }

    @Override
    protected boolean takeSpecial(Detection detection, Profile profile, Fact fact) {
        return false;
    }
}
