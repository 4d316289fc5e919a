package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import io.seqpulse.lifecycle.catalogue.Trigger.Reached;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.SpillStore;
import java.util.List;
import java.util.Map;

/**
 * The number of distinct events in a UTC month reached a threshold. It is due at the business time
 * of the event that reached it, whichever order the events came in, or when the project came onto a
 * plan that the rule is for, whichever is later.
 */
record ReachedDetector(Reached trigger) implements Detector {

    ReachedDetector {
        if (trigger.per() != Period.MONTH) {
            throw new IllegalArgumentException("reached: only 'per: month' can be counted");
        }
    }

    @Override
    public boolean isMovedBy(EventType type) {
        return type == trigger.count();
    }

    @Override
    public boolean isMovedByRow() {
        return true;
    }

    /** The time in whose month a counted event or a change of plan falls. */
    private static long timeOf(Fact fact) {
        return fact instanceof Event ? fact.at() : fact.committedAt();
    }

    @Override
    public String onlyInstance(Fact fact) {
        return Periods.month(timeOf(fact));
    }

    @Override
    public List<TriggerInstance> instances(Profile profile, Fact fact, SpillStore older) {
        int number = Periods.monthNumber(timeOf(fact));
        if (profile.countInMonth(trigger.count(), number) < trigger.atLeast()) {
            return List.of();
        }
        String month = Periods.month(timeOf(fact));
        long end = Periods.startOfMonth(number + 1);
        List<Long> times = profile.times(trigger.count(), Periods.startOfMonth(number), end, older);
        if (times.size() < trigger.atLeast()) {
            return List.of();
        }
        long dueAt = Math.max(times.get(trigger.atLeast() - 1), profile.planSince);
        if (dueAt >= end) {
            return List.of(); // reached on another plan, and the month is over
        }
        long reachedAt = Math.max(dueAt, fact.committedAt());
        return List.of(
                new TriggerInstance(
                        month,
                        dueAt,
                        reachedAt,
                        fact.snapshot() ? 0 : reachedAt,
                        Map.of("month", month)));
    }

    @Override
    public String name() {
        return "reached/%s/%s".formatted(trigger.count(), trigger.per());
    }

    @Override
    public Answer ask(Profile profile, ScheduledTrigger pending) {
        return Answer.HOLDS;
    }

    @Override
    public Map<String, String> figures(Profile profile, ScheduledTrigger pending) {
        int used = profile.countInMonth(trigger.count(), Periods.monthNumber(pending.instance));
        return Map.of("used", Integer.toString(used));
    }
}
