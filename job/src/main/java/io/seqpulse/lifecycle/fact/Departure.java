package io.seqpulse.lifecycle.fact;

import java.time.Duration;

/**
 * A subject's row was deleted. Facts about it that were committed before may still be on another
 * way through the job, or be repeated; they are nobody's orphans. Facts committed later are about a
 * row that was inserted anew under the same id.
 *
 * @param at commit time of the deletion on the log's clock, epoch milliseconds
 * @param position its offset in the change log
 */
public record Departure(long at, long position) {

    /** On the log's clock. By then all ways have delivered; the rest is for repetitions. */
    private static final Duration REMEMBERED = Duration.ofHours(1);

    /** Whether the fact is about a row inserted after it. */
    public boolean precedes(Fact fact) {
        return fact.committedAt() > at || (fact.committedAt() == at && fact.position() > position);
    }

    /** When it may be forgotten. */
    public long forgetAt() {
        return at + REMEMBERED.toMillis();
    }
}
