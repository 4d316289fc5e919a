package io.seqpulse.lifecycle.detect;

/**
 * A candidate that no longer holds.
 *
 * @param key its dedupe key
 * @param recipient whom it was for
 * @param userId the user it was journalled for
 * @param reason {@code resolved}, or {@code moved} when it now goes to somebody else
 */
public record Retraction(String key, String recipient, String userId, String reason) {

    public static final String RESOLVED = "resolved";
    public static final String MOVED = "moved";
}
