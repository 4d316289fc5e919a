package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Trigger.Silent;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.SpillStore;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * None of some events for a time, and still none when a reminder is due. The deadline moves with
 * each of them; it is the latest that counts, not the one that was told last.
 *
 * <p>Where the catalogue's tables tell of no logins, somebody who works in others' projects alone
 * does nothing that could be noticed: nothing is said of them.
 */
record SilentDetector(Silent trigger) implements Detector {

    private static final long MILLIS_PER_DAY = Duration.ofDays(1).toMillis();

    @Override
    public boolean isMovedBy(EventType type) {
        return trigger.facts().contains(type);
    }

    /** Owners hear of their projects' deployments by signals. */
    @Override
    public boolean isMovedBySignals() {
        return trigger.facts().contains(EventType.DEPLOYMENT_STARTED);
    }

    @Override
    public List<TriggerInstance> instances(Profile profile, Fact fact, SpillStore older) {
        return waiting(profile);
    }

    @Override
    public boolean isMadeByTime() {
        return true;
    }

    @Override
    public List<TriggerInstance> waiting(Profile profile) {
        long last = profile.lastOf(trigger.facts());
        if (last == 0) {
            return List.of();
        }
        String date = LocalDate.ofEpochDay(Math.floorDiv(last, MILLIS_PER_DAY)).toString();
        List<TriggerInstance> steps = new ArrayList<>(1 + trigger.reminders().size());
        for (int step = 0; step <= trigger.reminders().size(); step++) {
            Duration silence = silence(step);
            long dueAt = last + silence.toMillis();
            steps.add(
                    new TriggerInstance(
                            Silent.step(step),
                            dueAt,
                            TriggerInstance.Deadline.MOVABLE,
                            dueAt + MissingDetector.GRACE.toMillis(),
                            0,
                            Map.of(
                                    "step",
                                    Silent.step(step),
                                    "last_activity_date",
                                    date,
                                    "silent_days",
                                    Long.toString(silence.toDays()))));
        }
        return steps;
    }

    private Duration silence(int step) {
        return step == 0 ? trigger.after() : trigger.reminders().get(step - 1);
    }

    private Duration silence(String step) {
        for (int number = 0; number <= trigger.reminders().size(); number++) {
            if (Silent.step(number).equals(step)) {
                return silence(number);
            }
        }
        return null;
    }

    /** A reminder is another email. */
    @Override
    public String keySuffix(ScheduledTrigger pending) {
        return pending.instance.equals(Silent.FIRST) ? "" : ":" + pending.instance;
    }

    @Override
    public String name() {
        return "silent";
    }

    @Override
    public Answer ask(Profile profile, ScheduledTrigger pending, SpillStore older) {
        Duration silence = silence(pending.instance);
        if (silence == null || isUnnoticed(profile)) {
            return Answer.VOID;
        }
        long last = profile.lastOf(trigger.facts());
        if (last + silence.toMillis() <= pending.dueAt) {
            return Answer.HOLDS;
        }
        return last <= pending.dueAt ? Answer.VOID : Answer.RESOLVED;
    }

    private boolean isUnnoticed(Profile profile) {
        boolean logins =
                trigger.facts().contains(EventType.LOGGED_IN)
                        || trigger.facts().contains(EventType.SESSION_STARTED);
        return !logins
                && !profile.members.isEmpty()
                && profile.first(EventType.PROJECT_CREATED) == null;
    }
}
