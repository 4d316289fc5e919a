package io.seqpulse.lifecycle.totals;

import io.seqpulse.lifecycle.kpi.Count;
import java.util.function.BiConsumer;

/**
 * The totals of one series in one hour, by minute. Subjects that come close together count in the
 * same hours, so that a log that is read again asks state for few of them.
 *
 * <p>State, as {@link HourCodec} writes it, without which minutes are yet to be told.
 */
public final class Hour {

    static final int MINUTES = 60;

    /** By minute; null where there is nothing. */
    final Count[] totals = new Count[MINUTES];

    /** A bit for each minute that has changed since it was told. */
    private long changed;

    /** Adds to a minute. */
    void add(int minute, Count count) {
        Count total = totals[minute];
        totals[minute] = total == null ? count : total.plus(count);
        changed |= 1L << minute;
    }

    /** Takes minutes for changed, by a bit for each, be there anything or not. */
    void change(long minutes) {
        changed |= minutes;
    }

    /** Takes every minute for changed that there is. */
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
            Count total = totals[minute];
            out.accept(minute, total == null ? Count.ZERO : total);
            if (Count.ZERO.equals(total)) {
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
