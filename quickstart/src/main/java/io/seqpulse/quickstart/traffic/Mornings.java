package io.seqpulse.quickstart.traffic;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Time zones in which it is morning, which is when reports are due, or is not. */
final class Mornings {

    private static final int EIGHT = 8 * 3_600;
    private static final int DAY = 24 * 3_600;
    private static final int FARTHEST = 18 * 3_600;

    /** Before reports of the day are due anywhere in a run, and after the last have been sent. */
    private static final LocalTime EARLY = LocalTime.of(2, 0);

    private static final LocalTime LATE = LocalTime.of(11, 0);

    /** In each there is another time of the day; it is never morning in all of them. */
    private static final List<String> AROUND_THE_WORLD =
            List.of("Europe/Paris", "America/New_York", "Asia/Tokyo", "America/Los_Angeles");

    private Mornings() {}

    /**
     * The zone in which it is 08:00 at a time's minute, on a day that is asked for; none where that
     * day is nowhere.
     */
    static Optional<String> at(Instant time, Predicate<LocalDate> day) {
        Instant minute = time.truncatedTo(ChronoUnit.MINUTES);
        int east = EIGHT - minute.atOffset(ZoneOffset.UTC).toLocalTime().toSecondOfDay();
        for (int seconds : new int[] {east, east + DAY, east - DAY}) {
            if (Math.abs(seconds) <= FARTHEST) {
                ZoneOffset zone = ZoneOffset.ofTotalSeconds(seconds);
                OffsetDateTime local = minute.atOffset(zone);
                if (day.test(local.toLocalDate())) {
                    return Optional.of(zone.getId());
                }
            }
        }
        return Optional.empty();
    }

    /** A zone in which no report is due from a time on, for hours. */
    static String far(Instant time) {
        return AROUND_THE_WORLD.stream()
                .filter(
                        zone ->
                                isQuiet(time, zone)
                                        && isQuiet(time.plus(Duration.ofHours(3)), zone))
                .findFirst()
                .orElseThrow();
    }

    private static boolean isQuiet(Instant time, String zone) {
        LocalTime local = time.atZone(ZoneId.of(zone)).toLocalTime();
        return local.isBefore(EARLY) || local.isAfter(LATE);
    }
}
