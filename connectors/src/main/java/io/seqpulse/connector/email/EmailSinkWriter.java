package io.seqpulse.connector.email;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.seqpulse.connector.jdbc.JdbcSettings;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledFuture;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects commands for a few milliseconds and journals them together, in their order; a checkpoint
 * waits for that and for nothing else. What is journalled is sent by the {@link Sender} it starts,
 * unless the sink only journals.
 */
final class EmailSinkWriter implements SinkWriter<EmailCommand> {

    private static final int BATCH = 200;
    private static final long LINGER_MILLIS = 5;

    /** How often the sender's health is looked at where no email comes and no checkpoint. */
    private static final long WATCH_MILLIS = 1_000;

    /**
     * Beside one for each mail under way: to journal with, to lease with, to hold the lock with.
     */
    private static final int OTHER_CONNECTIONS = 3;

    private static final long CONNECTION_TIMEOUT_MILLIS = 10_000;
    private static final long FIRST_PAUSE_MILLIS = 100;
    private static final long LONGEST_PAUSE_MILLIS = 5_000;

    private static final Logger LOG = LoggerFactory.getLogger(EmailSinkWriter.class);

    /**
     * The journal must survive a crash of the database, whatever the server's default is. Rows that
     * a policy of the product hides are an error instead of looking as if they were deleted. Times
     * without a zone are UTC.
     */
    private static final String SESSION =
            "set synchronous_commit = on; set row_security = off; set timezone = 'UTC';"
                    // before our socket gives up: a backend that waits for a lock does not notice
                    // that we have gone, and each of us that comes anew takes a place of the
                    // product's
                    + " set lock_timeout = '20s'; set statement_timeout = '45s'";

    private final HikariDataSource database;
    private final Journal journal;
    private final Optional<Sender> sender;
    private final SinkMetrics metrics;
    private final ProcessingTimeService timers;

    private final List<EmailCommand> batch = new ArrayList<>();
    private ScheduledFuture<?> timer;
    private IOException failure;

    /** Since when the journal is waited for, as {@link System#nanoTime()}; 0: it is not. */
    private volatile long waitingSince;

    /** What the database said when the waiting was last told of. */
    private String waitedFor;

    private EmailSinkWriter(
            HikariDataSource database,
            Journal journal,
            Optional<Sender> sender,
            SinkMetrics metrics,
            ProcessingTimeService timers) {
        this.database = database;
        this.journal = journal;
        this.sender = sender;
        this.metrics = metrics;
        this.timers = timers;
    }

    /**
     * A writer, with its sender at work if the sink sends. A journal out of reach is waited for
     * when there is something to write.
     */
    static EmailSinkWriter open(EmailSink sink, WriterInitContext context) throws IOException {
        String name = "email-" + context.getTaskInfo().getIndexOfThisSubtask();
        HikariDataSource database =
                connect(sink.journal(), name, sink.sending() ? sink.transport().connections() : 0);
        boolean opened = false;
        try {
            SinkMetrics metrics = new SinkMetrics(context.metricGroup());
            Optional<Sender> sender =
                    sink.sending()
                            ? Optional.of(startSender(sink, name, database, metrics))
                            : Optional.empty();
            EmailSinkWriter writer =
                    new EmailSinkWriter(
                            database,
                            new Journal(database, sink.tables()),
                            sender,
                            metrics,
                            context.getProcessingTimeService());
            metrics.showWaiting(writer::waitingSeconds);
            writer.watch();
            opened = true;
            return writer;
        } finally {
            if (!opened) {
                database.close();
            }
        }
    }

    private static Sender startSender(
            EmailSink sink, String name, HikariDataSource database, SinkMetrics metrics) {
        SmtpSettings transport = sink.transport();
        SenderGate gate = new SenderGate();
        metrics.showSender(gate);
        CountDownLatch closing = new CountDownLatch(1);
        SenderLock lock = new SenderLock(database);
        Outbox outbox =
                new Outbox(database, sink.tables(), sink.cooldown(), sink.codes(), lock::number);
        MailRoute route = transport.console() ? new ConsoleRoute() : new SmtpRoute(transport);
        MimeMessages messages =
                new MimeMessages(
                        sink.from(),
                        sink.replyTo(),
                        transport.idempotencyHeader(),
                        Clock.systemUTC());
        Delivery delivery = new Delivery(outbox, messages, route, gate, metrics, closing);
        Sender sender =
                new Sender(
                        name,
                        transport.connections(),
                        lock,
                        outbox,
                        route,
                        delivery,
                        gate,
                        metrics,
                        closing);
        sender.start();
        return sender;
    }

    private static HikariDataSource connect(JdbcSettings settings, String name, int senders) {
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setJdbcUrl(settings.url());
        config.setUsername(settings.user());
        config.setPassword(settings.password());
        config.setDriverClassName("org.postgresql.Driver");
        config.setMaximumPoolSize(senders + OTHER_CONNECTIONS);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(CONNECTION_TIMEOUT_MILLIS);
        config.setInitializationFailTimeout(-1); // it may come later
        config.setConnectionInitSql(SESSION);
        config.addDataSourceProperty("ApplicationName", "seqpulse-" + name);
        config.addDataSourceProperty("tcpKeepAlive", "true");
        config.addDataSourceProperty("connectTimeout", "10");
        config.addDataSourceProperty("socketTimeout", "60");
        return new HikariDataSource(config);
    }

    @Override
    public void write(EmailCommand command, Context context) throws IOException {
        throwFailure();
        check(command);
        batch.add(command);
        if (batch.size() >= BATCH) {
            writeBatch();
        } else if (timer == null) {
            timer =
                    timers.registerTimer(
                            timers.getCurrentProcessingTime() + LINGER_MILLIS, time -> onTimer());
        }
    }

    private static void check(EmailCommand command) {
        JournalEntry entry = command.entry();
        if ((entry == null) == (command.withdrawal() == null)) {
            throw new IllegalArgumentException("a command is either an entry or a withdrawal");
        }
        if (entry != null) {
            if (entry.category() != null || entry.suppressedFor() == null) {
                EmailCategory.of(entry.category()); // that of a rule that is no more is not known
            }
            if (entry.suppressedFor() == null && entry.content() == null) {
                throw new IllegalArgumentException(
                        "an entry to be sent has no content: " + entry.dedupeKey());
            }
        }
    }

    private void watch() throws IOException {
        throwFailure();
        timers.registerTimer(timers.getCurrentProcessingTime() + WATCH_MILLIS, time -> watch());
    }

    private void onTimer() throws IOException {
        timer = null;
        if (!batch.isEmpty()) {
            writeBatch();
        }
    }

    @Override
    public void flush(boolean endOfInput) throws IOException {
        throwFailure();
        if (!batch.isEmpty()) {
            writeBatch();
        }
    }

    /**
     * Journals what has been collected. While the database is away, or does not let us, it is
     * waited for: no checkpoint covers what is not journalled, and a job that failed instead would
     * only meet the same database. Ends early when the task is cancelled; a failure stays, as this
     * writer can go on no more.
     */
    private void writeBatch() throws IOException {
        for (int attempt = 0; ; attempt++) {
            try {
                Journal.Outcome outcome = journal.write(batch);
                metrics.count(outcome);
                batch.clear();
                if (waitingSince != 0) {
                    LOG.info("The journal can be written again");
                    waitingSince = 0;
                    waitedFor = null;
                }
                if (outcome.queued() > 0) {
                    sender.ifPresent(Sender::wake);
                }
                return;
            } catch (SQLException away) {
                metrics.count(SinkMetrics.DATABASE_ERRORS);
                if (waitingSince == 0) {
                    waitingSince = System.nanoTime() | 1; // 0 stands for none
                }
                if (!Objects.equals(waitedFor, away.getSQLState())) {
                    waitedFor = away.getSQLState();
                    LOG.warn("The journal cannot be written; waiting until it can", away);
                }
                pause(attempt, away);
            }
        }
    }

    private void pause(int attempt, SQLException reason) throws IOException {
        long millis = FIRST_PAUSE_MILLIS << Math.min(attempt, 6);
        try {
            Thread.sleep(Math.min(millis, LONGEST_PAUSE_MILLIS));
        } catch (InterruptedException cancelled) {
            Thread.currentThread().interrupt();
            failure = new IOException("cancelled while waiting for the journal", reason);
            throw failure;
        }
    }

    private long waitingSeconds() {
        long since = waitingSince;
        return since == 0 ? 0 : Duration.ofNanos(System.nanoTime() - since).toSeconds();
    }

    private void throwFailure() throws IOException {
        if (failure != null) {
            throw failure;
        }
        Optional<Throwable> ended = sender.map(Sender::failure);
        if (ended.isPresent()) {
            failure = new IOException("the email sender has ended", ended.get());
            throw failure;
        }
    }

    /** How often something was counted, by a name of {@link SinkMetrics}. */
    long counted(String metric) {
        return metrics.value(metric);
    }

    @Override
    public void close() {
        try {
            sender.ifPresent(Sender::close);
        } finally {
            database.close();
        }
    }
}
