package io.seqpulse.lifecycle.codec;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.Serializable;

/**
 * How a type is written to keyed state or between operators, and read back: in fewer bytes, and in
 * less time, than a serializer takes that finds the fields out by itself.
 *
 * <p>One that writes state is part of the state's contract (DESIGN D9): its class is never renamed,
 * and it reads what every earlier version of it wrote. Implementations are stateless and have a
 * public no-argument constructor.
 */
public interface Codec<T> extends Serializable {

    /** The type, for Flink. */
    Class<T> type();

    /** Writes a value; null is none. */
    void write(T value, DataOutput out) throws IOException;

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws IOException if it was written by a later version
     */
    T read(DataInput in) throws IOException;
}
