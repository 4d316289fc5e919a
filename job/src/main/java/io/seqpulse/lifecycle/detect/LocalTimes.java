package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAdjusters;

/**
 * Weeks and months as they are where somebody lives. A time that a change of the clocks leaves out
 * is as much later as the clocks go forward; one that comes twice is the first.
 */
final class LocalTimes {

    private static final int WEEK_NAME = "2026-W53".length();

    private LocalTimes() {}

    /** The first day of the period that a day lies in. */
    static LocalDate start(Period period, LocalDate day) {
        return switch (period) {
            case WEEK -> day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
            case MONTH -> day.withDayOfMonth(1);
        };
    }

    /** The first day of the period after that of which one is the first. */
    static LocalDate next(Period period, LocalDate start) {
        return period == Period.WEEK ? start.plusWeeks(1) : start.plusMonths(1);
    }

    /** The first day of the period before that of which one is the first. */
    static LocalDate previous(Period period, LocalDate start) {
        return period == Period.WEEK ? start.minusWeeks(1) : start.minusMonths(1);
    }

    /** The name of a period, by its first day. */
    static String name(Period period, LocalDate start) {
        return period == Period.WEEK
                ? start.format(DateTimeFormatter.ISO_WEEK_DATE).substring(0, WEEK_NAME)
                : YearMonth.from(start).toString();
    }

    /** The first day of a period, by its name. */
    static LocalDate start(Period period, String name) {
        return period == Period.WEEK
                ? LocalDate.parse(name + "-1", DateTimeFormatter.ISO_WEEK_DATE)
                : YearMonth.parse(name).atDay(1);
    }

    /** When it is a time of a day somewhere, epoch milliseconds. */
    static long at(LocalDate day, LocalTime time, ZoneId zone) {
        return ZonedDateTime.of(day, time, zone).toInstant().toEpochMilli();
    }

    /** When a day begins somewhere, epoch milliseconds. */
    static long startOf(LocalDate day, ZoneId zone) {
        return day.atStartOfDay(zone).toInstant().toEpochMilli();
    }
}
