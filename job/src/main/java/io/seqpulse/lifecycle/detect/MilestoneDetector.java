package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Trigger.Milestone;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.SpillStore;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;

/**
 * Things go well for a user. Asked each day at the time of day of their first event, so that people
 * are spread over the day as they came; what was found once in a half-year is over for that.
 */
record MilestoneDetector(Milestone trigger) implements Detector {

    private static final long DAY = Duration.ofDays(1).toMillis();
    private static final int MONTHS_A_HALF = 6;

    @Override
    public boolean isMovedBy(EventType type) {
        return type == trigger.since();
    }

    @Override
    public boolean isMadeByTime() {
        return true;
    }

    @Override
    public boolean isAskedAnew() {
        return true;
    }

    @Override
    public List<TriggerInstance> instances(Profile profile, Fact fact, SpillStore older) {
        return List.of();
    }

    /** The first day on which it may be is so long after the first event. */
    @Override
    public long nextAsk(Profile profile, long after) {
        EventRecord first = profile.first(trigger.since());
        if (first == null) {
            return Deadlines.NONE;
        }
        long earliest = first.at() + trigger.after().toMillis();
        return earliest > after
                ? earliest
                : earliest + (Math.floorDiv(after - earliest, DAY) + 1) * DAY;
    }

    @Override
    public List<TriggerInstance> instancesAt(Profile profile, long now, SpillStore older) {
        EventRecord first = profile.first(trigger.since());
        long earliest = first == null ? now + 1 : first.at() + trigger.after().toMillis();
        if (earliest > now) {
            return List.of();
        }
        long dueAt = earliest + Math.floorDiv(now - earliest, DAY) * DAY;
        String half = half(dueAt);
        return List.of(
                new TriggerInstance(
                        half,
                        dueAt,
                        TriggerInstance.Deadline.FIXED,
                        dueAt + MissingDetector.GRACE.toMillis(),
                        0,
                        Map.of(Milestone.HALF, half, "month", Periods.month(dueAt))));
    }

    private static String half(long at) {
        ZonedDateTime day = Instant.ofEpochMilli(at).atZone(ZoneOffset.UTC);
        return day.getYear() + "H" + (1 + (day.getMonthValue() - 1) / MONTHS_A_HALF);
    }

    /** Another day may be better. */
    @Override
    public boolean isAskedAgain() {
        return true;
    }

    @Override
    public long endOf(TriggerInstance instance) {
        ZonedDateTime day = Instant.ofEpochMilli(instance.dueAt()).atZone(ZoneOffset.UTC);
        int next = day.getMonthValue() <= MONTHS_A_HALF ? MONTHS_A_HALF + 1 : 13;
        return day.toLocalDate()
                .withDayOfYear(1)
                .plusMonths(next - 1L)
                .atStartOfDay(ZoneOffset.UTC)
                .toInstant()
                .toEpochMilli();
    }

    @Override
    public String name() {
        return "milestone/" + trigger.since();
    }

    @Override
    public Answer ask(Profile profile, ScheduledTrigger pending, SpillStore older) {
        if (pending.asked) {
            return Answer.HOLDS;
        }
        long now = pending.dueAt;
        long steady = trigger.steadyFor().toMillis();
        long activeFrom = now - trigger.activeWithin().toMillis();
        boolean active = profile.lastOf(trigger.facts()) >= activeFrom;
        long deployments = 0;
        int ok = 0;
        int before = 0;
        for (OwnedActivity project : profile.owned.all().values()) {
            deployments += project.activity.deployments();
            ok += project.activity.between(now - steady, now).ok();
            before += project.activity.between(now - 2 * steady, now - steady).ok();
            active |= project.activity.between(activeFrom, now).deployments() > 0;
        }
        return active && deployments > trigger.deployments() && ok >= before
                ? Answer.HOLDS
                : Answer.VOID;
    }
}
