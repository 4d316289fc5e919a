package io.seqpulse.lifecycle.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimeTextTest {

    @ParameterizedTest
    @CsvSource({"90s, PT1M30S", "15m, PT15M", "2h, PT2H", "30d, PT720H", "999999s, PT277H46M39S"})
    void readsFourUnits(String text, Duration duration) {
        assertThat(TimeText.parse(text)).isEqualTo(duration);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    30min               | 30m
                    30 minutes          | 30m
                    2 hours             | 2h
                    2H                  | 2h
                    2 h                 | 2h
                    90 sec.             | 90s
                    90s.                | 90s
                    1.5h                | 90m
                    1,5 h               | 90m
                    0.5d                | 12h
                    six hours           | 6h
                    a day               | 1d
                    an hour             | 1h
                    1h30m               | 90m
                    1 hour and 30 min   | 90m
                    2 days, 12 hours    | 60h
                    PT2H                | 2h
                    PT90M               | 90m
                    P2D                 | 2d
                    P1W                 | 7d
                    2w                  | 14d
                    1 week              | 7d
                    3 jours             | 3d
                    120 s               | 2m
                    """)
    void saysHowToWriteWhatWasProbablyMeant(String text, String right) {
        assertThat(TimeText.parse(text)).isNull();
        assertThat(TimeText.advice(text)).isEqualTo("; write " + right);
        assertThat(TimeText.parse(right)).isNotNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    90         | ; it lacks its unit: 90s, 90m, 90h or 90d
                    2 months   | ; months and years differ in length, so count in days
                    1y         | ; months and years differ in length, so count in days
                    P1M        | ; months and years differ in length, so count in days
                    """)
    void saysWhatIsMissing(String text, String advice) {
        assertThat(TimeText.parse(text)).isNull();
        assertThat(TimeText.advice(text)).isEqualTo(advice);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0h",
                "-5m",
                "soon",
                "h",
                "1.0001s",
                "500ms",
                "1e9d",
                "99999999999999999999d",
                "²h",
                "a",
                "and",
                "9999999d",
                "hours two",
                "end-of-month",
                "٣h"
            })
    void advisesNothingWhereNobodyCanTell(String text) {
        assertThat(TimeText.parse(text)).isNull();
        assertThat(TimeText.advice(text)).isEmpty();
    }
}
