package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.StateFolder;
import io.seqpulse.quickstart.access.FlinkGate;
import io.seqpulse.quickstart.access.HttpAccess;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.client.program.PackagedProgram;
import org.apache.flink.client.program.PackagedProgramUtils;
import org.apache.flink.client.program.ProgramInvocationException;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
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
    private static final Duration STOPPING = Duration.ofSeconds(60);
    private static final Duration ANSWER = Duration.ofSeconds(10);

    /** How often a task may fail to read a snapshot until an older one is taken. */
    private static final int TRIES = 2;

    private static final Pattern UNRESTORED =
            Pattern.compile(
                    "from any of the \\d+ provided restore options"
                            + "|Exception while creating StreamOperatorStateContext");

    private final Configuration configuration;
    private final FlinkRest rest;
    private final JobSnapshots snapshots;
    private final Consumer<String> alarms;
    private final EmailSinkMetrics sink;
    private volatile MiniCluster cluster;
    private volatile JobID job;
    private volatile boolean closed;
    private int newestTaskManager;
    private JobProgram program;
    private Optional<Snapshot> resumed = Optional.empty();
    private StackException unusable;

    /** Whether a job that ran is to be submitted anew, and could not be yet. */
    private boolean resubmits;

    private volatile boolean hasRun;

    private FlinkCluster(
            Configuration configuration,
            FlinkRest rest,
            JobSnapshots snapshots,
            Consumer<String> alarms) {
        this.configuration = configuration;
        this.rest = rest;
        this.snapshots = snapshots;
        this.alarms = alarms;
        this.sink = new EmailSinkMetrics(rest::get, System::nanoTime);
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
                        Configuration.fromMap(settings),
                        new FlinkRest(
                                URI.create("http://127.0.0.1:" + port),
                                HttpAccess.with(secrets.http())),
                        new JobSnapshots(state, alarms),
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
        program = JobProgram.of(jar, arguments);
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
        snapshots.beginRun();
        resumed = snapshots.newestReadable();
        if (resubmits && hasRun && resumed.isEmpty()) {
            alarms.accept(
                    "the job left no checkpoint to go on from: it reads the whole change log again; what was sent stays in the journal and is not sent again, and what waits for its time begins to wait anew");
        }
        try (PackagedProgram packaged = program.packaged(configuration, resumed)) {
            JobGraph graph =
                    PackagedProgramUtils.createJobGraph(
                            packaged, configuration, FlinkSettings.PARALLELISM, false);
            job = cluster.submitJob(graph).get().getJobID();
            LOG.info("Job {} submitted, {}", job, origin());
        } catch (ProgramInvocationException e) {
            throw new StackException("the job did not start: " + RootCause.message(e), e);
        } catch (ExecutionException e) {
            throw new StackException("Flink refuses the job: " + RootCause.message(e), e);
        }
    }

    /** Where the job's state came from. */
    synchronized String origin() {
        return resumed.map(snapshot -> "resumed from " + snapshot).orElse("from nothing");
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
                                    newestFailure()
                                            .map(JobFailure::cause)
                                            .orElse("no reason given")));
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
                LOG.warn("The task manager there was does not stop: {}", RootCause.message(e));
            }
            cluster.startTaskManager();
            newestTaskManager++;
        }
    }

    private static void close(MiniCluster ended) throws InterruptedException {
        try {
            ended.closeAsync().get(STOPPING.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("The cluster there was does not stop cleanly: {}", RootCause.message(e));
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
        if (closed || job == null || resumed.isEmpty() || !snapshots.of(job).isEmpty()) {
            return;
        }
        long tries =
                failures().stream()
                        .filter(failure -> UNRESTORED.matcher(failure.trace()).find())
                        .count();
        if (tries >= TRIES) {
            Path tried = resumed.get().folder();
            LOG.error("{} cannot be restored", tried);
            snapshots.passOver(tried);
            cancel();
            try {
                snapshots.newestReadable();
            } catch (StackException none) {
                unusable = none;
                throw none;
            }
            submitAgain();
        }
    }

    /** Removes what earlier runs left, once this one has checkpoints of its own. */
    synchronized void removeEarlier() throws IOException {
        if (!closed && job != null) {
            snapshots.removeEarlier(job);
        }
    }

    /** Whether every task of the job runs. */
    boolean runs() throws IOException, InterruptedException {
        if (job == null) {
            return false;
        }
        boolean runs = rest.runs(job);
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

    /** How the job failed since it was submitted, the newest last; Flink remembers 16. */
    List<JobFailure> failures() throws InterruptedException {
        if (job == null) {
            return List.of();
        }
        try {
            return JobFailure.in(
                    cluster.getExecutionGraphInfo(job)
                            .get(ANSWER.toMillis(), TimeUnit.MILLISECONDS));
        } catch (ExecutionException | TimeoutException | IllegalStateException unknown) {
            return List.of();
        }
    }

    /** The last of {@link #failures()}. */
    Optional<JobFailure> newestFailure() throws InterruptedException {
        List<JobFailure> failures = failures();
        return failures.isEmpty()
                ? Optional.empty()
                : Optional.of(failures.get(failures.size() - 1));
    }

    /** Up to when every operator has seen the log, or empty before the first watermark. */
    Optional<Instant> watermark() throws IOException, InterruptedException {
        JobID current = job;
        return current == null ? Optional.empty() : rest.watermark(current);
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
        return rest.url();
    }

    /** Stops the job with a savepoint it will resume from; timers do not fire for it. */
    synchronized Path stopWithSavepoint() throws InterruptedException {
        resubmits = false;
        try {
            String savepoint =
                    cluster.stopWithSavepoint(
                                    job,
                                    FlinkPaths.text(snapshots.savepoints()),
                                    false,
                                    SavepointFormatType.NATIVE)
                            .get(STOPPING.toMillis(), TimeUnit.MILLISECONDS);
            job = null;
            Path folder = FlinkPaths.folder(savepoint);
            new Snapshot(folder, Instant.now()).sync();
            return folder;
        } catch (ExecutionException | TimeoutException | IOException e) {
            throw new StackException(
                    "the job did not stop with a savepoint: " + RootCause.message(e), e);
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
            throw new StackException("the job was not cancelled: " + RootCause.message(e), e);
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
            throw new StackException("Flink's cluster did not stop: " + RootCause.message(e), e);
        }
    }
}
