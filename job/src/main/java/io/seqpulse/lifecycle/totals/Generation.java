package io.seqpulse.lifecycle.totals;

import java.io.Serializable;
import java.util.Set;

/**
 * Which generation of rows the job fills.
 *
 * @param candidate the one that a start with empty state fills: the time of that start, in
 *     milliseconds since the epoch
 * @param complete those whose rows are all in the tables when the job is started; of another one, a
 *     restored job writes every total anew
 */
public record Generation(long candidate, Set<Long> complete) implements Serializable {

    public Generation {
        complete = Set.copyOf(complete);
    }
}
