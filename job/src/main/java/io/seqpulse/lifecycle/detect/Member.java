package io.seqpulse.lifecycle.detect;

/**
 * Somebody who belongs to a project.
 *
 * @param userId the member's user id, or null for a bare address
 * @param address a bare address, or null
 * @param role such as {@code admin}, or null
 * @param onCall whether alerts go to them
 * @param committedAt commit time of what was last said about it
 * @param seen position in the log at which it was last told of, be it nothing new
 */
public record Member(
        String userId, String address, String role, boolean onCall, long committedAt, long seen) {

    Member seenAgain(long position) {
        return new Member(userId, address, role, onCall, committedAt, Math.max(seen, position));
    }
}
