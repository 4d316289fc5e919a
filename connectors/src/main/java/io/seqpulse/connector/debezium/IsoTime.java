package io.seqpulse.connector.debezium;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.TemporalAccessor;

/**
 * Points in time as Debezium writes them. Every row has some, and the library's formatter takes
 * longer for one of them than the parser for the rest of the record: the usual form, in UTC, is
 * read here digit by digit, any other by the formatter.
 */
final class IsoTime {

    private static final int SECONDS_END = "2026-11-21T08:30:00".length();
    private static final int MOST_DIGITS = 6;

    private IsoTime() {}

    /**
     * Microseconds since the epoch; what has no zone is UTC.
     *
     * @throws DateTimeParseException if it is no point in time
     */
    static long micros(String text) {
        return isUsual(text) ? usual(text) : any(text);
    }

    /** Whether it is {@code yyyy-MM-ddTHH:mm:ss[.ffffff]Z}, and the time of day is one. */
    private static boolean isUsual(String text) {
        int last = text.length() - 1;
        if (last < SECONDS_END || text.charAt(last) != 'Z') {
            return false;
        }
        for (int i = 0; i < SECONDS_END; i++) {
            if (!fits(text.charAt(i), i)) {
                return false;
            }
        }
        if (last > SECONDS_END) {
            int digits = last - SECONDS_END - 1;
            if (text.charAt(SECONDS_END) != '.' || digits < 1 || digits > MOST_DIGITS) {
                return false;
            }
            for (int i = SECONDS_END + 1; i < last; i++) {
                if (!isDigit(text.charAt(i))) {
                    return false;
                }
            }
        }
        return number(text, 11, 13) < 24 && number(text, 14, 16) < 60 && number(text, 17, 19) < 60;
    }

    private static boolean fits(char c, int position) {
        return switch (position) {
            case 4, 7 -> c == '-';
            case 10 -> c == 'T';
            case 13, 16 -> c == ':';
            default -> isDigit(c);
        };
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static long usual(String text) {
        LocalDate date;
        try {
            date = LocalDate.of(number(text, 0, 4), number(text, 5, 7), number(text, 8, 10));
        } catch (DateTimeException e) {
            throw new DateTimeParseException(e.getMessage(), text, 0, e);
        }
        long seconds =
                date.toEpochDay() * 86_400L
                        + number(text, 11, 13) * 3_600L
                        + number(text, 14, 16) * 60L
                        + number(text, 17, 19);
        long micros = 0;
        int last = text.length() - 1;
        for (int i = 0; i < MOST_DIGITS; i++) {
            int position = SECONDS_END + 1 + i;
            micros = micros * 10 + (position < last ? text.charAt(position) - '0' : 0);
        }
        return seconds * 1_000_000 + micros;
    }

    private static int number(String text, int from, int to) {
        int number = 0;
        for (int i = from; i < to; i++) {
            number = number * 10 + text.charAt(i) - '0';
        }
        return number;
    }

    private static long any(String text) {
        TemporalAccessor time =
                DateTimeFormatter.ISO_DATE_TIME.parseBest(
                        text, OffsetDateTime::from, LocalDateTime::from);
        Instant instant =
                time instanceof OffsetDateTime zoned
                        ? zoned.toInstant()
                        : ((LocalDateTime) time).toInstant(ZoneOffset.UTC);
        // ChronoUnit's own difference goes by nanoseconds and overflows in the year 2262
        return Math.addExact(
                Math.multiplyExact(instant.getEpochSecond(), 1_000_000L),
                instant.getNano() / 1_000);
    }
}
