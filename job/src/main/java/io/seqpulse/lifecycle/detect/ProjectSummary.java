package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.fact.OwnedProject;
import io.seqpulse.lifecycle.fact.ProjectSignal;
import io.seqpulse.lifecycle.fact.Source;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * What a project's owner is told of it, to know which segments they are in. It changes seldom: a
 * deployment like those before is not told, only, in time, that there was one.
 *
 * @param owner id of the user who is told
 */
public record ProjectSummary(String owner, OwnedProject project) {

    /** Somebody is active for as long after a deployment. */
    public static final Duration ACTIVE = Duration.ofDays(14);

    /** 80 % of the free plan's 50 deployments a month. */
    private static final int NEAR_LIMIT = 40;

    /** A week with fewer says nothing by what follows (CATALOGUE, E-RET-02). */
    private static final int ENOUGH = 4;

    /** How it stands with a project; null while that, or its owner, is unknown. */
    public static ProjectSummary of(Profile profile) {
        EventRecord created = profile.first(EventType.PROJECT_CREATED);
        String owner = profile.ownerId;
        if (!profile.row.present || created == null || owner == null) {
            return null;
        }
        EventHistory deployments = profile.happened.get(EventType.DEPLOYMENT_STARTED);
        return new ProjectSummary(
                owner,
                new OwnedProject(
                        profile.plan,
                        created.at(),
                        deployments == null ? 0 : deployments.last,
                        deployments == null ? 0 : nearLimitIn(deployments.months),
                        deployments == null ? List.of() : drops(deployments.weeks)));
    }

    private static int nearLimitIn(PeriodCounts months) {
        if (months != null) {
            for (int place = months.size() - 1; place >= 0; place--) {
                if (months.countAt(place) >= NEAR_LIMIT) {
                    return months.periodAt(place);
                }
            }
        }
        return 0;
    }

    private static List<Integer> drops(PeriodCounts weeks) {
        if (weeks == null || weeks.size() == 0) {
            return List.of();
        }
        List<Integer> drops = List.of();
        int latest = weeks.periodAt(weeks.size() - 1);
        for (int place = 0; place < weeks.size(); place++) {
            int count = weeks.countAt(place);
            int next = weeks.periodAt(place) + 1;
            if (count >= ENOUGH && next >= latest - 1 && 2 * weeks.of(next) <= count) {
                drops = drops.isEmpty() ? new ArrayList<>() : drops;
                drops.add(next);
            }
        }
        return drops;
    }

    /** Whether the owner has to hear of it at once, who was told {@code told} before. */
    public boolean isNewsTo(ProjectSummary told) {
        return told == null || !owner.equals(told.owner) || differsBesideActivity(told.project);
    }

    private boolean differsBesideActivity(OwnedProject told) {
        return project.nearLimitIn() != told.nearLimitIn()
                || project.createdAt() != told.createdAt()
                || !Objects.equals(project.plan(), told.plan())
                || !project.drops().equals(told.drops());
    }

    /**
     * When the owner, who was told this, would take the project for silent and must have heard that
     * there was a later deployment, epoch milliseconds; {@link Long#MAX_VALUE}: there was none.
     */
    public long outdatedAt(Profile profile) {
        EventHistory deployments = profile.happened.get(EventType.DEPLOYMENT_STARTED);
        return deployments == null || deployments.last <= project.deployedAt()
                ? Long.MAX_VALUE
                : project.deployedAt() + ACTIVE.toMillis();
    }

    /** What the owner is told. */
    public ProjectSignal told(String projectId, long committedAt, LogPosition position) {
        return signal(projectId, committedAt, position, project);
    }

    /** What the owner is told when the project is theirs no more. */
    public ProjectSignal ended(String projectId, long committedAt, LogPosition position) {
        return signal(projectId, committedAt, position, null);
    }

    private ProjectSignal signal(
            String projectId, long committedAt, LogPosition position, OwnedProject told) {
        Source source = new Source(committedAt, position, Origin.CHANGED);
        return new ProjectSignal(owner, projectId, source, told);
    }
}
