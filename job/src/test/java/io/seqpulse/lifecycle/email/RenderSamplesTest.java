package io.seqpulse.lifecycle.email;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Pins every word of every mail. When a text is meant to change, look at {@code target/mails} and
 * copy its {@code .txt} files to {@code src/test/resources/mails}.
 */
class RenderSamplesTest {

    private static final Path WRITTEN = Path.of("target", "mails");
    private static final Path EXPECTED = Path.of("src", "test", "resources", "mails");

    @Test
    void everyMailReadsAsItWasLastAccepted() throws IOException {
        int count = RenderSamples.write(WRITTEN);
        Map<String, String> expected = texts(EXPECTED);
        assertThat(expected).hasSize(count);
        assertThat(texts(WRITTEN)).containsAllEntriesOf(expected);
    }

    private static Map<String, String> texts(Path directory) throws IOException {
        Map<String, String> texts = new TreeMap<>();
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> all = files.filter(file -> file.toString().endsWith(".txt")).toList();
            all.forEach(file -> texts.put(file.getFileName().toString(), read(file)));
        }
        return texts;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
