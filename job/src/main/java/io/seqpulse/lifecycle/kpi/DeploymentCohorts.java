package io.seqpulse.lifecycle.kpi;

import io.seqpulse.lifecycle.catalogue.Kpi;
import io.seqpulse.lifecycle.catalogue.Kpi.Cohort;
import java.io.Serializable;
import java.util.Map;
import java.util.Set;

/** What deployments add to the figures: what happens, and which of them finish in time. */
public record DeploymentCohorts(KpiIndex measures) implements Serializable {

    /** A series has a name that an index can hold, and there are few of them. */
    private static final Set<String> COUNTED_VERDICTS =
            Set.of("ok", "warning", "rollback_recommended");

    /**
     * A deployment that is there, as far as figures ask about it. Times are in microseconds since
     * the epoch; {@link EarliestTimes#NEVER} is none.
     *
     * @param startedMicros when it started
     * @param finishedMicros when it finished, or else was first seen finished
     * @param verdict its verdict, or null
     * @param verdictMicros when that was given
     */
    public record State(
            long startedMicros, long finishedMicros, String verdict, long verdictMicros) {}

    /** What it adds to each figure. */
    public Map<Figure, Count> figures(State state) {
        Accumulator tally = new Accumulator();
        if (state.startedMicros() != EarliestTimes.NEVER) {
            tally.activity("deployment_started", state.startedMicros());
            for (Kpi kpi : measures.of(Cohort.DEPLOYMENT_STARTED)) {
                tally.cohort(
                        kpi.name(),
                        state.startedMicros(),
                        Horizon.reached(
                                state.startedMicros(), state.finishedMicros(), kpi.within()));
            }
        }
        if (state.finishedMicros() != EarliestTimes.NEVER) {
            tally.activity("deployment_finished", state.finishedMicros());
        }
        if (state.verdict() != null && COUNTED_VERDICTS.contains(state.verdict())) {
            tally.activity("verdict_" + state.verdict(), state.verdictMicros());
        }
        return tally.counts();
    }
}
