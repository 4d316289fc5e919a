package io.seqpulse.lifecycle.policy;

import io.seqpulse.lifecycle.codec.BoundedText;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.kpi.Count;
import io.seqpulse.lifecycle.kpi.Figure;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * What the policy holds back of a person's mail, as rows of {@code kpi.waiting}: nothing of it is
 * in the journal yet.
 */
final class HeldEmails {

    private static final String STAGE = "policy";
    private static final String CAP = "cap";

    /** The cap or quiet hours, too, where they let nothing through until the email has expired. */
    private static final String EXPIRY = "expiry";

    private static final String DIGEST = "digest";
    private static final String LOCAL_TIME = "local_time";
    private static final String QUIET_HOURS = "quiet_hours";

    private static final int LONGEST_KEY = 500;
    private static final int LONGEST = 100;

    /**
     * What holds back an email.
     *
     * @param until when it is asked again, epoch milliseconds
     */
    record Hold(String why, long until) {

        /** Another marketing email of the last day does. */
        static Hold cap(long until) {
            return new Hold(CAP, until);
        }

        /** It will not be sent any more. */
        static Hold expiry(long until) {
            return new Hold(EXPIRY, until);
        }

        /** It is night where the recipient lives. */
        static Hold quietHours(long until) {
            return new Hold(QUIET_HOURS, until);
        }

        /** It is for a later time of day where the recipient lives. */
        static Hold localTime(long until) {
            return new Hold(LOCAL_TIME, until);
        }
    }

    private HeldEmails() {}

    /**
     * A figure each.
     *
     * @param hold what holds back one that waits; null where nothing that is worth telling does
     */
    static Map<Figure, Count> of(Recipient recipient, Function<Recipient.Waiting, Hold> hold) {
        Map<Figure, Count> held = new HashMap<>();
        for (Recipient.Waiting waiting : recipient.waiting.values()) {
            Hold why = hold.apply(waiting);
            if (why != null) {
                add(held, waiting.candidate, why.why(), why.until());
            }
        }
        for (Recipient.AlertHour hour : recipient.alertHours.values()) {
            hour.absorbed.forEach(alert -> add(held, alert, DIGEST, hour.digestAt));
        }
        return held;
    }

    private static void add(
            Map<Figure, Count> held, Candidate candidate, String why, long untilMillis) {
        String series =
                Increment.series(
                        BoundedText.line(candidate.key(), LONGEST_KEY),
                        BoundedText.line(candidate.rule(), LONGEST),
                        STAGE,
                        why,
                        part(candidate.userId()),
                        part(candidate.projectId()));
        long since = Increment.minuteOf(candidate.decidedAt() * 1000);
        held.put(new Figure(Relation.WAITING, series, since), new Count(untilMillis, 1));
    }

    private static String part(String id) {
        return id == null ? "" : BoundedText.line(id, LONGEST);
    }
}
