package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a project is to the segments of its owner.
 *
 * @param plan free, pro or enterprise; null where unknown
 * @param createdAt when it was created, epoch milliseconds
 * @param deployedAt when a deployment of it started last, epoch milliseconds; 0: never. Reported
 *     lazily, at the latest 14 days after the previously reported value
 * @param nearLimitIn the latest UTC month in which it had used 80 % of the free plan's deployments,
 *     by number; 0: none
 * @param drops UTC weeks, by number, that had at most half of the deployments of the week before,
 *     where that had enough to tell; the week after the last one is among them until it has more
 */
public record OwnedProject(
        String plan, long createdAt, long deployedAt, int nearLimitIn, List<Integer> drops) {

    public boolean isFree() {
        return "free".equals(plan);
    }

    public boolean isPro() {
        return "pro".equals(plan);
    }

    /** When its owner was last active by it. */
    public long lastActivity() {
        return Math.max(createdAt, deployedAt);
    }

    /** Writes it to state, and to messages. */
    public void write(DataOutput out) throws IOException {
        Compact.writeText(out, plan);
        Compact.writeNumber(out, createdAt);
        Compact.writeNumber(out, deployedAt);
        Compact.writeNumber(out, nearLimitIn);
        Compact.writeSize(out, drops.size());
        for (int week : drops) {
            Compact.writeNumber(out, week);
        }
    }

    /** Reads what {@link #write} wrote. */
    public static OwnedProject read(DataInput in) throws IOException {
        String plan = Compact.readText(in);
        long createdAt = Compact.readNumber(in);
        long deployedAt = Compact.readNumber(in);
        int nearLimitIn = (int) Compact.readNumber(in);
        List<Integer> drops = new ArrayList<>();
        for (int left = Compact.readSize(in); left > 0; left--) {
            drops.add((int) Compact.readNumber(in));
        }
        return new OwnedProject(plan, createdAt, deployedAt, nearLimitIn, drops);
    }
}
