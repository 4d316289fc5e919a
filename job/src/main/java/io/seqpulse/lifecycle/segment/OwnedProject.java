package io.seqpulse.lifecycle.segment;

import java.util.List;

/**
 * What matters of a project to the segments of its owner.
 *
 * @param plan free, pro or enterprise; null where unknown
 * @param createdAt when it was created, epoch milliseconds
 * @param deployedAt when a deployment of it started last, epoch milliseconds; 0: never. Reported
 *     lazily, at the latest 14 days after the previously reported value
 * @param nearLimitIn the latest UTC month in which it had used 80 % of the free plan's deployments,
 *     by number; 0: none
 * @param drops UTC weeks, by number, that had at most half of the deployments of the week before,
 *     be it that none has come yet
 */
record OwnedProject(
        String plan, long createdAt, long deployedAt, int nearLimitIn, List<Integer> drops) {

    boolean isFree() {
        return "free".equals(plan);
    }

    boolean isPro() {
        return "pro".equals(plan);
    }

    /** When its owner was last active by it. */
    long lastActivity() {
        return Math.max(createdAt, deployedAt);
    }
}
