package io.seqpulse.lifecycle.detect;

import java.util.Arrays;

/** How many there were in each of the latest periods, by the period's number. */
public final class PeriodCounts {

    /** The current one, the one before, and one in reserve. */
    static final int KEPT = 3;

    private final int[] periods = new int[KEPT + 1];
    private final int[] counts = new int[KEPT + 1];
    private int size;

    /** How many a period has; 0 where it is none of the latest. */
    int of(int period) {
        int slot = Arrays.binarySearch(periods, 0, size, period);
        return slot < 0 ? 0 : counts[slot];
    }

    /** Adds to a period; the oldest one gives way. */
    void add(int period, int change) {
        int slot = Arrays.binarySearch(periods, 0, size, period);
        if (slot >= 0) {
            counts[slot] += change;
            return;
        }
        int at = -slot - 1;
        System.arraycopy(periods, at, periods, at + 1, size - at);
        System.arraycopy(counts, at, counts, at + 1, size - at);
        periods[at] = period;
        counts[at] = change;
        size++;
        if (size > KEPT) {
            size--;
            System.arraycopy(periods, 1, periods, 0, size);
            System.arraycopy(counts, 1, counts, 0, size);
        }
    }

    /** How many periods there are. */
    int size() {
        return size;
    }

    /** The number of the period at a place, ascending. */
    int periodAt(int place) {
        return periods[place];
    }

    /** What the period at a place has. */
    int countAt(int place) {
        return counts[place];
    }
}
