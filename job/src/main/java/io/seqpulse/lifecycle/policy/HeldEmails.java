package io.seqpulse.lifecycle.policy;

import io.seqpulse.lifecycle.codec.BoundedText;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.kpi.Count;
import io.seqpulse.lifecycle.kpi.Figure;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;
import java.util.HashMap;
import java.util.Map;

/**
 * What the policy holds back of a person's mail, as rows of {@code kpi.waiting}: nothing of it is
 * in the journal yet.
 */
final class HeldEmails {

    private static final String STAGE = "policy";
    private static final String CAP = "cap";

    /** The cap, too, where it lets nothing through until the email has expired. */
    private static final String EXPIRY = "expiry";

    private static final String DIGEST = "digest";

    private static final int LONGEST_KEY = 500;
    private static final int LONGEST = 100;

    private HeldEmails() {}

    /**
     * A figure each.
     *
     * @param windowOpensAt when the cap lets the next marketing email through, epoch milliseconds
     */
    static Map<Figure, Count> of(Recipient recipient, long windowOpensAt) {
        Map<Figure, Count> held = new HashMap<>();
        for (Recipient.Waiting waiting : recipient.waiting.values()) {
            if (waiting.capped) {
                long expiresAt = waiting.candidate.expiresAt();
                if (expiresAt <= windowOpensAt) {
                    add(held, waiting.candidate, EXPIRY, expiresAt);
                } else {
                    add(held, waiting.candidate, CAP, windowOpensAt);
                }
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
