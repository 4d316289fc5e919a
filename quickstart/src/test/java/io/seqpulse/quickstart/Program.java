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
import org.awaitility.Awaitility;

/** A command of the script, run as a process of its own. */
public final class Program implements AutoCloseable {

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
     * @param command its name, such as {@code up}
     * @param scratch holds its temporary files, which it removes, and what it prints
     */
    public static Program start(String command, Path scratch, String... options)
            throws IOException {
        Path temporary = Files.createTempDirectory(scratch, "tmp");
        Path printed = Files.createTempFile(scratch, "printed", "");
        // As the script does.
        List<String> line =
                new ArrayList<>(List.of("/bin/sh", "-c", "umask 077; exec \"$@\"", "sh"));
        line.add(ProcessHandle.current().info().command().orElse("java"));
        Stream.of("java.lang", "java.util", "java.time")
                .map("--add-opens=java.base/%s=ALL-UNNAMED"::formatted)
                .forEach(line::add);
        line.addAll(
                List.of(
                        "-Xmx1g",
                        "-XX:-UsePerfData",
                        "-XX:+UseSerialGC",
                        // It ends before optimising would pay.
                        "-XX:TieredStopAtLevel=1",
                        "-XX:ReservedCodeCacheSize=128m",
                        // i is no I there, and figures are not ASCII: nothing may depend on it.
                        "-Duser.language=tr",
                        "-Duser.country=TR",
                        "-Duser.extensions=u-nu-arab",
                        "-Djava.io.tmpdir=" + temporary,
                        "-Dlifecycle.scratch=true",
                        "-Dlog4j2.configurationFile=log4j2.xml",
                        "-Dlifecycle.home=" + System.getProperty("lifecycle.home"),
                        "-Dlifecycle.ports=" + System.getProperty("lifecycle.ports", ""),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Lifecycle.class.getName(),
                        command));
        line.addAll(List.of(options));
        Process process =
                new ProcessBuilder(line)
                        .redirectErrorStream(true)
                        .redirectOutput(printed.toFile())
                        .start();
        return new Program(process, temporary, printed);
    }

    /** Runs one to its end, which comes soon. */
    static Program run(String command, Path scratch, String... options) throws Exception {
        Program program = start(command, scratch, options);
        program.awaitEnd();
        return program;
    }

    /** Waits until it has printed something; it must not have ended. */
    public void awaitPrinted(String part) {
        Awaitility.await()
                .atMost(120, TimeUnit.SECONDS)
                .until(() -> !process.isAlive() || printed().contains(part));
        assertThat(process.isAlive()).as(printed()).isTrue();
    }

    /** Sends a signal, such as {@code TERM}, and waits for the end. */
    void signal(String name) throws IOException, InterruptedException {
        signal(name, List.of(process.pid()));
        awaitEnd();
    }

    /** Presses Ctrl-C. */
    void press() throws IOException, InterruptedException {
        signal(interruptIsIgnored() ? "TERM" : "INT", List.of(process.pid()));
    }

    /** Presses Ctrl-C, and waits for the end. */
    public void interrupt() throws IOException, InterruptedException {
        signal(interruptIsIgnored() ? "TERM" : "INT");
    }

    /** Kills it and other processes at once, as a power cut would, and waits for its end. */
    public void killWith(List<Long> others) throws IOException, InterruptedException {
        List<Long> all = new ArrayList<>(others);
        all.add(process.pid());
        signal("KILL", all);
        awaitEnd();
    }

    /** Makes processes stand still, so that who waits for their answer waits. */
    static void suspend(List<ProcessHandle> processes) throws IOException, InterruptedException {
        signal("STOP", processes.stream().map(ProcessHandle::pid).toList());
    }

    private static void signal(String name, List<Long> processes)
            throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("kill", "-" + name));
        processes.forEach(pid -> line.add(Long.toString(pid)));
        new ProcessBuilder(line).start().waitFor();
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

    /** Whether it still runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Waits for its end, which comes by itself. */
    void awaitEnd() throws InterruptedException {
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).as(printed()).isTrue();
    }

    int exitValue() {
        return process.exitValue();
    }

    /** All it has printed, to both streams. */
    public String printed() {
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
