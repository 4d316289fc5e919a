package io.seqpulse.lifecycle.kpi;

import java.util.Map;

/** EarliestTimes of one subject that are too many to be at hand with every fact. */
public interface SpillStore {

    /** The kind of which there are as many as there are verdicts of a project. */
    String VERDICTS = "given";

    /** When it was, in microseconds; null where it is not here. */
    Long get(String kind, String id);

    /** Keeps one, or its other time. */
    void put(String kind, String id, long atMicros);

    /** Lets go of one. */
    void remove(String kind, String id);

    /** Id → time of all of a kind. */
    Map<String, Long> all(String kind);
}
