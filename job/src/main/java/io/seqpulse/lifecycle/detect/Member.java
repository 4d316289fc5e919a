package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.fact.LogPosition;

/**
 * Somebody who belongs to a project.
 *
 * @param userId the member's user id, or null for a bare address
 * @param address a bare address, or null
 * @param role such as {@code admin}, or null
 * @param onCall whether alerts go to them
 * @param committedAt commit time of what was last said about it
 * @param position position of its last record in the log, repeats included
 */
public record Member(
        String userId,
        String address,
        String role,
        boolean onCall,
        long committedAt,
        LogPosition position) {}
