package io.seqpulse.api.kpi;

import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/** A time from one minute to another, the last one excluded. */
public record Window(Instant from, Instant to) {

    /** Floors both ends to the minute. */
    public Window {
        from = from.truncatedTo(ChronoUnit.MINUTES);
        to = to.truncatedTo(ChronoUnit.MINUTES);
    }

    /** The last days before the minute that runs. */
    public static Window lastDays(Instant now, int days) {
        Instant to = now.truncatedTo(ChronoUnit.MINUTES);
        return new Window(to.minus(Duration.ofDays(days)), to);
    }

    /** The last days with the minute that runs: what the live page shows. */
    public static Window untilNow(Instant now, int days) {
        return lastDays(now.plus(Duration.ofMinutes(1)), days);
    }

    /** How long it is. */
    public Duration length() {
        return Duration.between(from, to);
    }

    /** Its beginning, as the database takes it. */
    public OffsetDateTime fromUtc() {
        return from.atOffset(ZoneOffset.UTC);
    }

    /** Its end, as the database takes it. */
    public OffsetDateTime toUtc() {
        return to.atOffset(ZoneOffset.UTC);
    }
}
