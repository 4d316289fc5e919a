package io.seqpulse.connector.email;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ProductTablesTest {

    /** Of the product the connectors know the table of emails by themselves, and no other. */
    @Test
    void noStatementNamesATableOfTheProduct() throws IOException {
        Pattern table = Pattern.compile("\\bpublic\\.([a-z_]+)");
        try (Stream<Path> sources = Files.walk(Path.of("src/main/java"))) {
            List<String> named =
                    sources.filter(source -> source.toString().endsWith(".java"))
                            .flatMap(
                                    source ->
                                            table.matcher(text(source))
                                                    .results()
                                                    .map(MatchResult::group))
                            .distinct()
                            .toList();

            assertThat(named).containsExactly("public.email_deliveries");
        }
    }

    private static String text(Path source) {
        try {
            return Files.readString(source);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
