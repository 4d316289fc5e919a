package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoField;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** Calendar periods as the product counts them: in UTC (requirements.md, quota). */
public final class Periods {

    private static final long MILLIS_PER_DAY = 86_400_000;
    private static final int DAYS_PER_WEEK = 7;

    /** 1970 began on a Thursday. */
    private static final int MONDAY_TO_EPOCH = 3;

    /** Ends the ISO date of a week's first day. */
    private static final String MONDAY = "-1";

    /** Asked for with every event, and nearly always for one of the last few days. */
    private static final AtomicReferenceArray<Day> RECENT = new AtomicReferenceArray<>(128);

    private static final AtomicReferenceArray<Week> RECENT_WEEKS = new AtomicReferenceArray<>(16);

    private record Day(long number, String month, int monthNumber) {}

    private record Week(int number, String name) {}

    private Periods() {}

    /** The name of a time's period, as keys have it: {@code 2026-12}, {@code 2026-W53}. */
    static String name(Period period, long epochMillis) {
        return switch (period) {
            case MONTH -> month(epochMillis);
            case WEEK -> week(epochMillis);
        };
    }

    /** The number of a time's period; consecutive periods have consecutive ones. */
    static int number(Period period, long epochMillis) {
        return switch (period) {
            case MONTH -> monthNumber(epochMillis);
            case WEEK -> weekNumber(epochMillis);
        };
    }

    /** The number of a period, by its name. */
    static int number(Period period, String name) {
        return switch (period) {
            case MONTH -> monthNumber(name);
            case WEEK -> weekNumber(name);
        };
    }

    /** First millisecond of a period, by its number. */
    static long start(Period period, int number) {
        return switch (period) {
            case MONTH -> startOfMonth(number);
            case WEEK -> startOfWeek(number);
        };
    }

    /** First millisecond after the period of a time. */
    static long end(Period period, long epochMillis) {
        return start(period, number(period, epochMillis) + 1);
    }

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

    /** The ISO week of a time, {@code 2026-W53}: its year is the one that its Thursday lies in. */
    public static String week(long epochMillis) {
        int number = weekNumber(epochMillis);
        int slot = Math.floorMod(number, RECENT_WEEKS.length());
        Week week = RECENT_WEEKS.get(slot);
        if (week == null || week.number() != number) {
            String monday =
                    LocalDate.ofEpochDay(dayNumber(startOfWeek(number)))
                            .format(DateTimeFormatter.ISO_WEEK_DATE);
            week = new Week(number, monday.substring(0, monday.length() - MONDAY.length()));
            RECENT_WEEKS.set(slot, week);
        }
        return week.name();
    }

    /** The number of an ISO week, by its name. */
    public static int weekNumber(String week) {
        LocalDate monday = LocalDate.parse(week + MONDAY, DateTimeFormatter.ISO_WEEK_DATE);
        return weekNumber(monday.toEpochDay() * MILLIS_PER_DAY);
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
