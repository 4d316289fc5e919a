package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Trigger.Reached;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.SpillStore;
import java.util.List;
import java.util.Map;

/**
 * The number of distinct events in a UTC month or ISO week reached a threshold. It is due at the
 * business time of the event that reached it, whichever order the events came in, or when the
 * project came onto a plan that the rule is for, whichever is later.
 */
record ReachedDetector(Reached trigger) implements Detector {

    @Override
    public boolean isMovedBy(EventType type) {
        return type == trigger.count();
    }

    @Override
    public boolean isMovedByRow() {
        return true;
    }

    /** The time in whose period a counted event or a change of plan falls. */
    private static long timeOf(Fact fact) {
        return fact instanceof Event ? fact.at() : fact.committedAt();
    }

    @Override
    public String onlyInstance(Fact fact) {
        return Periods.name(trigger.per(), timeOf(fact));
    }

    @Override
    public List<TriggerInstance> instances(Profile profile, Fact fact, SpillStore older) {
        int number = Periods.number(trigger.per(), timeOf(fact));
        if (profile.countIn(trigger.per(), trigger.count(), number) < trigger.atLeast()) {
            return List.of();
        }
        String period = Periods.name(trigger.per(), timeOf(fact));
        long start = Periods.start(trigger.per(), number);
        long end = Periods.start(trigger.per(), number + 1);
        List<Long> times = profile.times(trigger.count(), start, end, older);
        if (times.size() < trigger.atLeast()) {
            return List.of();
        }
        long dueAt = Math.max(times.get(trigger.atLeast() - 1), profile.planSince);
        if (dueAt >= end) {
            return List.of(); // reached on another plan, and the period is over
        }
        long reachedAt = Math.max(dueAt, fact.committedAt());
        return List.of(
                new TriggerInstance(
                        period,
                        dueAt,
                        reachedAt,
                        fact.snapshot() ? 0 : reachedAt,
                        Map.of(trigger.per().label(), period)));
    }

    @Override
    public String name() {
        return "reached/%s/%s".formatted(trigger.count(), trigger.per());
    }

    @Override
    public Answer ask(Profile profile, ScheduledTrigger pending, SpillStore older) {
        return Answer.HOLDS;
    }

    @Override
    public Map<String, String> figures(Profile profile, ScheduledTrigger pending) {
        int number = Periods.number(trigger.per(), pending.instance);
        int used = profile.countIn(trigger.per(), trigger.count(), number);
        int hints = profile.countIn(trigger.per(), EventType.HINT_CREATED, number);
        return Map.of("used", Integer.toString(used), "hints", Integer.toString(hints));
    }
}
