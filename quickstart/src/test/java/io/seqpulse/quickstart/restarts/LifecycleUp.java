package io.seqpulse.quickstart.restarts;

import io.seqpulse.quickstart.Program;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;

/** {@code ./lifecycle up --state DIR --no-traffic}, again and again on the same folder. */
final class LifecycleUp implements AutoCloseable {

    private static final String SUBMITTED = " submitted, ";

    private final Path state;
    private Program process;

    private LifecycleUp(Path state) {
        this.state = state;
    }

    /** Starts it on a folder and waits until it is up. */
    static LifecycleUp start(Path state) throws IOException, InterruptedException {
        LifecycleUp up = new LifecycleUp(state);
        up.startAgain();
        return up;
    }

    /** Starts it on the same folder and waits until it is up. */
    void startAgain() throws IOException, InterruptedException {
        begin();
        process.awaitPrinted("up after");
    }

    private void begin() throws IOException {
        Path beside = state.resolveSibling(state.getFileName() + "-runs");
        process =
                Program.start(
                        "up",
                        Files.createDirectories(beside),
                        "--no-traffic",
                        "--state",
                        state.toString());
    }

    /** Ctrl-C, and waits for the end. */
    void interrupt() throws IOException, InterruptedException {
        process.interrupt();
    }

    /**
     * {@code kill -9} of everything: this JVM with Kafka, Connect, Flink and SMTP, and Postgres.
     */
    void kill() throws IOException, InterruptedException {
        process.killWith(postgres().map(ProcessHandle::pid).toList());
        Play.await(() -> postgres().findAny().isEmpty());
    }

    /** {@code kill -9} of the JVM alone, as of the process that a user sees. */
    void killButPostgres() throws IOException, InterruptedException {
        process.killWith(List.of());
    }

    /** Starts it, and kills everything as soon as the job is on its way. */
    void startAndKillOnceTheJobIsSubmitted() throws IOException, InterruptedException {
        long before = timesSubmitted();
        begin();
        Play.await(() -> timesSubmitted() > before);
        kill();
    }

    private long timesSubmitted() throws IOException {
        try (Stream<String> lines = Files.lines(state.resolve("logs/lifecycle.log"))) {
            return lines.filter(line -> line.contains(SUBMITTED)).count();
        }
    }

    /** Waits until Flink has taken one more checkpoint than it has now. */
    void awaitCheckpoint() throws IOException {
        List<Path> before = checkpoints();
        Play.await(() -> !before.containsAll(checkpoints()));
    }

    private List<Path> checkpoints() throws IOException {
        try (Stream<Path> files = Files.walk(state.resolve("checkpoints"), 3)) {
            return files.filter(file -> file.endsWith("_metadata")).toList();
        } catch (UncheckedIOException removedMeanwhile) {
            return List.of();
        }
    }

    /** What the newest process printed. */
    String printed() {
        return process.printed();
    }

    /** Where the mails are. */
    Path mails() {
        return state.resolve("mails");
    }

    /** The folder it runs on. */
    Path state() {
        return state;
    }

    /** A new connection as the product has one. */
    Connection connect() throws SQLException, IOException {
        String[] login = Files.readString(state.resolve("pgpass")).strip().split(":");
        return DriverManager.getConnection(
                "jdbc:postgresql://%s:%s/seqpulse".formatted(login[0], login[1]),
                login[3],
                login[4]);
    }

    private Stream<ProcessHandle> postgres() {
        Path pid = state.resolve("postgres/postmaster.pid");
        try {
            return ProcessHandle.of(Long.parseLong(Files.readAllLines(pid).get(0).strip())).stream()
                    .flatMap(first -> Stream.concat(Stream.of(first), first.descendants()));
        } catch (IOException notRunning) {
            return Stream.empty();
        }
    }

    @Override
    public void close() throws Exception {
        if (process.isAlive()) {
            process.interrupt();
        } else {
            postgres().forEach(ProcessHandle::destroyForcibly);
        }
    }
}
