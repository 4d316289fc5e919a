package io.seqpulse.api.mail;

import java.time.Instant;
import java.util.UUID;

/**
 * What became of one email, without a person.
 *
 * @param outcome queued, sent, failed or suppressed
 * @param reason why it was not sent, or waits; null: none
 * @param causedAt when the change was committed that caused it; null where a deadline did
 * @param decidedAt log time of the decision
 */
public record Delivery(
        UUID id,
        String code,
        String outcome,
        String reason,
        String category,
        UUID projectId,
        Instant createdAt,
        Instant sentAt,
        Instant nextAttemptAt,
        int attempts,
        Instant expiresAt,
        Instant causedAt,
        Instant decidedAt) {}
