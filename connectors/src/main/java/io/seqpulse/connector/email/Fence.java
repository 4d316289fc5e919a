package io.seqpulse.connector.email;

/** Asked immediately before a message is ended: may it really go? */
interface Fence {

    /** The answer. */
    enum Verdict {
        /** The row is marked as being in its final phase: end the message. */
        OPEN,
        /** Somebody else holds the row by now, or it is no longer queued: do not. */
        LEASE_LOST,
        /** The recipient was sent a marketing mail in the meantime: do not. */
        CAPPED,
        /** The server has shown meanwhile that it confirms nothing: do not. */
        STOPPED,
        /** The database did not answer: do not. */
        UNKNOWN
    }

    Verdict pass();
}
