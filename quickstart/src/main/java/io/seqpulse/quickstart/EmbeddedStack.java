package io.seqpulse.quickstart;

import io.seqpulse.cli.ApiAddress;
import io.seqpulse.cli.CommandException;
import io.seqpulse.cli.StateFolder;
import io.seqpulse.cli.database.DatabaseAddress;
import io.seqpulse.cli.database.ReplicationSlot;
import io.seqpulse.cli.deadletters.LetterWatch;
import io.seqpulse.quickstart.access.HttpAccess;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.flink.api.common.JobStatus;
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
 * <p>When {@link Builder#start()} returns, the connector and the job run and the first clock
 * message is on the log. {@link #close()} stops the parts in reverse order and leaves no process,
 * port or temporary folder.
 */
public final class EmbeddedStack implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedStack.class);

    /** The name by which the embedded database's server is known from any other. */
    public static final String DEMO_CLUSTER = "seqpulse-embedded";

    /** Who reads from another stops before it. */
    private static final List<String> STOPPED_IN_ORDER =
            List.of("API", "Flink", "Kafka Connect", "Kafka", "PostgreSQL", "SMTP");

    /** One for each watch. */
    private static final int WATCHES = 9;

    /** After it, a start that still waits says what for. */
    private static final Duration SILENCE = Duration.ofSeconds(10);

    /** How long closing waits for a part; the job may have to write a savepoint first. */
    private static final Duration STOPPING = Duration.ofSeconds(90);

    private static final Duration STOPPING_THE_JOB = Duration.ofMinutes(4);

    /** Before the job is submitted again that Kafka has not answered in time. */
    private static final Duration SUBMITTED_AGAIN = Duration.ofSeconds(1);

    /** A failure with the cause of the one before it is no news within it. */
    private static final Duration REPEATED = Duration.ofMinutes(1);

    private final Builder settings;
    private final StateFolder state;
    private final Secrets secrets;
    private final List<CompletableFuture<?>> beginnings = new ArrayList<>();
    private final Map<String, AutoCloseable> started = new ConcurrentHashMap<>();
    private final List<String> alarms = new CopyOnWriteArrayList<>();
    private final ScheduledExecutorService watch = new Watches(WATCHES, EmbeddedStack::daemon);
    private Database database;
    private KafkaBroker kafka;
    private ConnectWorker connect;
    private FlinkCluster flink;
    private MailServer mails;
    private ApiService api;
    private LetterWatch letters;
    private Duration startUp;
    private volatile boolean captureLost;
    private volatile boolean givenUp;
    private final AtomicReference<Throwable> firstFailure = new AtomicReference<>();
    private boolean closed;
    private Instant failuresTold = Instant.EPOCH;
    private String causeTold = "";
    private int metricsPort;

    private EmbeddedStack(Builder settings) {
        this.settings = settings;
        this.state =
                settings.stateFolder == null
                        ? StateFolder.temporary()
                        : StateFolder.kept(settings.stateFolder);
        this.secrets = Secrets.of(state);
    }

    /** A stack with the settings of {@code ./lifecycle up} and no history. */
    public static Builder builder() {
        return new Builder();
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "stack");
        thread.setDaemon(true);
        return thread;
    }

    private void start() throws Exception {
        long begun = System.nanoTime();
        Instant begunAt = Instant.now();
        new FreeRoom(state.root(), this::alarm, settings.notices).watchOn(watch);
        Ports ports = new Ports(settings.notices);
        boolean embedded = settings.address == null;
        if (embedded && PostgresServer.stopLeftOver(state)) {
            settings.notices.accept(
                    "stopped the PostgreSQL of an earlier run of this folder, which was killed");
        }
        int postgresPort =
                embedded
                        ? ports.choose(
                                "PostgreSQL", "--postgres-port", settings.postgresPort, 54320)
                        : 0;
        int flinkPort = ports.choose("Flink", "--flink-port", settings.flinkPort, 8081);
        int smtpPort = embedded ? ports.choose("SMTP", "--smtp-port", settings.smtpPort, 3025) : 0;
        metricsPort =
                ports.choose(
                        "metrics",
                        "--metrics-port",
                        settings.metricsPort,
                        FlinkSettings.METRICS_PORT);
        int kafkaPort = ports.free();
        int controllerPort = ports.free();
        int connectPort = ports.free();
        Optional<Integer> apiPort =
                settings.withApi
                        ? Optional.of(ports.choose("the API", "--api-port", settings.apiPort, 8090))
                        : Optional.empty();
        Path home = settings.home();
        Optional<Path> jar = settings.jobJar();

        ExecutorService workers = Executors.newCachedThreadPool(EmbeddedStack::daemon);
        try {
            CompletableFuture<MailServer> mailsUp =
                    embedded
                            ? begin(
                                    workers,
                                    "SMTP",
                                    () ->
                                            mails =
                                                    MailServer.start(
                                                            smtpPort,
                                                            state.folder("mails"),
                                                            secrets.smtp()))
                            : CompletableFuture.completedFuture(null);
            CompletableFuture<Database> databaseUp =
                    begin(
                            workers,
                            "PostgreSQL",
                            () ->
                                    database =
                                            embedded
                                                    ? PostgresServer.start(
                                                            home, state, postgresPort, secrets)
                                                    : ExistingDatabase.open(
                                                            settings.address, state));
            CompletableFuture<KafkaBroker> kafkaUp =
                    begin(
                            workers,
                            "Kafka",
                            () ->
                                    kafka =
                                            KafkaBroker.start(
                                                    state.folder("kafka"),
                                                    kafkaPort,
                                                    controllerPort,
                                                    kafkaLogin()));
            CompletableFuture<ConnectWorker> connectUp =
                    kafkaUp.thenCompose(
                            broker ->
                                    begin(
                                            workers,
                                            "Kafka Connect",
                                            () ->
                                                    connect =
                                                            startConnect(
                                                                    connectPort, postgresPort)));
            CompletableFuture<FlinkCluster> flinkUp =
                    jar.isEmpty()
                            ? CompletableFuture.completedFuture(null)
                            : begin(workers, "Flink", () -> flink = startFlink(flinkPort));
            CompletableFuture<Void> historyIn =
                    databaseUp.thenRunAsync(
                            () -> run("the demo history", this::insertHistory), workers);
            CompletableFuture<Void> jobSubmitted =
                    CompletableFuture.allOf(databaseUp, kafkaUp, mailsUp, flinkUp)
                            .thenRunAsync(
                                    () -> jar.ifPresent(file -> run("the job", () -> submit(file))),
                                    workers);
            CompletableFuture<Void> registered =
                    CompletableFuture.allOf(historyIn, connectUp)
                            .thenRunAsync(
                                    () -> run("change capture", this::captureChanges), workers);
            CompletableFuture<?> apiUp =
                    apiPort.isEmpty()
                            ? CompletableFuture.completedFuture(null)
                            : CompletableFuture.allOf(databaseUp, flinkUp)
                                    .thenCompose(
                                            ready ->
                                                    begin(
                                                            workers,
                                                            "API",
                                                            () -> api = startApi(apiPort.get())));
            List<CompletableFuture<?>> steps =
                    List.of(mailsUp, historyIn, jobSubmitted, registered, apiUp);
            for (CompletableFuture<?> step : steps) {
                var unused = step.whenComplete((done, failure) -> giveUpOn(failure));
            }
            awaitAll(steps);
            awaitJob();
            if (embedded) {
                StateFolder.writePrivately(
                        passwordFile(),
                        "127.0.0.1:%s:*:%s:%s%n"
                                .formatted(
                                        postgresPort,
                                        PostgresServer.SUPERUSER,
                                        secrets.postgres()));
            }
            kafkaLogin().write(kafkaFile(), kafka.bootstrapServers());
            if (api != null) {
                ApiAddress.write(state.root(), api.address());
            }
        } finally {
            workers.shutdown();
        }
        new ConnectSupervisor(connect, this::alarm).superviseOn(watch);
        new PublicationWatch(this::connect, connect.resnapshotCommand(), this::alarm)
                .watchOn(watch);
        String removal = "psql ... -c \"%s\"; ".formatted(ReplicationSlot.DROP);
        new SlotWatch(this::connect, connect.resnapshotCommand(removal), this::alarm)
                .watchOn(watch);
        letters =
                LetterWatch.of(
                        kafka.client(),
                        KafkaBroker.DEAD_LETTERS,
                        begunAt,
                        listLettersCommand(),
                        settings.notices);
        letters.watchOn(watch);
        startUp = Duration.ofNanos(System.nanoTime() - begun);
        LOG.info("Up after {} ms", startUp.toMillis());
    }

    /** Starts a part on a thread of its own. */
    private <T extends AutoCloseable> CompletableFuture<T> begin(
            ExecutorService workers, String name, Callable<T> starting) {
        synchronized (beginnings) {
            if (givenUp) {
                return CompletableFuture.failedFuture(
                        new StackException(name + " is not started, as the start was given up"));
            }
            CompletableFuture<T> beginning =
                    CompletableFuture.supplyAsync(() -> started(name, starting), workers);
            beginnings.add(beginning);
            return beginning;
        }
    }

    private <T extends AutoCloseable> T started(String name, Callable<T> starting) {
        long begun = System.nanoTime();
        T part;
        try {
            part = starting.call();
        } catch (Exception e) {
            throw new CompletionException(named(name, e));
        }
        started.put(name, part);
        LOG.info("{} up after {} ms", name, (System.nanoTime() - begun) / 1_000_000);
        return part;
    }

    /** Nobody need wait for the rest when one step failed. */
    private void giveUpOn(Throwable failure) {
        if (failure != null) {
            if (firstFailure.compareAndSet(null, failure)) {
                LOG.error("The stack does not start", failure);
            }
            givenUp = true;
        }
    }

    /** A part that is just starting can only be stopped once it has. */
    private void awaitBeginnings() {
        List<CompletableFuture<?>> all;
        synchronized (beginnings) {
            all = List.copyOf(beginnings);
        }
        try {
            CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                    .handle((part, failure) -> null)
                    .completeOnTimeout(null, STOPPING.toMillis(), TimeUnit.MILLISECONDS)
                    .get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a failure was handled before", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // what has started by now is stopped
        }
    }

    private static void run(String name, Step step) {
        try {
            step.run();
        } catch (Exception e) {
            throw new CompletionException(named(name, e));
        }
    }

    /** A failure that says of which part it is; ours do already. */
    private static Exception named(String part, Exception failure) {
        return failure instanceof StackException || failure instanceof InterruptedException
                ? failure
                : new StackException(
                        "%s did not start: %s".formatted(part, FlinkCluster.rootMessage(failure)),
                        failure);
    }

    /** Waits for all; the first failure is thrown as soon as everything begun has ended. */
    private void awaitAll(List<CompletableFuture<?>> steps) throws Exception {
        Future<Void> all = CompletableFuture.allOf(steps.toArray(CompletableFuture[]::new));
        try {
            all.get();
        } catch (ExecutionException e) {
            // What was not started because of it is no news.
            Throwable cause = firstFailure.get() == null ? e.getCause() : firstFailure.get();
            while (cause instanceof CompletionException && cause.getCause() != null) {
                cause = cause.getCause();
            }
            if (cause instanceof Exception failure) {
                throw failure;
            }
            throw e;
        }
    }

    private ConnectWorker startConnect(int connectPort, int postgresPort) throws IOException {
        return ConnectWorker.start(
                state.root(),
                kafka.bootstrapServers(),
                kafkaLogin(),
                connectPort,
                UUID.randomUUID().toString(),
                settings.address == null
                        ? PostgresServer.connectorVariables(postgresPort, secrets)
                        : ExistingDatabase.connectorVariables(settings.address));
    }

    private FlinkCluster startFlink(int port) throws Exception {
        FlinkCluster cluster =
                FlinkCluster.start(
                        state, secrets, port, metricsPort, settings.flinkSettings, this::alarm);
        new ClusterWatch(cluster, this::alarm).watchOn(watch);
        new MailWatch(cluster::halt, this::alarm, settings.notices).watchOn(watch);
        new JournalWatch(
                        cluster::journalWaits,
                        () -> JournalLock.inWords(this::connect),
                        this::alarm,
                        settings.notices)
                .watchOn(watch);
        var unused =
                watch.scheduleWithFixedDelay(() -> tellFailures(cluster), 1, 1, TimeUnit.SECONDS);
        return cluster;
    }

    private ApiService startApi(int port) {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("LIFECYCLE_API_PORT", Integer.toString(port));
        environment.put("LIFECYCLE_API_DATABASE_URL", database.jdbcUrl());
        environment.put("LIFECYCLE_API_DATABASE_USER", database.readers().user());
        environment.put("LIFECYCLE_API_DATABASE_PASSWORD", database.readers().password());
        environment.put("LIFECYCLE_API_SUPPORT_USER", database.support().user());
        environment.put("LIFECYCLE_API_SUPPORT_PASSWORD", database.support().password());
        if (state.kept()) {
            environment.put("LIFECYCLE_API_STATE_DIR", state.root().toString());
        }
        environment.put("LIFECYCLE_API_TOKENS", "up:operator:" + secrets.api());
        flinkUrl()
                .ifPresent(
                        url -> {
                            environment.put("LIFECYCLE_API_FLINK_URL", url.toString());
                            environment.put("LIFECYCLE_API_FLINK_USER", HttpAccess.USER);
                            environment.put("LIFECYCLE_API_FLINK_PASSWORD", secrets.http());
                        });
        settings.rules.ifPresent(
                rules ->
                        environment.put(
                                "LIFECYCLE_API_RULES_DIR", rules.toAbsolutePath().toString()));
        return ApiService.start(settings.apiJar(), environment, port, secrets.api());
    }

    private void insertHistory() throws SQLException {
        if (settings.history != null && !Files.exists(state.root().resolve("history"))) {
            try (Connection product = database.connect()) {
                settings.history.insert(product);
            }
            try {
                Files.createFile(state.root().resolve("history"));
            } catch (IOException e) {
                throw new StackException(state.root() + " cannot be written", e);
            }
        }
    }

    private void captureChanges() throws IOException, InterruptedException, SQLException {
        try (ChangeTopic topic = ChangeTopic.fromNow(kafka.client())) {
            connect.register(
                    settings.home().resolve("connectors/debezium/seqpulse.json"),
                    database.connectorSettings(),
                    settings.patience,
                    () -> givenUp);
            long end = System.nanoTime() + settings.patience.toNanos();
            while (!givenUp && topic.next(ChangeTopic::isClock, Duration.ofMillis(200)).isEmpty()) {
                ConnectWorker.Status status = statusOfConnector();
                if (ConnectSupervisor.needsSomebody(status.trace())
                        || SlotWatch.isLost(database::connect)) {
                    // The alarm names the command, and it takes the rest to be up to type it.
                    captureLost = true;
                    break;
                }
                if (status.hasFailed()) {
                    throw new StackException(
                            "change capture failed: "
                                    + ConnectSupervisor.rootCause(status.trace()));
                }
                if (System.nanoTime() > end) {
                    throw new StackException(
                            "no clock message came within %ss; the connector is %s"
                                    .formatted(settings.patience.toSeconds(), status.state()));
                }
            }
        }
        database.captured();
    }

    /** A worker that is busy starting may take its time to answer. */
    private ConnectWorker.Status statusOfConnector() throws InterruptedException {
        try {
            return connect.status();
        } catch (IOException busy) {
            LOG.info("Kafka Connect does not answer yet: {}", busy.getMessage());
            return new ConnectWorker.Status("not known", "");
        }
    }

    private void submit(Path jar) throws IOException, InterruptedException {
        Properties job = new Properties();
        job.setProperty("kafka.bootstrap.servers", kafka.bootstrapServers());
        kafkaLogin().write(jobsKafkaFile(), kafka.bootstrapServers());
        job.setProperty("kafka.properties-file", jobsKafkaFile().toString());
        job.setProperty("kafka.topic", KafkaBroker.CHANGES);
        job.setProperty("kafka.dead-letter-topic", KafkaBroker.DEAD_LETTERS);
        job.setProperty("database.url", database.jdbcUrl());
        job.setProperty("database.user", database.job().user());
        job.setProperty("database.password", database.job().password());
        if (mails == null) {
            job.setProperty("rules.mode", "shadow");
            job.setProperty("email.provider", "console");
        } else {
            job.setProperty("smtp.host", "127.0.0.1");
            job.setProperty("smtp.port", Integer.toString(mails.port()));
            job.setProperty("smtp.security", "none");
            job.setProperty("smtp.user", LoopbackSmtp.USER);
            job.setProperty("smtp.password", secrets.smtp());
            job.setProperty("email.provider", "smtp");
        }
        job.setProperty("email.from", "SEQPULSE <notifications@seqpulse.example>");
        job.setProperty("frontend.url", "https://app.seqpulse.example");
        job.setProperty("public.url", "https://lifecycle.seqpulse.example");
        job.setProperty("link.secret", secrets.link());
        settings.rules.ifPresent(
                rules -> job.setProperty("rules.dir", rules.toAbsolutePath().toString()));
        job.putAll(settings.jobSettings);
        StringWriter text = new StringWriter();
        job.store(text, "Settings of the job");
        Path file = state.root().resolve("job.properties");
        StateFolder.writePrivately(file, text.toString());
        new KafkaPatience(settings.patience, SUBMITTED_AGAIN, () -> givenUp)
                .submit(() -> flink.submit(jar, "--config", file.toString()));
    }

    private void awaitJob() throws InterruptedException {
        if (flink == null) {
            return;
        }
        long begun = System.nanoTime();
        boolean told = false;
        while (!jobRuns()) {
            flink.passOverUnrestored();
            Optional<JobStatus> status = flink.status();
            long waited = System.nanoTime() - begun;
            if (status.filter(JobStatus::isGloballyTerminalState).isPresent()
                    || waited > settings.patience.toNanos()) {
                throw new StackException(
                        "the job does not run (%s, %s): %s"
                                .formatted(
                                        status.map(JobStatus::name).orElse("unknown"),
                                        flink.origin(),
                                        flink.newestFailure()
                                                .map(FlinkCluster.Failure::cause)
                                                .orElse("no failure reported")));
            }
            if (!told && waited > SILENCE.toNanos()) {
                told = true;
                settings.notices.accept(
                        "waiting for the job to run and to read the log; it started "
                                + flink.origin());
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private boolean jobRuns() throws InterruptedException {
        try {
            return flink.runs() && (captureLost || flink.watermark().isPresent());
        } catch (IOException busy) {
            LOG.info("Flink does not answer yet: {}", busy.getMessage());
            return false;
        }
    }

    private void tellFailures(FlinkCluster cluster) {
        try {
            Optional<FlinkCluster.Failure> newest = cluster.newestFailure();
            if (newest.isPresent() && newest.get().at().isAfter(failuresTold)) {
                String cause = newest.get().cause();
                boolean repeated =
                        cause.equals(causeTold)
                                && newest.get().at().isBefore(failuresTold.plus(REPEATED));
                failuresTold = newest.get().at();
                causeTold = cause;
                if (!repeated) {
                    alarm("the job failed and is restarted until it runs: " + cause);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void alarm(String text) {
        alarms.add(text);
        settings.alarms.accept(text);
    }

    /** A new connection as the product has one: owner of its tables, autocommit on. */
    public Connection connect() throws SQLException {
        return database.connect();
    }

    /**
     * The SMTP server and what it received.
     *
     * @throws IllegalStateException on somebody's own database, where there is none
     */
    public MailServer mails() {
        if (mails == null) {
            throw new IllegalStateException("this stack has no mail server of its own");
        }
        return mails;
    }

    /** What the journal says, read as the product's owner. */
    public Journal journal() {
        return new Journal(this::connect);
    }

    /** The change log from its beginning; close it. */
    public ChangeTopic changes() {
        return ChangeTopic.fromStart(kafka.client());
    }

    /** Where Kafka listens; it asks for a login: {@link #kafkaClient()}. */
    public String bootstrapServers() {
        return kafka.bootstrapServers();
    }

    /** What a client of Kafka needs: where it is, and how to log in. */
    public Map<String, String> kafkaClient() {
        return kafka.client();
    }

    /** Where Kafka's broker and its controller listen. */
    List<Integer> kafkaPorts() {
        return kafka.ports();
    }

    /** JDBC URL of the product's database; user {@code postgres}. */
    public String jdbcUrl() {
        return database.jdbcUrl();
    }

    /** Port of PostgreSQL. */
    public int postgresPort() {
        return database.port();
    }

    /** A password file for {@code psql}, readable by its owner only. */
    public Path passwordFile() {
        return state.root().resolve("pgpass");
    }

    private KafkaLogin kafkaLogin() {
        return new KafkaLogin(secrets.kafka());
    }

    /**
     * Where Kafka is and how to log in, for its tools and {@code ./lifecycle deadletters}, while
     * the stack is up; readable by its owner only.
     */
    public Path kafkaFile() {
        return state.root().resolve("kafka.properties");
    }

    /** The same for the job, which is submitted before the stack is up. */
    private Path jobsKafkaFile() {
        return state.root().resolve("job.kafka.properties");
    }

    /**
     * Flink's web UI and REST interface, which asks for a password ({@link #access()}), or empty in
     * a stack without a job.
     */
    public Optional<URI> flinkUrl() {
        return Optional.ofNullable(flink).map(FlinkCluster::rest);
    }

    /**
     * Flink's metrics and the job's, for Prometheus, which ask for a password of their own ({@link
     * #metricsPasswordFile()}), or empty in a stack without a job.
     */
    public Optional<URI> metricsUrl() {
        return Optional.ofNullable(flink)
                .map(up -> URI.create("http://127.0.0.1:%s/metrics".formatted(metricsPort)));
    }

    /** Where the HTTP service answers and with which token, or empty in a stack without one. */
    public Optional<ApiAddress> api() {
        return Optional.ofNullable(api).map(ApiService::address);
    }

    /** What to type to see how the connector is. */
    String connectorStatusCommand() {
        return connect.statusCommand();
    }

    /** Kafka Connect's REST interface, which asks for a password: {@link #access()}. */
    public URI connectUrl() {
        return connect.rest();
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
    String listLettersCommand() {
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
        return List.copyOf(alarms);
    }

    /** Whether connector and job run. */
    public boolean runs() throws IOException, InterruptedException {
        return connect.status().isRunning() && (flink == null || flink.runs());
    }

    /** Up to when the whole job has seen the log, or empty before it has seen any. */
    public Optional<Instant> watermark() throws IOException, InterruptedException {
        return flink == null ? Optional.empty() : flink.watermark();
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
        return flink.stopWithSavepoint();
    }

    /** Starts the job again from its newest savepoint or checkpoint and waits until it runs. */
    public void resumeJob() throws IOException, InterruptedException {
        submit(settings.jobJar().orElseThrow());
        awaitJob();
    }

    /**
     * Starts the job, which was stopped, with nothing remembered: it reads the log from its
     * beginning. Waits until it runs.
     *
     * @param jobSettings keys of its configuration, over what the stack sets
     */
    public void beginJobAnew(Map<String, String> jobSettings)
            throws IOException, InterruptedException {
        state.forgetJob();
        settings.jobSettings.putAll(jobSettings);
        resumeJob();
    }

    /** The database server's processes. */
    List<ProcessHandle> serverProcesses() {
        return database.processes();
    }

    /** Samples how much memory this JVM and the server's processes hold. */
    public ResidentMemory memory() {
        return new ResidentMemory(database::processes);
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
        givenUp = true;
        watch.shutdownNow();
        awaitBeginnings();
        List<Throwable> failures = new ArrayList<>();
        if (letters != null) {
            stop("the watch of dead letters", letters::close, failures);
        }
        stop("Kafka's address", () -> Files.deleteIfExists(kafkaFile()), failures);
        stop("the API's address", () -> ApiAddress.remove(state.root()), failures);
        if (flink != null) {
            stop("the job", STOPPING_THE_JOB, this::stopTheJob, failures);
        }
        for (String name : STOPPED_IN_ORDER) {
            AutoCloseable part = started.get(name);
            if (part != null) {
                stop(name, part::close, failures);
            }
        }
        stop("the state folder", state::close, failures);
        if (!failures.isEmpty()) {
            StackException failure =
                    new StackException(
                            "not everything stopped cleanly: " + failures.get(0).getMessage(),
                            failures.get(0));
            failures.stream().skip(1).forEach(failure::addSuppressed);
            throw failure;
        }
    }

    /**
     * Ends what stacks of this JVM started outside of it, without any order, because the JVM itself
     * is about to end.
     *
     * @param folder a state folder, or one with temporary ones in it
     */
    static void endProcesses(Path folder) {
        // What is being started first, so that it starts nothing more.
        ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
        List<Path> roots = new ArrayList<>(List.of(folder));
        try (DirectoryStream<Path> temporary = Files.newDirectoryStream(folder, "seqpulse-*")) {
            temporary.forEach(roots::add);
        } catch (IOException gone) {
            LOG.debug("{} cannot be read", folder, gone);
        }
        roots.forEach(PostgresServer::kill);
    }

    private void stopTheJob() throws InterruptedException {
        Optional<JobStatus> status = flink.status();
        if (status.isEmpty() || status.get().isGloballyTerminalState()) {
            return;
        }
        if (!state.kept()) {
            flink.cancel();
            return;
        }
        try {
            LOG.info("Job stopped with savepoint {}", flink.stopWithSavepoint());
        } catch (StackException e) {
            LOG.warn("No savepoint, the last checkpoint stands: {}", e.getMessage());
            flink.cancel();
        }
    }

    private static void stop(String name, Step stopping, List<Throwable> failures) {
        stop(name, STOPPING, stopping, failures);
    }

    /** On a thread of its own, which is left behind when it takes longer than it may. */
    static void stop(String name, Duration atMost, Step stopping, List<Throwable> failures) {
        long begun = System.nanoTime();
        FutureTask<Void> task =
                new FutureTask<>(
                        () -> {
                            stopping.run();
                            return null;
                        });
        Thread thread = daemon(task);
        thread.start();
        boolean interrupted = false;
        while (true) {
            try {
                task.get(begun + atMost.toNanos() - System.nanoTime(), TimeUnit.NANOSECONDS);
                LOG.info("{} stopped in {} ms", name, (System.nanoTime() - begun) / 1_000_000);
            } catch (InterruptedException e) {
                interrupted = true; // all the more it is to stop
                continue;
            } catch (TimeoutException e) {
                StackException late =
                        new StackException(
                                "%s did not stop within %s s".formatted(name, atMost.toSeconds()));
                late.setStackTrace(thread.getStackTrace());
                LOG.error("{} is left behind", name, late);
                task.cancel(true);
                failures.add(late);
            } catch (ExecutionException e) { // the other parts must be stopped all the same
                LOG.error("{} did not stop cleanly", name, e.getCause());
                failures.add(e.getCause());
            }
            break;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    interface Step {
        void run() throws Exception;
    }

    /** Writes what the product's database holds before changes are captured. */
    public interface History {
        /** Inserts it; called once for a state folder, with autocommit on. */
        void insert(Connection product) throws SQLException;
    }

    /** What a stack is to be. Every setting has a default. */
    public static final class Builder {

        private Path home;
        private DatabaseAddress address;
        private Path stateFolder;
        private Path jar;
        private boolean withJob = true;
        private Integer postgresPort = 0;
        private Integer flinkPort = 0;
        private Integer smtpPort = 0;
        private boolean withApi;
        private Integer apiPort = 0;
        private Integer metricsPort = 0;
        private Optional<Path> rules = Optional.empty();
        private History history;
        private Duration patience = Duration.ofMinutes(5);
        private Consumer<String> notices = text -> LOG.info("{}", text);
        private Consumer<String> alarms = text -> LOG.error("{}", text);
        private final Map<String, String> jobSettings = new LinkedHashMap<>();
        private final Map<String, String> flinkSettings = new LinkedHashMap<>();

        private Builder() {}

        /** The repository; default: system property {@code lifecycle.home}, else this folder. */
        public Builder home(Path folder) {
            home = folder;
            return this;
        }

        /** Keeps state in a folder and continues from it; default: a temporary one. */
        public Builder state(Path folder) {
            stateFolder = folder;
            return this;
        }

        /** The job's jar; default: the newest {@code job/target/job-*.jar}. */
        public Builder jobJar(Path file) {
            jar = file;
            return this;
        }

        /** Neither Flink nor a job: the log and the mail server alone. */
        public Builder withoutJob() {
            withJob = false;
            return this;
        }

        /** Replaces catalogue and templates of the job. */
        public Builder rules(Path folder) {
            rules = Optional.of(folder);
            return this;
        }

        /** One key of the job's configuration, over what the stack sets. */
        public Builder jobSetting(String key, String value) {
            jobSettings.put(key, value);
            return this;
        }

        /** One key of Flink's configuration, over what the stack sets. */
        public Builder flinkSetting(String key, String value) {
            flinkSettings.put(key, value);
            return this;
        }

        /**
         * Runs on somebody's own database instead of an embedded one, without a mail server and in
         * shadow unless job settings say otherwise. What the job needs there must have been made.
         */
        public Builder database(DatabaseAddress somebodys) {
            address = somebodys;
            return this;
        }

        /** What is in the embedded database before changes are captured. */
        public Builder history(History rows) {
            history = rows;
            return this;
        }

        /** 0: any free one (default); null: 54320 or, when that is taken, any. */
        public Builder postgresPort(Integer port) {
            postgresPort = port;
            return this;
        }

        /** 0: any free one (default); null: 8081 or, when that is taken, any. */
        public Builder flinkPort(Integer port) {
            flinkPort = port;
            return this;
        }

        /** 0: any free one (default); null: 9249 or, when that is taken, any. */
        public Builder metricsPort(Integer port) {
            metricsPort = port;
            return this;
        }

        /** 0: any free one (default); null: 3025 or, when that is taken, any. */
        public Builder smtpPort(Integer port) {
            smtpPort = port;
            return this;
        }

        /** With the HTTP service; 0: at any free port; null: 8090 or, when that is taken, any. */
        public Builder api(Integer port) {
            withApi = true;
            apiPort = port;
            return this;
        }

        /** Told about ports that differ from the preferred ones; default: the log. */
        public Builder onNotice(Consumer<String> listener) {
            notices = listener;
            return this;
        }

        /** Told when a part failed while the stack is up; default: the log. */
        public Builder onAlarm(Consumer<String> listener) {
            alarms = listener;
            return this;
        }

        /**
         * Starts everything and waits until it runs.
         *
         * @throws CommandException if something is missing or does not start; nothing is left
         *     behind
         */
        public EmbeddedStack start() throws InterruptedException {
            if (address != null && history != null) {
                throw new StackException("demo history goes into the embedded database only");
            }
            EmbeddedStack stack = new EmbeddedStack(this);
            try {
                stack.start();
                return stack;
            } catch (InterruptedException | CommandException e) {
                closeAfter(stack, e);
                throw e;
            } catch (Exception e) { // libraries' starts declare it; none may leave a part behind
                closeAfter(stack, e);
                throw new StackException(
                        "the stack did not start: " + FlinkCluster.rootMessage(e), e);
            }
        }

        private static void closeAfter(EmbeddedStack stack, Exception failure) {
            try {
                stack.close();
            } catch (StackException e) {
                failure.addSuppressed(e);
            }
        }

        private Path home() {
            if (home != null) {
                return home;
            }
            return Path.of(System.getProperty("lifecycle.home", "")).toAbsolutePath();
        }

        private Optional<Path> jobJar() {
            if (!withJob) {
                return Optional.empty();
            }
            if (jar != null) {
                return Optional.of(jar);
            }
            return Optional.of(new BuiltJars(home()).newest("job"));
        }

        private Path apiJar() {
            return new BuiltJars(home()).newest("api");
        }
    }
}
