package io.seqpulse.lifecycle.user;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.detect.Detection;
import io.seqpulse.lifecycle.detect.Member;
import io.seqpulse.lifecycle.detect.Profile;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.host.DetectionFunction;
import io.seqpulse.lifecycle.kpi.KpiIndex;
import io.seqpulse.lifecycle.kpi.UserCohorts;
import java.time.ZoneId;
import java.util.List;

/** Keyed by user: hosts the rules about people, who hear of their projects by signals. */
public final class DetectUser extends DetectionFunction {

    /**
     * @param topic the change log, named in dead letters
     * @param measures what is counted
     * @param zone of whoever has none
     */
    public DetectUser(String topic, List<ActiveRule> rules, KpiIndex measures, ZoneId zone) {
        super(Subject.USER, topic, rules, new UserCohorts(measures), zone);
    }

    @Override
    protected boolean isOwn(RowChange change) {
        return change.table() == CapturedTable.USERS;
    }

    /** What somebody belongs to. */
    @Override
    protected void takeOther(Detection detection, Profile profile, RowChange change) {
        if (change.table() != CapturedTable.PROJECT_MEMBERS) {
            throw new IllegalArgumentException(change.table() + " is not about a user");
        }
        if (change.deleted()) {
            detection.takeRemoval(profile, change);
        } else {
            detection.takeMember(
                    profile,
                    change.id(),
                    new Member(
                            change.key(),
                            null,
                            null,
                            false,
                            change.committedAt(),
                            change.position()));
        }
    }

    /** Somebody's project, and what they did. */
    @Override
    protected boolean needsSubject(Fact fact) {
        return fact instanceof Event && fact.table() != CapturedTable.USERS;
    }
}
