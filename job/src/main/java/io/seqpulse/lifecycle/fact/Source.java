package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Objects;

/**
 * Where a fact comes from.
 *
 * @param committedAt commit time on the log's clock, in milliseconds since the epoch
 * @param committedMicros microseconds of the commit time beyond that millisecond
 * @param position its place in the change log, which orders what is said of one row
 * @param origin how the log came to tell it
 */
public record Source(long committedAt, int committedMicros, LogPosition position, Origin origin) {

    public Source {
        Objects.requireNonNull(position, "position");
        Objects.requireNonNull(origin, "origin");
    }

    /** Of what was committed at a whole millisecond. */
    public Source(long committedAt, LogPosition position, Origin origin) {
        this(committedAt, 0, position, origin);
    }

    /** Of what was committed at a time in microseconds since the epoch. */
    static Source committedAt(long micros, LogPosition position, Origin origin) {
        return new Source(
                Math.floorDiv(micros, Fact.MICROS_PER_MILLI),
                (int) Math.floorMod(micros, Fact.MICROS_PER_MILLI),
                position,
                origin);
    }

    /**
     * Whether both were committed by one transaction, as far as commit times tell: no two that one
     * writer makes, one after the other, share a microsecond. Of what a snapshot read nobody knows.
     */
    public boolean isOfSameCommit(Source other) {
        return committedAt == other.committedAt
                && committedMicros == other.committedMicros
                && !snapshot()
                && !other.snapshot();
    }

    /** Whether it was read by a snapshot rather than as it was committed. */
    public boolean snapshot() {
        return origin.isSnapshot();
    }

    /** Writes it to messages, and to state. */
    public void write(DataOutput out) throws IOException {
        Compact.writeNumber(out, committedAt);
        Compact.writeSize(out, committedMicros);
        position.write(out);
        out.writeByte(origin.id());
    }

    /** Reads what {@link #write} wrote. */
    public static Source read(DataInput in) throws IOException {
        return new Source(
                Compact.readNumber(in),
                Compact.readSize(in),
                LogPosition.read(in),
                Origin.byId(in.readByte()));
    }
}
