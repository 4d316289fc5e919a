package io.seqpulse.lifecycle.parent;

import io.seqpulse.lifecycle.fact.Departure;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Resnapshot;
import java.util.Optional;

/**
 * Which row another one belongs to, because its deletion tells its own id only. Facts arrive in any
 * order and any number of times; whoever was told that the row is theirs, and it is not, is told
 * so.
 *
 * <p>State, as {@link ParentCodec} writes it.
 */
public class Parent {

    /** What says that a row is there, by which it is deleted. */
    private enum Kind {
        VERDICT(FactKind.VERDICT, FactKind.VERDICT_DELETED),
        EMAIL_EVENT(FactKind.EMAIL_EVENT, FactKind.EMAIL_EVENT_DELETED);

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
    public FactKind row;

    /** Id of the row it belongs to. */
    public String id;

    public long committedAt = Long.MIN_VALUE;
    public long position = Long.MIN_VALUE;

    /** Where the log told of the row last, be it nothing new. */
    public long seen = Long.MIN_VALUE;

    /** The deletion of the row remembered last, or null. */
    public Departure departure;

    /** The one registered timer, epoch milliseconds; 0: none. */
    public long timerAt;

    /**
     * Takes what the log says of the row {@code rowId}: where it belongs ({@link Fact#key()}), or
     * that it was deleted. Returns what that means to the row it belongs to, or belonged to.
     */
    Optional<Fact> take(String rowId, Fact fact) {
        Kind kind = Kind.of(fact.kind());
        if (fact.kind() == kind.deletion) {
            return takeDeletion(rowId, kind, new Departure(fact.committedAt(), fact.position()));
        }
        seen = Math.max(seen, fact.position());
        if (departure != null && !departure.precedes(fact)) {
            return Optional.of(deletion(kind, fact.key(), rowId, departure));
        }
        if (isOlder(fact)) {
            return fact.key().equals(id)
                    ? Optional.empty()
                    : Optional.of(
                            deletion(
                                    kind, fact.key(), rowId, new Departure(committedAt, position)));
        }
        String before = id;
        row = fact.kind();
        id = fact.key();
        committedAt = fact.committedAt();
        position = fact.position();
        return before == null || before.equals(id)
                ? Optional.empty()
                : Optional.of(deletion(kind, before, rowId, new Departure(committedAt, position)));
    }

    /** Takes the row for deleted if a new snapshot no longer shows it. */
    Optional<Fact> sweep(String rowId, Resnapshot resnapshot) {
        return id != null && resnapshot.lacks(row.table(), seen)
                ? takeDeletion(rowId, Kind.of(row), resnapshot.departure())
                : Optional.empty();
    }

    private Optional<Fact> takeDeletion(String rowId, Kind kind, Departure deleted) {
        if (id != null && committedAt > deleted.at()) {
            return Optional.empty(); // it was inserted again since
        }
        if (id == null && departure != null && departure.at() > deleted.at()) {
            return Optional.empty(); // told again
        }
        Optional<Fact> told =
                id == null ? Optional.empty() : Optional.of(deletion(kind, id, rowId, deleted));
        row = null;
        id = null;
        committedAt = Long.MIN_VALUE;
        position = Long.MIN_VALUE;
        seen = Long.MIN_VALUE;
        departure = deleted;
        return told;
    }

    /** The clock has reached a time. */
    void passTime(long now) {
        if (departure != null && now >= departure.forgetAt()) {
            departure = null;
        }
    }

    /** When something happens to it next, on the log's clock; 0: nothing. */
    long nextTime() {
        return departure == null ? 0 : departure.forgetAt();
    }

    /** Whether there is nothing to remember. */
    boolean isEmpty() {
        return id == null && departure == null;
    }

    private boolean isOlder(Fact fact) {
        return id != null
                && (fact.committedAt() < committedAt
                        || (fact.committedAt() == committedAt && fact.position() < position));
    }

    private static Fact deletion(Kind kind, String parent, String rowId, Departure at) {
        return new Fact(kind.deletion, parent, rowId, at.at(), at.at(), at.position(), false, null);
    }
}
