package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * The place of a change in the log, which is what says of two changes of a row which is the later
 * one. Commit times do not: a database's clock may have been ahead.
 *
 * <p>A change has the place at which the log told of it first. A connector that was restarted tells
 * of it again, as does a dead letter that is replayed, further on in the log and maybe behind newer
 * changes of the row: it keeps its place.
 *
 * @param told its place: the offset at which the log told it first, or a lower bound of that, below
 *     which everything is older
 * @param offset where this record of it stands
 */
public record LogPosition(long told, long offset) {

    /** Before everything. */
    public static final LogPosition NONE = new LogPosition(Long.MIN_VALUE, Long.MIN_VALUE);

    /** Of a record that tells something for the first time. */
    public static LogPosition at(long offset) {
        return new LogPosition(offset, offset);
    }

    /** Whether it is later. At the same place is the same change, told again. */
    public boolean isAfter(LogPosition other) {
        return told > other.told;
    }

    /** Whether it is earlier. */
    public boolean isBefore(LogPosition other) {
        return told < other.told;
    }

    /** As state keeps it, and facts on their way. */
    public void write(DataOutput out) throws IOException {
        Compact.writeNumber(out, told);
        Compact.writeNumber(out, offset - told);
    }

    /** As {@link #write} wrote it. */
    public static LogPosition read(DataInput in) throws IOException {
        long told = Compact.readNumber(in);
        return new LogPosition(told, told + Compact.readNumber(in));
    }
}
