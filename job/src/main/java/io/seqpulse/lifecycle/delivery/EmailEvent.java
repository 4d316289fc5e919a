package io.seqpulse.lifecycle.delivery;

import io.seqpulse.lifecycle.fact.LogPosition;

/**
 * What somebody, or something, did with an email.
 *
 * @param type as the log has it, {@code opened} or {@code clicked}
 * @param machine whether no person did it: a scanner, or a proxy that fetches pictures
 * @param at when, in microseconds since the epoch
 * @param position where the log told of it last
 */
public record EmailEvent(String type, boolean machine, long at, LogPosition position) {

    static final String OPENED = "opened";
    static final String CLICKED = "clicked";

    /** Those of which a few are enough to know all that is counted. */
    boolean isLike(EmailEvent other) {
        return machine == other.machine && type.equals(other.type);
    }
}
