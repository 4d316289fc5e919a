package io.seqpulse.lifecycle.decode;

import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.ClockMessage;
import io.seqpulse.connector.kafka.CdcClock;
import io.seqpulse.lifecycle.fact.LogPosition;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows the place of every record in the log, and the time at which it counts as committed.
 *
 * <p>Its place is where the log told of it first. That a record is a repetition is seen by where it
 * stands in the database's own log: a connector that was restarted tells again, with the same
 * positions there and the same commit time, but at a later offset. The pair of {@code
 * previousCommitLsn} and {@code lsn} never goes back otherwise, unless the database is another one:
 * restored from a backup, or a replica that was promoted. That is seen by commit times that are new
 * although the positions are not, and by what the clock messages say of the database.
 *
 * <p>Its time is its commit time, no later than {@link CdcClock#latestMillis} believes, and never
 * behind what was streamed before: as the watermark is. So nothing that was written while the
 * database's clock was ahead has to wait until real time catches up.
 *
 * <p>State: fields may be added, never renamed or retyped.
 */
public class LogOrder {

    private static final Logger LOG = LoggerFactory.getLogger(LogOrder.class);

    /** Repetitions go back to where the connector noted its position last: seconds, or minutes. */
    private static final int MOST_ENTRIES = 1_024;

    private static final int WIDTH = 3;
    private static final long MICROS_PER_MILLI = 1_000;

    /** Where the latest record that is no repetition stands in the database's log. */
    public long previousCommitLsn;

    public long lsn;

    /** Highest position of a record there. */
    public long highestLsn;

    /** Where streaming went on after a snapshot, which breaks the chain of commits. */
    public long resumedAt;

    /** Whether the latest record is of the first transaction since then. */
    public boolean resuming;

    /** Latest commit time that was told, in microseconds. */
    public long toldMicros = Long.MIN_VALUE;

    /** Latest time at which anything counts as committed, in microseconds. */
    public long committedMicros = Long.MIN_VALUE;

    /** The database that writes the log, as its clock messages say; null: they do not. */
    public String identity;

    /** The one before, whose messages a connector that went back tells again; null: none. */
    public String formerIdentity;

    /**
     * Where records stand: previous commit's LSN, LSN and offset by turns, ascending. Of late ones
     * every position, of earlier ones fewer and fewer.
     */
    public long[] index = new long[0];

    public int entries;

    /**
     * What is to be known of a record.
     *
     * @param position its place in the log
     * @param committedMicros when it counts as committed, in microseconds since the epoch
     */
    record Place(LogPosition position, long committedMicros) {}

    /**
     * The place of a change that was streamed.
     *
     * @param wall this machine's time, in milliseconds since the epoch
     */
    Place streamed(ChangeEvent change, long wall) {
        return streamed(
                change.previousCommitLsn(),
                change.lsn(),
                change.commitMicros(),
                latestMicros(change.envelopeMillis(), wall),
                change.offset());
    }

    /** The place of a clock message. */
    Place streamed(ClockMessage clock, long offset, long wall) {
        String told = clock.identity();
        boolean again = told != null && told.equals(formerIdentity);
        if (told != null && identity != null && !told.equals(identity) && !again) {
            LOG.warn("The log is written by another database now: {} after {}", told, identity);
            formerIdentity = identity;
            beginAnew();
        }
        identity = told == null || again ? identity : told;
        return streamed(
                clock.previousCommitLsn(),
                clock.lsn(),
                clock.commitMicros(),
                latestMicros(clock.envelopeMillis(), wall),
                offset);
    }

    private Place streamed(
            long previous, long at, long commitMicros, long latestMicros, long offset) {
        long bounded = Math.min(commitMicros, latestMicros);
        if (at != 0 && isRepeated(previous, at, commitMicros)) {
            long told = previous == 0 ? resumedAt : offsetOf(previous, at);
            return new Place(new LogPosition(told, offset), Math.min(bounded, committedMicros));
        }
        if (at != 0) {
            note(previous, at, offset);
        }
        toldMicros = Math.max(toldMicros, commitMicros);
        long earliest =
                committedMicros == Long.MIN_VALUE
                        ? bounded
                        : committedMicros - CdcClock.INVERSION_MICROS;
        long committed = Math.max(bounded, earliest);
        committedMicros = Math.max(committedMicros, committed);
        return new Place(LogPosition.at(offset), committed);
    }

    /**
     * When a snapshot's row counts as read, in microseconds: after all that was streamed before,
     * which the snapshot of a database shows if it stands further on in its log.
     */
    long readMicros(ChangeEvent row) {
        return row.lsn() > highestLsn
                ? Math.max(row.commitMicros(), committedMicros + 1)
                : row.commitMicros();
    }

    /** The place of a record that was appended again. */
    Place replayed(ChangeEvent change, long from, long wall) {
        long told = Math.min(from, change.offset());
        if (change.lsn() != 0 && !change.fromSnapshot() && entries > 0) {
            int entry = entryOf(change.previousCommitLsn(), change.lsn());
            long earliest = entry < 0 ? Long.MIN_VALUE : offset(entry);
            long latest = entry + 1 < entries ? offset(entry + 1) - 1 : change.offset();
            // Earlier than the index says is that of another database, and the header is right.
            if (told > latest || (from == 0 && isAt(entry, change))) {
                told = earliest; // it was itself told again, or does not say from where
            }
        }
        long committed =
                Math.min(change.commitMicros(), latestMicros(change.envelopeMillis(), wall));
        return new Place(
                new LogPosition(told, change.offset()),
                committedMicros == Long.MIN_VALUE
                        ? committed
                        : Math.min(committed, committedMicros));
    }

    private boolean isAt(int entry, ChangeEvent change) {
        return entry >= 0
                && index[entry * WIDTH] == change.previousCommitLsn()
                && index[entry * WIDTH + 1] == change.lsn();
    }

    private static long latestMicros(long envelopeMillis, long wall) {
        return CdcClock.latestMillis(envelopeMillis, wall) * MICROS_PER_MILLI;
    }

    private boolean isRepeated(long previous, long at, long commitMicros) {
        boolean back =
                previous == 0 ? at < highestLsn : compare(previous, at, previousCommitLsn, lsn) < 0;
        if (back && commitMicros > toldMicros) {
            LOG.warn("Positions of the database's log begin anew at {}", at);
            beginAnew();
            return false;
        }
        return back;
    }

    private void beginAnew() {
        previousCommitLsn = 0;
        lsn = 0;
        highestLsn = 0;
        resuming = false;
        entries = 0;
    }

    private void note(long previous, long at, long offset) {
        if (previous == 0 && !resuming) {
            resumedAt = offset;
        }
        resuming = previous == 0;
        boolean same = Math.max(previous, previousCommitLsn) == previousCommitLsn && at == lsn;
        previousCommitLsn = Math.max(previous, previousCommitLsn);
        lsn = at;
        highestLsn = Math.max(highestLsn, at);
        if (same && entries > 0) {
            return; // a statement's rows share it
        }
        if (entries == MOST_ENTRIES) {
            thinOut();
        }
        if (index.length < (entries + 1) * WIDTH) {
            index = Arrays.copyOf(index, Math.min(MOST_ENTRIES, 2 * entries + 16) * WIDTH);
        }
        index[entries * WIDTH] = previousCommitLsn;
        index[entries * WIDTH + 1] = at;
        index[entries * WIDTH + 2] = offset;
        entries++;
    }

    /** Leaves every other one out of the earlier half. */
    private void thinOut() {
        int kept = 0;
        for (int entry = 0; entry < entries; entry++) {
            if (entry >= MOST_ENTRIES / 2 || entry % 2 == 0) {
                System.arraycopy(index, entry * WIDTH, index, kept * WIDTH, WIDTH);
                kept++;
            }
        }
        entries = kept;
    }

    /** Where a record was told, or a lower bound of that. */
    private long offsetOf(long previous, long at) {
        int entry = entryOf(previous, at);
        return entry < 0 ? Long.MIN_VALUE : offset(entry);
    }

    /** The last entry that is not after a position; -1: all are. */
    private int entryOf(long previous, long at) {
        int low = 0;
        int high = entries - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            boolean after =
                    compare(index[middle * WIDTH], index[middle * WIDTH + 1], previous, at) > 0;
            if (after) {
                high = middle - 1;
            } else {
                low = middle + 1;
            }
        }
        return high;
    }

    private long offset(int entry) {
        return index[entry * WIDTH + 2];
    }

    private static int compare(long previous, long at, long otherPrevious, long otherAt) {
        int byCommit = Long.compare(previous, otherPrevious);
        return byCommit != 0 ? byCommit : Long.compare(at, otherAt);
    }
}
