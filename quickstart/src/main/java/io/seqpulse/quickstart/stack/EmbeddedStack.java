package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.ApiAddress;
import io.seqpulse.cli.StateFolder;
import io.seqpulse.quickstart.access.HttpAccess;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything the job needs, real, in this JVM and on the loopback interface: PostgreSQL with the
 * project's schema, a Kafka broker, Kafka Connect with Debezium registered from {@code
 * connectors/debezium/seqpulse.json}, a Flink cluster that runs the job's jar, and an SMTP server
 * that keeps what it receives.
 *
 * <pre>{@code
 * try (EmbeddedStack stack = EmbeddedStack.builder().start()) {
 *     try (Connection product = stack.connect()) { ... }
 *     stack.mails().await(mail -> mail.code().equals("E-TRX-01"), Duration.ofSeconds(10));
 * }
 * }</pre>
 *
 * <p>When {@link EmbeddedStackBuilder#start()} returns, the connector and the job run and the first
 * clock message is on the log. {@link #close()} stops the parts in reverse order and leaves no
 * process, port or temporary folder.
 */
public final class EmbeddedStack implements AutoCloseable {

    /** The name by which the embedded database's server is known from any other. */
    public static final String DEMO_CLUSTER = "seqpulse-embedded";

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedStack.class);

    /** Writes what the product's database holds before changes are captured. */
    public interface History {
        /** Inserts it; called once for a state folder, with autocommit on. */
        void insert(Connection product) throws SQLException;
    }

    private final StateFolder state;
    private final Secrets secrets;
    private final ConnectionFiles files;
    private final Alarms alarms;
    private final Supervision supervision;
    private final EmbeddedParts parts;
    private Duration startUp;
    private boolean closed;

    EmbeddedStack(EmbeddedStackBuilder options) {
        state = options.openFolder();
        secrets = Secrets.of(state);
        files = new ConnectionFiles(state.root());
        alarms = new Alarms(options.alarms);
        supervision = new Supervision(alarms, options.notices);
        parts = new EmbeddedParts(options, state, secrets, files, supervision, alarms);
    }

    /** A stack with the settings of {@code ./lifecycle up} and no history. */
    public static EmbeddedStackBuilder builder() {
        return new EmbeddedStackBuilder();
    }

    void start() throws IOException, InterruptedException {
        long begun = System.nanoTime();
        Instant begunAt = Instant.now();
        supervision.superviseFolder(state.root());
        parts.start();
        parts.writeConnectionFiles();
        supervision.superviseCapture(parts.connect(), this::connect);
        supervision.superviseDeadLetters(kafkaClient(), begunAt, listLettersCommand());
        startUp = Duration.ofNanos(System.nanoTime() - begun);
        LOG.info("Up after {} ms", startUp.toMillis());
    }

    /** A new connection as the product has one: owner of its tables, autocommit on. */
    public Connection connect() throws SQLException {
        return parts.connectToDatabase();
    }

    /**
     * The SMTP server and what it received.
     *
     * @throws IllegalStateException on somebody's own database, where there is none
     */
    public MailServer mails() {
        return parts.mails()
                .orElseThrow(
                        () ->
                                new IllegalStateException(
                                        "this stack has no mail server of its own"));
    }

    /** What the journal says, read as the product's owner. */
    public Journal journal() {
        return new Journal(this::connect);
    }

    /** The change log from its beginning; close it. */
    public ChangeTopic changes() {
        return ChangeTopic.fromStart(kafkaClient());
    }

    /** Where Kafka listens; it asks for a login: {@link #kafkaClient()}. */
    public String bootstrapServers() {
        return parts.kafka().bootstrapServers();
    }

    /** What a client of Kafka needs: where it is, and how to log in. */
    public Map<String, String> kafkaClient() {
        return parts.kafka().client();
    }

    /** Where Kafka's broker and its controller listen. */
    List<Integer> kafkaPorts() {
        return parts.kafka().ports();
    }

    /** JDBC URL of the product's database; user {@code postgres}. */
    public String jdbcUrl() {
        return parts.database().jdbcUrl();
    }

    /** Port of PostgreSQL. */
    public int postgresPort() {
        return parts.database().port();
    }

    /** A password file for {@code psql}, readable by its owner only. */
    public Path passwordFile() {
        return files.postgres();
    }

    /**
     * Where Kafka is and how to log in, for its tools and {@code ./lifecycle deadletters}, while
     * the stack is up; readable by its owner only.
     */
    public Path kafkaFile() {
        return files.kafka();
    }

    /**
     * Flink's web UI and REST interface, which asks for a password ({@link #access()}), or empty in
     * a stack without a job.
     */
    public Optional<URI> flinkUrl() {
        return parts.flink().map(FlinkCluster::rest);
    }

    /**
     * Flink's metrics and the job's, for Prometheus, which ask for a password of their own ({@link
     * #metricsPasswordFile()}), or empty in a stack without a job.
     */
    public Optional<URI> metricsUrl() {
        return parts.flink()
                .map(
                        up ->
                                URI.create(
                                        "http://127.0.0.1:%s/metrics"
                                                .formatted(parts.metricsPort())));
    }

    /** Where the HTTP service answers and with which token, or empty in a stack without one. */
    public Optional<ApiAddress> api() {
        return parts.api().map(ApiService::address);
    }

    /** What to type to see how the connector is. */
    public String connectorStatusCommand() {
        return parts.connect().statusCommand();
    }

    /** Kafka Connect's REST interface, which asks for a password: {@link #access()}. */
    public URI connectUrl() {
        return parts.connect().rest();
    }

    /** Opens Flink's and Kafka Connect's interfaces, which ask for a password. */
    public HttpAccess access() {
        return HttpAccess.with(secrets.http());
    }

    /** The password alone, readable by its owner only. */
    public Path httpPasswordFile() {
        return state.root().resolve(Secrets.HTTP_PASSWORD);
    }

    /** What curl needs for them, readable by its owner only. */
    public Path netrc() {
        return state.root().resolve(Secrets.NETRC);
    }

    /** What Prometheus needs for the metrics, readable by its owner only. */
    public Path metricsPasswordFile() {
        return state.root().resolve(Secrets.METRICS_PASSWORD);
    }

    /** What to type to see the dead letters. */
    public String listLettersCommand() {
        return "./lifecycle deadletters list --state '%s'".formatted(folder());
    }

    /** The folder with everything the stack wrote. */
    public Path folder() {
        return state.root();
    }

    /** How long it took until everything ran, history included. */
    public Duration startUp() {
        return startUp;
    }

    /** What went wrong and was or was not repaired, oldest first. */
    public List<String> alarms() {
        return alarms.raised();
    }

    /** Whether connector and job run. */
    public boolean runs() throws IOException, InterruptedException {
        Optional<FlinkCluster> flink = parts.flink();
        return parts.connect().status().isRunning() && (flink.isEmpty() || flink.get().runs());
    }

    /** Up to when the whole job has seen the log, or empty before it has seen any. */
    public Optional<Instant> watermark() throws IOException, InterruptedException {
        Optional<FlinkCluster> flink = parts.flink();
        return flink.isEmpty() ? Optional.empty() : flink.get().watermark();
    }

    /**
     * Waits until every operator of the job has passed a time of the log: what is due before it, by
     * changes committed before it, is decided then.
     *
     * @return false when it took longer
     */
    public boolean awaitWatermark(Instant time, Duration atMost)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + atMost.toNanos();
        while (watermark().filter(time::isBefore).isEmpty()) {
            if (System.nanoTime() > end) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        return true;
    }

    /** Stops the job alone, with a savepoint; {@link #resumeJob()} continues from it. */
    public Path stopJob() throws InterruptedException {
        return parts.flink().orElseThrow().stopWithSavepoint();
    }

    /** Starts the job again from its newest savepoint or checkpoint and waits until it runs. */
    public void resumeJob() throws IOException, InterruptedException {
        parts.resumeJob();
    }

    /**
     * Starts the job, which was stopped, with nothing remembered: it reads the log from its
     * beginning. Waits until it runs.
     *
     * @param jobSettings keys of its configuration, over what the stack sets
     */
    public void beginJobAnew(Map<String, String> jobSettings)
            throws IOException, InterruptedException {
        parts.beginJobAnew(jobSettings);
    }

    /** The database server's processes. */
    List<ProcessHandle> serverProcesses() {
        return parts.database().processes();
    }

    /** Samples how much memory this JVM and the server's processes hold. */
    public ResidentMemory memory() {
        return new ResidentMemory(parts.database()::processes);
    }

    /**
     * Stops every part in reverse order, and waits for none of them for ever; a second call does
     * nothing.
     *
     * @throws StackException if a part did not stop cleanly, or in time; the others were stopped
     *     all the same
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        BoundedCloser closer = new BoundedCloser();
        supervision.close(closer);
        files.remove(closer);
        parts.close(closer);
        closer.close("the state folder", state);
        closer.throwFailures();
    }
}
