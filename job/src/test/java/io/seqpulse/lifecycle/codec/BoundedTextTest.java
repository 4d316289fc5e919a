package io.seqpulse.lifecycle.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BoundedTextTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "7f1c9a52-3f0e-4a63-9d61-0a5f5c1e2b34",
                "2026-11",
                "rollback_recommended",
                "production",
                "v1.2"
            })
    void whatIsANameStaysOne(String text) {
        assertThat(BoundedText.name(text, 64)).isEqualTo(text);
        assertThat(BoundedText.line(text, 64)).isEqualTo(text);
    }

    @Test
    void aLineKeepsItsSpacesAndAccents() {
        assertThat(BoundedText.line("Réception à l'heure", 64)).isEqualTo("Réception à l'heure");
        assertThat(BoundedText.line("", 64)).isEmpty();
    }

    /** Whatever a column holds: bounded, in one part, and told from any other. */
    @Test
    void anyTextIsShortHasNoSeparatorAndStaysItself() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Map<String, String> names = new HashMap<>();
        Map<String, String> lines = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            String text = text(random);
            String name = BoundedText.name(text, 64);
            String line = BoundedText.line(text, 200);
            assertThat(name).as("seed %d", seed).matches("[A-Za-z0-9_.~-]{1,64}");
            assertThat(line.getBytes(StandardCharsets.UTF_8).length).isLessThanOrEqualTo(200);
            assertThat(line.chars()).noneMatch(Character::isISOControl);
            assertThat(names.merge(name, text, (one, other) -> one)).isEqualTo(text);
            assertThat(lines.merge(line, text, (one, other) -> one)).isEqualTo(text);
        }
    }

    private static String text(Random random) {
        int length = random.nextInt(10) == 0 ? random.nextInt(5_000) : random.nextInt(6);
        int range = random.nextBoolean() ? 128 : 65_536;
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) random.nextInt(range));
        }
        return text.toString();
    }
}
