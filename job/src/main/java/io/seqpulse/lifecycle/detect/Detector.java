package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Trigger;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.Signal;
import io.seqpulse.lifecycle.fact.SpillStore;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;

/** One way of noticing that something happened, or did not. Pure: no clock, no state of its own. */
interface Detector {

    /** What a detector says of an instance once the clock has passed it. */
    enum Answer {
        /** It is as the rule needs. */
        HOLDS,
        /** It never was. */
        VOID,
        /** It was when it was due, and is no longer. */
        RESOLVED
    }

    /** Whether events of a type can make an instance, or change whether one holds. */
    boolean isMovedBy(EventType type);

    /** Whether a project's row, which says its plan, can make an instance. */
    default boolean isMovedByRow() {
        return false;
    }

    /** Whether what an owner's projects tell of themselves can make or move an instance. */
    default boolean isMovedBySignals() {
        return false;
    }

    /** What the key of an instance has beside what the rule's template says. */
    default String keySuffix(ScheduledTrigger pending) {
        return "";
    }

    /**
     * The trigger instances that a fact makes or changes, which the profile has just taken; asked
     * only of facts that move it.
     */
    List<TriggerInstance> instances(Profile profile, Fact fact, SpillStore older);

    /**
     * Whether time alone makes an instance of what the profile knows already, so that a rule that
     * is new or was retuned has to be put to every profile.
     */
    default boolean isMadeByTime() {
        return false;
    }

    /**
     * The trigger instances that come with time alone, of what the profile knows already; none
     * where each takes an event.
     */
    default List<TriggerInstance> waiting(Profile profile) {
        return List.of();
    }

    /**
     * When it next wants to be asked without a fact, on the log's clock: the first such time that
     * is later than another; {@link Deadlines#NONE}: never. Asked only of a subject whose row is
     * there, anew with every row of its own and whenever it has been asked.
     *
     * @param after up to when it has been asked, or the rule did not run
     */
    default long nextAsk(Profile profile, long after) {
        return Deadlines.NONE;
    }

    /**
     * The trigger instances that a time makes, asked when the log's clock has come to {@link
     * #nextAsk}. The clock may have passed many such times at once: the instance is that of the
     * latest. Its id says which, so that it is the same whenever it is made.
     *
     * @param now the log's clock
     */
    default List<TriggerInstance> instancesAt(Profile profile, long now, SpillStore older) {
        return List.of();
    }

    /**
     * The one trigger instance that a fact can make, where that can be told without looking; else
     * null. What is over or given out need not be looked for again with every fact.
     */
    default String onlyInstance(Fact fact) {
        return null;
    }

    /**
     * The trigger instance of which an event, which the profile has just taken, shows that it is
     * not as the rule needs, or no longer; null: of none.
     */
    default String deniedInstance(Profile profile, Event event) {
        return null;
    }

    /** The instance of an event that a signal says was deleted since; null: of none. */
    default String deletedInstance(Signal signal) {
        return null;
    }

    /**
     * What is noticed, without the parameters that may be retuned: an instance that something else
     * made says nothing here.
     */
    String name();

    /**
     * Whether an instance that waits may be asked earlier now, although the fact that says so was
     * told before in other words.
     */
    default boolean hastens(ScheduledTrigger pending, TriggerInstance instance) {
        return false;
    }

    /** Whether an event that moves it may change {@link #nextAsk}. */
    default boolean isAskedAnew() {
        return false;
    }

    /** Whether an instance that never was may be made anew. */
    default boolean isAskedAgain() {
        return false;
    }

    /** Until when there is no other instance of its id, epoch milliseconds; 0: until it expires. */
    default long endOf(TriggerInstance instance) {
        return 0;
    }

    /** Whether an instance is still as the rule needs. */
    Answer ask(Profile profile, ScheduledTrigger pending, SpillStore older);

    /**
     * Whether an instance can be decided although nobody told what happened to the subject before
     * the log tells of it: first seen is not first happened, and not seen is not absent.
     *
     * @param liveSince when the rule first ran: what was mailed since has its key taken
     */
    default boolean isTold(Profile profile, ScheduledTrigger pending, long liveSince) {
        return false;
    }

    /** Figures that the text needs as they are now; empty where the instance's own suffice. */
    default Map<String, String> figures(Profile profile, ScheduledTrigger pending) {
        return Map.of();
    }

    /**
     * The detector of a trigger.
     *
     * @param otherwise the zone of whoever has none
     */
    static Detector of(Trigger trigger, ZoneId otherwise) {
        return switch (trigger.kind()) {
            case HAPPENED -> new HappenedDetector((Trigger.Happened) trigger);
            case MISSING -> new MissingDetector((Trigger.Missing) trigger);
            case REACHED -> new ReachedDetector((Trigger.Reached) trigger);
            case DROPPED -> new DroppedDetector((Trigger.Dropped) trigger);
            case SILENT -> new SilentDetector((Trigger.Silent) trigger);
            case SEQUENCE -> new SequenceDetector((Trigger.Sequence) trigger);
            case MILESTONE -> new MilestoneDetector((Trigger.Milestone) trigger);
            case CALENDAR -> new CalendarDetector((Trigger.Calendar) trigger, otherwise);
        };
    }
}
