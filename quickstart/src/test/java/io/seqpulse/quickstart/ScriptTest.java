package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the script sets up before it hands over to the JVM, here to one that only tells of it. */
class ScriptTest {

    private static final List<String> MODULES =
            List.of("connectors", "job", "api", "cli", "quickstart");

    private static final Path REPOSITORY = Path.of(System.getProperty("lifecycle.home", ".."));

    @Test
    void whatUpWritesIsItsOwnersOnly(@TempDir Path scratch) throws Exception {
        assertThat(run(scratch, "up")).contains("umask 0077");
    }

    @Test
    void twoThatBuildInOneCheckoutBuildOnce(@TempDir Path scratch) throws Exception {
        home(scratch);
        unbuilt(scratch, "while [ ! -f go ]; do sleep 0.1; done");
        Process first = start(scratch, "status");
        Path lock = scratch.resolve("home/quickstart/target/building.lock");
        Awaitility.await().until(() -> Files.exists(lock.resolve("owner")));
        Process second = start(scratch, "status");
        String waits = line(second);
        Files.createFile(scratch.resolve("home/go"));

        assertThat(printed(first)).contains("building", "Built in").endsWith("ran\n");
        assertThat(waits).contains("Waiting for process " + first.pid());
        assertThat(printed(second)).doesNotContain("Built in").endsWith("ran\n");
        assertThat(Files.readString(scratch.resolve("home/builds"))).isEqualTo("built\n");
        assertThat(lock).doesNotExist();
    }

    @Test
    void aLockThatAKilledBuildLeftIsTakenOver(@TempDir Path scratch) throws Exception {
        home(scratch);
        unbuilt(scratch, "");
        Process dead = new ProcessBuilder("true").start();
        dead.waitFor();
        Path lock =
                Files.createDirectories(scratch.resolve("home/quickstart/target/building.lock"));
        Files.writeString(lock.resolve("owner"), dead.pid() + "\n");

        assertThat(printed(start(scratch, "status"))).contains("Built in").endsWith("ran\n");
        assertThat(lock).doesNotExist();
    }

    @Test
    void aBuildThatFailsLeavesNoLock(@TempDir Path scratch) throws Exception {
        home(scratch);
        unbuilt(scratch, "exit 1");
        Process build = start(scratch, "status");
        assertThat(new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("The build failed");
        assertThat(build.waitFor()).isEqualTo(1);
        assertThat(scratch.resolve("home/quickstart/target/building.lock")).doesNotExist();
    }

    @Test
    void whatMavenPackagedByItselfIsNotBuiltAgain(@TempDir Path scratch) throws Exception {
        home(scratch);
        unbuilt(scratch, "");
        Path home = scratch.resolve("home");
        mark(home, Instant.now());
        assertThat(printed(start(scratch, "status")))
                .doesNotContain("build", "Built")
                .endsWith("ran\n");

        Files.delete(home.resolve("connectors/target/connectors-1.jar"));
        assertThat(printed(start(scratch, "status"))).as("a jar less").contains("Built in");
    }

    @Test
    void sourcesOfAnyModuleThatAreEditedWhileMavenRunsAreBuiltAgain(@TempDir Path scratch)
            throws Exception {
        home(scratch);
        unbuilt(scratch, "");
        Path home = scratch.resolve("home");
        Instant began = Instant.now().minusSeconds(60);
        for (String module : MODULES) {
            mark(home, began);
            Path source = home.resolve(module).resolve("src/main/Edited.java");
            Files.writeString(source, "");
            assertThat(printed(start(scratch, "status"))).as(module).contains("Sources changed");
            Files.delete(source);
        }
        for (String module : MODULES) {
            touch(home.resolve(module).resolve("pom.xml"), began.minusSeconds(60));
        }
        mark(home, began);
        assertThat(printed(start(scratch, "status"))).doesNotContain("Sources changed");
    }

    @Test
    void whatIsSaidOfABuildIsNoResult(@TempDir Path scratch) throws Exception {
        home(scratch);
        unbuilt(scratch, "");
        Process process = script(scratch, "status", "--json").start();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .matches("umask \\d+\nran\n");
        assertThat(process.errorReader().lines()).anyMatch(line -> line.startsWith("Built in"));
    }

    /** On a machine without a JDK, too. */
    @ParameterizedTest
    @CsvSource({
        "'', lifecycle",
        "help, lifecycle",
        "--help, lifecycle",
        "up --help, up",
        "help up, up",
        "up --state x -h, up",
        "deadletters list --help, deadletters-list",
        "help deadletters list, deadletters-list",
        "bench --help, bench",
        "bench kpi --help, bench-kpi",
        "help test-send, test-send",
    })
    void helpIsThereBeforeAnythingIsBuilt(String words, String text, @TempDir Path scratch)
            throws Exception {
        home(scratch);
        unbuilt(scratch, "exit 1");
        ProcessBuilder script = script(scratch, words.isEmpty() ? new String[0] : words.split(" "));
        script.environment().put("JAVA_HOME", scratch.resolve("none").toString());
        assertThat(printed(script.start()))
                .isEqualTo(Files.readString(REPOSITORY.resolve("cli/usage/" + text + ".txt")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"stauts", "stauts --help", "help stauts"})
    void anUnknownCommandBuildsNothing(String words, @TempDir Path scratch) throws Exception {
        home(scratch);
        unbuilt(scratch, "exit 1");
        Process process = start(scratch, words.split(" "));
        assertThat(process.inputReader().lines())
                .containsExactly("./lifecycle: unknown command 'stauts'", "See ./lifecycle --help");
        assertThat(process.waitFor()).isEqualTo(2);
    }

    /** Nothing built, and a Maven that does this and then packages. */
    private static void unbuilt(Path scratch, String does) throws IOException {
        Path home = scratch.resolve("home");
        Files.delete(home.resolve("quickstart/target/built"));
        program(
                home.resolve("mvnw"),
                """
                echo built >>builds
                %s
                date -u +%%Y%%m%%d%%H%%M.%%S >quickstart/target/built
                for module in %s; do : >$module/target/$module-1.jar; done
                """
                        .formatted(does, String.join(" ", MODULES)));
    }

    /** As Maven does when it has packaged what it began to build at a time. */
    private static void mark(Path home, Instant began) throws IOException {
        Files.writeString(
                home.resolve("quickstart/target/built"),
                DateTimeFormatter.ofPattern("yyyyMMddHHmm.ss", Locale.ROOT)
                                .format(began.atOffset(ZoneOffset.UTC))
                        + "\n");
    }

    private static void touch(Path file, Instant time) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(time));
    }

    private static String line(Process process) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = process.getInputStream().read();
                c >= 0 && c != '\n';
                c = process.getInputStream().read()) {
            line.append((char) c);
        }
        return line.toString();
    }

    private static String run(Path scratch, String... arguments) throws Exception {
        home(scratch);
        return printed(start(scratch, arguments));
    }

    private static void home(Path scratch) throws IOException {
        Path home = Files.createDirectories(scratch.resolve("home"));
        Files.copy(REPOSITORY.resolve("lifecycle"), home.resolve("lifecycle"));
        Path usage = Files.createDirectories(home.resolve("cli/usage"));
        try (Stream<Path> texts = Files.list(REPOSITORY.resolve("cli/usage"))) {
            for (Path text : texts.toList()) {
                Files.copy(text, usage.resolve(text.getFileName()));
            }
        }
        Instant before = Instant.now().minusSeconds(3600);
        Path pom = home.resolve("pom.xml");
        Files.writeString(
                pom,
                MODULES.stream()
                        .map("    <module>%s</module>\n"::formatted)
                        .collect(
                                Collectors.joining(
                                        "",
                                        "  <version>1</version>\n",
                                        "  <profiles>\n    <module>benchmarks</module>\n")));
        touch(pom, before);
        for (String module : MODULES) {
            Files.createDirectories(home.resolve(module).resolve("src/main"));
            touch(Files.createFile(home.resolve(module).resolve("pom.xml")), before);
            Path target = Files.createDirectories(home.resolve(module).resolve("target"));
            Files.createFile(target.resolve(module + "-1.jar"));
        }
        Files.createDirectories(home.resolve("quickstart/target/lib"));
        mark(home, Instant.now());
    }

    private static Process start(Path scratch, String... arguments) throws IOException {
        return script(scratch, arguments).redirectErrorStream(true).start();
    }

    private static ProcessBuilder script(Path scratch, String... arguments) throws IOException {
        Path script = scratch.resolve("home/lifecycle");
        Path jdk = scratch.resolve("jdk");
        Files.createDirectories(jdk.resolve("bin"));
        program(jdk.resolve("bin/javac"), "");
        program(
                jdk.resolve("bin/java"),
                """
                case $* in
                    -XshowSettings*)
                        echo '    java.specification.version = 17'
                        echo '    java.home = %s' ;;
                    *) echo "umask $(umask)"; echo ran ;;
                esac
                """
                        .formatted(jdk));
        ProcessBuilder line = new ProcessBuilder("bash", script.toString());
        line.command().addAll(List.of(arguments));
        line.environment().put("JAVA_HOME", jdk.toString());
        line.environment().put("TMPDIR", scratch.toString());
        return line;
    }

    private static String printed(Process process) throws Exception {
        String printed =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(printed).isZero();
        return printed;
    }

    private static void program(Path file, String text) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    }
}
