package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the script sets up before it hands over to the JVM, here to one that only tells of it. */
class ScriptTest {

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

    /** Sources newer than what was built, and a Maven that does this and nothing else. */
    private static void unbuilt(Path scratch, String does) throws IOException {
        Path home = scratch.resolve("home");
        Files.delete(home.resolve("quickstart/target/built"));
        program(home.resolve("mvnw"), "echo built >>builds\n" + does + "\n");
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
        Path script = home.resolve("lifecycle");
        Files.copy(Path.of(System.getProperty("lifecycle.home", ".."), "lifecycle"), script);
        Files.writeString(home.resolve("pom.xml"), "  <version>1</version>\n");
        for (String module : List.of("connectors", "job", "api", "quickstart")) {
            Files.createDirectories(home.resolve(module).resolve("src/main"));
            Files.createFile(home.resolve(module).resolve("pom.xml"));
            Path target = Files.createDirectories(home.resolve(module).resolve("target"));
            Files.createFile(target.resolve(module + "-1.jar"));
        }
        Files.createDirectories(home.resolve("quickstart/target/lib"));
        Files.createFile(home.resolve("quickstart/target/built"));
    }

    private static Process start(Path scratch, String... arguments) throws IOException {
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
        return line.redirectErrorStream(true).start();
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
