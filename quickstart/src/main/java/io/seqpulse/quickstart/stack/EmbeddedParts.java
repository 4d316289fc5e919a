package io.seqpulse.quickstart.stack;

import static io.seqpulse.quickstart.stack.Part.service;
import static io.seqpulse.quickstart.stack.Part.task;

import io.seqpulse.cli.CommandException;
import io.seqpulse.cli.StateFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** The parts of an {@link EmbeddedStack}: which there are, and how each is started. */
final class EmbeddedParts {

    private static final String SMTP = "SMTP";
    private static final String POSTGRESQL = "PostgreSQL";
    private static final String KAFKA = "Kafka";
    private static final String CONNECT = "Kafka Connect";
    private static final String FLINK = "Flink";
    private static final String API = "API";
    private static final String EMAILS = "the page of emails";
    private static final String HISTORY = "the demo history";
    private static final String CAPTURE = "change capture";
    private static final String JOB = "the job";

    /** So long a part may take to answer another on a slow machine. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** It may have to write a savepoint first. */
    private static final Duration STOPPING_THE_JOB = Duration.ofMinutes(4);

    private final EmbeddedStackBuilder options;
    private final StateFolder state;
    private final Secrets secrets;
    private final Supervision supervision;
    private final Alarms alarms;
    private final ConnectionFiles files;
    private final PartGraph graph;
    private StackPorts ports;
    private Optional<Path> jar = Optional.empty();
    private volatile MailServer mails;
    private volatile Database database;
    private volatile KafkaBroker kafka;
    private volatile ConnectWorker connect;
    private volatile FlinkCluster flink;
    private volatile Path emails;
    private volatile ApiService api;
    private volatile ChangeCapture capture;
    private volatile EmbeddedJob job;

    EmbeddedParts(
            EmbeddedStackBuilder options,
            StateFolder state,
            Secrets secrets,
            ConnectionFiles files,
            Supervision supervision,
            Alarms alarms) {
        this.options = options;
        this.state = state;
        this.secrets = secrets;
        this.files = files;
        this.supervision = supervision;
        this.alarms = alarms;
        this.graph = graph();
    }

    /** Closed from the last to the first: who reads from another stops before it. */
    private PartGraph graph() {
        boolean embedded = options.isDatabaseEmbedded();
        return new PartGraph(
                List.of(
                        service(SMTP, this::startMails).onlyIf(embedded),
                        service(POSTGRESQL, this::startDatabase),
                        service(KAFKA, this::startKafka),
                        service(CONNECT, this::startConnect).after(KAFKA),
                        service(FLINK, this::startFlink).onlyIf(options.withJob),
                        task(EMAILS, this::writeEmails).onlyIf(options.withApi && options.withJob),
                        service(API, this::startApi)
                                .after(POSTGRESQL, FLINK, EMAILS)
                                .onlyIf(options.withApi),
                        task(HISTORY, this::insertHistory).after(POSTGRESQL),
                        task(CAPTURE, this::captureChanges).after(HISTORY, CONNECT),
                        service(JOB, this::startJob)
                                .after(SMTP, POSTGRESQL, KAFKA, FLINK)
                                .closedWithin(STOPPING_THE_JOB)
                                .onlyIf(options.withJob)),
                BoundedCloser.AT_MOST);
    }

    /**
     * Starts all, and waits until the job runs.
     *
     * @throws StackException if something is missing or does not start
     */
    void start() throws IOException, InterruptedException {
        if (options.isDatabaseEmbedded() && PostgresServer.stopLeftOver(state)) {
            options.notices.accept(
                    "stopped the PostgreSQL of an earlier run of this folder, which was killed");
        }
        ports = StackPorts.choose(options);
        jar = options.jobJar();
        graph.start();
        if (job != null) {
            job.awaitRunning(capture::isLost);
        }
    }

    /** Says where the parts are, once they are up. */
    void writeConnectionFiles() throws IOException {
        if (options.isDatabaseEmbedded()) {
            files.writePostgres(ports.postgres(), secrets);
        }
        kafkaLogin().write(files.kafka(), kafka.bootstrapServers());
        if (api != null) {
            files.writeApi(api.address());
        }
    }

    /** Closes what is up, from the last to the first; what is just starting is waited for. */
    void close(BoundedCloser closer) {
        boolean all = graph.close(closer);
        if (!all && options.isDatabaseEmbedded()) {
            // the one part that is a process of its own, and would outlive this one
            closer.close(POSTGRESQL, () -> PostgresServer.kill(state.root()));
        }
    }

    private MailServer startMails() throws IOException {
        mails = MailServer.start(ports.smtp(), state.folder("mails"), secrets.smtp());
        return mails;
    }

    private Database startDatabase() throws IOException, SQLException {
        database =
                options.database.isPresent()
                        ? ExistingDatabase.open(options.database.get(), state)
                        : PostgresServer.start(options.home(), state, ports.postgres(), secrets);
        return database;
    }

    private KafkaBroker startKafka() throws Exception {
        kafka =
                KafkaBroker.start(
                        state.folder("kafka"), ports.kafka(), ports.controller(), kafkaLogin());
        return kafka;
    }

    private ConnectWorker startConnect() throws IOException {
        connect =
                ConnectWorker.start(
                        state.root(),
                        kafka.bootstrapServers(),
                        kafkaLogin(),
                        ports.connect(),
                        UUID.randomUUID().toString(),
                        options.database
                                .map(ExistingDatabase::connectorVariables)
                                .orElseGet(
                                        () ->
                                                PostgresServer.connectorVariables(
                                                        ports.postgres(), secrets)));
        return connect;
    }

    private FlinkCluster startFlink() throws Exception {
        flink =
                FlinkCluster.start(
                        state,
                        secrets,
                        ports.flink(),
                        ports.metrics(),
                        options.flinkSettings,
                        alarms);
        supervision.superviseFlink(flink, this::connectToDatabase);
        return flink;
    }

    /** For people to look at on the live page; without it the stack lacks nothing else. */
    private void writeEmails() throws IOException {
        try (JobEmails job = new JobEmails(jar.orElseThrow())) {
            Path page = files.emails();
            StateFolder.writePrivately(page, job.gallery(options.rules.orElse(null)));
            emails = page;
        } catch (CommandException | IllegalStateException e) {
            options.notices.accept("the live page has no page of emails: " + e.getMessage());
        }
    }

    private ApiService startApi() {
        int port = ports.api().orElseThrow();
        api =
                ApiService.start(
                        options.apiJar(),
                        ApiSettings.of(
                                port,
                                database,
                                flink().map(FlinkCluster::rest),
                                state,
                                secrets,
                                options.rules,
                                Optional.ofNullable(emails)),
                        port,
                        secrets.api());
        return api;
    }

    /** Once in the life of a state folder. */
    private void insertHistory() throws SQLException {
        Path inserted = state.root().resolve("history");
        if (options.history.isEmpty() || Files.exists(inserted)) {
            return;
        }
        try (Connection product = database.connect()) {
            options.history.get().insert(product);
        }
        try {
            Files.createFile(inserted);
        } catch (IOException e) {
            throw new StackException(state.root() + " cannot be written", e);
        }
    }

    private void captureChanges() throws IOException, InterruptedException, SQLException {
        capture = new ChangeCapture(connect, kafka, database, PATIENCE);
        capture.begin(
                options.home().resolve("connectors/debezium/seqpulse.json"), graph::isGivenUp);
    }

    private EmbeddedJob startJob() throws IOException, InterruptedException {
        kafkaLogin().write(files.jobsKafka(), kafka.bootstrapServers());
        JobSettings settings =
                new JobSettings(
                        kafka,
                        files.jobsKafka(),
                        database,
                        Optional.ofNullable(mails),
                        secrets,
                        options.rules,
                        options.jobSettings);
        job = new EmbeddedJob(flink, jar.orElseThrow(), settings, state, PATIENCE, options.notices);
        job.submit(graph::isGivenUp);
        return job;
    }

    /** Starts the job again, which was stopped, and waits until it runs. */
    void resumeJob() throws IOException, InterruptedException {
        job.submit(graph::isGivenUp);
        job.awaitRunning(capture::isLost);
    }

    /** The same with nothing remembered. */
    void beginJobAnew(Map<String, String> jobSettings) throws IOException, InterruptedException {
        job.forget(jobSettings);
        resumeJob();
    }

    private KafkaLogin kafkaLogin() {
        return new KafkaLogin(secrets.kafka());
    }

    Optional<MailServer> mails() {
        return Optional.ofNullable(mails);
    }

    Database database() {
        return database;
    }

    Connection connectToDatabase() throws SQLException {
        return database.connect();
    }

    KafkaBroker kafka() {
        return kafka;
    }

    ConnectWorker connect() {
        return connect;
    }

    /** Empty in a stack without a job. */
    Optional<FlinkCluster> flink() {
        return Optional.ofNullable(flink);
    }

    int metricsPort() {
        return ports.metrics();
    }

    /** Empty in a stack without the HTTP service. */
    Optional<ApiService> api() {
        return Optional.ofNullable(api);
    }
}
