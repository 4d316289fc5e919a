package io.seqpulse.lifecycle.email;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.LocalDate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TypographyTest {

    @ParameterizedTest
    @CsvSource({
        "18, '+18\u202f%', '+18%'",
        "18.04, '+18\u202f%', '+18%'",
        "-4.25, '−4,3\u202f%', '−4.3%'",
        "0, '0\u202f%', '0%'",
        "1234.5, '+1\u202f234,5\u202f%', '+1,234.5%'"
    })
    void percentages(BigDecimal value, String french, String english) {
        assertThat(Typography.FR.percent(value)).isEqualTo(french);
        assertThat(Typography.EN.percent(value)).isEqualTo(english);
    }

    @ParameterizedTest
    @CsvSource({
        "1.3, '+1,3\u00a0pt', '+1.3\u00a0pts'",
        "1, '+1\u00a0pt', '+1\u00a0pt'",
        "2, '+2\u00a0pts', '+2\u00a0pts'",
        "-2.5, '−2,5\u00a0pts', '−2.5\u00a0pts'",
        "0.04, '+0,04\u00a0pt', '+0.04\u00a0pts'",
        "0, '0\u00a0pt', '0\u00a0pts'"
    })
    void points(BigDecimal value, String french, String english) {
        assertThat(Typography.FR.points(value)).isEqualTo(french);
        assertThat(Typography.EN.points(value)).isEqualTo(english);
    }

    @Test
    void frenchSignsKeepToTheirWords() {
        assertThat(Typography.FR.spaced("« API » : vraiment ? 12 % ; oui !"))
                .isEqualTo("«\u00a0API\u00a0»\u00a0: vraiment\u202f? 12\u202f%\u202f; oui\u202f!");
        assertThat(Typography.FR.spaced("Urgent: rollback")).isEqualTo("Urgent: rollback");
        assertThat(Typography.EN.spaced("So : what ?")).isEqualTo("So : what ?");
    }

    @Test
    void daysOfTheYear() {
        LocalDate first = LocalDate.of(2026, 12, 1);
        assertThat(Typography.FR.day(first)).isEqualTo("1er\u00a0décembre");
        assertThat(Typography.FR.day(first.minusDays(1))).isEqualTo("30\u00a0novembre");
        assertThat(Typography.EN.day(first)).isEqualTo("December\u00a01");
        assertThat(Typography.EN.day(first.minusDays(1))).isEqualTo("November\u00a030");
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {"fr, FR", "fr-CA, FR", "en_GB, EN", "EN, EN", "de, FR", "'', FR", "-, FR"})
    void aLanguageWeDoNotWriteIsTheDefault(String language, Typography expected) {
        assertThat(Typography.of(language, Typography.FR)).isEqualTo(expected);
    }
}
