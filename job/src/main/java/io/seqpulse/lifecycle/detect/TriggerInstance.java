package io.seqpulse.lifecycle.detect;

import java.util.Map;

/**
 * A time at which a rule may be due for one subject.
 *
 * @param id distinguishes the instances of one rule and subject: empty, a month, an event's id
 * @param dueAt business time, epoch milliseconds
 * @param askAt log time at which everything that matters has been delivered
 * @param causedAt commit time of the change that caused it; 0 when a deadline or a snapshot did
 * @param values attributes for the key and the text
 */
public record TriggerInstance(
        String id, long dueAt, long askAt, long causedAt, Map<String, String> values) {}
