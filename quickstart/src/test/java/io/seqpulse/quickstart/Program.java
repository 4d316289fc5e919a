package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** A command of the script, run as a process of its own. */
final class Program implements AutoCloseable {

    private final Process process;
    private final Path temporary;
    private final Path printed;

    private Program(Process process, Path temporary, Path printed) {
        this.process = process;
        this.temporary = temporary;
        this.printed = printed;
    }

    /**
     * Starts one.
     *
     * @param scratch holds its temporary files, which it removes, and what it prints
     */
    static Program start(Class<?> command, Path scratch, String... options) throws IOException {
        Path temporary = Files.createTempDirectory(scratch, "tmp");
        Path printed = Files.createTempFile(scratch, "printed", "");
        List<String> line = new ArrayList<>();
        line.add(ProcessHandle.current().info().command().orElse("java"));
        Stream.of("java.lang", "java.util", "java.time")
                .map("--add-opens=java.base/%s=ALL-UNNAMED"::formatted)
                .forEach(line::add);
        line.addAll(
                List.of(
                        "-Xmx1g",
                        "-XX:-UsePerfData",
                        "-Djava.io.tmpdir=" + temporary,
                        "-Dlifecycle.scratch=true",
                        "-Dlifecycle.home=" + System.getProperty("lifecycle.home"),
                        "-cp",
                        System.getProperty("java.class.path"),
                        command.getName()));
        line.addAll(List.of(options));
        Process process =
                new ProcessBuilder(line)
                        .redirectErrorStream(true)
                        .redirectOutput(printed.toFile())
                        .start();
        return new Program(process, temporary, printed);
    }

    /** Runs one to its end, which comes soon. */
    static Program run(Class<?> command, Path scratch, String... options) throws Exception {
        Program program = start(command, scratch, options);
        program.awaitEnd();
        return program;
    }

    /** Waits until it has printed something; it must not have ended. */
    void awaitPrinted(String part) {
        Awaitility.await()
                .atMost(120, TimeUnit.SECONDS)
                .until(() -> !process.isAlive() || printed().contains(part));
        assertThat(process.isAlive()).as(printed()).isTrue();
    }

    /** Sends a signal, such as {@code TERM}, and waits for the end. */
    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
        awaitEnd();
    }

    private void awaitEnd() throws InterruptedException {
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).as(printed()).isTrue();
    }

    int exitValue() {
        return process.exitValue();
    }

    /** All it has printed, to both streams. */
    String printed() {
        try {
            return Files.readString(printed);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Where its temporary files were. */
    Path temporary() {
        return temporary;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
