package io.seqpulse.connector.email;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool.PoolInitializationException;
import io.seqpulse.connector.jdbc.JdbcSettings;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledFuture;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/**
 * Collects commands for a few milliseconds and journals them together, in their order; a checkpoint
 * waits for that and for nothing else. What is journalled is sent by the {@link Sender} it starts,
 * unless the sink only journals.
 */
final class EmailSinkWriter implements SinkWriter<EmailCommand> {

    private static final int BATCH = 200;
    private static final long LINGER_MILLIS = 5;

    /** Beside one for each mail under way: one to journal with and one to lease with. */
    private static final int OTHER_CONNECTIONS = 2;

    private static final long CONNECTION_TIMEOUT_MILLIS = 10_000;

    private final HikariDataSource database;
    private final Journal journal;
    private final Optional<Sender> sender;
    private final SinkMetrics metrics;
    private final ProcessingTimeService timers;

    private final List<EmailCommand> batch = new ArrayList<>();
    private ScheduledFuture<?> timer;
    private IOException failure;

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
     * A writer, with its sender at work if the sink sends.
     *
     * @throws IOException if the journal cannot be reached
     */
    static EmailSinkWriter open(EmailSink sink, WriterInitContext context) throws IOException {
        String name = "email-" + context.getTaskInfo().getIndexOfThisSubtask();
        HikariDataSource database =
                connect(sink.journal(), name, sink.sending() ? sink.transport().connections() : 0);
        SinkMetrics metrics = new SinkMetrics(context.metricGroup());
        Optional<Sender> sender =
                sink.sending()
                        ? Optional.of(startSender(sink, name, database, metrics))
                        : Optional.empty();
        return new EmailSinkWriter(
                database,
                new Journal(database),
                sender,
                metrics,
                context.getProcessingTimeService());
    }

    private static Sender startSender(
            EmailSink sink, String name, HikariDataSource database, SinkMetrics metrics) {
        SmtpSettings transport = sink.transport();
        SenderGate gate = new SenderGate();
        metrics.showStopped(gate);
        CountDownLatch closing = new CountDownLatch(1);
        Outbox outbox = new Outbox(database, sink.cooldown());
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
                        outbox,
                        route,
                        delivery,
                        gate,
                        metrics,
                        closing);
        sender.start();
        return sender;
    }

    private static HikariDataSource connect(JdbcSettings settings, String name, int senders)
            throws IOException {
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setJdbcUrl(settings.url());
        config.setUsername(settings.user());
        config.setPassword(settings.password());
        config.setDriverClassName("org.postgresql.Driver");
        config.setMaximumPoolSize(senders + OTHER_CONNECTIONS);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(CONNECTION_TIMEOUT_MILLIS);
        // The journal must survive a crash of the database, whatever the server's default is.
        config.setConnectionInitSql("set synchronous_commit = on");
        config.addDataSourceProperty("ApplicationName", "seqpulse-" + name);
        config.addDataSourceProperty("tcpKeepAlive", "true");
        config.addDataSourceProperty("connectTimeout", "10");
        config.addDataSourceProperty("socketTimeout", "60");
        try {
            return new HikariDataSource(config);
        } catch (PoolInitializationException unreachable) {
            throw new IOException("the journal cannot be reached: " + settings, unreachable);
        }
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
            EmailCategory.of(entry.category());
            if (entry.suppressedFor() == null && entry.content() == null) {
                throw new IllegalArgumentException(
                        "an entry to be sent has no content: " + entry.dedupeKey());
            }
        }
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

    /** Journals what has been collected; a failure stays, as this writer can go on no more. */
    private void writeBatch() throws IOException {
        try {
            Journal.Outcome outcome = journal.write(batch);
            metrics.count(outcome);
            batch.clear();
            if (outcome.queued() > 0) {
                sender.ifPresent(Sender::wake);
            }
        } catch (SQLException failed) {
            failure = new IOException("emails could not be journalled", failed);
            throw failure;
        }
    }

    private void throwFailure() throws IOException {
        if (failure != null) {
            throw failure;
        }
        Optional<RuntimeException> bug = sender.map(Sender::failure);
        if (bug.isPresent()) {
            failure = new IOException("the email sender ended by a bug", bug.get());
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
