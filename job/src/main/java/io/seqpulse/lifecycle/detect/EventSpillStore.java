package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.FactKind;
import java.util.List;

/**
 * The older events of one subject, by id, for at least the current and the previous month: those
 * that are too many to be at hand with every fact.
 */
public interface EventSpillStore {

    /** Business time an event is remembered with, or null where it is not. */
    Long at(FactKind kind, String id);

    /** Remembers an event, or its other time. */
    void put(FactKind kind, String id, long at);

    /** Business times of all events of a kind, in any order. */
    List<Long> times(FactKind kind);
}
