package io.seqpulse.lifecycle.fact;

/** Keyed state of one subject: its row and the one timer it has. */
public abstract class SubjectState {

    /** The subject's own row. */
    public final TrackedRow row = new TrackedRow();

    /** The one registered timer, epoch milliseconds; {@link Deadlines#NONE}: none. */
    public long timerAt = Deadlines.NONE;

    /** Whether nothing is remembered of the subject. */
    public abstract boolean isEmpty();

    /** When the clock next changes something of it; by default what concerns its row. */
    public long nextDeadline() {
        return row.nextDeadline();
    }
}
