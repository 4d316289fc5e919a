package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.fact.FactMapper;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * An email that a rule wants a recipient to get; the policy decides.
 *
 * @param rule the catalogue's code
 * @param key the dedupe key
 * @param occasion the key without the recipient's suffix
 * @param recipient user id, or {@code mailto:} and a bare address
 * @param userId the user it is journalled for: the recipient, or the owner for a bare address
 * @param projectId the project it is about, or null
 * @param dueAt business time, epoch milliseconds
 * @param expiresAt not to be sent at or after this, epoch milliseconds
 * @param causedAt commit time of the change that caused it; 0 when a deadline did
 * @param decidedAt log time at which it was found to hold, epoch milliseconds
 * @param values what the text needs
 * @param alsoTo of a bare address: the users who get the same email, one of whom it may belong to
 * @param localDue not to be sent before it is that time where the recipient lives; null: at any
 */
public record Candidate(
        String rule,
        String key,
        String instance,
        String recipient,
        String userId,
        String projectId,
        long dueAt,
        long expiresAt,
        long causedAt,
        long decidedAt,
        Map<String, String> values,
        List<String> alsoTo,
        LocalDateTime localDue) {

    /** What marks a recipient who is no user. */
    public static final String BARE_ADDRESS = FactMapper.BARE_ADDRESS;

    public Candidate {
        Objects.requireNonNull(rule, "rule");
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(recipient, "recipient");
        values = values == null ? Map.of() : values;
        alsoTo = alsoTo == null ? List.of() : alsoTo;
    }

    /** For a recipient whose address is nobody else's, at any local time. */
    public Candidate(
            String rule,
            String key,
            String instance,
            String recipient,
            String userId,
            String projectId,
            long dueAt,
            long expiresAt,
            long causedAt,
            long decidedAt,
            Map<String, String> values) {
        this(
                rule, key, instance, recipient, userId, projectId, dueAt, expiresAt, causedAt,
                decidedAt, values, List.of(), null);
    }

    /** The same due at another time, which it has as long as before to expire after. */
    public Candidate dueFrom(long movedTo) {
        return new Candidate(
                rule,
                key,
                instance,
                recipient,
                userId,
                projectId,
                movedTo,
                expiresAt + movedTo - dueAt,
                causedAt,
                decidedAt,
                values,
                alsoTo,
                null);
    }

    /** The bare address of a recipient who is no user, or null. */
    public String address() {
        return recipient.startsWith(BARE_ADDRESS)
                ? recipient.substring(BARE_ADDRESS.length())
                : null;
    }
}
