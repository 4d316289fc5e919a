package io.seqpulse.connector.email;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** What follows from an attempt, as the category asks. Pure but for the jitter's dice. */
final class DeliveryPolicy {

    private static final Duration FIRST_WAIT = Duration.ofMinutes(1);
    private static final Duration LONGEST_WAIT = Duration.ofHours(4);

    /** So that the server is asked again soon where it refuses everybody. */
    private static final Duration LONGEST_WAIT_OF_ALL = Duration.ofMinutes(10);

    /**
     * So many deliveries of one mail may end without an answer. Each may have arrived, and who has
     * that many copies is not helped by another.
     */
    static final int MOST_UNCONFIRMED = 3;

    private DeliveryPolicy() {}

    /** What becomes of a mail after an attempt. */
    enum Disposition {
        /** It is marked sent. */
        SENT,
        /** It stays queued and is tried again after {@link #backoff}. */
        RETRY,
        /** It cannot be sent, by nobody's refusal. */
        FAIL,
        /** It was refused, which ends it once that is certain to be about it. */
        REFUSED,
        /** The same, and any other mail to that address would be refused as well. */
        REFUSED_WITH_ADDRESS,
        /** It failed because sending it again might send it twice. */
        FAIL_UNCONFIRMED,
        /** It goes back untouched, and sending stops. */
        STOP_SENDING
    }

    /**
     * What becomes of a mail of that category. An outcome nobody knows is settled by what is worse:
     * a missed security mail is worse than two of them, two marketing mails are worse than none.
     *
     * @param unconfirmed deliveries before that ended without an answer
     */
    static Disposition disposition(ReplyClass reply, EmailCategory category, int unconfirmed) {
        return switch (reply) {
            case ACCEPTED -> Disposition.SENT;
            case TRANSIENT -> Disposition.RETRY;
            case ADDRESS_REFUSED -> Disposition.REFUSED_WITH_ADDRESS;
            case MESSAGE_REFUSED, REFUSED -> Disposition.REFUSED;
            case UNSUPPORTED_ADDRESS -> Disposition.FAIL;
            case CONFIGURATION -> Disposition.STOP_SENDING;
            case UNCONFIRMED ->
                    category.capped() || unconfirmed + 1 >= MOST_UNCONFIRMED
                            ? Disposition.FAIL_UNCONFIRMED
                            : Disposition.RETRY;
        };
    }

    /**
     * How long to wait before the next attempt: a minute, doubled with every failed one up to four
     * hours, and a quarter more or less so that they do not all come back at once.
     *
     * @param failures attempts that failed so far, this one included
     * @param ofAll whether all mails fail at present, which ends for all of them at once
     */
    static Duration backoff(int failures, boolean ofAll, RandomGenerator dice) {
        int doublings = Math.min(Math.max(failures, 1) - 1, 16);
        Duration longest = ofAll ? LONGEST_WAIT_OF_ALL : LONGEST_WAIT;
        long wait = Math.min(FIRST_WAIT.toMillis() << doublings, longest.toMillis());
        return Duration.ofMillis((long) (wait * (0.75 + 0.5 * dice.nextDouble())));
    }
}
