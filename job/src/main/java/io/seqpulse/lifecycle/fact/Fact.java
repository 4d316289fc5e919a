package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.catalogue.CapturedTable;

/**
 * Something known of one subject: what a row says ({@link RowChange}), what happened ({@link
 * Event}), or what one operator tells another ({@link Signal}). A fact changes state in a way that
 * any order and any repetition ends the same.
 */
public sealed interface Fact permits RowChange, Event, Signal {

    /** Microseconds in a millisecond. */
    long MICROS_PER_MILLI = 1_000;

    /** Id of the user, project, deployment or email whose stream it is on. */
    String key();

    /** Id of the row or event itself, for counting distinct ones. */
    String id();

    /** Business time, in microseconds since the epoch, as a database tells it. */
    long atMicros();

    /** Where it comes from. */
    Source source();

    /** The table of the product that it was read from. */
    CapturedTable table();

    /** Business time, in milliseconds since the epoch. */
    default long at() {
        return Math.floorDiv(atMicros(), MICROS_PER_MILLI);
    }

    /** Commit time on the log's clock, in milliseconds since the epoch. */
    default long committedAt() {
        return source().committedAt();
    }

    /** Its place in the change log. */
    default LogPosition position() {
        return source().position();
    }

    /** How the log came to tell it. */
    default Origin origin() {
        return source().origin();
    }

    /** Whether it was read by a snapshot rather than as it was committed. */
    default boolean snapshot() {
        return source().snapshot();
    }
}
