package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.fact.Fact;
import java.util.Map;

/**
 * One event as state remembers it.
 *
 * @param id of the event
 * @param at business time, epoch milliseconds
 * @param committedAt commit time on the log's clock, epoch milliseconds
 * @param snapshot whether it was first read from a snapshot
 * @param values its attributes
 */
public record EventRecord(
        String id, long at, long committedAt, boolean snapshot, Map<String, String> values) {

    public EventRecord {
        values = values == null ? Map.of() : values;
    }

    static EventRecord of(Fact fact) {
        return new EventRecord(
                fact.id(), fact.at(), fact.committedAt(), fact.snapshot(), fact.values());
    }

    /** Whether the fact tells of this very event. */
    boolean isTold(Fact fact) {
        return id.equals(fact.id()) && at == fact.at();
    }
}
