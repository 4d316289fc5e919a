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
 * @param position its place in the change log, which orders what is said of one row
 * @param origin how the log came to tell it
 */
public record Source(long committedAt, LogPosition position, Origin origin) {

    public Source {
        Objects.requireNonNull(position, "position");
        Objects.requireNonNull(origin, "origin");
    }

    /** Whether it was read by a snapshot rather than as it was committed. */
    public boolean snapshot() {
        return origin.isSnapshot();
    }

    /** Writes it to messages, and to state. */
    public void write(DataOutput out) throws IOException {
        Compact.writeNumber(out, committedAt);
        position.write(out);
        out.writeByte(origin.id());
    }

    /** Reads what {@link #write} wrote. */
    public static Source read(DataInput in) throws IOException {
        return new Source(Compact.readNumber(in), LogPosition.read(in), Origin.byId(in.readByte()));
    }
}
