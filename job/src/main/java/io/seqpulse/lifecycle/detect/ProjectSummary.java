package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.FactKind;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.Origin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What a project's owner is told of it, to know which segments they are in. It changes seldom: a
 * deployment like those before is not told, only, in time, that there was one.
 *
 * @param owner id of the user who is told
 * @param plan free, pro or enterprise; null where unknown
 * @param createdAt when the project was created, epoch milliseconds
 * @param deployedAt when a deployment started last, epoch milliseconds; 0: never
 * @param nearLimitIn the latest UTC month with 80 % of the free plan's deployments, by number; 0:
 *     none
 * @param drops UTC weeks, by number, that had at most half of the deployments of the week before,
 *     where that had enough to tell; the week after the last one is among them until it has more
 */
public record ProjectSummary(
        String owner,
        String plan,
        long createdAt,
        long deployedAt,
        int nearLimitIn,
        List<Integer> drops) {

    public static final String PLAN = "plan";
    public static final String DEPLOYED_AT = "deployed_at";
    public static final String NEAR_LIMIT_IN = "near_limit_in";
    public static final String DROPS = "drops";

    /** Somebody is active for as long after a deployment. */
    public static final Duration ACTIVE = Duration.ofDays(14);

    /** 80 % of the free plan's 50 deployments a month. */
    private static final int NEAR_LIMIT = 40;

    /** A week with fewer says nothing by what follows (CATALOGUE, E-RET-02). */
    private static final int ENOUGH = 4;

    /** How it stands with a project; null while that, or its owner, is unknown. */
    public static ProjectSummary of(Profile profile) {
        EventRecord created = profile.first(FactKind.PROJECT_CREATED);
        String owner = profile.value("owner_id");
        if (!profile.row.present || created == null || owner == null) {
            return null;
        }
        EventHistory deployments = profile.happened.get(FactKind.DEPLOYMENT_STARTED);
        return new ProjectSummary(
                owner,
                profile.value("plan"),
                created.at(),
                deployments == null ? 0 : deployments.last,
                deployments == null ? 0 : nearLimitIn(deployments.months),
                deployments == null ? List.of() : drops(deployments.weeks));
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
        return told == null
                || nearLimitIn != told.nearLimitIn
                || createdAt != told.createdAt
                || !owner.equals(told.owner)
                || !Objects.equals(plan, told.plan)
                || !drops.equals(told.drops);
    }

    /**
     * When the owner, who was told this, would take the project for silent and must have heard that
     * there was a later deployment, epoch milliseconds; {@link Long#MAX_VALUE}: there was none.
     */
    public long outdatedAt(Profile profile) {
        EventHistory deployments = profile.happened.get(FactKind.DEPLOYMENT_STARTED);
        return deployments == null || deployments.last <= deployedAt
                ? Long.MAX_VALUE
                : deployedAt + ACTIVE.toMillis();
    }

    /** What the owner is told. */
    public Fact told(String projectId, long committedAt, LogPosition position) {
        Map<String, String> values = new HashMap<>();
        values.put(PLAN, plan);
        values.put(DEPLOYED_AT, deployedAt == 0 ? null : Long.toString(deployedAt));
        values.put(NEAR_LIMIT_IN, nearLimitIn == 0 ? null : Integer.toString(nearLimitIn));
        values.put(DROPS, drops.isEmpty() ? null : text(drops));
        values.values().removeIf(Objects::isNull);
        return new Fact(
                FactKind.PROJECT_STANDING,
                owner,
                projectId,
                createdAt,
                committedAt,
                position,
                Origin.CHANGED,
                values);
    }

    /** What the owner is told when the project is theirs no more. */
    public Fact ended(String projectId, long committedAt, LogPosition position) {
        return new Fact(
                FactKind.PROJECT_STANDING_ENDED,
                owner,
                projectId,
                createdAt,
                committedAt,
                position,
                Origin.CHANGED,
                Map.of());
    }

    private static String text(List<Integer> weeks) {
        return String.join(" ", weeks.stream().map(String::valueOf).toList());
    }

    /** The weeks that a text tells; null tells none. */
    public static List<Integer> weeks(String text) {
        return text == null
                ? List.of()
                : Arrays.stream(text.split(" ")).map(Integer::valueOf).toList();
    }
}
