package io.seqpulse.quickstart;

import io.seqpulse.quickstart.access.HttpAccess;
import io.seqpulse.quickstart.database.ReplicationSlot;
import io.seqpulse.quickstart.traffic.DemoHistory;
import io.seqpulse.quickstart.traffic.LiveTraffic;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import sun.misc.Signal;

/** {@code ./lifecycle up}: the whole pipeline on this machine, with demo traffic, until Ctrl-C. */
@Command(
        name = "./lifecycle up",
        description = {
            "Starts the whole pipeline on this machine, on real parts: PostgreSQL, Kafka, Kafka"
                    + " Connect with Debezium, the Flink job, and an SMTP server that keeps what it"
                    + " receives. Then plays a product in use, and prints each email delivered.",
            "Ctrl-C stops everything in order; once more, a second later, ends it at once."
        },
        sortOptions = false,
        usageHelpAutoWidth = true)
public final class Up implements Callable<Integer> {

    private static final int ERRORS_SHOWN = 10;

    /** As a shell says of what Ctrl-C ended. */
    private static final int INTERRUPTED = 130;

    private static final int REMOVALS = 5;

    private static final long SEED = 20261121L;
    private static final Duration STATUS_EVERY = Duration.ofSeconds(5);
    private static final Duration SETTLING = Duration.ofSeconds(15);
    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT);

    @Spec private CommandSpec spec;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            description = "Stop by itself N seconds after everything is up.")
    private Integer seconds;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "At the end write counts, latencies and memory there, as JSON.")
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

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli reads it
    private boolean help;

    private final PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    private final CountDownLatch asked = new CountDownLatch(1);
    private final StopRequests stops = new StopRequests();
    private volatile String trafficFailure;

    /**
     * Runs the command and ends this JVM: 0 after an orderly stop, 1 on failure, 2 on bad usage.
     */
    public static void main(String[] arguments) {
        // However it is started: Kafka and others compare and print by the default locale.
        Locale.setDefault(Locale.US);
        Up up = new Up();
        up.handleSignals();
        int code = new CommandLine(up).execute(arguments);
        // Whatever came of it: the script made it before any option was looked at.
        removeScratch();
        // Every part was stopped in order. The libraries' own shutdown hooks would now wait for
        // parts that are gone, so they do not run.
        System.out.flush();
        Runtime.getRuntime().halt(code);
    }

    @Override
    public Integer call() throws InterruptedException, IOException, SQLException {
        validate();
        OwnDatabaseRun ownRun = null;
        try {
            if (state != null) {
                StateFolder.requireFree(state);
                FreeRoom.require(state);
            }
        } catch (StackException e) {
            // Before anything is written: the log in that folder is the other run's.
            complain(e.getMessage());
            return 1;
        }
        if (own.given()) {
            try {
                ownRun = new OwnDatabaseRun(own, home(), state, out, System.err);
                if (!ownRun.prepare()) {
                    return 2;
                }
            } catch (StackException e) {
                complain(e.getMessage());
                return 1;
            }
        }
        Path folder;
        try {
            folder = state == null ? scratch() : StateFolder.prepare(state);
        } catch (StackException e) {
            complain(e.getMessage());
            return 1;
        }
        Path log = folder.resolve("logs/lifecycle.log");
        System.setProperty("lifecycle.log", log.toString());
        Thread main = Thread.currentThread();
        stops.begin(folder);
        out.println(
                "SEQPULSE Lifecycle "
                        + version()
                        + (own.given()
                                ? ": starting Kafka, Kafka Connect, Flink ..."
                                : ": starting PostgreSQL, Kafka, Kafka Connect, Flink, SMTP ..."));
        // Logging that is interrupted while it loads is broken for good.
        LoggerFactory.getLogger(Up.class).debug("starting in {}", folder);
        Thread starting = new Thread(() -> interruptWhenAsked(main), "interrupts the start");
        starting.setDaemon(true);
        starting.start();
        try {
            return ownRun == null ? run(starting) : run(starting, ownRun);
        } catch (StackException e) {
            if (asked.getCount() == 0 && !stops.wasUp()) {
                // An interrupted start fails in many ways.
                return stoppedEarly(e);
            }
            complain(e.getMessage());
            if (Files.exists(log) && state != null) {
                complain("details: " + log);
            } else {
                lastLines(log);
            }
            return 1;
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
        out.println("stopped before everything was up");
        for (Throwable unclean : failure.getSuppressed()) {
            complain(unclean.getMessage());
        }
        return failure.getSuppressed().length == 0 ? 0 : 1;
    }

    private static Path scratch() {
        return Path.of(System.getProperty("java.io.tmpdir"));
    }

    private static void removeScratch() {
        if (!Boolean.getBoolean("lifecycle.scratch")) {
            return;
        }
        IOException failure = null;
        // Whatever was ended at once may have written a last file meanwhile.
        for (int attempt = 0; attempt < REMOVALS; attempt++) {
            try {
                StateFolder.remove(scratch());
                return;
            } catch (IOException e) {
                failure = e;
            }
        }
        System.err.println(scratch() + " could not be removed: " + failure.getMessage());
    }

    /** From the first moment on: somebody who changes their mind while asked must not wait. */
    private void handleSignals() {
        for (String name : new String[] {"INT", "TERM", "HUP"}) {
            Signal.handle(
                    new Signal(name),
                    received -> {
                        switch (stops.asked(System.nanoTime())) {
                            case AT_ONCE_NOTHING_STARTED -> {
                                out.println("stopped before anything was started");
                                end();
                            }
                            case IN_ORDER -> {
                                out.println(
                                        "stopping in order; Ctrl-C once more ends everything at"
                                                + " once");
                                asked.countDown();
                            }
                            case STILL -> out.println("still stopping ...");
                            case AT_ONCE -> {
                                out.println("ending everything at once");
                                stops.folder().ifPresent(EmbeddedStack::endProcesses);
                                if (own.given() && state == null) {
                                    out.println(
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
        removeScratch();
        System.out.flush();
        Runtime.getRuntime().halt(INTERRUPTED);
    }

    private static Path home() {
        return Path.of(System.getProperty("lifecycle.home", "")).toAbsolutePath();
    }

    private void validate() {
        ParseResult stated = spec.commandLine().getParseResult();
        List<String> problems = own.problems(stated::hasMatchedOption, System.getenv());
        if (!problems.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), String.join(System.lineSeparator(), problems));
        }
        if (state != null && Files.exists(state) && !Files.isDirectory(state)) {
            throw new ParameterException(
                    spec.commandLine(), "--state: " + state + " is a file, and not a folder");
        }
        if (state != null && !own.given() && DatabaseState.in(state).isExisting()) {
            throw new ParameterException(
                    spec.commandLine(), state + " continues from a --database: give that, too");
        }
        if (seconds != null && seconds < 1) {
            throw new ParameterException(spec.commandLine(), "--seconds must be 1 or more");
        }
        if (rate < 1 || rate > 10_000) {
            throw new ParameterException(
                    spec.commandLine(), "--rate must be from 1 to 10000 changes per second");
        }
        if (rules != null && !Files.isRegularFile(rules.resolve("lifecycle.yaml"))) {
            throw new ParameterException(
                    spec.commandLine(), "--rules: there is no lifecycle.yaml in " + rules);
        }
        if (reportFile != null) {
            Path folder = reportFile.toAbsolutePath().getParent();
            if (!Files.isWritable(folder)) {
                throw new ParameterException(
                        spec.commandLine(), "--report: " + folder + " cannot be written");
            }
        }
        for (Integer port :
                new Integer[] {flinkPort, postgresPort, smtpPort, metricsPort, apiPort}) {
            if (port != null && (port < 1 || port > 65_535)) {
                throw new ParameterException(
                        spec.commandLine(), "a port is from 1 to 65535: " + port);
            }
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

    private int run(Thread starting) throws InterruptedException, IOException, SQLException {
        Instant now = Instant.now();
        DemoHistory history = new DemoHistory(SEED, now);
        EmbeddedStack.Builder builder = builder().postgresPort(postgresPort).smtpPort(smtpPort);
        if (!noTraffic) {
            builder.history(history);
        }
        try (EmbeddedStack stack = builder.start();
                KpiFreshness freshness = KpiFreshness.watch(stack.connect())) {
            starting.interrupt();
            starting.join();
            Thread.interrupted();
            stops.up();
            say(stack, history.rows());
            ResidentMemory memory = stack.memory();
            stack.mails().onDelivery(this::say);
            Instant begun = Instant.now();
            long changes = work(stack, memory);
            Duration traffic = Duration.between(begun, Instant.now());
            settle(stack);
            memory.sample();
            say(stack, begun, 0);
            RunReport.Difference difference =
                    RunReport.Difference.of(
                            stack.journal().rows(),
                            stack.mails().received(),
                            stack.journal().addressees());
            out.printf("journal against mails received, by Message-ID: %s%n", difference);
            if (reportFile != null) {
                new RunReport(stack, memory, begun)
                        .write(reportFile, changes, traffic, freshness.millis());
                out.println("report: " + reportFile);
            }
            out.println("stopping ...");
        }
        out.println(state == null ? "stopped, nothing left" : "stopped; state is kept in " + state);
        return trafficFailure == null ? 0 : 1;
    }

    private EmbeddedStack.Builder builder() {
        EmbeddedStack.Builder builder =
                EmbeddedStack.builder()
                        .flinkPort(flinkPort)
                        .api(apiPort)
                        .metricsPort(metricsPort)
                        .onNotice(out::println)
                        .onAlarm(text -> complain("ALARM: " + text));
        if (state != null) {
            builder.state(state);
        }
        if (rules != null) {
            builder.rules(rules);
        }
        return builder;
    }

    private int run(Thread starting, OwnDatabaseRun ownRun)
            throws InterruptedException, IOException, SQLException {
        EmbeddedStack.Builder builder = builder();
        ownRun.configure(builder);
        try (EmbeddedStack stack = builder.start()) {
            starting.interrupt();
            starting.join();
            Thread.interrupted();
            stops.up();
            ownRun.sayUp(stack);
            if (seconds == null) {
                out.println("Ctrl-C stops everything");
            }
            ownRun.work(stack, seconds, asked);
            out.println("stopping ...");
        }
        ownRun.sayStopped();
        return 0;
    }

    private long work(EmbeddedStack stack, ResidentMemory memory)
            throws SQLException, InterruptedException, IOException {
        long end = seconds == null ? Long.MAX_VALUE : System.nanoTime() + seconds * 1_000_000_000L;
        LiveTraffic traffic =
                noTraffic
                        ? null
                        : LiveTraffic.start(
                                stack.connect(),
                                rate,
                                SEED,
                                e -> {
                                    trafficFailure = e.getMessage();
                                    complain("the traffic ended: " + e.getMessage());
                                });
        Instant begun = Instant.now();
        long counted = 0;
        Instant countedAt = begun;
        try {
            Instant next = begun.plus(STATUS_EVERY);
            while (System.nanoTime() < end && !asked.await(500, TimeUnit.MILLISECONDS)) {
                memory.sample();
                if (Instant.now().isBefore(next)) {
                    continue;
                }
                next = next.plus(STATUS_EVERY);
                long changes = traffic == null ? 0 : traffic.changes();
                Instant at = Instant.now();
                double perSecond =
                        (changes - counted) * 1000.0 / Duration.between(countedAt, at).toMillis();
                counted = changes;
                countedAt = at;
                say(stack, begun, perSecond);
            }
        } finally {
            if (traffic != null) {
                traffic.close();
            }
        }
        return traffic == null ? 0 : traffic.changes();
    }

    /**
     * Lets what was committed become mail, so that the last line and the report are whole; nothing
     * does while a part has failed.
     */
    private void settle(EmbeddedStack stack) throws InterruptedException, SQLException {
        long end = System.nanoTime() + SETTLING.toNanos();
        try {
            if (!stack.runs()) {
                return;
            }
            stack.awaitWatermark(Instant.now().plusSeconds(3), SETTLING);
        } catch (IOException busy) {
            out.println("stopping without waiting for the last mails: " + busy.getMessage());
            return;
        }
        while (stack.journal().due() > 0 && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    private void say(EmbeddedStack stack, Map<String, Integer> history) {
        out.printf(Locale.ROOT, "up after %.1f s%n", stack.startUp().toMillis() / 1000.0);
        stack.api()
                .ifPresent(api -> out.println("  Live page    " + api.pageForOnce(stack.folder())));
        say(stack, out);
        out.printf(
                "  PostgreSQL   PGPASSFILE=%s psql -h 127.0.0.1 -p %s -U postgres seqpulse%n",
                stack.passwordFile(), stack.postgresPort());
        out.println("  Dead letters " + stack.listLettersCommand());
        out.println("  SMTP         127.0.0.1:" + stack.mails().port());
        out.println("  Mails        " + stack.mails().folder());
        out.println("  Log          " + System.getProperty("lifecycle.log"));
        if (!history.isEmpty()) {
            out.printf(
                    Locale.ROOT,
                    "90 days of history: %,d users, %,d projects, %,d deployments, %,d verdicts;"
                            + " nobody is mailed for it%n",
                    history.getOrDefault("users", 0),
                    history.getOrDefault("projects", 0),
                    history.getOrDefault("deployments", 0),
                    history.getOrDefault("deployment_verdicts", 0));
        }
        if (seconds == null) {
            out.println("Ctrl-C stops everything");
        }
    }

    /** What asks for a password, and where it is. */
    static void say(EmbeddedStack stack, PrintWriter out) {
        stack.flinkUrl()
                .ifPresent(
                        url ->
                                out.printf(
                                        "  Flink UI     %s  (user and password: %s)%n",
                                        url, stack.netrc()));
        stack.metricsUrl()
                .ifPresent(
                        url ->
                                out.printf(
                                        "  Metrics      %s  (user %s, password: %s)%n",
                                        url, HttpAccess.USER, stack.metricsPasswordFile()));
        out.println("  Connector    " + stack.connectorStatusCommand());
    }

    private void say(ReceivedMail mail) {
        out.printf(
                "%s  %s  %s  -> %s%n",
                CLOCK.format(mail.receivedAt().atZone(ZoneId.systemDefault())),
                mail.code(),
                printable(mail.subject()),
                printable(mail.recipient()));
    }

    private void say(EmbeddedStack stack, Instant begun, double changesPerSecond)
            throws InterruptedException {
        out.println(StatusLine.of(stack, begun, changesPerSecond));
    }

    private void complain(String text) {
        System.err.println(text);
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

    /** Subjects and addresses are other people's text: nothing of it may steer the terminal. */
    private static String printable(String text) {
        return text.replaceAll("[\\p{Cc}\\p{Cf}]", " ");
    }

    private static String version() {
        return Optional.ofNullable(Up.class.getPackage().getImplementationVersion())
                .orElse("development");
    }
}
