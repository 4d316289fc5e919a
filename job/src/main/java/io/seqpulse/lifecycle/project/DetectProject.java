package io.seqpulse.lifecycle.project;

import io.seqpulse.lifecycle.catalogue.FactKind;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.detect.Detection;
import io.seqpulse.lifecycle.detect.Member;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.detect.Profile;
import io.seqpulse.lifecycle.detect.ProjectSummary;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.fact.Tombstone;
import io.seqpulse.lifecycle.host.DetectionFunction;
import io.seqpulse.lifecycle.host.Effects;
import io.seqpulse.lifecycle.host.StreamTypes;
import io.seqpulse.lifecycle.kpi.CohortState;
import io.seqpulse.lifecycle.kpi.KpiIndex;
import io.seqpulse.lifecycle.kpi.ProjectCohorts;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
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
    public DetectProject(String topic, List<ActiveRule> rules, KpiIndex measures) {
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
    protected void signal(Profile profile, Fact fact, Effects<Message> effects) {
        if (fact.kind() != FactKind.PROJECT || fact.value("owner_id") == null) {
            return;
        }
        if (profile.row.isSaidBy(fact)) {
            tellOwnership(profile, fact, effects);
        }
        String owner = fact.value("owner_id");
        boolean cameLater = profile.ownerSince != 0 && owner.equals(profile.value("owner_id"));
        Map<String, String> values = new HashMap<>();
        values.put("project_id", fact.key());
        values.put("project_name", profile.value("name"));
        effects.emit(
                OWNER_SIGNALS,
                new Fact(
                        FactKind.PROJECT_CREATED,
                        owner,
                        fact.key(),
                        cameLater ? profile.ownerSince : fact.at(),
                        fact.committedAt(),
                        fact.position(),
                        fact.origin(),
                        values));
    }

    /** Who owns it now hears so once, and again with a snapshot; who did, that they do no more. */
    private static void tellOwnership(Profile profile, Fact row, Effects<Message> effects) {
        CohortState cohortState = profile.cohortState;
        String owner = profile.value("owner_id");
        String before = cohortState.owner();
        if (before != null && !before.equals(owner)) {
            effects.emit(
                    OWNER_SIGNALS,
                    ownership(
                            FactKind.PROJECT_LEFT,
                            before,
                            row.key(),
                            cohortState,
                            row.committedAt(),
                            row.position(),
                            row.origin()));
        }
        if (!Objects.equals(before, owner) || row.snapshot()) {
            effects.emit(
                    OWNER_SIGNALS,
                    ownership(
                            FactKind.PROJECT_OWNED,
                            owner,
                            row.key(),
                            cohortState,
                            row.committedAt(),
                            row.position(),
                            row.origin()));
        }
        cohortState.owner(owner);
    }

    @Override
    protected void signalEnd(
            String id, CohortState cohortState, Tombstone tombstone, Effects<Message> effects) {
        if (cohortState.owner() != null) {
            effects.emit(
                    OWNER_SIGNALS,
                    ownership(
                            FactKind.PROJECT_LEFT,
                            cohortState.owner(),
                            id,
                            cohortState,
                            tombstone.at(),
                            tombstone.position(),
                            Origin.CHANGED));
        }
    }

    private static Fact ownership(
            FactKind kind,
            String owner,
            String project,
            CohortState cohortState,
            long committedAt,
            LogPosition position,
            Origin origin) {
        return new Fact(kind, owner, project, 0, committedAt, position, origin, Map.of())
                .atMicros(cohortState.createdMicros());
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
            detection.takeRemoval(profile, fact);
            return true;
        }
        return false;
    }

    @Override
    protected void apply(String id, Profile project, Fact fact, Effects<Message> effects)
            throws Exception {
        super.apply(id, project, fact, effects);
        if (STANDS_BY.contains(fact.kind())) {
            summarise(id, project, false, fact.committedAt(), fact.position(), effects);
        }
    }

    /** A later deployment is reported before the owner would take the project for silent. */
    @Override
    protected void advanceTo(String id, Profile project, long now, Effects<Message> effects)
            throws Exception {
        if (project.told != null && project.told.outdatedAt(project) <= now) {
            summarise(id, project, true, now, project.row.position, effects);
        }
        super.advanceTo(id, project, now, effects);
    }

    @Override
    protected boolean reconcile(
            String id, Profile project, SnapshotBoundary boundary, Effects<Message> effects)
            throws Exception {
        boolean missing = super.reconcile(id, project, boundary, effects);
        if (missing) {
            Tombstone deletion = boundary.tombstone();
            summarise(id, project, false, deletion.at(), deletion.position(), effects);
        }
        return missing;
    }

    /** The owner hears what is news to them; who was the owner, that they are no more. */
    private static void summarise(
            String id,
            Profile project,
            boolean outdated,
            long committedAt,
            LogPosition position,
            Effects<Message> effects) {
        ProjectSummary told = project.told;
        ProjectSummary now = ProjectSummary.of(project);
        if (now == null ? told == null : !outdated && !now.isNewsTo(told)) {
            return;
        }
        if (told != null && (now == null || !now.owner().equals(told.owner()))) {
            effects.emit(STANDINGS, told.ended(id, committedAt, position));
        }
        if (now != null) {
            effects.emit(STANDINGS, now.told(id, committedAt, position));
        }
        project.told = now;
    }
}
