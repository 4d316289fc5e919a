package io.seqpulse.quickstart;

import io.seqpulse.cli.CommandException;
import io.seqpulse.cli.Lifecycle;
import io.seqpulse.cli.OutputFile;
import io.seqpulse.cli.Scratch;
import io.seqpulse.cli.StateFolder;
import io.seqpulse.cli.SubCommand;
import io.seqpulse.cli.UsageException;
import io.seqpulse.cli.database.ReplicationSlot;
import io.seqpulse.quickstart.stack.BuiltJars;
import io.seqpulse.quickstart.stack.DatabaseState;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.EmbeddedStackBuilder;
import io.seqpulse.quickstart.stack.FreeRoom;
import io.seqpulse.quickstart.stack.RulesFolder;
import io.seqpulse.quickstart.stack.StackProcesses;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import sun.misc.Signal;

/** {@code ./lifecycle up}: the whole pipeline on this machine, with demo traffic, until Ctrl-C. */
@Command(
        name = "up",
        description = {
            "Starts the whole pipeline on this machine, with demo traffic or a database of yours.",
            "All parts are real: PostgreSQL, Kafka, Kafka Connect with Debezium, the Flink job, and"
                    + " an SMTP server that keeps what it receives. The traffic is that of a product"
                    + " in use; each email delivered is printed.",
            "Ctrl-C stops everything in order; once more, a second later, ends it at once."
        },
        sortOptions = false,
        abbreviateSynopsis = true)
public final class Up implements SubCommand {

    private static final int ERRORS_SHOWN = 10;

    /** As a shell says of what Ctrl-C ended. */
    private static final int INTERRUPTED = 130;

    @Spec private CommandSpec spec;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            description = "Stop by itself N seconds after everything is up.")
    private Integer seconds;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description =
                    "At the end write counts, latencies and memory there, as JSON; with --database,"
                            + " of what this run decided.")
    private Path reportFile;

    @Option(
            names = "--no-traffic",
            description = "No history, no demo traffic: only what you write.")
    private boolean noTraffic;

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "100",
            description = "Row changes per second of the traffic (default: ${DEFAULT-VALUE}).")
    private int rate;

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description =
                    "Keep everything there (mode 0700) and continue from it next time. Default: a"
                            + " temporary folder, removed at the end.")
    private Path state;

    @Option(
            names = "--rules",
            paramLabel = "DIR",
            description =
                    "Use lifecycle.yaml and emails/ of that folder instead of the built-in ones.")
    private Path rules;

    @Option(
            names = "--flink-port",
            paramLabel = "PORT",
            description = "Of the Flink UI (default: 8081, or a free one when that is taken).")
    private Integer flinkPort;

    @Option(
            names = "--postgres-port",
            paramLabel = "PORT",
            description = "Of PostgreSQL (default: 54320, or a free one when that is taken).")
    private Integer postgresPort;

    @Option(
            names = "--smtp-port",
            paramLabel = "PORT",
            description = "Of the SMTP server (default: 3025, or a free one when that is taken).")
    private Integer smtpPort;

    @Option(
            names = "--metrics-port",
            paramLabel = "PORT",
            description =
                    "Of the metrics for Prometheus (default: 9249, or a free one when that is"
                            + " taken).")
    private Integer metricsPort;

    @Option(
            names = "--api-port",
            paramLabel = "PORT",
            description =
                    "Of the API and the live page (default: 8090, or a free one when that is"
                            + " taken).")
    private Integer apiPort;

    @Mixin private OwnDatabaseOptions own;

    private PrintWriter out;
    private PrintWriter err;
    private final CountDownLatch asked = new CountDownLatch(1);
    private final StopRequests stops = new StopRequests();

    @Override
    public Integer call() throws InterruptedException, IOException, SQLException {
        out = spec.commandLine().getOut();
        err = spec.commandLine().getErr();
        handleSignals();
        validate();
        if (rules != null) {
            RulesFolder.requireUsable(rules, new BuiltJars(home()).newest("job"));
        }
        // Before anything is written: the log in that folder is the other run's.
        if (state != null) {
            StateFolder.requireFree(state);
            FreeRoom.require(state);
        }
        RunOptions options = new RunOptions(seconds, reportFile, state);
        StackRun run;
        if (own.given()) {
            OwnDatabaseRun ownRun = new OwnDatabaseRun(own, home(), options, out, err);
            if (!ownRun.prepare()) {
                return 1;
            }
            run = ownRun;
        } else {
            run =
                    new DemoRun(
                            noTraffic ? OptionalInt.empty() : OptionalInt.of(rate),
                            options,
                            out,
                            err);
        }
        Path folder = state == null ? Scratch.folder() : StateFolder.prepare(state);
        Path log = folder.resolve("logs/lifecycle.log");
        System.setProperty("lifecycle.log", log.toString());
        Thread main = Thread.currentThread();
        stops.begin(folder);
        err.println(
                "SEQPULSE Lifecycle "
                        + Lifecycle.version()
                        + (own.given()
                                ? ": starting Kafka, Kafka Connect, Flink ..."
                                : ": starting PostgreSQL, Kafka, Kafka Connect, Flink, SMTP ..."));
        // Opens the log. What is interrupted while it does is broken for good.
        LoggerFactory.getLogger(Up.class).info("Starting in {}", folder);
        Thread starting = new Thread(() -> interruptWhenAsked(main), "interrupts the start");
        starting.setDaemon(true);
        starting.start();
        try {
            return run(run, starting);
        } catch (CommandException e) {
            if (asked.getCount() == 0 && !stops.wasUp()) {
                // An interrupted start fails in many ways.
                return stoppedEarly(e);
            }
            if (Files.exists(log) && state != null) {
                complain("details: " + log);
            } else {
                lastLines(log);
            }
            throw e;
        } catch (InterruptedException e) {
            return stoppedEarly(e);
        } catch (UncheckedIOException e) {
            if (asked.getCount() == 0 && !stops.wasUp()) {
                return stoppedEarly(e); // a file was being read or written
            }
            throw e;
        }
    }

    private int stoppedEarly(Exception failure) {
        err.println("stopped before everything was up");
        for (Throwable unclean : failure.getSuppressed()) {
            complain(unclean.getMessage());
        }
        return failure.getSuppressed().length == 0 ? 0 : 1;
    }

    /** From the first moment on: somebody who changes their mind while asked must not wait. */
    private void handleSignals() {
        for (String name : new String[] {"INT", "TERM", "HUP"}) {
            Signal.handle(
                    new Signal(name),
                    received -> {
                        switch (stops.asked(System.nanoTime())) {
                            case AT_ONCE_NOTHING_STARTED -> {
                                err.println("stopped before anything was started");
                                end();
                            }
                            case IN_ORDER -> {
                                err.println(
                                        "stopping in order; Ctrl-C once more ends everything at"
                                                + " once");
                                asked.countDown();
                            }
                            case STILL -> err.println("still stopping ...");
                            case AT_ONCE -> {
                                err.println("ending everything at once");
                                stops.folder().ifPresent(StackProcesses::kill);
                                if (own.given() && state == null) {
                                    err.println(
                                            "The replication slot may have stayed, and the server"
                                                    + " keeps WAL for it. To remove it: "
                                                    + ReplicationSlot.DROP
                                                    + ";");
                                }
                                end();
                            }
                        }
                    });
        }
    }

    private static void end() {
        Scratch.remove();
        System.out.flush();
        Runtime.getRuntime().halt(INTERRUPTED);
    }

    private static Path home() {
        return Path.of(System.getProperty("lifecycle.home", "")).toAbsolutePath();
    }

    /** Refuses what cannot be meant, before anything is started or written. */
    private void validate() {
        ParseResult stated = spec.commandLine().getParseResult();
        List<String> problems = own.problems(stated::hasMatchedOption, System.getenv());
        if (!problems.isEmpty()) {
            throw new UsageException(String.join(System.lineSeparator(), problems));
        }
        if (state != null && Files.exists(state) && !Files.isDirectory(state)) {
            throw new UsageException("--state: %s is a file; name a folder".formatted(state));
        }
        if (state != null && !own.given() && DatabaseState.in(state).isExisting()) {
            throw new UsageException(
                    "--state: %s continues from a --database; name that, too".formatted(state));
        }
        if (seconds != null && seconds < 1) {
            throw new UsageException("--seconds must be 1 or more");
        }
        if (rate < 1 || rate > 10_000) {
            throw new UsageException("--rate must be from 1 to 10000 changes per second");
        }
        port("--flink-port", flinkPort);
        port("--postgres-port", postgresPort);
        port("--smtp-port", smtpPort);
        port("--metrics-port", metricsPort);
        port("--api-port", apiPort);
        OutputFile.require("--report", reportFile);
        if (rules != null && !Files.isRegularFile(rules.resolve("lifecycle.yaml"))) {
            throw new UsageException("--rules: there is no lifecycle.yaml in " + rules);
        }
    }

    private static void port(String option, Integer port) {
        if (port != null && (port < 1 || port > 65_535)) {
            throw new UsageException("%s must be from 1 to 65535".formatted(option));
        }
    }

    private void interruptWhenAsked(Thread main) {
        try {
            asked.await();
            main.interrupt();
        } catch (InterruptedException upAlready) {
            Thread.currentThread().interrupt();
        }
    }

    private int run(StackRun run, Thread starting)
            throws InterruptedException, IOException, SQLException {
        EmbeddedStackBuilder builder = builder();
        run.configure(builder);
        try (EmbeddedStack stack = builder.start()) {
            starting.interrupt();
            starting.join();
            Thread.interrupted();
            stops.up();
            run.work(stack, asked);
            err.println("stopping ...");
        }
        return run.end();
    }

    private EmbeddedStackBuilder builder() {
        EmbeddedStackBuilder builder =
                EmbeddedStack.builder()
                        .postgresPort(postgresPort)
                        .smtpPort(smtpPort)
                        .flinkPort(flinkPort)
                        .api(apiPort)
                        .metricsPort(metricsPort)
                        .onNotice(err::println)
                        .onAlarm(text -> complain("ALARM: " + text));
        if (state != null) {
            builder.state(state);
        }
        if (rules != null) {
            builder.rules(rules);
        }
        return builder;
    }

    private void complain(String text) {
        err.println(text);
    }

    private void lastLines(Path log) throws IOException {
        if (Files.exists(log)) {
            complain("the last errors of the log:");
            Deque<String> last = new ArrayDeque<>();
            try (var lines = Files.lines(log)) {
                lines.filter(line -> line.contains(" ERROR "))
                        .forEach(
                                line -> {
                                    last.add(line);
                                    if (last.size() > ERRORS_SHOWN) {
                                        last.remove();
                                    }
                                });
            }
            last.forEach(this::complain);
        }
    }
}
