package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Deadlines on the log's clock, in milliseconds since the epoch. */
public final class Deadlines {

    /** There is no deadline. */
    public static final long NONE = Long.MAX_VALUE;

    private Deadlines() {}

    /** Writes one to state: as 0 where there is none, which is shorter. */
    public static void write(long deadline, DataOutput out) throws IOException {
        Compact.writeNumber(out, deadline == NONE ? 0 : deadline);
    }

    /** Reads what {@link #write} wrote. */
    public static long read(DataInput in) throws IOException {
        long deadline = Compact.readNumber(in);
        return deadline == 0 ? NONE : deadline;
    }

    /** The earlier of two deadlines. */
    public static long earliest(long one, long other) {
        return Math.min(one, other);
    }
}
