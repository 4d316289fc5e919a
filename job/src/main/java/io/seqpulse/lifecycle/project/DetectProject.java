package io.seqpulse.lifecycle.project;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.detect.Detection;
import io.seqpulse.lifecycle.detect.Member;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.detect.Profile;
import io.seqpulse.lifecycle.detect.ProjectSummary;
import io.seqpulse.lifecycle.fact.Columns.Members;
import io.seqpulse.lifecycle.fact.Columns.Projects;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.fact.OwnershipSignal;
import io.seqpulse.lifecycle.fact.Row;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.fact.Source;
import io.seqpulse.lifecycle.fact.Tombstone;
import io.seqpulse.lifecycle.host.DetectionFunction;
import io.seqpulse.lifecycle.host.Effects;
import io.seqpulse.lifecycle.host.StreamTypes;
import io.seqpulse.lifecycle.kpi.CohortState;
import io.seqpulse.lifecycle.kpi.KpiIndex;
import io.seqpulse.lifecycle.kpi.ProjectCohorts;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import org.apache.flink.util.OutputTag;

/** Keyed by project: hosts the rules about projects and tells owners what concerns them. */
public final class DetectProject extends DetectionFunction {

    /** What a project's facts mean to its owner; keyed by user. */
    public static final OutputTag<Fact> OWNER_SIGNALS =
            new OutputTag<>("owner-signals", StreamTypes.FACT);

    /** What a project is to the segments of its owner; keyed by user. */
    public static final OutputTag<Fact> STANDINGS = new OutputTag<>("standings", StreamTypes.FACT);

    /**
     * @param topic the change log, named in dead letters
     * @param measures what is counted
     */
    public DetectProject(String topic, List<ActiveRule> rules, KpiIndex measures) {
        super(Subject.PROJECT, topic, rules, new ProjectCohorts(measures), ZoneOffset.UTC);
    }

    @Override
    protected boolean isOwn(RowChange change) {
        return change.table() == CapturedTable.PROJECTS;
    }

    /**
     * All but its own row and creation, and the ends of a membership and of an invitation, which
     * may be all that is left of a deleted project.
     */
    @Override
    protected boolean needsSubject(Fact fact) {
        if (fact instanceof Event event) {
            return event.type() != EventType.PROJECT_CREATED
                    && event.type() != EventType.INVITATION_REVOKED;
        }
        return fact instanceof RowChange change && change.tells(CapturedTable.PROJECT_MEMBERS);
    }

    @Override
    protected void takeOther(Detection detection, Profile profile, RowChange change) {
        if (change.table() != CapturedTable.PROJECT_MEMBERS) {
            throw new IllegalArgumentException(change.table() + " is not about a project");
        }
        if (change.deleted()) {
            detection.takeRemoval(profile, change);
            return;
        }
        Row row = change.row();
        Member member =
                new Member(
                        row.get(Members.USER_ID),
                        row.get(Members.EMAIL),
                        row.get(Members.ROLE),
                        row.isTrue(Members.ON_CALL),
                        change.committedAt(),
                        change.position());
        detection.takeMember(profile, change.id(), member);
    }

    /**
     * An owner has a project from its creation on, or from when it came to them. Said again with
     * every repetition, which changes nothing.
     */
    @Override
    protected void signal(Profile profile, RowChange row, Effects<Message> effects) {
        String owner = row.row().get(Projects.OWNER_ID);
        if (owner == null) {
            return;
        }
        if (profile.row.isSaidBy(row)) {
            tellOwnership(profile, row, effects);
        }
        boolean cameLater = profile.ownerSince != 0 && owner.equals(profile.ownerId());
        effects.emit(
                OWNER_SIGNALS,
                Event.of(
                        EventType.PROJECT_CREATED,
                        owner,
                        row.key(),
                        cameLater ? profile.ownerSince * Fact.MICROS_PER_MILLI : row.atMicros(),
                        row.source(),
                        row.key(),
                        profile.name()));
    }

    /** Who owns it now hears so once, and again with a snapshot; who did, that they do no more. */
    private static void tellOwnership(Profile profile, RowChange row, Effects<Message> effects) {
        CohortState cohortState = profile.cohortState;
        String owner = profile.ownerId();
        String before = cohortState.owner();
        if (before != null && !before.equals(owner)) {
            tell(false, before, row.key(), cohortState, row.source(), effects);
        }
        if (!Objects.equals(before, owner) || row.snapshot()) {
            tell(true, owner, row.key(), cohortState, row.source(), effects);
        }
        cohortState.owner(owner);
    }

    @Override
    protected void signalEnd(
            String id, CohortState cohortState, Tombstone tombstone, Effects<Message> effects) {
        if (cohortState.owner() != null) {
            Source source = new Source(tombstone.at(), tombstone.position(), Origin.CHANGED);
            tell(false, cohortState.owner(), id, cohortState, source, effects);
        }
    }

    private static void tell(
            boolean owned,
            String owner,
            String project,
            CohortState cohortState,
            Source source,
            Effects<Message> effects) {
        effects.emit(
                OWNER_SIGNALS,
                new OwnershipSignal(owned, owner, project, cohortState.createdMicros(), source));
    }

    @Override
    protected void apply(String id, Profile project, Fact fact, Effects<Message> effects)
            throws Exception {
        super.apply(id, project, fact, effects);
        if (isSummarised(fact)) {
            summarise(id, project, false, fact.committedAt(), fact.position(), effects);
            tellActivity(project, fact.committedAt(), effects);
        }
    }

    /** Whether it may change what its owner is told of the project. */
    private boolean isSummarised(Fact fact) {
        if (fact instanceof Event event) {
            return event.type() == EventType.PROJECT_CREATED
                    || event.type() == EventType.DEPLOYMENT_STARTED;
        }
        return fact instanceof RowChange change && isOwn(change);
    }

    /** A later deployment is reported before the owner would take the project for silent. */
    @Override
    protected void advanceTo(String id, Profile project, long now, Effects<Message> effects)
            throws Exception {
        if (project.told != null && project.told.outdatedAt(project) <= now) {
            summarise(id, project, true, now, project.row.position, effects);
        }
        super.advanceTo(id, project, now, effects);
        tellActivity(project, now, effects);
    }

    @Override
    protected long nextDeadline(Profile project) {
        return Deadlines.earliest(super.nextDeadline(project), project.tellActivityAt());
    }

    private static void tellActivity(Profile project, long now, Effects<Message> effects) {
        project.activityToTell(now).forEach(signal -> effects.emit(OWNER_SIGNALS, signal));
    }

    @Override
    protected boolean reconcile(
            String id, Profile project, SnapshotBoundary boundary, Effects<Message> effects)
            throws Exception {
        boolean missing = super.reconcile(id, project, boundary, effects);
        if (missing) {
            Tombstone deletion = boundary.tombstone();
            summarise(id, project, false, deletion.at(), deletion.position(), effects);
            tellActivity(project, deletion.at(), effects);
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
