package io.seqpulse.lifecycle.project;

import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.detect.Detection;
import io.seqpulse.lifecycle.detect.Member;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.detect.Profile;
import io.seqpulse.lifecycle.detect.Standing;
import io.seqpulse.lifecycle.fact.Departure;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Resnapshot;
import io.seqpulse.lifecycle.fact.Subject;
import io.seqpulse.lifecycle.host.DetectionFunction;
import io.seqpulse.lifecycle.host.StreamTypes;
import io.seqpulse.lifecycle.kpi.Ledger;
import io.seqpulse.lifecycle.kpi.Measures;
import io.seqpulse.lifecycle.kpi.ProjectCohorts;
import java.io.IOException;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/** Keyed by project: hosts the rules about projects and tells owners what concerns them. */
public final class DetectProject extends DetectionFunction {

    /** What a project's facts mean to its owner; keyed by user. */
    public static final OutputTag<Fact> OWNER_SIGNALS =
            new OutputTag<>("owner-signals", StreamTypes.FACT);

    /** What changes how it stands with a project. */
    private static final Set<FactKind> STANDS_BY =
            Collections.unmodifiableSet(
                    EnumSet.of(
                            FactKind.PROJECT,
                            FactKind.PROJECT_CREATED,
                            FactKind.PROJECT_DELETED,
                            FactKind.DEPLOYMENT_STARTED));

    /** What a project is to the segments of its owner; keyed by user. */
    public static final OutputTag<Fact> STANDINGS = new OutputTag<>("standings", StreamTypes.FACT);

    /**
     * @param topic the change log, named in dead letters
     * @param measures what is counted
     */
    public DetectProject(String topic, List<ActiveRule> rules, Measures measures) {
        super(Subject.PROJECT, topic, rules, new ProjectCohorts(measures));
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
        if (profile.isSaidBy(fact)) {
            tellOwnership(profile, fact, context::output);
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

    /** Who owns it now hears so once, and again with a snapshot; who did, that they do no more. */
    private static void tellOwnership(Profile profile, Fact row, SideOutputs side) {
        Ledger ledger = profile.ledger;
        String owner = profile.value("owner_id");
        String before = ledger.owner();
        if (before != null && !before.equals(owner)) {
            side.output(
                    OWNER_SIGNALS,
                    ownership(
                            FactKind.PROJECT_LEFT,
                            before,
                            row.key(),
                            ledger,
                            row.committedAt(),
                            row.position(),
                            row.snapshot()));
        }
        if (!Objects.equals(before, owner) || row.snapshot()) {
            side.output(
                    OWNER_SIGNALS,
                    ownership(
                            FactKind.PROJECT_OWNED,
                            owner,
                            row.key(),
                            ledger,
                            row.committedAt(),
                            row.position(),
                            row.snapshot()));
        }
        ledger.owner(owner);
    }

    @Override
    protected void signalEnd(String id, Ledger ledger, Departure departure, SideOutputs side) {
        if (ledger.owner() != null) {
            side.output(
                    OWNER_SIGNALS,
                    ownership(
                            FactKind.PROJECT_LEFT,
                            ledger.owner(),
                            id,
                            ledger,
                            departure.at(),
                            departure.position(),
                            false));
        }
    }

    private static Fact ownership(
            FactKind kind,
            String owner,
            String project,
            Ledger ledger,
            long committedAt,
            long position,
            boolean snapshot) {
        return new Fact(kind, owner, project, 0, committedAt, position, snapshot, Map.of())
                .atMicros(ledger.createdMicros());
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

    @Override
    public void processElement(Fact fact, ReadOnlyContext context, Collector<Message> out)
            throws Exception {
        super.processElement(fact, context, out);
        if (STANDS_BY.contains(fact.kind())) {
            String id = context.getCurrentKey();
            tellStanding(id, false, fact.committedAt(), fact.position(), context::output);
        }
    }

    /** A later deployment is told before the owner would take the project for silent. */
    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<Message> out)
            throws Exception {
        String id = context.getCurrentKey();
        Profile profile = recentState().value(id);
        if (profile != null
                && profile.timerAt == timestamp
                && profile.told != null
                && profile.told.outdatedAt(profile) <= timestamp) {
            tellStanding(id, true, timestamp, profile.position, context::output);
        }
        super.onTimer(timestamp, context, out);
    }

    @Override
    protected void sweep(
            String currentKey, Resnapshot resnapshot, Collector<Message> out, SideOutputs side)
            throws Exception {
        super.sweep(currentKey, resnapshot, out, side);
        Departure at = resnapshot.departure();
        tellStanding(currentKey, false, at.at(), at.position(), side);
    }

    /** The owner hears what is news to them; who was the owner, that they are no more. */
    private void tellStanding(
            String id, boolean outdated, long committedAt, long position, SideOutputs side)
            throws IOException {
        Profile profile = recentState().value(id);
        if (profile == null) {
            return;
        }
        Standing told = profile.told;
        Standing now = Standing.of(profile);
        if (now == null ? told == null : !outdated && !now.isNewsTo(told)) {
            return;
        }
        if (told != null && (now == null || !now.owner().equals(told.owner()))) {
            side.output(STANDINGS, told.ended(id, committedAt, position));
        }
        if (now != null) {
            side.output(STANDINGS, now.told(id, committedAt, position));
        }
        profile.told = now;
        recentState().update(id, profile);
    }
}
