package io.seqpulse.lifecycle.detect;

import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** Calendar periods as the product counts them: in UTC (requirements.md, quota). */
public final class Periods {

    private Periods() {}

    /** The month of a time, {@code yyyy-MM}. */
    public static String month(long epochMillis) {
        return YearMonth.from(day(epochMillis)).toString();
    }

    /** The ISO week of a time, {@code yyyy-'W'ww} of the week-based year. */
    public static String week(long epochMillis) {
        LocalDate day = day(epochMillis);
        return String.format(
                Locale.ROOT,
                "%d-W%02d",
                day.get(IsoFields.WEEK_BASED_YEAR),
                day.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
    }

    /** First millisecond of a month. */
    public static long startOfMonth(String month) {
        return YearMonth.parse(month)
                .atDay(1)
                .atStartOfDay(ZoneOffset.UTC)
                .toInstant()
                .toEpochMilli();
    }

    /** First millisecond after a month. */
    public static long endOfMonth(String month) {
        return startOfMonth(YearMonth.parse(month).plusMonths(1).toString());
    }

    private static LocalDate day(long epochMillis) {
        return Instant.ofEpochMilli(epochMillis).atZone(ZoneOffset.UTC).toLocalDate();
    }
}
