package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Trigger.Sequence;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.SpillStore;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Steps after an event until another ends them: one trigger instance a step, each due by itself.
 * Compared by business times; what ended exactly when a step was due ended before it.
 */
record SequenceDetector(Sequence trigger) implements Detector {

    /** Between an event's id and its step in an instance's id: no id contains a blank. */
    private static final String SEPARATOR = " ";

    @Override
    public boolean isMovedBy(EventType type) {
        return type == trigger.after() || trigger.until().contains(type);
    }

    @Override
    public List<TriggerInstance> instances(Profile profile, Fact fact, SpillStore older) {
        Event event = (Event) fact;
        if (event.type() != trigger.after() || !Conditions.hold(trigger.where(), event)) {
            return List.of();
        }
        EventRecord after = EventRecord.of(event);
        if (EventTimes.isUnknown(after)) {
            return List.of();
        }
        List<TriggerInstance> steps = new ArrayList<>(trigger.steps().size());
        for (Duration step : trigger.steps()) {
            steps.add(step(after, step));
        }
        return steps;
    }

    private static TriggerInstance step(EventRecord after, Duration step) {
        long at = EventTimes.at(after);
        long dueAt = at + step.toMillis();
        String label = Sequence.label(step);
        Map<String, String> values = new HashMap<>(after.values());
        values.put("step", label);
        values.putAll(EventTimes.values(at));
        boolean atOnce = step.isZero();
        long grace = atOnce ? 0 : MissingDetector.GRACE.toMillis();
        return new TriggerInstance(
                after.id() + SEPARATOR + label,
                dueAt,
                Math.max(dueAt + grace, after.committedAt()),
                atOnce && !after.snapshot() ? after.committedAt() : 0,
                values);
    }

    /** Each event stands for itself, and its row, or its invoice, tells how it ended. */
    @Override
    public boolean isTold(Profile profile, ScheduledTrigger pending, long liveSince) {
        return true;
    }

    @Override
    public String name() {
        return "sequence/%s/%s".formatted(trigger.after(), trigger.until());
    }

    @Override
    public Answer ask(Profile profile, ScheduledTrigger pending, SpillStore older) {
        long endedAt = Math.min(endedAt(profile, pending, older), endsAt(pending));
        if (endedAt == Long.MAX_VALUE) {
            return Answer.HOLDS;
        }
        return endedAt <= pending.dueAt ? Answer.VOID : Answer.RESOLVED;
    }

    /** When the first of the events that end it happened; {@link Long#MAX_VALUE}: none has. */
    private long endedAt(Profile profile, ScheduledTrigger pending, SpillStore older) {
        String id = pending.instance.substring(0, pending.instance.lastIndexOf(SEPARATOR));
        long endedAt = Long.MAX_VALUE;
        for (EventType type : trigger.until()) {
            Long at =
                    type.table() == trigger.after().table()
                            ? profile.timeOf(type, id, older)
                            : profile.firstSince(type, startedAt(pending), older);
            if (at != null) {
                endedAt = Math.min(endedAt, at);
            }
        }
        return endedAt;
    }

    private static long startedAt(ScheduledTrigger pending) {
        return Instant.parse(pending.values.get(EventTimes.HAPPENED_AT)).toEpochMilli();
    }

    /** When the event itself says that it is over; only before a step is due that counts. */
    private long endsAt(ScheduledTrigger pending) {
        String text = trigger.ends() == null ? null : pending.values.get(trigger.ends());
        try {
            long at = text == null ? Long.MAX_VALUE : Instant.parse(text).toEpochMilli();
            return at <= pending.dueAt ? at : Long.MAX_VALUE;
        } catch (DateTimeParseException | ArithmeticException notATime) {
            return Long.MAX_VALUE;
        }
    }
}
