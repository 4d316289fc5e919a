package io.seqpulse.api;

import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Optional;

/** Times in questions: RFC 3339, or UTC days; none before this kind of product, or far ahead. */
public final class Times {

    private static final Instant EARLIEST = Instant.parse("2000-01-01T00:00:00Z");
    private static final Duration FURTHEST = Duration.ofDays(400);

    private final Clock clock;

    /** Knows by this clock what is far ahead. */
    public Times(Clock clock) {
        this.clock = clock;
    }

    /**
     * The time that a parameter says; empty where it is not there.
     *
     * @throws Problem 422 if it says none, or one that nothing can be asked about
     */
    public Optional<Instant> read(String parameter, String text) {
        if (text == null) {
            return Optional.empty();
        }
        Instant time;
        try {
            time =
                    text.length() == "2026-02-12".length()
                            ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
                            // A plus sign that was not encoded arrives as a space.
                            : OffsetDateTime.parse(text.replace(' ', '+')).toInstant();
        } catch (DateTimeException said) {
            throw Problem.parameter(
                    parameter,
                    parameter
                            + " must be a time such as 2026-02-12T10:00:00Z, or a day such as"
                            + " 2026-02-12");
        }
        Instant latest = clock.instant().plus(FURTHEST);
        if (time.isBefore(EARLIEST) || time.isAfter(latest)) {
            throw Problem.parameter(
                    parameter,
                    "%s must be in 2000 or later, and at most %s days ahead"
                            .formatted(parameter, FURTHEST.toDays()));
        }
        return Optional.of(time);
    }
}
