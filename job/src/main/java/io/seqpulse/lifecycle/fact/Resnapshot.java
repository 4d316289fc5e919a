package io.seqpulse.lifecycle.fact;

import java.util.Set;

/**
 * A snapshot of the database that came to its end after the log had been read before: what it does
 * not show was deleted while nobody was listening (DESIGN D4). Of tables that turn out to be empty
 * the clock tells after it, in one of these of its own.
 *
 * @param fromOffset position of its first row in the change log
 * @param toOffset position of its last row, or of the clock message
 * @param at when it was taken, on the log's clock, epoch milliseconds: later than everything that
 *     was streamed before it
 * @param tables those of which it shows every row, be it none
 */
public record Resnapshot(long fromOffset, long toOffset, long at, Set<String> tables) {

    public Resnapshot {
        tables = tables == null ? Set.of() : tables;
    }

    /**
     * Whether a row that is remembered exists no more.
     *
     * @param table the row's
     * @param seen where the log told of the row last, be it nothing new
     */
    public boolean lacks(String table, long seen) {
        return seen < fromOffset && tables.contains(table);
    }

    /** The deletion of what it lacks. */
    public Departure departure() {
        return new Departure(at, toOffset);
    }
}
