package io.seqpulse.quickstart.stack;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.cli.StateFolder;
import io.seqpulse.quickstart.access.FlinkGate;
import io.seqpulse.quickstart.access.HttpAccess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.client.program.PackagedProgram;
import org.apache.flink.client.program.PackagedProgramUtils;
import org.apache.flink.client.program.ProgramInvocationException;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.client.JobSubmissionException;
import org.apache.flink.runtime.executiongraph.ErrorInfo;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.runtime.scheduler.ExecutionGraphInfo;
import org.apache.flink.runtime.scheduler.exceptionhistory.RootExceptionHistoryEntry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Flink cluster in this JVM with REST interface and web UI, RocksDB state and incremental
 * checkpoints. It runs the job's jar as any cluster would: loaded child first, apart from this
 * class path.
 *
 * <p>The job resumes from the newest snapshot that can be read. It never takes over the snapshot it
 * resumes from: its own first checkpoint holds all state, so that what earlier runs left can be
 * restored until this run has checkpoints of its own, and is removed then.
 *
 * <p>Nothing in here waits for a database, and {@link ClusterWatch} puts right what ended by
 * itself.
 */
final class FlinkCluster implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(FlinkCluster.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration STOPPING = Duration.ofSeconds(60);
    private static final Duration ANSWER = Duration.ofSeconds(10);

    /** So many checkpoints of its own, and those of earlier runs are not needed. */
    private static final int ENOUGH = 2;

    /** How often a task may fail to read a snapshot until an older one is taken. */
    private static final int TRIES = 2;

    private static final Pattern UNRESTORED =
            Pattern.compile(
                    "from any of the \\d+ provided restore options"
                            + "|Exception while creating StreamOperatorStateContext");

    private final StateFolder state;
    private final Configuration configuration;
    private final URI rest;
    private final HttpAccess access;
    private final Path checkpoints;
    private final Path savepoints;
    private final Consumer<String> alarms;
    private final HttpClient http = HttpClient.newHttpClient();
    private final EmailSinkMetrics sink = new EmailSinkMetrics(this::get, System::nanoTime);
    private final Set<Path> unrestored = new HashSet<>();
    private volatile MiniCluster cluster;
    private volatile JobID job;
    private volatile boolean closed;
    private int newestTaskManager;
    private Path jar;
    private String[] arguments;
    private Optional<Snapshot> resumed = Optional.empty();
    private List<Path> earlier = List.of();
    private StackException unusable;

    /** Whether a job that ran is to be submitted anew, and could not be yet. */
    private boolean resubmits;

    private volatile boolean hasRun;

    private FlinkCluster(
            StateFolder state,
            Configuration configuration,
            URI rest,
            HttpAccess access,
            Consumer<String> alarms) {
        this.state = state;
        this.configuration = configuration;
        this.rest = rest;
        this.access = access;
        this.alarms = alarms;
        this.checkpoints = state.folder("checkpoints");
        this.savepoints = state.folder("savepoints");
    }

    /**
     * Starts one.
     *
     * @param alarms told when state had to be passed over
     */
    static FlinkCluster start(
            StateFolder state,
            Secrets secrets,
            int port,
            int metricsPort,
            Map<String, String> overrides,
            Consumer<String> alarms)
            throws Exception {
        state.folder("tmp/flink");
        Map<String, String> settings = FlinkSettings.onLoopback(state.root(), port);
        settings.putAll(
                FlinkSettings.metrics(metricsPort, state.root().resolve(Secrets.METRICS_PASSWORD)));
        settings.put(
                FlinkGate.PASSWORD_FILE.key(),
                state.root().resolve(Secrets.HTTP_PASSWORD).toString());
        settings.putAll(ClusterKeys.settings(state, secrets.keys()));
        settings.putAll(overrides);
        FlinkCluster started =
                new FlinkCluster(
                        state,
                        Configuration.fromMap(settings),
                        URI.create("http://127.0.0.1:" + port),
                        HttpAccess.with(secrets.http()),
                        alarms);
        started.startCluster();
        return started;
    }

    private void startCluster() throws Exception {
        MiniCluster starting =
                new MiniCluster(
                        new MiniClusterConfiguration.Builder()
                                .setConfiguration(configuration)
                                .setCommonBindAddress("127.0.0.1")
                                .setNumTaskManagers(1)
                                .setNumSlotsPerTaskManager(FlinkSettings.PARALLELISM)
                                .build());
        starting.start();
        cluster = starting;
        newestTaskManager = 0;
        if (closed) {
            close(starting); // nobody else will
        }
    }

    /**
     * Submits the job; it resumes from the newest checkpoint or savepoint that can be read, where
     * there is one.
     *
     * @throws StackException if the jar is not there, its program fails before the job runs, or
     *     there are snapshots and none of them can be read
     */
    synchronized void submit(Path jar, String... arguments) throws InterruptedException {
        if (!Files.isRegularFile(jar)) {
            throw new StackException(
                    "the job's jar %s is not there: build it with ./mvnw -DskipTests package"
                            .formatted(jar));
        }
        this.jar = jar;
        this.arguments = arguments.clone();
        hasRun = false;
        unusable = null;
        begin();
    }

    /** A job that cannot be submitted, because the database is away, is tried again. */
    private void submitAgain() throws InterruptedException {
        resubmits = true;
        begin();
        resubmits = false;
    }

    private void begin() throws InterruptedException {
        earlier = Stream.concat(folders(checkpoints), folders(savepoints)).toList();
        resumed = newestReadable();
        if (resubmits && hasRun && resumed.isEmpty()) {
            alarms.accept(
                    "the job left no checkpoint to go on from: it reads the whole change log again; what was sent stays in the journal and is not sent again, and what waits for its time begins to wait anew");
        }
        PackagedProgram.Builder builder =
                PackagedProgram.newBuilder()
                        .setJarFile(jar.toFile())
                        .setConfiguration(configuration)
                        .setArguments(arguments);
        resumed.ifPresent(
                snapshot ->
                        builder.setSavepointRestoreSettings(
                                SavepointRestoreSettings.forPath(
                                        FlinkPaths.text(snapshot.folder()),
                                        false,
                                        RecoveryClaimMode.NO_CLAIM)));
        try (PackagedProgram program = builder.build()) {
            JobGraph graph =
                    PackagedProgramUtils.createJobGraph(
                            program, configuration, FlinkSettings.PARALLELISM, false);
            job = cluster.submitJob(graph).get().getJobID();
            LOG.info("Job {} submitted, {}", job, origin());
        } catch (ProgramInvocationException e) {
            throw new StackException("the job did not start: " + rootMessage(e), e);
        } catch (ExecutionException e) {
            throw new StackException("Flink refuses the job: " + rootMessage(e), e);
        }
    }

    /** Where the job's state came from. */
    synchronized String origin() {
        return resumed.map(snapshot -> "resumed from " + snapshot).orElse("from nothing");
    }

    private static Stream<Path> folders(Path parent) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(parent)) {
            entries.forEach(found::add);
        } catch (IOException e) {
            throw new StackException(parent + " cannot be read: " + e.getMessage(), e);
        }
        return found.stream();
    }

    private Optional<Snapshot> newestReadable() {
        List<Snapshot> all = Snapshot.in(savepoints, checkpoints);
        List<String> passedOver = new ArrayList<>();
        for (Snapshot snapshot : all) {
            Optional<String> damage =
                    unrestored.contains(snapshot.folder())
                            ? Optional.of("Flink could not restore it, see the log")
                            : snapshot.damage();
            if (damage.isEmpty()) {
                if (!passedOver.isEmpty()) {
                    alarms.accept(
                            "the newest state cannot be used (%s); the job goes on from an older one, %s of %s, and does again what it did since: mails that were sent are not sent again"
                                    .formatted(
                                            String.join("; ", passedOver),
                                            snapshot,
                                            snapshot.completed()));
                }
                return Optional.of(snapshot);
            }
            passedOver.add("%s: %s".formatted(snapshot, damage.get()));
        }
        if (!passedOver.isEmpty()) {
            throw new StackException(
                    "none of the job's %s snapshots in %s can be used, and it does not begin with nothing unless told to.%nTried, the newest first:%n  - %s%nPut back what is missing. Or let it read the whole change log again, with nothing remembered: what was sent stays in the journal and is not sent again, other history mails nobody, and what waits for its time begins to wait anew. For that, move these away and start again:%n  %s%n  %s"
                            .formatted(
                                    passedOver.size(),
                                    state.root(),
                                    String.join(System.lineSeparator() + "  - ", passedOver),
                                    checkpoints,
                                    savepoints));
        }
        return Optional.empty();
    }

    /** What is not as it should be and does not come back by itself, or empty. */
    synchronized Optional<String> lost() throws InterruptedException {
        if (closed) {
            return Optional.empty();
        }
        if (resubmits) {
            return Optional.of("the job could not be submitted again");
        }
        if (job == null) {
            return Optional.empty();
        }
        if (!cluster.isRunning()) {
            return Optional.of("Flink's cluster has ended");
        }
        try {
            int taskManagers =
                    cluster.requestClusterOverview()
                            .get(ANSWER.toMillis(), TimeUnit.MILLISECONDS)
                            .getNumTaskManagersConnected();
            if (taskManagers == 0) {
                return Optional.of("Flink has lost its task manager");
            }
        } catch (ExecutionException | TimeoutException | IllegalStateException e) {
            return Optional.of("Flink's cluster does not answer");
        }
        Optional<JobStatus> status = status();
        if (hasRun && status.filter(JobStatus::isGloballyTerminalState).isPresent()) {
            return Optional.of(
                    "the job ended by itself, %s: %s"
                            .formatted(
                                    status.get(),
                                    newestFailure().map(Failure::cause).orElse("no reason given")));
        }
        return Optional.empty();
    }

    /**
     * Puts right what is lost: another task manager in the place of the one there was; where the
     * cluster itself is gone or the job has ended, those anew, from the newest snapshot.
     */
    synchronized void replaceLost() throws Exception {
        if (closed || (job == null && !resubmits)) {
            return;
        }
        if (resubmits && cluster.isRunning()) {
            submitAgain();
            return;
        }
        Optional<JobStatus> status = status();
        if (!cluster.isRunning() || status.isEmpty()) {
            LOG.info("Starting another cluster");
            close(cluster);
            resubmits = true;
            startCluster();
            submitAgain();
        } else if (status.get().isGloballyTerminalState()) {
            submitAgain();
        } else {
            LOG.info("Starting another task manager");
            try {
                cluster.terminateTaskManager(newestTaskManager)
                        .get(STOPPING.toMillis(), TimeUnit.MILLISECONDS);
            } catch (ExecutionException | TimeoutException e) {
                LOG.warn("The task manager there was does not stop: {}", rootMessage(e));
            }
            cluster.startTaskManager();
            newestTaskManager++;
        }
    }

    private static void close(MiniCluster ended) throws InterruptedException {
        try {
            ended.closeAsync().get(STOPPING.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("The cluster there was does not stop cleanly: {}", rootMessage(e));
        }
    }

    /**
     * Where tasks fail again and again to read what they are to resume from: takes an older
     * snapshot instead.
     *
     * @throws StackException if there is none that can be read
     */
    synchronized void passOverUnrestored() throws InterruptedException {
        if (unusable != null) {
            throw unusable;
        }
        if (closed || job == null || resumed.isEmpty() || !ownCheckpoints().isEmpty()) {
            return;
        }
        long tries =
                failures().stream()
                        .filter(failure -> UNRESTORED.matcher(failure.trace()).find())
                        .count();
        if (tries >= TRIES) {
            Path tried = resumed.get().folder();
            LOG.error("{} cannot be restored", tried);
            unrestored.add(tried);
            cancel();
            try {
                newestReadable();
            } catch (StackException none) {
                unusable = none;
                throw none;
            }
            submitAgain();
        }
    }

    /** Removes what earlier runs left, once this one has checkpoints of its own. */
    synchronized void removeEarlier() throws IOException {
        if (closed || job == null || earlier.isEmpty()) {
            return;
        }
        List<Snapshot> own = ownCheckpoints();
        if (own.size() < ENOUGH || own.get(0).damage().isPresent()) {
            return;
        }
        own.get(0).sync();
        LOG.info("Removing the snapshots of earlier runs: {}", earlier);
        for (Path folder : earlier) {
            StateFolder.remove(folder);
        }
        earlier = List.of();
    }

    private List<Snapshot> ownCheckpoints() {
        return Snapshot.in(checkpoints.resolve(job.toString()));
    }

    /** The message of the first cause that is not a wrapper's. */
    static String rootMessage(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null
                && (cause instanceof ProgramInvocationException
                        || cause instanceof ExecutionException
                        || cause instanceof CompletionException
                        || cause instanceof JobSubmissionException
                        || cause.getMessage() == null)) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }

    /** Whether every task of the job runs. */
    boolean runs() throws IOException, InterruptedException {
        if (job == null) {
            return false;
        }
        JsonNode answer = get("/jobs/" + job);
        if (!"RUNNING".equals(answer.path("state").asText())) {
            return false;
        }
        for (JsonNode vertex : answer.path("vertices")) {
            if (!"RUNNING".equals(vertex.path("status").asText())) {
                return false;
            }
        }
        boolean runs = !answer.path("vertices").isEmpty();
        hasRun |= runs;
        return runs;
    }

    /** What Flink says of the job, or empty while there is none. */
    Optional<JobStatus> status() throws InterruptedException {
        if (job == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    cluster.getJobStatus(job).get(ANSWER.toMillis(), TimeUnit.MILLISECONDS));
        } catch (ExecutionException | TimeoutException | IllegalStateException unknown) {
            return Optional.empty();
        }
    }

    /**
     * A failure of the job.
     *
     * @param trace with every cause
     */
    record Failure(Instant at, String trace) {

        /** The innermost cause, on one line. */
        String cause() {
            return ConnectSupervisor.rootCause(trace);
        }
    }

    /** How the job failed since it was submitted, the newest last; Flink remembers 16. */
    List<Failure> failures() throws InterruptedException {
        if (job == null) {
            return List.of();
        }
        try {
            ExecutionGraphInfo graph =
                    cluster.getExecutionGraphInfo(job)
                            .get(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
            List<Failure> failures =
                    StreamSupport.stream(graph.getExceptionHistory().spliterator(), false)
                            .sorted(Comparator.comparing(RootExceptionHistoryEntry::getTimestamp))
                            .map(FlinkCluster::failure)
                            .toList();
            ErrorInfo end = graph.getArchivedExecutionGraph().getFailureInfo();
            return failures.isEmpty() && end != null ? List.of(failure(end)) : failures;
        } catch (ExecutionException | TimeoutException | IllegalStateException unknown) {
            return List.of();
        }
    }

    private static Failure failure(ErrorInfo info) {
        return new Failure(Instant.ofEpochMilli(info.getTimestamp()), info.getExceptionAsString());
    }

    /** The last of {@link #failures()}. */
    Optional<Failure> newestFailure() throws InterruptedException {
        List<Failure> failures = failures();
        return failures.isEmpty()
                ? Optional.empty()
                : Optional.of(failures.get(failures.size() - 1));
    }

    /** Up to when every operator has seen the log, or empty before the first watermark. */
    Optional<Instant> watermark() throws IOException, InterruptedException {
        if (job == null) {
            return Optional.empty();
        }
        long lowest = Long.MAX_VALUE;
        boolean known = false;
        for (JsonNode vertex : get("/jobs/" + job).path("vertices")) {
            for (JsonNode subtask :
                    get(
                            "/jobs/%s/vertices/%s/watermarks"
                                    .formatted(job, vertex.path("id").asText()))) {
                known = true;
                lowest = Math.min(lowest, subtask.path("value").asLong(Long.MIN_VALUE));
            }
        }
        return known && lowest > 0 ? Optional.of(Instant.ofEpochMilli(lowest)) : Optional.empty();
    }

    /**
     * Whether mail leaves, by the subtask of the email sink that is worst off; empty while the sink
     * does not say.
     */
    Optional<MailWatch.Halt> halt() throws IOException, InterruptedException {
        JobID current = job;
        if (current == null) {
            return Optional.empty();
        }
        return sink.halt(current.toString());
    }

    /** For how long the job could not write the journal; empty while its sink does not say. */
    Optional<Duration> journalWaits() throws IOException, InterruptedException {
        JobID current = job;
        return current == null ? Optional.empty() : sink.journalWaits(current.toString());
    }

    URI rest() {
        return rest;
    }

    private JsonNode get(String path) throws IOException, InterruptedException {
        HttpResponse<String> answer =
                http.send(
                        HttpRequest.newBuilder(rest.resolve(path))
                                .header("Authorization", access.authorization())
                                .timeout(ANSWER)
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        return JSON.readTree(answer.body());
    }

    /** Stops the job with a savepoint it will resume from; timers do not fire for it. */
    synchronized Path stopWithSavepoint() throws InterruptedException {
        resubmits = false;
        try {
            String savepoint =
                    cluster.stopWithSavepoint(
                                    job,
                                    FlinkPaths.text(savepoints),
                                    false,
                                    SavepointFormatType.NATIVE)
                            .get(STOPPING.toMillis(), TimeUnit.MILLISECONDS);
            job = null;
            Path folder = FlinkPaths.folder(savepoint);
            new Snapshot(folder, Instant.now()).sync();
            return folder;
        } catch (ExecutionException | TimeoutException | IOException e) {
            throw new StackException("the job did not stop with a savepoint: " + rootMessage(e), e);
        }
    }

    /** Stops the job where it is; it resumes from its last checkpoint. */
    synchronized void cancel() throws InterruptedException {
        resubmits = false;
        if (job == null) {
            return; // it has ended already
        }
        try {
            cluster.cancelJob(job).get(STOPPING.toMillis(), TimeUnit.MILLISECONDS);
            cluster.requestJobResult(job).get(STOPPING.toMillis(), TimeUnit.MILLISECONDS);
            job = null;
        } catch (ExecutionException | TimeoutException e) {
            throw new StackException("the job was not cancelled: " + rootMessage(e), e);
        }
    }

    /**
     * Waits for nobody who holds the lock, be it for a database, and for the cluster no longer than
     * it takes to cancel a job.
     */
    @Override
    public void close() throws InterruptedException {
        closed = true;
        try {
            cluster.closeAsync().get(STOPPING.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new StackException(
                    "Flink's cluster did not stop within %s s".formatted(STOPPING.toSeconds()), e);
        } catch (ExecutionException e) {
            throw new StackException("Flink's cluster did not stop: " + rootMessage(e), e);
        }
    }
}
