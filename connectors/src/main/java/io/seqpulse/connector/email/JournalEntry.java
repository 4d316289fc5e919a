package io.seqpulse.connector.email;

import java.time.Instant;

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
 * @param content what to send; null when suppressed before rendering
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
        EmailContent content) {}
