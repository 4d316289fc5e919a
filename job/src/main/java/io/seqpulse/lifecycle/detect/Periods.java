package io.seqpulse.lifecycle.detect;

import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.IsoFields;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** Calendar periods as the product counts them: in UTC (requirements.md, quota). */
public final class Periods {

    private static final long MILLIS_PER_DAY = 86_400_000;

    /** Asked for with every event, and nearly always for one of the last few days. */
    private static final AtomicReferenceArray<Day> RECENT = new AtomicReferenceArray<>(128);

    private record Day(long number, String month, String week) {}

    private Periods() {}

    /** The month of a time, {@code yyyy-MM}. */
    public static String month(long epochMillis) {
        return day(epochMillis).month();
    }

    /** The ISO week of a time, {@code yyyy-'W'ww} of the week-based year. */
    public static String week(long epochMillis) {
        return day(epochMillis).week();
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

    private static Day day(long epochMillis) {
        long number = Math.floorDiv(epochMillis, MILLIS_PER_DAY);
        int slot = (int) Math.floorMod(number, (long) RECENT.length());
        Day day = RECENT.get(slot);
        if (day == null || day.number() != number) {
            LocalDate date = LocalDate.ofEpochDay(number);
            String week =
                    String.format(
                            Locale.ROOT,
                            "%d-W%02d",
                            date.get(IsoFields.WEEK_BASED_YEAR),
                            date.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
            day = new Day(number, YearMonth.from(date).toString(), week);
            RECENT.set(slot, day);
        }
        return day;
    }
}
