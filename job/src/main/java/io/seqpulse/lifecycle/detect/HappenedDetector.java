package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Trigger.Happened;
import io.seqpulse.lifecycle.catalogue.Trigger.Occurrence;
import io.seqpulse.lifecycle.fact.DeploymentSignal;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.Signal;
import io.seqpulse.lifecycle.fact.SpillStore;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An event happened: each one, the first ever, or the first of a UTC month. */
record HappenedDetector(Happened trigger) implements Detector {

    @Override
    public boolean isMovedBy(EventType type) {
        return type == trigger.fact();
    }

    @Override
    public List<TriggerInstance> instances(Profile profile, Fact fact, SpillStore older) {
        Event event = (Event) fact;
        return switch (trigger.occurrence()) {
            case EACH ->
                    mayBeUnfamiliar(profile, event)
                            ? instance(idOf(event), EventRecord.of(event))
                            : List.of();
            case FIRST -> first(profile.first(trigger.fact()), event);
            case FIRST_OF_MONTH -> {
                EventRecord refused = EventRecord.of(event);
                yield instance(Periods.month(EventTimes.at(refused)), refused);
            }
        };
    }

    /** Asking for a feature again in the same week says nothing new. */
    private static String idOf(Event event) {
        return event.type() == EventType.FEATURE_GATED
                ? event.value("user_id")
                        + " "
                        + Periods.week(EventTimes.at(EventRecord.of(event)))
                        + " "
                        + event.value("feature")
                : event.id();
    }

    /** What earlier ones are told later can only make it more familiar. */
    private boolean mayBeUnfamiliar(Profile profile, Event event) {
        return trigger.unfamiliar().isEmpty()
                || profile.logins.isUnfamiliar(
                        trigger.unfamiliar(), event.id(), event.attributes());
    }

    /** Later ones say nothing new about the first. */
    private List<TriggerInstance> first(EventRecord first, Event event) {
        return first != null && first.isTold(event) ? instance("", first) : List.of();
    }

    private List<TriggerInstance> instance(String id, EventRecord record) {
        if (EventTimes.isUnknown(record) || !matches(record.values())) {
            return List.of();
        }
        long at = EventTimes.at(record);
        Map<String, String> values = new HashMap<>(record.values());
        values.putAll(EventTimes.values(at));
        long seenAt = Math.max(at, record.committedAt());
        return List.of(
                new TriggerInstance(
                        id,
                        at,
                        isComplete(values) ? seenAt : seenAt + trigger.waitFor().toMillis(),
                        record.snapshot() ? 0 : record.committedAt(),
                        values));
    }

    /** Whether what belongs to it was committed with it, so that nothing is waited for. */
    private static boolean isComplete(Map<String, String> values) {
        return values.containsKey(EventType.HINTED);
    }

    /** What was still waited for has turned out to be committed with it. */
    @Override
    public boolean hastens(ScheduledTrigger pending, TriggerInstance instance) {
        return isComplete(instance.values()) && !isComplete(pending.values);
    }

    private boolean matches(Map<String, String> values) {
        return Conditions.hold(trigger.where(), values);
    }

    /**
     * Each event stands for itself, but what is new about one only the earlier ones tell. An
     * earlier first of a subject, or of a month, that began after the rule ran has its key taken,
     * so whichever is told first may try.
     */
    @Override
    public boolean isTold(Profile profile, ScheduledTrigger pending, long liveSince) {
        return switch (trigger.occurrence()) {
            case EACH -> trigger.unfamiliar().isEmpty();
            case FIRST ->
                    trigger.fact() == EventType.USER_ACTIVATED || profile.createdAt >= liveSince;
            case FIRST_OF_MONTH ->
                    profile.createdAt >= liveSince
                            || Periods.startOfMonth(Periods.monthNumber(pending.instance))
                                    >= liveSince;
        };
    }

    /** A row that was corrected: a verdict that is {@code ok} after all. */
    @Override
    public String deniedInstance(Profile profile, Event event) {
        if (trigger.where().isEmpty() || matches(event.attributes())) {
            return null;
        }
        return switch (trigger.occurrence()) {
            case EACH -> idOf(event);
            case FIRST -> {
                EventRecord first = profile.first(trigger.fact());
                yield first != null && first.isTold(event) ? "" : null;
            }
            case FIRST_OF_MONTH -> null; // another one of the month may be the reason
        };
    }

    /** What was found first stays found. */
    @Override
    public String deletedInstance(Signal signal) {
        boolean each =
                trigger.fact() == EventType.VERDICT_CREATED
                        && trigger.occurrence() == Occurrence.EACH;
        boolean deleted = signal instanceof DeploymentSignal gone && gone.deleted();
        return each && deleted ? signal.id() : null;
    }

    @Override
    public String name() {
        return "happened/%s/%s".formatted(trigger.fact(), trigger.occurrence());
    }

    @Override
    public Answer ask(Profile profile, ScheduledTrigger pending, SpillStore older) {
        boolean usual =
                !trigger.unfamiliar().isEmpty()
                        && !pending.asked
                        && !profile.isUnfamiliar(trigger.unfamiliar(), pending);
        return usual ? Answer.VOID : Answer.HOLDS;
    }
}
