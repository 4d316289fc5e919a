package io.seqpulse.lifecycle.policy;

import java.io.Serializable;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of each day, where the recipient lives, in which nobody gets marketing mail.
 *
 * @param from when they begin
 * @param to when they are over, the next day where that is earlier; the same as {@code from}: there
 *     are none
 */
public record QuietHours(LocalTime from, LocalTime to) implements Serializable {

    /** None: mail goes at any time. */
    public static final QuietHours NONE = new QuietHours(LocalTime.MIDNIGHT, LocalTime.MIDNIGHT);

    private static final Pattern WRITTEN =
            Pattern.compile("((?:[01]\\d|2[0-3]):[0-5]\\d)-((?:[01]\\d|2[0-3]):[0-5]\\d)");

    /**
     * Those that a text tells, such as {@code 22:00-08:00}; an empty one tells of none.
     *
     * @throws IllegalArgumentException if it is another, or they would last all day
     */
    public static QuietHours parse(String text) {
        String told = text.strip();
        if (told.isEmpty()) {
            return NONE;
        }
        Matcher times = WRITTEN.matcher(told);
        if (!times.matches() || times.group(1).equals(times.group(2))) {
            throw new IllegalArgumentException(
                    "'%s' are no quiet hours; give two different times of day such as 22:00-08:00"
                            .formatted(text));
        }
        return new QuietHours(LocalTime.parse(times.group(1)), LocalTime.parse(times.group(2)));
    }

    /**
     * The first moment at or after a time at which it is not quiet, epoch milliseconds. Where the
     * clocks jump over their end, they are over as much later; where it is shown twice, with what
     * comes first from then on.
     */
    long endFrom(long millis, ZoneId zone) {
        ZonedDateTime asked = Instant.ofEpochMilli(millis).atZone(zone);
        LocalTime time = asked.toLocalTime();
        boolean overnight = from.isAfter(to);
        boolean begun = !time.isBefore(from);
        boolean over = !time.isBefore(to);
        boolean quiet = overnight ? begun || !over : begun && !over;
        if (!quiet) {
            return millis;
        }
        LocalDate day = asked.toLocalDate().plusDays(overnight && begun ? 1 : 0);
        ZonedDateTime end = ZonedDateTime.of(day, to, zone);
        return (end.isAfter(asked) ? end : end.withLaterOffsetAtOverlap())
                .toInstant()
                .toEpochMilli();
    }
}
