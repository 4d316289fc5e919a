package io.seqpulse.lifecycle.fact;

/**
 * A record of the change log that refers to a row nobody has seen.
 *
 * @param table the table it is about
 * @param position its offset in the change log
 * @param givenUpAt when it becomes a dead letter, on the log's clock; {@link #GIVEN_UP}: it has
 */
public record Orphan(String table, long position, long givenUpAt) {

    /** It is a dead letter already. */
    static final long GIVEN_UP = Long.MAX_VALUE;
}
