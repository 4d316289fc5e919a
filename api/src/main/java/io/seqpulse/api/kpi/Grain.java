package io.seqpulse.api.kpi;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** How long a step of a series is; days are UTC days. */
public enum Grain {
    MINUTE(ChronoUnit.MINUTES),
    HOUR(ChronoUnit.HOURS),
    DAY(ChronoUnit.DAYS);

    private final ChronoUnit unit;

    Grain(ChronoUnit unit) {
        this.unit = unit;
    }

    /** The grain of a label. */
    public static Optional<Grain> of(String label) {
        return Arrays.stream(values()).filter(grain -> grain.label().equals(label)).findFirst();
    }

    /** All labels, for people. */
    public static String labels() {
        return Arrays.stream(values()).map(Grain::label).collect(Collectors.joining(", "));
    }

    /** As it stands in requests, and as the database calls it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The beginning of the step a time is in. */
    public Instant floor(Instant time) {
        return time.atOffset(ZoneOffset.UTC).truncatedTo(unit).toInstant();
    }

    /** How long a step is. */
    public Duration step() {
        return unit.getDuration();
    }

    /** How many steps a window touches. */
    public long stepsOf(Window window) {
        if (!window.from().isBefore(window.to())) {
            return 0;
        }
        return Duration.between(floor(window.from()), floor(window.to().minusNanos(1)))
                        .dividedBy(step())
                + 1;
    }
}
