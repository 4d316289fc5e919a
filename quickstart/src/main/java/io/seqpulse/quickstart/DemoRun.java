package io.seqpulse.quickstart;

import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.EmbeddedStackBuilder;
import io.seqpulse.quickstart.stack.ReceivedMail;
import io.seqpulse.quickstart.stack.ResidentMemory;
import io.seqpulse.quickstart.traffic.DemoHistory;
import io.seqpulse.quickstart.traffic.LiveTraffic;
import java.io.IOException;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** {@code ./lifecycle up}: the stack on a database of its own, with demo traffic. */
final class DemoRun implements StackRun {

    private static final long SEED = 20261121L;
    private static final Duration STATUS_EVERY = Duration.ofSeconds(5);
    private static final Duration SETTLING = Duration.ofSeconds(15);
    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT);

    private final OptionalInt rate;
    private final RunOptions options;
    private final PrintWriter out;
    private final PrintWriter err;
    private final DemoHistory history = new DemoHistory(SEED, Instant.now());
    private volatile String trafficFailure;

    /**
     * A run with traffic or without.
     *
     * @param rate of the traffic, in changes a second; empty: neither traffic nor history
     */
    DemoRun(OptionalInt rate, RunOptions options, PrintWriter out, PrintWriter err) {
        this.rate = rate;
        this.options = options;
        this.out = out;
        this.err = err;
    }

    @Override
    public void configure(EmbeddedStackBuilder builder) {
        if (rate.isPresent()) {
            builder.history(history);
        }
    }

    @Override
    public void work(EmbeddedStack stack, CountDownLatch asked)
            throws SQLException, IOException, InterruptedException {
        try (KpiFreshness freshness = KpiFreshness.watch(stack.connect())) {
            sayUp(stack, history.rows());
            ResidentMemory memory = stack.memory();
            stack.mails().onDelivery(this::say);
            Instant begun = Instant.now();
            long changes = play(stack, memory, asked);
            Duration traffic = Duration.between(begun, Instant.now());
            settle(stack);
            memory.sample();
            out.println(StatusLine.of(stack, begun, 0));
            RunReport.Difference difference =
                    RunReport.Difference.of(
                            stack.journal().rows(),
                            stack.mails().received(),
                            stack.journal().addressees());
            out.printf("journal against mails received, by Message-ID: %s%n", difference);
            if (options.reportFile() != null) {
                new RunReport(stack, memory, begun)
                        .write(options.reportFile(), changes, traffic, freshness.millis());
                out.println("report: " + options.reportFile());
            }
        }
    }

    /** Lets the traffic go on, and says now and then how it goes. */
    private long play(EmbeddedStack stack, ResidentMemory memory, CountDownLatch asked)
            throws SQLException, InterruptedException, IOException {
        long end = options.end();
        Optional<LiveTraffic> traffic =
                rate.isPresent()
                        ? Optional.of(
                                LiveTraffic.start(
                                        stack.connect(),
                                        rate.getAsInt(),
                                        SEED,
                                        e -> {
                                            trafficFailure = e.getMessage();
                                            err.println("the traffic ended: " + e.getMessage());
                                        }))
                        : Optional.empty();
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
                long changes = traffic.map(LiveTraffic::changes).orElse(0L);
                Instant at = Instant.now();
                double perSecond =
                        (changes - counted) * 1000.0 / Duration.between(countedAt, at).toMillis();
                counted = changes;
                countedAt = at;
                out.println(StatusLine.of(stack, begun, perSecond));
            }
        } finally {
            traffic.ifPresent(LiveTraffic::close);
        }
        return traffic.map(LiveTraffic::changes).orElse(0L);
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
            err.println("stopping without waiting for the last mails: " + busy.getMessage());
            return;
        }
        while (stack.journal().due() > 0 && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    private void sayUp(EmbeddedStack stack, Map<String, Integer> rows) {
        out.printf(Locale.ROOT, "up after %.1f s%n", stack.startUp().toMillis() / 1000.0);
        stack.api()
                .ifPresent(api -> out.println("  Live page    " + api.pageForOnce(stack.folder())));
        StackRun.sayAddresses(stack, out);
        out.printf(
                "  PostgreSQL   PGPASSFILE=%s psql -h 127.0.0.1 -p %s -U postgres seqpulse%n",
                stack.passwordFile(), stack.postgresPort());
        out.println("  Dead letters " + stack.listLettersCommand());
        out.println("  SMTP         127.0.0.1:" + stack.mails().port());
        out.println("  Mails        " + stack.mails().folder());
        out.println("  Log          " + System.getProperty("lifecycle.log"));
        if (!rows.isEmpty()) {
            out.printf(
                    Locale.ROOT,
                    "90 days of history: %,d users, %,d projects, %,d deployments, %,d verdicts;"
                            + " nobody is mailed for it%n",
                    rows.getOrDefault("users", 0),
                    rows.getOrDefault("projects", 0),
                    rows.getOrDefault("deployments", 0),
                    rows.getOrDefault("deployment_verdicts", 0));
        }
        if (options.seconds() == null) {
            out.println("Ctrl-C stops everything");
        }
    }

    private void say(ReceivedMail mail) {
        out.printf(
                "%s  %s  %s  -> %s%n",
                CLOCK.format(mail.receivedAt().atZone(ZoneId.systemDefault())),
                mail.code(),
                printable(mail.subject()),
                printable(mail.recipient()));
    }

    /** Subjects and addresses are other people's text: nothing of it may steer the terminal. */
    private static String printable(String text) {
        return text.replaceAll("[\\p{Cc}\\p{Cf}]", " ");
    }

    @Override
    public int end() {
        err.println(
                options.state() == null
                        ? "stopped, nothing left"
                        : "stopped; state is kept in " + options.state());
        return trafficFailure == null ? 0 : 1;
    }
}
