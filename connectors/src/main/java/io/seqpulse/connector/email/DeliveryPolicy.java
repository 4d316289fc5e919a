package io.seqpulse.connector.email;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** What follows from an attempt, as the category asks. Pure but for the jitter's dice. */
final class DeliveryPolicy {

    private static final Duration FIRST_WAIT = Duration.ofMinutes(1);
    private static final Duration LONGEST_WAIT = Duration.ofHours(4);

    private DeliveryPolicy() {}

    /** What becomes of a mail after an attempt. */
    enum Disposition {
        /** It is marked sent. */
        SENT,
        /** It stays queued and is tried again after {@link #backoff}. */
        RETRY,
        /** It failed for good. */
        FAIL,
        /** It failed for good, and so would any other to that address. */
        FAIL_AND_SUPPRESS_ADDRESS,
        /** It failed because sending it again might send it twice. */
        FAIL_UNCONFIRMED,
        /** It goes back untouched, and sending stops. */
        STOP_SENDING
    }

    /**
     * What becomes of a mail of that category. An outcome nobody knows is settled by what is worse:
     * a missed security mail is worse than two of them, two marketing mails are worse than none.
     */
    static Disposition disposition(ReplyClass reply, EmailCategory category) {
        return switch (reply) {
            case ACCEPTED -> Disposition.SENT;
            case TRANSIENT -> Disposition.RETRY;
            case ADDRESS_REFUSED -> Disposition.FAIL_AND_SUPPRESS_ADDRESS;
            case MESSAGE_REFUSED -> Disposition.FAIL;
            case CONFIGURATION -> Disposition.STOP_SENDING;
            case UNCONFIRMED ->
                    category.capped() ? Disposition.FAIL_UNCONFIRMED : Disposition.RETRY;
        };
    }

    /**
     * How long to wait before the next attempt: a minute, doubled with every failed one up to four
     * hours, and a quarter more or less so that they do not all come back at once.
     *
     * @param failures attempts that failed so far, this one included
     */
    static Duration backoff(int failures, RandomGenerator dice) {
        int doublings = Math.min(Math.max(failures, 1) - 1, 16);
        long wait = Math.min(FIRST_WAIT.toMillis() << doublings, LONGEST_WAIT.toMillis());
        return Duration.ofMillis((long) (wait * (0.75 + 0.5 * dice.nextDouble())));
    }
}
