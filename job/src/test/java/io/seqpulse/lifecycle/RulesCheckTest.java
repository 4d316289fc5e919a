package io.seqpulse.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RulesCheckTest {

    @TempDir private Path rules;

    @BeforeEach
    void templates() throws IOException {
        Files.createDirectory(rules.resolve("emails"));
    }

    @Test
    void hasNothingToSayOfTemplatesThatCanBeSent() throws IOException {
        Files.writeString(rules.resolve("emails/E-TRX-01.fr.subject.txt"), "Bonjour");
        assertThat(RulesCheck.problems(rules)).isEmpty();
    }

    @Test
    void tellsEveryMistakeOfACatalogueByLineAndKey() throws IOException {
        Path file = rules.resolve("lifecycle.yaml");
        Files.writeString(file, "version: 1\nrulez: []\nrules: 7\n");
        assertThat(RulesCheck.problems(rules))
                .hasSizeGreaterThan(1)
                .anyMatch(problem -> problem.startsWith(file + ":2: rulez"))
                .anyMatch(problem -> problem.startsWith(file + ":3: rules"));
    }

    @Test
    void tellsEveryMistakeOfTheTemplatesByFileAndLine() throws IOException {
        Files.writeString(rules.resolve("emails/E-TRX-01.fr.txt"), "Bonjour\n{% endif %}");
        Files.writeString(rules.resolve("emails/E-ACT-04.en.html"), "{% if open %}");
        assertThat(RulesCheck.problems(rules))
                .singleElement()
                .asString()
                .contains("E-TRX-01.fr.txt:2:")
                .contains("E-ACT-04.en.html:");
    }
}
