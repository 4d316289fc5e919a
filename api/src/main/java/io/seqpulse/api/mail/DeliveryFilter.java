package io.seqpulse.api.mail;

import java.time.Instant;
import java.util.UUID;

/**
 * Which emails of the journal, newest first; a null asks for any.
 *
 * @param from when they were journalled: then or later
 * @param to and before then
 * @param before behind this one, in that order
 * @param limit how many at most
 */
record DeliveryFilter(
        String code,
        String outcome,
        UUID project,
        Instant from,
        Instant to,
        DeliveryPlace before,
        int limit) {

    /** Whether what is not in the journal yet is asked for, too: on a first page of any time. */
    boolean mayBeUnderWay() {
        return before == null
                && from == null
                && to == null
                && (outcome == null || outcome.equals("queued"));
    }

    /** The last ones, of any kind. */
    static DeliveryFilter latest(int limit) {
        return new DeliveryFilter(null, null, null, null, null, null, limit);
    }
}
