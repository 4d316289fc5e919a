package io.seqpulse.lifecycle.totals;

import io.seqpulse.lifecycle.kpi.Count;
import java.util.function.BiConsumer;

/**
 * The totals of one series in one hour, by minute. Subjects that come close together count in the
 * same hours, so that a log that is read again asks state for few of them.
 *
 * <p>State, as {@link HourCodec} writes it; which minutes are yet to be told is not kept, because
 * all are told before every checkpoint.
 */
public final class Hour {

    static final int MINUTES = 60;

    /** By minute; null where there is nothing. */
    final Count[] totals = new Count[MINUTES];

    /** A bit for each minute that has changed since it was told. */
    private long changed;

    /** Adds to a minute; returns whether that had not changed before. */
    boolean add(int minute, Count count) {
        Count total = totals[minute];
        totals[minute] = total == null ? count : total.plus(count);
        long before = changed;
        changed |= 1L << minute;
        return changed != before;
    }

    /** Takes every minute for changed. */
    void changeAll() {
        for (int minute = 0; minute < MINUTES; minute++) {
            if (totals[minute] != null) {
                changed |= 1L << minute;
            }
        }
    }

    /**
     * Tells what has changed, by minute, and forgets what has become nothing; returns whether there
     * was any of that.
     */
    boolean tell(BiConsumer<Integer, Count> out) {
        boolean forgot = false;
        for (long rest = changed; rest != 0; rest &= rest - 1) {
            int minute = Long.numberOfTrailingZeros(rest);
            out.accept(minute, totals[minute]);
            if (totals[minute].equals(Count.ZERO)) {
                totals[minute] = null;
                forgot = true;
            }
        }
        changed = 0;
        return forgot;
    }

    /** Of all its minutes. */
    Count sum() {
        Count sum = Count.ZERO;
        for (Count total : totals) {
            if (total != null) {
                sum = sum.plus(total);
            }
        }
        return sum;
    }

    boolean isEmpty() {
        for (Count total : totals) {
            if (total != null) {
                return false;
            }
        }
        return true;
    }
}
