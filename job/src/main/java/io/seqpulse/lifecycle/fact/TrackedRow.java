package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * The version of one table row that state holds: whether the row is present, the position of its
 * last record, the tombstone of its last deletion, and the records that refer to it and wait for
 * it. The columns are the owner's.
 *
 * <p>The last writer wins, by {@link LogPosition}: a record is refused if it stands before the one
 * that was applied last, and accepted at the same position, which is the same change told again. A
 * deletion wins over a record at its own position.
 *
 * <p>State, as {@link #write} writes it.
 */
public final class TrackedRow {

    /** Whether the row exists, as far as is known. */
    public boolean present;

    /** Commit time of the last record, epoch milliseconds; the least number while absent. */
    public long committedAt = Long.MIN_VALUE;

    /** Position of the row's last record in the log, repeats included. */
    public LogPosition position = LogPosition.NONE;

    /** The last deletion, until it expires; null: none. */
    public Tombstone tombstone;

    /** The records that wait for the row; null: none. */
    public Orphans orphans;

    /** Whether a record of the row is to be applied. */
    public boolean accepts(Fact fact) {
        return !isOver(fact) && !(present && fact.position().isBefore(position));
    }

    /** The row exists as the record says; nothing waits for it any longer. */
    public void put(Fact fact) {
        present = true;
        committedAt = fact.committedAt();
        position = fact.position();
        orphans = null;
    }

    /** Whether the last record applied is this one, or a repeat of it. */
    public boolean isSaidBy(Fact fact) {
        return present && position.equals(fact.position());
    }

    /** Whether a fact is about the row as it was before its last deletion. */
    public boolean isOver(Fact fact) {
        return tombstone != null && !tombstone.precedes(fact);
    }

    /** Whether the row was written after a deletion of it, which is told again. */
    public boolean outlived(LogPosition deletion) {
        return present && position.isAfter(deletion);
    }

    /** Whether a later deletion than this one is remembered. */
    public boolean isLaterDeleted(Tombstone deletion) {
        return tombstone != null && tombstone.position().isAfter(deletion.position());
    }

    /** Whether the row is remembered and a complete snapshot of its table does not contain it. */
    public boolean isMissingFrom(SnapshotBoundary boundary, String table) {
        return present && boundary.lacks(table, position);
    }

    /** The row was deleted, unless a later deletion is known. */
    public void delete(Tombstone deletion) {
        if (!isLaterDeleted(deletion)) {
            clear();
            tombstone = deletion;
        }
    }

    /** Nothing is known of the row. */
    public void clear() {
        present = false;
        committedAt = Long.MIN_VALUE;
        position = LogPosition.NONE;
        tombstone = null;
        orphans = null;
    }

    /**
     * A record refers to the row: it waits while the row is absent.
     *
     * @param now time on the log's clock
     */
    public void await(Fact reference, long now) {
        if (orphans == null) {
            orphans = new Orphans();
        }
        orphans.await(reference, now);
    }

    /** The clock has reached a time: an expired tombstone is dropped. */
    public void advanceTo(long now) {
        if (tombstone != null && now >= tombstone.expiresAt()) {
            tombstone = null;
        }
    }

    /** Next time of {@link #advanceTo} or of {@link Orphans#giveUp}, on the log's clock. */
    public long nextDeadline() {
        return Deadlines.earliest(
                tombstone == null ? Deadlines.NONE : tombstone.expiresAt(),
                orphans == null ? Deadlines.NONE : orphans.nextDeadline());
    }

    /** Whether nothing is remembered of it. */
    public boolean isEmpty() {
        return !present && tombstone == null && orphans == null;
    }

    /** Writes it to state. */
    public void write(DataOutput out) throws IOException {
        out.writeBoolean(present);
        if (present) {
            Compact.writeNumber(out, committedAt);
            position.write(out);
        }
        Tombstone.write(tombstone, out);
        Orphans.write(orphans, out);
    }

    /** Reads what {@link #write} wrote. */
    public void read(DataInput in) throws IOException {
        present = in.readBoolean();
        if (present) {
            committedAt = Compact.readNumber(in);
            position = LogPosition.read(in);
        }
        tombstone = Tombstone.read(in);
        orphans = Orphans.read(in);
    }
}
