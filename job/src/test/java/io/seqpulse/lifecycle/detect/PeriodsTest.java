package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PeriodsTest {

    @ParameterizedTest
    @CsvSource({
        "2026-11-30T23:59:59.999Z, 2026-11",
        "2026-12-01T00:00:00Z, 2026-12",
        "2026-11-30T23:30:00-02:00, 2026-12",
        "2024-12-30T00:00:00Z, 2024-12",
        "1969-12-31T23:59:59Z, 1969-12"
    })
    void countsMonthsInUtc(String time, String month) {
        long millis = at(time);
        assertThat(Periods.month(millis)).isEqualTo(month);
        assertThat(Periods.monthNumber(millis)).isEqualTo(Periods.monthNumber(month));
    }

    @Test
    void numbersMonthsInTheirOrder() {
        assertThat(Periods.monthNumber("2027-01")).isEqualTo(Periods.monthNumber("2026-12") + 1);
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-29T23:59:59.999Z, 2026-11-30T00:00:00Z, 1",
        "2026-11-30T00:00:00Z, 2026-12-06T23:59:59.999Z, 0",
        "2026-12-31T23:59:59Z, 2027-01-03T12:00:00Z, 0",
        "2027-01-03T23:59:59Z, 2027-01-04T00:00:00Z, 1",
        "1969-12-28T23:59:59Z, 1969-12-29T00:00:00Z, 1",
        "1969-12-29T00:00:00Z, 1970-01-04T00:00:00Z, 0"
    })
    void beginsWeeksOnMondayInUtc(String earlier, String later, int apart) {
        assertThat(Periods.weekNumber(at(later)) - Periods.weekNumber(at(earlier)))
                .isEqualTo(apart);
    }

    @ParameterizedTest
    @CsvSource({
        "2026-12-31T23:59:59.999Z, 2026-12-01T00:00:00Z, 2027-01-01T00:00:00Z",
        "2028-02-01T00:00:00Z, 2028-02-01T00:00:00Z, 2028-03-01T00:00:00Z",
        "0001-01-01T00:00:00Z, 0001-01-01T00:00:00Z, 0001-02-01T00:00:00Z",
        "9999-12-31T23:59:59.999Z, 9999-12-01T00:00:00Z, +10000-01-01T00:00:00Z",
        "+10000-01-01T23:00:00Z, +10000-01-01T00:00:00Z, +10000-02-01T00:00:00Z",
    })
    void knowsWhereAMonthBeginsAndEnds(String time, String first, String end) {
        assertThat(Periods.startOfMonth(Periods.monthNumber(at(time)))).isEqualTo(at(first));
        assertThat(Periods.endOfMonth(at(time))).isEqualTo(at(end));
    }

    /** A year has 53 weeks where it begins on a Thursday, or is a leap year and ends on one. */
    @ParameterizedTest
    @CsvSource({
        "2026-11-30T00:00:00Z, 2026-W49",
        "2026-12-27T23:59:59.999Z, 2026-W52",
        "2026-12-28T00:00:00Z, 2026-W53",
        "2027-01-03T23:59:59.999Z, 2026-W53",
        "2027-01-04T00:00:00Z, 2027-W01",
        "2027-01-04T00:30:00+02:00, 2026-W53",
        "2024-12-30T00:00:00Z, 2025-W01",
        "2020-12-31T12:00:00Z, 2020-W53",
        "2021-01-03T12:00:00Z, 2020-W53",
        "1969-12-31T23:59:59Z, 1970-W01",
        "0001-01-01T00:00:00Z, 0001-W01",
        "9999-12-31T00:00:00Z, 9999-W52",
        "+10000-01-05T00:00:00Z, +10000-W01"
    })
    void namesWeeksAsIso8601Does(String time, String week) {
        long millis = at(time);
        assertThat(Periods.week(millis)).isEqualTo(week);
        assertThat(Periods.weekNumber(week)).isEqualTo(Periods.weekNumber(millis));
        assertThat(Periods.name(Period.WEEK, millis)).isEqualTo(week);
        int number = Periods.number(Period.WEEK, week);
        assertThat(Periods.start(Period.WEEK, number)).isLessThanOrEqualTo(millis);
        assertThat(Periods.end(Period.WEEK, millis)).isGreaterThan(millis);
        assertThat(Periods.end(Period.WEEK, millis))
                .isEqualTo(Periods.start(Period.WEEK, number + 1));
    }

    /** Each of four hundred years, which is as often as the calendar repeats. */
    @Test
    void numbersWeeksWithoutAGap() {
        int number = Periods.weekNumber(at("1899-12-25T00:00:00Z"));
        int last = Periods.weekNumber(at("2300-01-01T00:00:00Z"));
        for (; number <= last; number++) {
            String week = Periods.week(Periods.startOfWeek(number));
            assertThat(Periods.weekNumber(week)).as(week).isEqualTo(number);
            assertThat(Periods.week(Periods.startOfWeek(number + 1) - 1)).isEqualTo(week);
            assertThat(Periods.week(Periods.startOfWeek(number + 1))).isNotEqualTo(week);
        }
    }
}
