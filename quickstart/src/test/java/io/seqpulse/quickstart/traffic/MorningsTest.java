package io.seqpulse.quickstart.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MorningsTest {

    private static final Instant MONDAY_NIGHT = Instant.parse("2026-11-30T00:17:42Z");

    @Test
    void findsWhereItIsEightInTheMorningAtAnyTimeOfTheDay() {
        for (int minutes = 0; minutes < 24 * 60; minutes += 7) {
            Instant time = MONDAY_NIGHT.plus(Duration.ofMinutes(minutes));
            ZonedDateTime local = time.atZone(ZoneId.of(Mornings.at(time, any -> true).get()));
            assertThat(local.toLocalTime().withSecond(0)).isEqualTo(LocalTime.of(8, 0));
        }
    }

    @Test
    void findsADayThatSomebodyElseHasAlready() {
        Instant sunday = Instant.parse("2026-11-29T20:00:00Z");
        String zone = Mornings.at(sunday, MorningsTest::isMonday).orElseThrow();
        assertThat(zone).isEqualTo("+12:00");
        Instant tuesday = Instant.parse("2026-12-01T01:00:00Z");
        assertThat(Mornings.at(tuesday, MorningsTest::isMonday)).isEqualTo(Optional.of("-17:00"));
    }

    @Test
    void findsNoMondayInTheMiddleOfTheWeek() {
        Instant wednesday = Instant.parse("2026-12-02T12:00:00Z");
        assertThat(Mornings.at(wednesday, MorningsTest::isMonday)).isEmpty();
    }

    @Test
    void knowsAtAnyTimeWhereNoReportIsDueForHours() {
        for (Instant begin : new Instant[] {MONDAY_NIGHT, Instant.parse("2026-07-01T00:00:00Z")}) {
            for (int minutes = 0; minutes < 24 * 60; minutes += 7) {
                Instant time = begin.plus(Duration.ofMinutes(minutes));
                ZoneId zone = ZoneId.of(Mornings.far(time));
                for (int hours = -2; hours <= 5; hours++) {
                    assertThat(time.plus(Duration.ofHours(hours)).atZone(zone).getHour())
                            .as("%s in %s and %s h", time, zone, hours)
                            .isNotEqualTo(8);
                }
            }
        }
    }

    private static boolean isMonday(LocalDate day) {
        return day.getDayOfWeek() == DayOfWeek.MONDAY;
    }
}
