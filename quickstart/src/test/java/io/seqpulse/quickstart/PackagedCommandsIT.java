package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.quickstart.stack.BuiltJars;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands as the script runs them: with the libraries that are packaged, not the tests'. */
class PackagedCommandsIT {

    private static final Path HOME = Path.of(System.getProperty("lifecycle.home"));

    @TempDir Path scratch;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0 | help                                          | Usage: ./lifecycle",
                "0 | dashboards --check                            | those of the built-in",
                "1 | dashboards --rules .                          | has neither lifecycle.yaml",
                "1 | status --state none                           | no ./lifecycle up runs",
                "1 | deadletters list --state none                 | none",
                "1 | suppressions list --database DATABASE         | refused",
                "1 | down --purge --yes --database DATABASE        | refused",
                "0 | preview --out emails                          | emails/index.html",
                "1 | preview --rules BROKEN                        | E-TRX-01.fr.txt:2: ",
                "2 | test-send E-TRX-1 fr --to ada@example.org     | did you mean E-TRX-01?",
                "1 | test-send E-TRX-01 fr --to ada@example.org    | smtp.host: is required",
                "1 | up --yes --database DATABASE --rules EMPTY    | nothing was started",
            })
    void everyCommandFindsItsLibraries(int code, String line, String said) throws Exception {
        Path rules = Files.createDirectory(scratch.resolve("rules"));
        Files.writeString(rules.resolve("lifecycle.yaml"), "version: 1\n");
        Path broken = Files.createDirectories(scratch.resolve("broken/emails"));
        Files.writeString(broken.resolve("E-TRX-01.fr.txt"), "Bonjour\n{{ frist_name }}");
        Path printed = scratch.resolve("printed");
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(
                List.of(
                        "-XX:TieredStopAtLevel=1",
                        "-Dlifecycle.home=" + HOME,
                        "-Djava.io.tmpdir=" + scratch,
                        "-Dlog4j2.configurationFile=log4j2-command.xml",
                        "-cp",
                        new BuiltJars(HOME).newest("quickstart")
                                + ":"
                                + HOME.resolve("quickstart/target/lib/*"),
                        "io.seqpulse.cli.Lifecycle"));
        for (String word : line.split(" ")) {
            command.add(
                    switch (word) {
                        case "DATABASE" -> "postgresql://somebody@127.0.0.1:1/nowhere";
                        case "EMPTY" -> rules.toString();
                        case "BROKEN" -> broken.getParent().toString();
                        default -> word;
                    });
        }

        Process process =
                new ProcessBuilder(command)
                        .directory(scratch.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(printed.toFile())
                        .start();

        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        String output = Files.readString(printed, StandardCharsets.UTF_8);
        assertThat(process.exitValue()).as(output).isEqualTo(code);
        assertThat(output).contains(said).doesNotContain("\tat ", "NoClassDefFoundError");
    }
}
