package io.seqpulse.connector.debezium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IsoTimeTest {

    /** Characters that turn a time into another time, or into none. */
    private static final String SLIPS = "0123456789-:.TZ+ ";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2026-02-30T10:00:00Z",
                "2026-11-21T24:00:00Z",
                "2026-11-21T10:60:00Z",
                "2026-11-21T10:00:60Z",
                "2026-11-21T10:00:00.1234567890Z",
                "2026-11-21 10:00:00Z",
                "2026-11-21",
                "",
                "Z"
            })
    void refusesWhatIsNoPointInTime(String text) {
        assertThatThrownBy(() -> IsoTime.micros(text)).isInstanceOf(DateTimeParseException.class);
    }

    @Test
    void readsWhatTheLibraryReadsAndNothingElse() {
        Random random = new Random(20261121);
        int readable = 0;
        for (int i = 0; i < 200_000; i++) {
            String text = random(random);
            Long expected = library(text);
            if (expected != null) {
                readable++;
                assertThat(IsoTime.micros(text)).as(text).isEqualTo(expected);
            } else {
                assertThatThrownBy(() -> IsoTime.micros(text))
                        .as(text)
                        .isInstanceOf(DateTimeParseException.class);
            }
        }
        assertThat(readable).isBetween(80_000, 180_000);
    }

    private static String random(Random random) {
        LocalDateTime time =
                LocalDateTime.ofEpochSecond(
                        random.nextLong(-60_000_000_000L, 250_000_000_000L),
                        random.nextInt(1_000_000) * 1_000,
                        ZoneOffset.UTC);
        int digits = random.nextInt(7);
        String text =
                time.format(DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss", Locale.ROOT));
        if (digits > 0) {
            text +=
                    String.format(Locale.ROOT, ".%06d", time.get(ChronoField.MICRO_OF_SECOND))
                            .substring(0, 1 + digits);
        }
        text += random.nextInt(8) == 0 ? (random.nextBoolean() ? "+02:00" : "") : "Z";
        if (random.nextInt(2) == 0) {
            StringBuilder slipped = new StringBuilder(text);
            char slip = SLIPS.charAt(random.nextInt(SLIPS.length()));
            slipped.setCharAt(random.nextInt(text.length()), slip);
            return slipped.toString();
        }
        return text;
    }

    /** Microseconds since the epoch, or null where the library refuses. */
    private static Long library(String text) {
        TemporalAccessor time;
        try {
            time =
                    DateTimeFormatter.ISO_DATE_TIME.parseBest(
                            text, OffsetDateTime::from, LocalDateTime::from);
        } catch (DateTimeParseException e) {
            return null;
        }
        OffsetDateTime zoned =
                time instanceof OffsetDateTime offset
                        ? offset
                        : ((LocalDateTime) time).atOffset(ZoneOffset.UTC);
        return zoned.toEpochSecond() * 1_000_000 + zoned.getNano() / 1_000;
    }
}
