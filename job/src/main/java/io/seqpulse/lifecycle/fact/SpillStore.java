package io.seqpulse.lifecycle.fact;

import java.util.Map;

/**
 * Id → time of things of one subject, by kind: those that are too many to be at hand with every
 * fact. What a time counts, milliseconds or microseconds, is up to who keeps the kind.
 */
public interface SpillStore {

    /** The kind of which there are as many as there are verdicts of a project. */
    String VERDICTS = "given";

    /** When it was; null where it is not here. */
    Long get(String kind, String id);

    /** Keeps one, or its other time. */
    void put(String kind, String id, long at);

    /** Lets go of one. */
    void remove(String kind, String id);

    /** Id → time of all of a kind. */
    Map<String, Long> all(String kind);
}
