package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.cli.Lifecycle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./lifecycle up --rules DIR} with rules that cannot work: says where, leaves nothing. */
class MalformedRulesIT {

    private static final Path OURS =
            Path.of(System.getProperty("lifecycle.home"), "catalogue/src/main/resources");

    @TempDir private Path folder;
    private Path rules;

    @BeforeEach
    void copyOurs() throws IOException {
        rules = folder.resolve("rules");
        Files.createDirectories(rules.resolve("emails"));
        Files.copy(OURS.resolve("lifecycle.yaml"), rules.resolve("lifecycle.yaml"));
        try (Stream<Path> templates = Files.list(OURS.resolve("emails"))) {
            for (Path template : templates.toList()) {
                Files.copy(template, rules.resolve("emails").resolve(template.getFileName()));
            }
        }
    }

    @Test
    void aMalformedCatalogueIsRefusedByFileLineAndKey() throws Exception {
        Path yaml = rules.resolve("lifecycle.yaml");
        List<String> lines = new ArrayList<>(Files.readAllLines(yaml));
        int category = lines.indexOf("    category: transactional");
        lines.set(category, "    category: gossip");
        lines.add(category + 1, "    colour: red");
        Files.write(yaml, lines);

        assertThat(refusal())
                .contains(yaml + ":" + (category + 1) + ": E-TRX-01.category: 'gossip'")
                .contains(yaml + ":" + (category + 2) + ": E-TRX-01.colour: unknown key");
    }

    @Test
    void aMalformedTemplateIsRefusedByFileAndLine() throws Exception {
        Path template = rules.resolve("emails/E-TRX-01.fr.txt");
        String text = Files.readString(template);
        Files.writeString(template, text.replace("Pour commencer", "{% endif %}Pour commencer"));
        long line = text.substring(0, text.indexOf("Pour commencer")).lines().count() + 1;
        Path other = rules.resolve("emails/E-ACT-04.en.html");
        Files.writeString(other, Files.readString(other) + "{% if open %}");

        assertThat(refusal())
                .contains("2 problems in the email templates")
                .contains("E-TRX-01.fr.txt:" + line + ":")
                .containsPattern("E-ACT-04.en.html:\\d+");
    }

    /** What the command says when it refuses; it must end, fail, and leave nothing. */
    private String refusal() throws IOException, InterruptedException {
        Path scratch = Files.createDirectory(folder.resolve("tmp"));
        Path printed = folder.resolve("printed");
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        Stream.of("java.lang", "java.util", "java.time")
                .map("--add-opens=java.base/%s=ALL-UNNAMED"::formatted)
                .forEach(command::add);
        command.addAll(
                List.of(
                        "-Xmx1g",
                        "-XX:-UsePerfData",
                        "-Djava.io.tmpdir=" + scratch,
                        "-Dlifecycle.scratch=true",
                        "-Dlifecycle.home=" + System.getProperty("lifecycle.home"),
                        "-Dlifecycle.ports=" + System.getProperty("lifecycle.ports", ""),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Lifecycle.class.getName(),
                        "up",
                        "--no-traffic",
                        "--rules",
                        rules.toString()));
        Process up =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(printed.toFile())
                        .start();
        try {
            assertThat(up.waitFor(120, TimeUnit.SECONDS)).isTrue();
        } finally {
            up.destroy();
        }
        assertThat(up.exitValue()).isEqualTo(1);
        assertThat(printed).content().doesNotContain("starting");
        assertThat(scratch).doesNotExist();
        assertThat(ProcessHandle.allProcesses())
                .as("what was started from there")
                .noneMatch(
                        process ->
                                process.info()
                                        .commandLine()
                                        .orElse("")
                                        .contains(scratch.toString()));
        return Files.readString(printed);
    }
}
