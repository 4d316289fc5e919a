package io.seqpulse.lifecycle.email;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.YearMonth;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FiguresTest {

    @ParameterizedTest(name = "{0} used at {1}: {2} days, {3}")
    @CsvSource(
            nullValues = "-",
            value = {
                // 8 left at 42 in 17.5 days: 3.33 days
                "42, 2026-11-18T12:00:00Z, 4, rounded up",
                // 10 left at 40 in 20 days: exactly 5
                "40, 2026-11-21T00:00:00Z, 5, exact stays exact",
                "40, 2026-11-21T00:00:00.001Z, 6, a moment more is a day more",
                "40, 2026-11-01T00:00:00Z, 1, the first day counts as one",
                "40, 2026-11-01T23:00:00Z, 1, a part of the first day counts as one",
                "49, 2026-11-02T00:00:00Z, 1, one left",
                "1, 2026-11-01T10:00:00Z, -, 49 days are beyond the month",
                "40, 2026-11-24T23:59:59Z, 6, just within the month",
                "40, 2026-11-25T00:00:00Z, -, reached at the month's last instant is beyond it",
                "40, 2026-11-28T00:00:00Z, -, the month ends first",
                "50, 2026-11-28T00:00:00Z, 0, used up",
                "51, 2026-11-28T00:00:00Z, 0, more than used up",
                "0, 2026-11-18T12:00:00Z, -, nothing used",
                "40, 2026-12-01T00:00:00Z, -, another month",
                "40, 2026-10-31T23:59:59Z, -, another month"
            })
    void daysToTheLimit(int used, Instant now, Long expected, String why) {
        assertThat(Figures.daysToLimit(used, 50, YearMonth.of(2026, 11), now))
                .as(why)
                .isEqualTo(expected == null ? OptionalLong.empty() : OptionalLong.of(expected));
    }

    @Test
    void monthsAreThoseOfUtc() {
        assertThat(Figures.monthOf(Instant.parse("2026-11-30T23:59:59.999Z")))
                .isEqualTo(YearMonth.of(2026, 11));
        assertThat(Figures.monthOf(Instant.parse("2026-12-01T00:00:00Z")))
                .isEqualTo(YearMonth.of(2026, 12));
    }
}
