package io.seqpulse.lifecycle.kpi;

import java.time.Duration;

/** How long after something began it still counts: to the microsecond, and inclusive. */
final class Horizon {

    private Horizon() {}

    /** Whether it came in time, however early; {@link EarliestTimes#NEVER} did not. */
    static boolean reached(long sinceMicros, long atMicros, Duration within) {
        return atMicros != EarliestTimes.NEVER && atMicros <= end(sinceMicros, within);
    }

    /** The last microsecond that counts. */
    static long end(long sinceMicros, Duration within) {
        return sinceMicros + within.toSeconds() * 1_000_000;
    }
}
