package io.seqpulse.quickstart.traffic;

import java.time.Duration;
import java.time.Instant;

/** What every story plays on. */
record Stage(ProductRows rows, People people, Agenda agenda) {

    private static final Duration SOON = Duration.ofSeconds(5);

    /** A time from which that long will have passed in five seconds. */
    static Instant almost(Duration ago) {
        return Instant.now().minus(ago).plus(SOON);
    }

    static Instant daysAgo(int days) {
        return Instant.now().minus(Duration.ofDays(days));
    }
}
