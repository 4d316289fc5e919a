package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.fact.FactKind;
import java.util.List;

/** The distinct events of one subject, by id, for at least the current and the previous month. */
public interface Events {

    /**
     * Remembers an event.
     *
     * @return the business time it was remembered with before, or null if it is new
     */
    Long put(FactKind kind, String id, long at);

    /** Remembers an event that is certainly new. */
    default void add(FactKind kind, String id, long at) {
        put(kind, id, at);
    }

    /** Business times of the events of a kind in {@code [from, to)}, ascending. */
    List<Long> times(FactKind kind, long from, long to);
}
