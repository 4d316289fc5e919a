package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code ./lifecycle up} as a program of its own. */
class UpIT {

    @Test
    void playsForAWhileWritesItsReportAndEndsWellOnCtrlC(@TempDir Path scratch) throws Exception {
        Path report = scratch.resolve("r.json");
        Path temporary = Files.createDirectory(scratch.resolve("tmp"));
        Path printed = scratch.resolve("printed");
        Process up = start(temporary, printed, "--rate", "50", "--report", report.toString());
        try {
            awaitLine(up, printed, "E-TRX-01");
            awaitLine(up, printed, "changes/s");
            String signal = interruptIsIgnored() ? "-TERM" : "-INT";
            new ProcessBuilder("kill", signal, Long.toString(up.pid())).start().waitFor();
            assertThat(up.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            up.destroy();
        }
        assertThat(Files.readString(printed)).contains("stopped, nothing left").contains(": 0/0");
        assertThat(up.exitValue()).isZero();
        assertThat(temporary).doesNotExist();
        JsonNode written = new ObjectMapper().readTree(Files.readString(report));
        assertThat(written.path("history_mails").asInt(-1)).isZero();
        assertThat(written.path("journal").path("E-TRX-01").path("sent").asInt())
                .isPositive()
                .isEqualTo(written.path("received_by_code").path("E-TRX-01").asInt());
        assertThat(written.path("commit_to_accepted_ms").path("E-TRX-01").path("p99").asLong())
                .isPositive();
        assertThat(written.path("peak_resident_mib").path("total").asInt()).isBetween(200, 3072);
    }

    @Test
    void refusesBadOptionsBeforeItStartsAnything(@TempDir Path scratch) throws Exception {
        Path printed = scratch.resolve("printed");
        for (String[] bad :
                List.of(
                        new String[] {"--rate", "0"},
                        new String[] {"--seconds", "-1"},
                        new String[] {"--rules", scratch.resolve("none").toString()},
                        new String[] {"--unknown"})) {
            Process up = start(Files.createDirectories(scratch.resolve("tmp")), printed, bad);
            assertThat(up.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(up.exitValue()).as(String.join(" ", bad)).isEqualTo(2);
            assertThat(Files.readString(printed)).contains(bad[0]);
        }
    }

    @Test
    void theScriptsHelpNamesEveryOption() throws Exception {
        Process help =
                new ProcessBuilder(
                                System.getProperty("lifecycle.home") + "/lifecycle", "up", "--help")
                        .start();
        String text = new String(help.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(help.waitFor()).isZero();
        new CommandLine(new Up())
                .getCommandSpec()
                .options()
                .forEach(option -> assertThat(text).contains(option.longestName()));
    }

    /** A build in the background of a script has Ctrl-C switched off, and hands that down. */
    private static boolean interruptIsIgnored() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return false;
        }
        int interrupt = 1 << (2 - 1);
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .map(line -> line.substring("SigIgn:".length()).strip())
                .anyMatch(mask -> (Long.parseUnsignedLong(mask, 16) & interrupt) != 0);
    }

    private static Process start(Path temporary, Path printed, String... options)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        Stream.of("java.lang", "java.util", "java.time")
                .map("--add-opens=java.base/%s=ALL-UNNAMED"::formatted)
                .forEach(command::add);
        command.addAll(
                List.of(
                        "-Xmx1g",
                        "-XX:-UsePerfData",
                        "-Djava.io.tmpdir=" + temporary,
                        "-Dlifecycle.scratch=true",
                        "-Dlifecycle.home=" + System.getProperty("lifecycle.home"),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Up.class.getName()));
        command.addAll(List.of(options));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(printed.toFile())
                .start();
    }

    private static void awaitLine(Process up, Path printed, String part) {
        Awaitility.await()
                .atMost(120, TimeUnit.SECONDS)
                .until(() -> !up.isAlive() || Files.readString(printed).contains(part));
        assertThat(up.isAlive()).isTrue();
    }
}
