package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Trigger.Missing;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.SpillStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * An event was not followed by another within a time. Compared by business times, so a row that was
 * committed late still counts; what happened exactly at the deadline happened in time.
 */
record MissingDetector(Missing trigger) implements Detector {

    /**
     * How long after the deadline it is asked: rows carry their transaction's start, not its end.
     */
    static final Duration GRACE = Duration.ofSeconds(60);

    @Override
    public boolean isMovedBy(EventType type) {
        return type == trigger.after() || type == trigger.without();
    }

    @Override
    public List<TriggerInstance> instances(Profile profile, Fact fact, SpillStore older) {
        EventRecord after = profile.first(trigger.after());
        return fact instanceof Event event
                        && event.type() == trigger.after()
                        && after != null
                        && after.isTold(event)
                ? waiting(profile)
                : List.of();
    }

    @Override
    public boolean isMadeByTime() {
        return true;
    }

    @Override
    public List<TriggerInstance> waiting(Profile profile) {
        EventRecord after = profile.first(trigger.after());
        if (after == null) {
            return List.of();
        }
        long dueAt = after.at() + trigger.within().toMillis();
        long askAt = Math.max(dueAt + GRACE.toMillis(), after.committedAt());
        return List.of(new TriggerInstance("", dueAt, askAt, 0, Map.of()));
    }

    @Override
    public String name() {
        return "missing/%s/%s".formatted(trigger.after(), trigger.without());
    }

    @Override
    public Answer ask(Profile profile, ScheduledTrigger pending, SpillStore older) {
        EventRecord followedBy = profile.first(trigger.without());
        if (followedBy == null) {
            return Answer.HOLDS;
        }
        return followedBy.at() <= pending.dueAt ? Answer.VOID : Answer.RESOLVED;
    }
}
