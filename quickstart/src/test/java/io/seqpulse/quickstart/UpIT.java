package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code ./lifecycle up} as a program of its own. */
class UpIT {

    @Test
    void playsForAWhileWritesItsReportAndEndsWellOnCtrlC(@TempDir Path scratch) throws Exception {
        Path report = scratch.resolve("r.json");
        try (Program up =
                Program.start(Up.class, scratch, "--rate", "50", "--report", report.toString())) {
            up.awaitPrinted("E-TRX-01");
            up.awaitPrinted("changes/s");
            up.interrupt();
            assertThat(up.printed()).contains("stopped, nothing left").contains(": 0/0");
            assertThat(up.exitValue()).isZero();
            assertThat(up.temporary()).doesNotExist();
        }
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
        for (String[] bad :
                List.of(
                        new String[] {"--rate", "0"},
                        new String[] {"--seconds", "-1"},
                        new String[] {"--rules", scratch.resolve("none").toString()},
                        new String[] {"--unknown"})) {
            try (Program up = Program.run(Up.class, scratch, bad)) {
                assertThat(up.exitValue()).as(String.join(" ", bad)).isEqualTo(2);
                assertThat(up.printed()).contains(bad[0]);
            }
        }
    }

    @Test
    void theScriptsHelpNamesEveryOption() throws Exception {
        for (Map.Entry<String, Object> command :
                Map.of("up", new Up(), "down", (Object) new Down()).entrySet()) {
            Process help =
                    new ProcessBuilder(
                                    System.getProperty("lifecycle.home") + "/lifecycle",
                                    command.getKey(),
                                    "--help")
                            .start();
            String text = new String(help.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(help.waitFor()).isZero();
            new CommandLine(command.getValue())
                    .getCommandSpec()
                    .options()
                    .forEach(option -> assertThat(text).contains(option.longestName()));
        }
    }
}
