package io.seqpulse.connector.jdbc;

import java.util.List;

/**
 * A piece of what was found in the tables when they were claimed: rows that may say something else
 * than who claimed them knows.
 *
 * @param claim how many claims of this writer it was by then, from 1: a later one begins it all
 *     anew
 * @param number the claim's number among all claims of the generation; rows are stamped with it
 * @param anew whether every row has to be written anew, because rows are gone
 * @param rows which; their figures are those that whoever is told knows, not these
 * @param last whether these were the last
 */
public record KpiFound(long claim, long number, boolean anew, List<Target> rows, boolean last) {

    /**
     * Which row.
     *
     * @param relation its table
     * @param series what it counts
     * @param atMillis the minute it stands at, in milliseconds since the epoch
     */
    public record Target(String relation, String series, long atMillis) {}

    public KpiFound {
        rows = List.copyOf(rows);
    }
}
