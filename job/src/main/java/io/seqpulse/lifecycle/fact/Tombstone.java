package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;

/**
 * A row was deleted. Facts about it from before may still be on another path through the job, or be
 * repeated; they are no orphans. Later ones are about a row that was inserted anew under the same
 * id.
 *
 * @param at commit time of the deletion on the log's clock, epoch milliseconds
 * @param position its place in the change log
 */
public record Tombstone(long at, LogPosition position) {

    /** On the log's clock. By then all ways have delivered; the rest is for repetitions. */
    private static final Duration REMEMBERED = Duration.ofHours(1);

    /** The deletion that a fact tells. */
    public static Tombstone of(Fact deletion) {
        return new Tombstone(deletion.committedAt(), deletion.position());
    }

    /** Whether the fact is about a row inserted after it. */
    public boolean precedes(Fact fact) {
        return fact.position().isAfter(position);
    }

    /** When it may be dropped, on the log's clock, epoch milliseconds. */
    public long expiresAt() {
        return at + REMEMBERED.toMillis();
    }

    /** Writes one to state, or null. */
    public static void write(Tombstone tombstone, DataOutput out) throws IOException {
        out.writeBoolean(tombstone != null);
        if (tombstone != null) {
            Compact.writeNumber(out, tombstone.at());
            tombstone.position().write(out);
        }
    }

    /** Reads one from state, or null. */
    public static Tombstone read(DataInput in) throws IOException {
        return in.readBoolean()
                ? new Tombstone(Compact.readNumber(in), LogPosition.read(in))
                : null;
    }
}
