package io.seqpulse.api.mail;

import java.time.Instant;
import java.util.UUID;

/**
 * What became of one email, without a person.
 *
 * @param outcome queued, sent, failed or suppressed
 * @param reason why it was not sent, or waits; null: none
 * @param managedBy who decided on it and sent it: {@code lifecycle}, or {@code product}
 * @param causedAt when the change was committed that caused it; null where a deadline did
 * @param decidedAt log time of the decision
 * @param variant of its rule's experiment; null: nothing is tried out with it
 */
public record Delivery(
        UUID id,
        String code,
        String outcome,
        String reason,
        String category,
        UUID projectId,
        String managedBy,
        Instant createdAt,
        Instant sentAt,
        Instant nextAttemptAt,
        int attempts,
        Instant expiresAt,
        Instant causedAt,
        Instant decidedAt,
        String variant) {}
