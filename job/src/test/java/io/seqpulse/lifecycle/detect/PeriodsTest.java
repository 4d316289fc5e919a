package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.at;
import static org.assertj.core.api.Assertions.assertThat;

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
}
