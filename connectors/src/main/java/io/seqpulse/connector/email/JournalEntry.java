package io.seqpulse.connector.email;

import java.time.Instant;
import java.util.List;

/**
 * One line for the journal: an email to send, or one that will not be sent and why.
 *
 * @param dedupeKey unique for ever in the journal; a non-terminal suppression carries {@code
 *     #reason}
 * @param emailType the catalogue's code, such as {@code E-ACT-01}
 * @param category label of the {@link EmailCategory}
 * @param userId the recipient's user id (UUID), or on whose behalf an address is written to
 * @param projectId the project it is about (UUID), or null
 * @param recipientAddress where to send when the recipient is no user; null: the user's address
 * @param occasion what it is about, the same for every recipient of one event
 * @param suppressedFor why it is not sent, such as {@code opted_out}; null: send it
 * @param requiredPlan the project's plan that must still hold when it is sent, or null
 * @param expiresAt not to be sent at or after this
 * @param causedAt commit time of the change that caused it; null when a deadline did
 * @param decidedAt log time of the decision
 * @param content what to send; null when it is not sent, or could not be written
 * @param error what went wrong in writing it; it is journalled as {@code failed} then
 * @param alsoTo ids (UUID) of the users who are written to on the same occasion: the address goes
 *     without its own mail if it is one of theirs
 * @param variant of an experiment with it, such as {@code b}; or null
 */
public record JournalEntry(
        String dedupeKey,
        String emailType,
        String category,
        String userId,
        String projectId,
        String recipientAddress,
        String occasion,
        String suppressedFor,
        String requiredPlan,
        Instant expiresAt,
        Instant causedAt,
        Instant decidedAt,
        EmailContent content,
        String error,
        List<String> alsoTo,
        String variant) {

    private static final int LONGEST = 320;

    public JournalEntry {
        alsoTo = alsoTo == null ? List.of() : alsoTo;
    }

    /** One for somebody whose address is nobody else's, with which nothing is tried out. */
    public JournalEntry(
            String dedupeKey,
            String emailType,
            String category,
            String userId,
            String projectId,
            String recipientAddress,
            String occasion,
            String suppressedFor,
            String requiredPlan,
            Instant expiresAt,
            Instant causedAt,
            Instant decidedAt,
            EmailContent content,
            String error) {
        this(
                dedupeKey,
                emailType,
                category,
                userId,
                projectId,
                recipientAddress,
                occasion,
                suppressedFor,
                requiredPlan,
                expiresAt,
                causedAt,
                decidedAt,
                content,
                error,
                List.of(),
                null);
    }

    /** Whether it is to be sent. */
    boolean isToBeSent() {
        return suppressedFor == null && error == null;
    }

    /** The same line for what cannot be journalled as it is: that it failed, and why. */
    JournalEntry refused(String why) {
        return new JournalEntry(
                dedupeKey,
                emailType,
                category,
                userId,
                projectId,
                shortened(recipientAddress),
                shortened(occasion),
                Reasons.NOT_JOURNALLED,
                null,
                expiresAt,
                causedAt,
                decidedAt,
                null,
                why);
    }

    /** What is longer than any address may be too long for the table's indexes. */
    private static String shortened(String text) {
        return text == null ? null : text.substring(0, Math.min(LONGEST, text.length()));
    }
}
