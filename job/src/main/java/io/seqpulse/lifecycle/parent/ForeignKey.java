package io.seqpulse.lifecycle.parent;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.fact.Source;
import io.seqpulse.lifecycle.fact.SubjectState;
import io.seqpulse.lifecycle.fact.Tombstone;
import java.util.Optional;

/**
 * Maps a child row to its parent: a delete event carries the child's primary key only. If the child
 * moves to another parent, the previous one is notified. Facts arrive in any order and any number
 * of times.
 *
 * <p>State, as {@link ForeignKeyCodec} writes it.
 */
public class ForeignKey extends SubjectState {

    /** The row's table; null while there is no row. */
    public CapturedTable table;

    /** Id of the row it belongs to; null while there is none. */
    public String id;

    /**
     * Takes what the log says of the row {@code rowId}: where it belongs ({@link RowChange#key()}),
     * or that it was deleted. Returns what that means to the row it belongs to, or belonged to.
     */
    Optional<RowChange> take(String rowId, RowChange change) {
        CapturedTable of = change.table();
        if (change.deleted()) {
            return takeDeletion(rowId, of, Tombstone.of(change));
        }
        if (row.isOver(change)) {
            return Optional.of(deletion(of, change.key(), rowId, row.tombstone));
        }
        if (!row.accepts(change)) {
            return change.key().equals(id)
                    ? Optional.empty()
                    : Optional.of(deletion(of, change.key(), rowId, written()));
        }
        String before = id;
        table = of;
        id = change.key();
        row.put(change);
        return before == null || before.equals(id)
                ? Optional.empty()
                : Optional.of(deletion(of, before, rowId, written()));
    }

    /** Whether the row belongs where the change says, as far as is known after it was taken. */
    boolean isSaidBy(RowChange change) {
        return change.key().equals(id) && row.isSaidBy(change);
    }

    /** Takes the row for deleted if a new snapshot no longer shows it. */
    Optional<RowChange> reconcile(String rowId, SnapshotBoundary boundary) {
        return id != null && row.isMissingFrom(boundary, table.label())
                ? takeDeletion(rowId, table, boundary.tombstone())
                : Optional.empty();
    }

    private Optional<RowChange> takeDeletion(String rowId, CapturedTable of, Tombstone deleted) {
        if (row.outlived(deleted.position())) {
            return Optional.empty(); // it was inserted again since
        }
        if (!row.present && row.isLaterDeleted(deleted)) {
            return Optional.empty(); // a repeat
        }
        Optional<RowChange> told =
                id == null ? Optional.empty() : Optional.of(deletion(of, id, rowId, deleted));
        table = null;
        id = null;
        row.delete(deleted);
        return told;
    }

    /** The moment since which the row belongs where it does. */
    private Tombstone written() {
        return new Tombstone(row.committedAt, row.position);
    }

    @Override
    public boolean isEmpty() {
        return row.isEmpty();
    }

    private static RowChange deletion(
            CapturedTable table, String parent, String rowId, Tombstone at) {
        return RowChange.deletion(
                table, parent, rowId, new Source(at.at(), at.position(), Origin.CHANGED));
    }
}
