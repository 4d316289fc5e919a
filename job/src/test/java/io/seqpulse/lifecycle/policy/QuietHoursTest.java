package io.seqpulse.lifecycle.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuietHoursTest {

    @ParameterizedTest
    @CsvSource({
        "22:00-08:00, 2026-12-01T21:59:59.999, 2026-12-01T21:59:59.999",
        "22:00-08:00, 2026-12-01T22:00:00, 2026-12-02T08:00:00",
        "22:00-08:00, 2026-12-02T07:59:59.999, 2026-12-02T08:00:00",
        "22:00-08:00, 2026-12-02T08:00:00, 2026-12-02T08:00:00",
        "22:00-00:00, 2026-12-31T23:00:00, 2027-01-01T00:00:00",
        "00:00-06:30, 2028-02-29T00:00:00, 2028-02-29T06:30:00",
        "12:00-14:00, 2026-12-01T13:00:00, 2026-12-01T14:00:00",
        "12:00-14:00, 2026-12-01T11:59:59, 2026-12-01T11:59:59",
    })
    void areOverAtTheirEnd(String hours, String asked, String end) {
        QuietHours quiet = QuietHours.parse(hours);
        assertThat(quiet.endFrom(millis(asked + "Z"), ZoneId.of("UTC")))
                .isEqualTo(millis(end + "Z"));
    }

    @ParameterizedTest
    @CsvSource({
        // the clocks jump from 2:00 to 3:00, and later from 3:00 back to 2:00
        "Europe/Paris, 22:00-02:30, 2027-03-28T00:00:00Z, 2027-03-28T01:30:00Z",
        "Europe/Paris, 22:00-02:30, 2026-10-24T23:00:00Z, 2026-10-25T00:30:00Z",
        "Europe/Paris, 22:00-02:30, 2026-10-25T01:15:00Z, 2026-10-25T01:30:00Z",
        "Europe/Paris, 22:00-08:00, 2027-03-27T21:00:00Z, 2027-03-28T06:00:00Z",
        "Europe/Paris, 22:00-08:00, 2026-10-24T20:00:00Z, 2026-10-25T07:00:00Z",
        // half an hour, at 2:00
        "Australia/Lord_Howe, 22:00-08:00, 2026-10-03T11:30:00Z, 2026-10-03T21:00:00Z",
        "Australia/Lord_Howe, 22:00-08:00, 2027-04-03T11:00:00Z, 2027-04-03T21:30:00Z",
    })
    void goByTheClocksOfThePlace(String zone, String hours, String asked, String end) {
        assertThat(QuietHours.parse(hours).endFrom(millis(asked), ZoneId.of(zone)))
                .isEqualTo(millis(end));
    }

    /** Whoever waits until the end does not find it quiet then, or the wait would have no end. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Europe/Paris",
                "America/New_York",
                "Australia/Sydney",
                "Australia/Lord_Howe",
                "Pacific/Apia",
                "UTC"
            })
    void haveAnEndAtWhichItIsNotQuiet(String name) {
        ZoneId zone = ZoneId.of(name);
        for (String hours :
                new String[] {"22:00-08:00", "22:00-02:15", "01:45-02:45", "23:59-00:00"}) {
            QuietHours quiet = QuietHours.parse(hours);
            for (String year :
                    new String[] {"2011-12-28", "2026-10-01", "2027-03-10", "2027-04-01"}) {
                long begin = millis(year + "T00:00:00Z");
                for (long at = begin; at < begin + 35 * 86_400_000L; at += 5 * 60_000) {
                    long end = quiet.endFrom(at, zone);
                    assertThat(end).isGreaterThanOrEqualTo(at);
                    assertThat(end - at).isLessThan(Duration.ofHours(36).toMillis());
                    assertThat(quiet.endFrom(end, zone)).isEqualTo(end);
                }
            }
        }
    }

    @Test
    void areNoneWhereNobodyWantsThem() {
        assertThat(QuietHours.parse("  ")).isEqualTo(QuietHours.NONE);
        assertThat(QuietHours.NONE.endFrom(0, ZoneId.of("UTC"))).isZero();
        assertThat(QuietHours.parse(" 22:00-08:00 "))
                .isEqualTo(new QuietHours(LocalTime.of(22, 0), LocalTime.of(8, 0)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"22-8", "22:00", "08:00-08:00", "24:00-08:00", "8:00-22:00", "22:00–08:00"})
    void areNotTakenFromAnotherText(String text) {
        assertThatThrownBy(() -> QuietHours.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "' are no quiet hours");
    }

    private static long millis(String instant) {
        return Instant.parse(instant).toEpochMilli();
    }
}
