package io.seqpulse.quickstart;

import io.seqpulse.cli.CommandException;
import io.seqpulse.cli.Consent;
import io.seqpulse.cli.database.DatabaseAddress;
import io.seqpulse.cli.database.Installation;
import io.seqpulse.cli.database.ReplicationSlot;
import io.seqpulse.cli.database.Requirements;
import io.seqpulse.cli.database.SqlPlan;
import io.seqpulse.connector.email.SmtpProbe;
import io.seqpulse.connector.email.SmtpSettings;
import io.seqpulse.quickstart.stack.ChangeTopic;
import io.seqpulse.quickstart.stack.DatabaseState;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.EmbeddedStackBuilder;
import io.seqpulse.quickstart.stack.StackException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** {@code ./lifecycle up --database}: the stack on somebody's own database. */
final class OwnDatabaseRun implements StackRun {

    private static final Duration STATUS_EVERY = Duration.ofSeconds(30);
    private static final Duration SETTLING = Duration.ofSeconds(15);

    /** So long the start waits for a mail server that says nothing. */
    private static final Duration MAIL_SERVER = Duration.ofSeconds(10);

    private final OwnDatabaseOptions options;
    private final DatabaseAddress address;
    private final Path home;
    private final RunOptions run;
    private final Path state;
    private final PrintWriter out;
    private final PrintWriter err;
    private final Instant started = Instant.now();

    /** By the database's clock, before any part was started. */
    private Instant begun;

    private CommandException unreported;

    /**
     * A run on the database of the options.
     *
     * @param home the repository
     * @throws StackException if the address is none
     */
    OwnDatabaseRun(
            OwnDatabaseOptions options,
            Path home,
            RunOptions run,
            PrintWriter out,
            PrintWriter err) {
        this.options = options;
        this.address = DatabaseAddress.parse(options.database(), System.getenv());
        this.home = home;
        this.run = run;
        this.state = run.state();
        this.out = out;
        this.err = err;
    }

    /**
     * Looks at the database, shows what has to be made there, asks, and makes it.
     *
     * @return whether the stack can start; if not, somebody said no, and nothing was changed
     * @throws CommandException if the database cannot be reached, refuses, or lacks something
     */
    boolean prepare() throws IOException, InterruptedException {
        askMailServer();
        SqlPlan plan;
        boolean slotMissing;
        try (Connection connection = address.connect()) {
            Requirements.onlyRead(connection);
            begun = clock(connection);
            List<String> missing = missing(connection);
            if (!missing.isEmpty()) {
                throw new CommandException(
                        "%s cannot be used yet. Missing:%n  - %s%nNothing was changed."
                                .formatted(
                                        address.shown(),
                                        String.join(System.lineSeparator() + "  - ", missing)));
            }
            plan = Installation.plan(connection, home);
            slotMissing = ReplicationSlot.find(connection).isEmpty();
        } catch (SQLException e) {
            throw address.unusable(e);
        }
        if (plan.isEmpty() && !slotMissing) {
            err.printf("nothing to change in %s%n", address.shown());
            return true;
        }
        List<String> notes = new ArrayList<>(plan.notes());
        if (slotMissing) {
            notes.add("Debezium then makes the replication slot, by the replication protocol:");
            notes.add(
                    "CREATE_REPLICATION_SLOT \"%s\" LOGICAL pgoutput"
                            .formatted(ReplicationSlot.NAME));
            notes.add(
                    state == null
                            ? "It is removed at the end of this run."
                            : "It stays after this run, for the next one with this --state.");
        }
        SqlPlan shown = new SqlPlan(plan.before(), plan.statements(), notes);
        String where =
                plan.isEmpty()
                        ? "Nothing to run in %s".formatted(address.shown())
                        : "To be run in %s as user %s, in this order"
                                .formatted(address.shown(), address.user());
        if (!Consent.ofTerminal(out).isGiven(shown, where, options.yes())) {
            return false;
        }
        try (Connection connection = address.connect()) {
            plan.run(connection);
        } catch (SQLException e) {
            throw address.unusable(e);
        }
        return true;
    }

    private static Instant clock(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery("select clock_timestamp()")) {
            found.next();
            return found.getTimestamp(1).toInstant();
        }
    }

    /**
     * A mail server that needs somebody is told of before anything else; one that is away is waited
     * for, as it is later.
     */
    private void askMailServer() throws InterruptedException {
        Optional<SmtpSettings> server = options.mailServer(System.getenv());
        if (server.isEmpty()) {
            return;
        }
        SmtpProbe.Answer answer = SmtpProbe.ask(server.get(), MAIL_SERVER);
        switch (answer.verdict()) {
            case OPEN -> {}
            case AWAY ->
                    err.printf(
                            "ALARM: no mail would leave now: %s. Starting all the same: mail waits in the"
                                    + " journal until the server takes it%n",
                            answer.words());
            case MISCONFIGURED ->
                    throw new StackException(
                            "no mail would leave: %s. Put --smtp or SMTP_PASSWORD right, or leave --send out; nothing was started"
                                    .formatted(answer.words()));
        }
    }

    private List<String> missing(Connection connection) throws SQLException {
        DatabaseState known = state == null ? null : DatabaseState.in(state);
        boolean ours = known != null && known.belongsTo(connection);
        if (known != null && known.isEmbedded()) {
            throw new StackException(
                    "%s keeps a stack with a database of its own; choose another folder"
                            .formatted(state));
        }
        if (known != null && known.isExisting() && !ours) {
            throw new StackException(
                    "%s continues from another database; choose another folder".formatted(state));
        }
        List<String> missing =
                new ArrayList<>(Requirements.missing(address, connection, home, ours));
        if (ours && known.hasSlot() && ReplicationSlot.find(connection).isEmpty()) {
            missing.add(
                    "replication slot %s, from which %s continues, is gone, and the changes since with it%n    -> start with a new --state folder: what was sent is remembered in the database"
                            .formatted(ReplicationSlot.NAME, state));
        }
        return missing;
    }

    @Override
    public void configure(EmbeddedStackBuilder builder) {
        builder.database(address);
        options.mailSettings(System.getenv()).forEach(builder::jobSetting);
    }

    @Override
    public void work(EmbeddedStack stack, CountDownLatch asked) throws InterruptedException {
        sayUp(stack);
        if (run.seconds() == null) {
            out.println("Ctrl-C stops everything");
        }
        follow(stack, asked);
        if (run.reportFile() != null) {
            try {
                report(stack, run.reportFile());
            } catch (CommandException e) {
                unreported = e;
            }
        }
    }

    private void sayUp(EmbeddedStack stack) {
        Map<String, String> mail = options.mailSettings(System.getenv());
        out.printf(Locale.ROOT, "up after %.1f s%n", stack.startUp().toMillis() / 1000.0);
        out.printf("  Database     %s as user %s%n", address.shown(), address.user());
        if (options.send()) {
            out.printf(
                    "  Mode         live: mail leaves by %s:%s%n",
                    mail.get("smtp.host"), mail.get("smtp.port"));
        } else {
            out.println(
                    "  Mode         shadow: no mail is sent; what would be is journalled as"
                            + " 'shadow'");
        }
        out.println(
                "  Decisions    select created_at, email_type, dedupe_key, status, reason"
                        + " from email_deliveries where managed_by = 'lifecycle'"
                        + " order by created_at desc;");
        stack.api()
                .ifPresent(api -> out.println("  Live page    " + api.pageForOnce(stack.folder())));
        StackRun.sayAddresses(stack, out);
        out.println("  Log          " + System.getProperty("lifecycle.log"));
        if (options.send() && state == null && !mail.containsKey("link.secret")) {
            out.println(
                    "Links in these mails are signed with a key that ends with this run: give"
                            + " --state or LIFECYCLE_LINK_SECRET to keep them working.");
        }
    }

    /** Says now and then how it goes, until it is asked to stop or the time is over. */
    private void follow(EmbeddedStack stack, CountDownLatch asked) throws InterruptedException {
        Instant begun = Instant.now();
        long end = run.end();
        Instant next = begun.plus(STATUS_EVERY);
        Thread decisions =
                new Thread(
                        () ->
                                new DecisionLines(out::println)
                                        .follow(
                                                () ->
                                                        ChangeTopic.since(
                                                                stack.kafkaClient(), started)),
                        "decisions");
        decisions.setDaemon(true);
        decisions.start();
        try {
            while (System.nanoTime() < end && !asked.await(500, TimeUnit.MILLISECONDS)) {
                if (Instant.now().isAfter(next)) {
                    next = next.plus(STATUS_EVERY);
                    out.println(StatusLine.of(stack, begun));
                }
            }
            settle(stack);
        } finally {
            decisions.interrupt();
            decisions.join(SETTLING.toMillis());
        }
        out.println(StatusLine.of(stack, begun));
    }

    private void settle(EmbeddedStack stack) throws InterruptedException {
        long end = System.nanoTime() + SETTLING.toNanos();
        try {
            stack.awaitWatermark(Instant.now().plusSeconds(3), SETTLING);
            while (options.send() && stack.journal().due() > 0 && System.nanoTime() < end) {
                TimeUnit.MILLISECONDS.sleep(100);
            }
        } catch (SQLException | IOException e) {
            err.println("stopping without waiting for the last mails: " + e.getMessage());
        }
    }

    /**
     * Writes what this run decided.
     *
     * @throws CommandException if the database does not tell, or the file cannot be written
     */
    private void report(EmbeddedStack stack, Path file) throws InterruptedException {
        try {
            JournalReport.write(file, stack, begun, options.send());
        } catch (SQLException e) {
            throw address.unusable(e);
        } catch (IOException e) {
            throw new CommandException("--report: %s cannot be written".formatted(file), e);
        }
        out.println("report: " + file);
    }

    /**
     * {@inheritDoc}
     *
     * @throws CommandException if the report could not be written: told last, after what stays
     */
    @Override
    public int end() {
        sayWhatStays();
        if (unreported != null) {
            throw unreported;
        }
        return 0;
    }

    private void sayWhatStays() {
        if (state == null) {
            err.printf(
                    "stopped; the replication slot is removed. Our tables stay in %s: they remember"
                            + " what was sent. ./lifecycle down --purge --database postgresql://%s@%s"
                            + " removes them.%n",
                    address.shown(), address.user(), address.shown());
            return;
        }
        err.printf("stopped; state is kept in %s%n", state);
        err.printf(
                "The replication slot stays, so that a run with this state continues. Until one"
                        + " does, the server keeps its WAL (%s). To give the slot up:%n    %s;%n",
                walLimit(), ReplicationSlot.DROP);
    }

    private String walLimit() {
        try (Connection connection = address.connect();
                Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery("show max_slot_wal_keep_size")) {
            found.next();
            String limit = found.getString(1);
            return "-1".equals(limit)
                    ? "without limit, as max_slot_wal_keep_size is -1"
                    : "at most max_slot_wal_keep_size = " + limit;
        } catch (SQLException gone) {
            return "see max_slot_wal_keep_size";
        }
    }
}
