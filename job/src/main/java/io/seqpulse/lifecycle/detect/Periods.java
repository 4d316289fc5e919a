package io.seqpulse.lifecycle.detect;

import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.ChronoField;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** Calendar periods as the product counts them: in UTC (requirements.md, quota). */
public final class Periods {

    private static final long MILLIS_PER_DAY = 86_400_000;
    private static final int DAYS_PER_WEEK = 7;

    /** 1970 began on a Thursday. */
    private static final int MONDAY_TO_EPOCH = 3;

    /** Asked for with every event, and nearly always for one of the last few days. */
    private static final AtomicReferenceArray<Day> RECENT = new AtomicReferenceArray<>(128);

    private record Day(long number, String month, int monthNumber) {}

    private Periods() {}

    /** The month of a time, {@code yyyy-MM}: what a change tells lies before the year 10000. */
    public static String month(long epochMillis) {
        return day(epochMillis).month();
    }

    /** The number of a time's month; consecutive months have consecutive ones. */
    public static int monthNumber(long epochMillis) {
        return day(epochMillis).monthNumber();
    }

    /** The number of a month, {@code yyyy-MM}. */
    public static int monthNumber(String month) {
        return number(YearMonth.parse(month));
    }

    private static int number(YearMonth month) {
        return Math.toIntExact(month.getLong(ChronoField.PROLEPTIC_MONTH));
    }

    /** The number of a time's ISO week, which begins on Monday; consecutive ones follow. */
    public static int weekNumber(long epochMillis) {
        return (int) Math.floorDiv(dayNumber(epochMillis) + MONDAY_TO_EPOCH, DAYS_PER_WEEK);
    }

    /** First millisecond of a month, by its number. */
    public static long startOfMonth(int monthNumber) {
        return start(YearMonth.of(0, 1).plusMonths(monthNumber));
    }

    /** First millisecond of an ISO week, by its number. */
    public static long startOfWeek(int weekNumber) {
        return ((long) weekNumber * DAYS_PER_WEEK - MONDAY_TO_EPOCH) * MILLIS_PER_DAY;
    }

    private static long start(YearMonth month) {
        return month.atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
    }

    /** First millisecond after the month of a time. */
    public static long endOfMonth(long epochMillis) {
        return startOfMonth(monthNumber(epochMillis) + 1);
    }

    private static Day day(long epochMillis) {
        long number = dayNumber(epochMillis);
        int slot = (int) Math.floorMod(number, (long) RECENT.length());
        Day day = RECENT.get(slot);
        if (day == null || day.number() != number) {
            YearMonth month = YearMonth.from(LocalDate.ofEpochDay(number));
            day = new Day(number, month.toString(), number(month));
            RECENT.set(slot, day);
        }
        return day;
    }

    private static long dayNumber(long epochMillis) {
        return Math.floorDiv(epochMillis, MILLIS_PER_DAY);
    }
}
