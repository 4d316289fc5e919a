package io.seqpulse.lifecycle.detect;

import java.util.Map;

/**
 * A time at which a rule may be due for one subject.
 *
 * @param id distinguishes the instances of one rule and subject: empty, a month, an event's id
 * @param dueAt business time, epoch milliseconds
 * @param deadline what another due time of an instance that already waits means
 * @param askAt log time at which everything that matters has been delivered
 * @param causedAt commit time of the change that caused it; 0 when a deadline or a snapshot did
 * @param values attributes for the key and the text
 */
public record TriggerInstance(
        String id,
        long dueAt,
        Deadline deadline,
        long askAt,
        long causedAt,
        Map<String, String> values) {

    /** What another due time of an instance that already waits means. */
    public enum Deadline {
        /**
         * It is the earliest that was offered: facts come in any order, and a later time says
         * nothing new.
         */
        FIXED,
        /**
         * It is the one offered last, earlier or later, because each fact that moves the detector
         * says it anew. One that was given out ends when a later one is offered.
         */
        MOVABLE
    }

    /** An instance whose deadline is fixed. */
    public TriggerInstance(
            String id, long dueAt, long askAt, long causedAt, Map<String, String> values) {
        this(id, dueAt, Deadline.FIXED, askAt, causedAt, values);
    }
}
