package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.at;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.OffsetDateTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PeriodsTest {

    @ParameterizedTest
    @CsvSource({
        "2026-11-30T23:59:59.999Z, 2026-11, 2026-W49",
        "2026-12-01T00:00:00Z, 2026-12, 2026-W49",
        "2026-11-30T23:30:00-02:00, 2026-12, 2026-W49",
        "2026-12-31T23:59:59Z, 2026-12, 2026-W53",
        "2027-01-01T00:00:00Z, 2027-01, 2026-W53",
        "2027-01-04T00:00:00Z, 2027-01, 2027-W01",
        "2024-12-30T00:00:00Z, 2024-12, 2025-W01",
        "1969-12-31T23:59:59Z, 1969-12, 1970-W01"
    })
    void countsInUtc(String time, String month, String week) {
        long millis = OffsetDateTime.parse(time).toInstant().toEpochMilli();
        assertThat(Periods.month(millis)).isEqualTo(month);
        assertThat(Periods.week(millis)).isEqualTo(week);
    }

    @Test
    void knowsWhereAMonthBeginsAndEnds() {
        assertThat(Periods.startOfMonth("2026-12")).isEqualTo(at("2026-12-01T00:00:00Z"));
        assertThat(Periods.endOfMonth("2026-12")).isEqualTo(at("2027-01-01T00:00:00Z"));
        assertThat(Periods.endOfMonth("2028-02")).isEqualTo(at("2028-03-01T00:00:00Z"));
    }
}
