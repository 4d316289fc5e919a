package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.cli.StateFolder;
import io.seqpulse.quickstart.stack.Snapshot;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./lifecycle up} as a program of its own. */
class UpIT {

    @Test
    void playsForAWhileWritesItsReportAndEndsWellOnCtrlC(@TempDir Path scratch) throws Exception {
        Path report = scratch.resolve("r.json");
        try (Program up =
                Program.start("up", scratch, "--rate", "50", "--report", report.toString())) {
            up.awaitPrinted("E-TRX-01");
            up.awaitPrinted("changes/s");
            up.interrupt();
            assertThat(up.printed())
                    .contains("stopped, nothing left")
                    .contains(": 0 sent and not received, 0 received and not sent");
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
    void everythingItWritesIsItsOwnersOnly(@TempDir Path scratch) throws Exception {
        Path state = scratch.resolve("state");
        try (Program up =
                Program.start("up", scratch, "--no-traffic", "--state", state.toString())) {
            up.awaitPrinted("up after");
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> !Snapshot.in(state.resolve("checkpoints")).isEmpty());
            assertOwnersOnly(state);
            up.interrupt();
            assertThat(up.exitValue()).as(up.printed()).isZero();
        }
        assertThat(Snapshot.in(state.resolve("savepoints"))).isNotEmpty();
        assertOwnersOnly(state);
    }

    private static String rights(Path file) throws IOException {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
        } catch (NoSuchFileException goneMeanwhile) {
            return "---------";
        }
    }

    private static void assertOwnersOnly(Path folder) throws IOException {
        List<String> others = new ArrayList<>();
        Files.walkFileTree(
                folder,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(Path visited, BasicFileAttributes is)
                            throws IOException {
                        return visitFile(visited, is);
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes is)
                            throws IOException {
                        String rights = rights(file);
                        // PostgreSQL's programs may be run, by who gets so far: they are anybody's.
                        boolean closed =
                                is.isDirectory()
                                        ? rights.endsWith("------")
                                        : rights.substring(3).matches("(--[x-]){2}");
                        if (!is.isSymbolicLink() && !closed) {
                            others.add(rights + " " + file);
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException goneMeanwhile) {
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(Path visited, IOException gone) {
                        return FileVisitResult.CONTINUE;
                    }
                });
        assertThat(others).isEmpty();
    }

    @Test
    void refusesBadOptionsBeforeItStartsAnything(@TempDir Path scratch) throws Exception {
        for (String[] bad :
                List.of(
                        new String[] {"--rate", "0"},
                        new String[] {"--seconds", "-1"},
                        new String[] {"--rules", scratch.resolve("none").toString()},
                        new String[] {"--report", scratch.resolve("none/r.json").toString()},
                        new String[] {"--state", "/etc/passwd"},
                        new String[] {"--unknown"})) {
            try (Program up = Program.run("up", scratch, bad)) {
                assertThat(up.exitValue()).as(String.join(" ", bad)).isEqualTo(2);
                assertThat(up.printed())
                        .contains(bad[0])
                        .endsWith("See ./lifecycle up --help\n")
                        .doesNotContain("Usage:", "starting");
                assertThat(up.temporary()).doesNotExist();
            }
        }
    }

    @Test
    void aFolderOfAnotherRunIsRefusedAndItsLogLeftAlone(@TempDir Path scratch) throws Exception {
        Path folder = scratch.resolve("state");
        try (StateFolder other = StateFolder.kept(folder);
                Program up = Program.run("up", scratch, "--state", folder.toString())) {
            assertThat(up.exitValue()).isEqualTo(1);
            assertThat(up.printed())
                    .contains(folder + " is in use by another stack")
                    .doesNotContain("starting", "details", "log");
            assertThat(other.root().resolve("logs")).doesNotExist();
        }
    }

    @Test
    void ctrlCWhileStartingIsAnsweredAndObeyed(@TempDir Path scratch) throws Exception {
        try (Program up = Program.start("up", scratch, "--no-traffic")) {
            up.awaitPrinted("starting PostgreSQL");
            up.press();
            // At once; no machine is so busy that it takes longer.
            Awaitility.await()
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> up.printed().contains("stopping in order"));
            up.awaitEnd();
            assertThat(up.exitValue()).as(up.printed()).isZero();
            assertThat(up.printed()).contains("stopped before everything was up");
            assertThat(up.temporary()).doesNotExist();
        }
    }

    @Test
    void ctrlCOnceMoreEndsAtOnceWhatDoesNotStop(@TempDir Path scratch) throws Exception {
        List<ProcessHandle> servers = List.of();
        try (Program up = Program.start("up", scratch, "--no-traffic")) {
            up.awaitPrinted("up after");
            servers = serversIn(up.temporary());
            assertThat(servers).isNotEmpty();
            // The orderly stop asks the database first, which answers no more.
            Program.suspend(servers);
            up.press();
            up.awaitPrinted("stopping in order");
            long asked = System.nanoTime();
            Awaitility.await()
                    .until(() -> System.nanoTime() - asked > Duration.ofSeconds(1).toNanos());
            up.interrupt();
            assertThat(up.exitValue()).as(up.printed()).isEqualTo(130);
            assertThat(up.printed()).contains("ending everything at once");
            assertThat(servers).noneMatch(ProcessHandle::isAlive);
            assertThat(up.temporary()).doesNotExist();
        } finally {
            servers.forEach(ProcessHandle::destroyForcibly);
        }
    }

    private static List<ProcessHandle> serversIn(Path temporary) {
        return ProcessHandle.allProcesses()
                .filter(
                        process ->
                                process.info()
                                        .command()
                                        .filter(command -> command.startsWith(temporary.toString()))
                                        .isPresent())
                .toList();
    }
}
