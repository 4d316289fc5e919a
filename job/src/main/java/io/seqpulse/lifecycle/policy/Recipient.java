package io.seqpulse.lifecycle.policy;

import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.fact.SubjectState;
import io.seqpulse.lifecycle.fact.TrackedRow;
import io.seqpulse.lifecycle.kpi.Contributions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What is remembered of one person who gets mail.
 *
 * <p>State, as {@link RecipientCodec} writes it.
 */
public class Recipient extends SubjectState {

    /** What the user's row says; null for a bare address, or until it is known. */
    Account account;

    /** Whether the person refused marketing mail; not, where nothing was said. */
    boolean optedOutOfMarketing;

    /** Whether the person refused news of the product; not, where nothing was said. */
    boolean optedOutOfProductUpdates;

    /** The row of the preferences; its tombstone is kept as long as the person is. */
    public final TrackedRow preferencesRow = new TrackedRow();

    /** When the journal last saw a marketing email sent, epoch milliseconds; 0: never. */
    public long marketingSentAt;

    /** Key of the marketing email let through last, and when, until the journal tells its end. */
    public String reservedKey;

    public long reservedAt;

    /** When the journal told that the reserved one had its end; 0: never. */
    public long releasedAt;

    /** When quiet hours last held something back that waits, epoch milliseconds; 0: none do. */
    public long quietAt;

    /** Dedupe key → email that waits: for a clock, or for the cap. */
    public Map<String, Waiting> waiting = new HashMap<>();

    /** Dedupe key that had its outcome → when that may be forgotten. */
    public Map<String, Long> decided = new HashMap<>();

    /**
     * Dedupe key of what was handed on to be sent, until the journal tells its end → what it is.
     */
    public Map<String, Queued> queued = new HashMap<>();

    /** Project → its alerts of the last hour. */
    public Map<String, AlertHour> alertHours = new HashMap<>();

    /** What was told of the emails that are held back. */
    public final Contributions held = new Contributions();

    /** Forgets everything: the person is gone. */
    void forget() {
        account = null;
        clearPreferences();
        preferencesRow.clear();
        marketingSentAt = 0;
        reservedKey = null;
        reservedAt = 0;
        releasedAt = 0;
        quietAt = 0;
        waiting.clear();
        decided.clear();
        queued.clear();
        alertHours.clear();
        row.clear();
    }

    void clearPreferences() {
        optedOutOfMarketing = false;
        optedOutOfProductUpdates = false;
    }

    @Override
    public boolean isEmpty() {
        return account == null
                && !preferencesRow.present
                && waiting.isEmpty()
                && decided.isEmpty()
                && alertHours.isEmpty();
    }

    /** An email that waits. */
    public static class Waiting {
        public Candidate candidate;

        /** Whether it was found good and only the cap, or quiet hours, hold it back. */
        public boolean capped;
    }

    /**
     * An email that is, or will be, in the journal's queue.
     *
     * @param rule its code
     * @param projectId the project it is about, or null
     * @param until when it has certainly expired, epoch milliseconds
     */
    public record Queued(String rule, String projectId, long until) {}

    /** Alerts of one project within an hour. */
    public static class AlertHour {
        /** Log times of those sent one by one. */
        public List<Long> sentAt = new ArrayList<>();

        /** Those to be told in one digest, and when; 0: there is none. */
        public List<Candidate> absorbed = new ArrayList<>();

        public long digestAt;
    }
}
