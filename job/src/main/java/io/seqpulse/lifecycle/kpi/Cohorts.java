package io.seqpulse.lifecycle.kpi;

import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.SpillStore;
import java.io.Serializable;
import java.util.Map;

/**
 * What one kind of subject adds to the figures. Pure: any order and any repetition of facts ends
 * with the same figures, those of the rows that are there now. Only how a plan came to be what it
 * is depends on the order of its row's versions, which the log keeps.
 */
public interface Cohorts extends Serializable {

    /** What is counted. */
    KpiIndex measures();

    /**
     * Takes a fact.
     *
     * @return whether the figures may be others now
     */
    boolean take(CohortState cohortState, Fact fact, SpillStore more);

    /** What the subject adds to each figure, as its facts are now. */
    Map<Figure, Count> figures(String id, CohortState cohortState);
}
