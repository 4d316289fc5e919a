package io.seqpulse.lifecycle.parent;

import io.seqpulse.lifecycle.catalogue.FactKind;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
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

    /** What says that a row is there, by which it is deleted. */
    private enum Kind {
        VERDICT(FactKind.VERDICT, FactKind.VERDICT_DELETED),
        EMAIL_EVENT(FactKind.EMAIL_EVENT, FactKind.EMAIL_EVENT_DELETED),
        MEMBER(FactKind.MEMBER, FactKind.MEMBER_REMOVED);

        private final FactKind row;
        private final FactKind deletion;

        Kind(FactKind row, FactKind deletion) {
            this.row = row;
            this.deletion = deletion;
        }

        static Kind of(FactKind fact) {
            for (Kind kind : values()) {
                if (kind.row == fact || kind.deletion == fact) {
                    return kind;
                }
            }
            throw new IllegalArgumentException(fact + " is about no row that belongs to another");
        }
    }

    /** The kind of the row's facts; null while there is none. */
    public FactKind kind;

    /** Id of the row it belongs to; null while there is none. */
    public String id;

    /**
     * Takes what the log says of the row {@code rowId}: where it belongs ({@link Fact#key()}), or
     * that it was deleted. Returns what that means to the row it belongs to, or belonged to.
     */
    Optional<Fact> take(String rowId, Fact fact) {
        Kind of = Kind.of(fact.kind());
        if (fact.kind() == of.deletion) {
            return takeDeletion(rowId, of, Tombstone.of(fact));
        }
        if (row.isOver(fact)) {
            return Optional.of(deletion(of, fact.key(), rowId, row.tombstone));
        }
        if (!row.accepts(fact)) {
            return fact.key().equals(id)
                    ? Optional.empty()
                    : Optional.of(deletion(of, fact.key(), rowId, written()));
        }
        String before = id;
        kind = fact.kind();
        id = fact.key();
        row.put(fact);
        return before == null || before.equals(id)
                ? Optional.empty()
                : Optional.of(deletion(of, before, rowId, written()));
    }

    /** Whether the row belongs where the fact says, as far as is known after it was taken. */
    boolean isSaidBy(Fact fact) {
        return fact.key().equals(id) && row.isSaidBy(fact);
    }

    /** Takes the row for deleted if a new snapshot no longer shows it. */
    Optional<Fact> reconcile(String rowId, SnapshotBoundary boundary) {
        return id != null && row.isMissingFrom(boundary, kind.table())
                ? takeDeletion(rowId, Kind.of(kind), boundary.tombstone())
                : Optional.empty();
    }

    private Optional<Fact> takeDeletion(String rowId, Kind of, Tombstone deleted) {
        if (row.outlived(deleted.position())) {
            return Optional.empty(); // it was inserted again since
        }
        if (!row.present && row.isLaterDeleted(deleted)) {
            return Optional.empty(); // a repeat
        }
        Optional<Fact> told =
                id == null ? Optional.empty() : Optional.of(deletion(of, id, rowId, deleted));
        kind = null;
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

    private static Fact deletion(Kind kind, String parent, String rowId, Tombstone at) {
        return new Fact(
                kind.deletion,
                parent,
                rowId,
                at.at(),
                at.at(),
                at.position(),
                Origin.CHANGED,
                null);
    }
}
