package io.seqpulse.lifecycle.project;

import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.detect.Detection;
import io.seqpulse.lifecycle.detect.Member;
import io.seqpulse.lifecycle.detect.Profile;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Subject;
import io.seqpulse.lifecycle.host.DetectionFunction;
import io.seqpulse.lifecycle.host.StreamTypes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.util.OutputTag;

/** Keyed by project: hosts the rules about projects and tells owners what concerns them. */
public final class DetectProject extends DetectionFunction {

    /** What a project's facts mean to its owner; keyed by user. */
    public static final OutputTag<Fact> OWNER_SIGNALS =
            new OutputTag<>("owner-signals", StreamTypes.FACT);

    /**
     * @param topic the change log, named in dead letters
     */
    public DetectProject(String topic, List<ActiveRule> rules) {
        super(Subject.PROJECT, topic, rules);
    }

    @Override
    protected boolean ends(Fact fact) {
        return fact.kind() == FactKind.PROJECT_DELETED;
    }

    @Override
    protected boolean needsSubject(Fact fact) {
        return switch (fact.kind()) {
            case PROJECT, PROJECT_CREATED, MEMBER_REMOVED -> false;
            default -> true;
        };
    }

    /**
     * An owner has a project from its creation on, or from when it came to them. Said again with
     * every repetition, which changes nothing.
     */
    @Override
    protected void signal(Profile profile, Fact fact, ReadOnlyContext context) {
        if (fact.kind() != FactKind.PROJECT || fact.value("owner_id") == null) {
            return;
        }
        String owner = fact.value("owner_id");
        boolean cameLater = profile.ownerSince != 0 && owner.equals(profile.value("owner_id"));
        Map<String, String> values = new HashMap<>();
        values.put("project_id", fact.key());
        values.put("project_name", profile.value("name"));
        context.output(
                OWNER_SIGNALS,
                new Fact(
                        FactKind.PROJECT_CREATED,
                        owner,
                        fact.key(),
                        cameLater ? profile.ownerSince : fact.at(),
                        fact.committedAt(),
                        fact.position(),
                        fact.snapshot(),
                        values));
    }

    @Override
    protected boolean takeSpecial(Detection detection, Profile profile, Fact fact) {
        if (fact.kind() == FactKind.MEMBER) {
            Member member =
                    new Member(
                            fact.value("user_id"),
                            fact.value("email"),
                            fact.value("role"),
                            "true".equals(fact.value("on_call")),
                            fact.committedAt(),
                            fact.position());
            detection.takeMember(profile, fact.id(), member);
            return true;
        }
        if (fact.kind() == FactKind.MEMBER_REMOVED) {
            detection.takeMember(profile, fact.id(), null);
            return true;
        }
        return false;
    }
}
