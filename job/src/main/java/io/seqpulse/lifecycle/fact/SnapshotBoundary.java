package io.seqpulse.lifecycle.fact;

import java.util.Set;

/**
 * A completed snapshot that is not the first one. Rows of its tables that it does not contain were
 * deleted while no connector was running (DESIGN D4). Empty tables are reported by a later clock
 * message, which makes a boundary of its own. A truncated table is a table without rows.
 *
 * @param fromOffset offset of its first row in the change log
 * @param toOffset offset of its last row, or of the clock message
 * @param at when it was taken, on the log's clock, epoch milliseconds: later than everything that
 *     was streamed before it
 * @param tables those of which it shows every row, be it none
 */
public record SnapshotBoundary(long fromOffset, long toOffset, long at, Set<String> tables) {

    public SnapshotBoundary {
        tables = tables == null ? Set.of() : tables;
    }

    /**
     * Whether a row that is remembered exists no more.
     *
     * @param table the row's
     * @param seen position of the row's last record in the log, repeats included
     */
    public boolean lacks(String table, LogPosition seen) {
        return seen.told() < fromOffset && tables.contains(table);
    }

    /** The deletion of what it lacks. */
    public Tombstone tombstone() {
        return new Tombstone(at, LogPosition.at(toOffset));
    }
}
