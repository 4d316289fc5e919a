package io.seqpulse.lifecycle.decode;

import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.ChangeEvent.Snapshot;
import io.seqpulse.connector.debezium.ClockMessage;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the snapshots in a change log, to know at the end of one what it has shown. In doubt it
 * says nothing: a deletion that is missed withdraws a mail too few, one that never was forgets a
 * customer.
 *
 * <p>A snapshot begins with a row that is later than everything streamed so far, so that a row that
 * was repeated or copied from elsewhere in the log begins none; it begins again where a table shows
 * rows of a later time, because the connector died in it. It is complete with the row that Debezium
 * marks as the last, whichever table that is of. When streaming goes on without that mark, it never
 * was. Incremental snapshots show what is in the log anyway and are none.
 *
 * <p>State: fields may be added, never renamed or retyped.
 */
public class SnapshotProgress {

    private static final Logger LOG = LoggerFactory.getLogger(SnapshotProgress.class);
    private static final long MICROS_PER_MILLI = 1_000;

    /** Highest commit time of what precedes the running snapshot, in microseconds. */
    public long readMicros = Long.MIN_VALUE;

    public boolean running;

    /** Whether nothing was read before it: then there is nothing that it could lack. */
    public boolean initial;

    /** Whether rows of two snapshots are mixed, or a row of it named no table that can be read. */
    public boolean doubtful;

    public long fromOffset;
    public long beganMicros;

    /** Table → commit time of its rows in microseconds. */
    public Map<String, Long> tables = new HashMap<>();

    /** Tables of which a row could not be read since anything was streamed. */
    public Set<String> unreadTables = new HashSet<>();

    /** Position of the first row of the last snapshot that came to its end. */
    public long shownFrom;

    /** When it was taken, in milliseconds. */
    public long shownAt;

    /** Latest time of a row that any snapshot showed, in microseconds; 0: none did. */
    public long rowsUntilMicros;

    /** Highest commit time of what was streamed before these rows, in microseconds. */
    public long streamedBeforeRowsMicros;

    /** Tables of which it showed no row, and of which it is not known yet that they have none. */
    public Set<String> unshown = new HashSet<>();

    /** A row of a snapshot, before it is decoded. */
    void shows(ChangeEvent row) {
        if (row.commitMicros() > rowsUntilMicros) {
            rowsUntilMicros = row.commitMicros();
            streamedBeforeRowsMicros = readMicros;
        }
        if (row.snapshot() == Snapshot.INCREMENTAL || row.commitMicros() <= readMicros) {
            return;
        }
        Long known = tables.get(row.table());
        if (!running) {
            begin(row, readMicros == Long.MIN_VALUE);
        } else if (known != null && row.commitMicros() > known) {
            begin(row, false);
        } else if (row.commitMicros() < beganMicros) {
            doubtful = true;
        }
        tables.put(row.table(), row.commitMicros());
    }

    private void begin(ChangeEvent row, boolean first) {
        running = true;
        initial = first;
        fromOffset = row.offset();
        beganMicros = row.commitMicros();
        tables.clear();
    }

    /**
     * A record could not be read.
     *
     * @param table its table; null where it names none
     */
    void misses(String table) {
        if (table == null) {
            doubtful = true;
        } else {
            unreadTables.add(table);
        }
    }

    /**
     * When a streamed change counts as committed, in microseconds. A snapshot's rows bear the time
     * at which Debezium begins to read them, a little after the moment they show; what was
     * committed between the two comes later in the log with an earlier time, and is later all the
     * same. What had been streamed before and is repeated is not.
     */
    long committed(long commitMicros) {
        return commitMicros > streamedBeforeRowsMicros
                ? Math.max(commitMicros, rowsUntilMicros)
                : commitMicros;
    }

    /** A change or a clock message was streamed. */
    void streams(long commitMicros) {
        if (commitMicros <= readMicros) {
            return;
        }
        if (running && commitMicros <= beganMicros) {
            return; // committed while the snapshot was prepared
        }
        if (running) {
            LOG.warn(
                    "The snapshot from offset {} never came to its end: nothing is taken for"
                            + " deleted because it does not show it",
                    fromOffset);
        }
        readMicros = commitMicros;
        end();
    }

    /**
     * What was deleted with all the rows of a table. Debezium writes nothing of an empty table, nor
     * of one that a snapshot left out, so the database's word is what counts: a table that is empty
     * after a snapshot has none of the rows that were read before it.
     */
    Optional<SnapshotBoundary> told(ClockMessage clock, long offset) {
        if (unshown.isEmpty()) {
            return Optional.empty();
        }
        Set<String> empty = new HashSet<>(clock.emptyTables());
        empty.retainAll(unshown);
        if (empty.isEmpty()) {
            return Optional.empty();
        }
        unshown.removeAll(empty);
        LOG.info("All rows of {} are taken for deleted: the database has none", empty);
        return Optional.of(new SnapshotBoundary(shownFrom, offset, shownAt, Set.copyOf(empty)));
    }

    /**
     * All rows of a table that were told before went at once. Of a truncation that is told again
     * these are no more than the first time, so that rows inserted meanwhile stay.
     *
     * @param committedMicros when it counts as committed
     * @param position where the log told of it first
     */
    SnapshotBoundary truncates(ChangeEvent change, long committedMicros, LogPosition position) {
        unshown.remove(change.table());
        LOG.info("All rows of {} are taken for deleted: it was truncated", change.table());
        return new SnapshotBoundary(
                position.told(),
                change.offset(),
                Math.floorDiv(committedMicros, MICROS_PER_MILLI),
                Set.of(change.table()));
    }

    /**
     * What the snapshot has shown, if this row was its last and it was not the first of all.
     *
     * @param captured all tables whose rows are read
     */
    Optional<SnapshotBoundary> completes(ChangeEvent row, Set<String> captured) {
        if (!running || row.snapshot() != Snapshot.LAST || row.commitMicros() <= readMicros) {
            return Optional.empty();
        }
        Set<String> shown = new HashSet<>(tables.keySet());
        shown.removeAll(unreadTables);
        SnapshotBoundary complete =
                new SnapshotBoundary(
                        fromOffset, row.offset(), row.commitMillis(), Set.copyOf(shown));
        boolean usable = !initial && !doubtful && !shown.isEmpty();
        if (!initial) {
            shownFrom = fromOffset;
            shownAt = row.commitMillis();
            unshown = new HashSet<>(captured);
            unshown.removeAll(tables.keySet());
        }
        if (!initial) {
            LOG.info(
                    "A new snapshot, offsets {} to {}: {}",
                    fromOffset,
                    row.offset(),
                    usable
                            ? "rows of " + shown + " that it does not show are taken for deleted"
                            : "it is doubtful, and nothing is taken for deleted");
        }
        readMicros = Math.max(beganMicros, row.commitMicros());
        end();
        return usable ? Optional.of(complete) : Optional.empty();
    }

    private void end() {
        running = false;
        initial = false;
        doubtful = false;
        tables.clear();
        unreadTables.clear();
    }
}
