package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Trigger.Dropped;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.SpillStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The number of distinct events of a UTC month or ISO week fell to a share of the one before. It is
 * due when the period is over; an event of it that is committed later still counts.
 */
record DroppedDetector(Dropped trigger) implements Detector {

    @Override
    public boolean isMovedBy(EventType type) {
        return type == trigger.count();
    }

    /** An event is one of a period after which the next one may have fewer. */
    @Override
    public List<TriggerInstance> instances(Profile profile, Fact fact, SpillStore older) {
        if (!(fact instanceof Event)) {
            return List.of();
        }
        int before = Periods.number(trigger.per(), fact.at());
        return isEnough(profile, before) ? List.of(after(before)) : List.of();
    }

    /** The only one: of the period after that of an event. */
    @Override
    public String onlyInstance(Fact fact) {
        int before = Periods.number(trigger.per(), fact.at());
        return Periods.name(trigger.per(), Periods.start(trigger.per(), before + 1));
    }

    @Override
    public boolean isMadeByTime() {
        return true;
    }

    @Override
    public List<TriggerInstance> waiting(Profile profile) {
        List<TriggerInstance> waiting = new ArrayList<>();
        for (int before : profile.periodsOf(trigger.per(), trigger.count())) {
            if (isEnough(profile, before)) {
                waiting.add(after(before));
            }
        }
        return waiting;
    }

    private boolean isEnough(Profile profile, int period) {
        return count(profile, period) >= trigger.fromAtLeast();
    }

    private TriggerInstance after(int before) {
        String period = Periods.name(trigger.per(), Periods.start(trigger.per(), before + 1));
        long dueAt = Periods.start(trigger.per(), before + 2);
        return new TriggerInstance(
                period,
                dueAt,
                dueAt + MissingDetector.GRACE.toMillis(),
                0,
                Map.of(trigger.per().label(), period));
    }

    @Override
    public String name() {
        return "dropped/%s/%s".formatted(trigger.count(), trigger.per());
    }

    /** A period that has caught up since it was told of has not dropped after all. */
    @Override
    public Answer ask(Profile profile, ScheduledTrigger pending, SpillStore older) {
        int now = Periods.number(trigger.per(), pending.instance);
        long before = count(profile, now - 1);
        boolean dropped = 100L * count(profile, now) <= trigger.toPercent() * before;
        if (before >= trigger.fromAtLeast() && dropped) {
            return Answer.HOLDS;
        }
        return pending.asked ? Answer.RESOLVED : Answer.VOID;
    }

    @Override
    public Map<String, String> figures(Profile profile, ScheduledTrigger pending) {
        int now = Periods.number(trigger.per(), pending.instance);
        return Map.of(
                "previous_count",
                Integer.toString(count(profile, now - 1)),
                "current_count",
                Integer.toString(count(profile, now)));
    }

    private int count(Profile profile, int period) {
        return profile.countIn(trigger.per(), trigger.count(), period);
    }
}
