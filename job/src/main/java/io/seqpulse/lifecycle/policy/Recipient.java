package io.seqpulse.lifecycle.policy;

import io.seqpulse.lifecycle.detect.Candidate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What is remembered of one person who gets mail.
 *
 * <p>State, as {@link RecipientCodec} writes it.
 */
public class Recipient {

    /** The user's row; empty for a bare address, or until it is known. */
    public Map<String, String> account = new HashMap<>();

    public long accountCommittedAt = Long.MIN_VALUE;
    public long accountPosition = Long.MIN_VALUE;

    /** Where the log told of the row last, be it nothing new. */
    public long accountSeen = Long.MIN_VALUE;

    /** What the person agreed to; empty: nothing was said. */
    public Map<String, String> preferences = new HashMap<>();

    public long preferencesCommittedAt = Long.MIN_VALUE;
    public long preferencesPosition = Long.MIN_VALUE;

    /** Where the log told of the preferences' row last, be it nothing new. */
    public long preferencesSeen = Long.MIN_VALUE;

    /** When the journal last saw a marketing email sent, epoch milliseconds; 0: never. */
    public long marketingSentAt;

    /** Key of the marketing email let through last, and when, until the journal tells its end. */
    public String reservedKey;

    public long reservedAt;

    /** When the journal told that the reserved one had its end; 0: never. */
    public long releasedAt;

    /** Dedupe key → email that waits: for the clock, or for the cap. */
    public Map<String, Waiting> waiting = new HashMap<>();

    /** Dedupe key that had its outcome → when that may be forgotten. */
    public Map<String, Long> decided = new HashMap<>();

    /** Project → its alerts of the last hour. */
    public Map<String, AlertHour> alertHours = new HashMap<>();

    /** The one registered timer, epoch milliseconds; 0: none. */
    public long timerAt;

    /** An email that waits. */
    public static class Waiting {
        public Candidate candidate;

        /** Whether it was found good and only the cap holds it back. */
        public boolean capped;
    }

    /** Alerts of one project within an hour. */
    public static class AlertHour {
        /** Log times of those sent one by one. */
        public List<Long> sentAt = new ArrayList<>();

        /** Those to be told in one digest, and when; 0: there is none. */
        public List<Candidate> absorbed = new ArrayList<>();

        public long digestAt;
    }
}
