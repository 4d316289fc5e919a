package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.fact.Event;
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

    static EventRecord of(Event event) {
        return new EventRecord(
                event.id(), event.at(), event.committedAt(), event.snapshot(), event.attributes());
    }

    /** Whether it is this very event that is told. */
    boolean isTold(Event event) {
        return id.equals(event.id()) && at == event.at();
    }
}
