package io.seqpulse.quickstart;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.client.program.PackagedProgram;
import org.apache.flink.client.program.PackagedProgramUtils;
import org.apache.flink.client.program.ProgramInvocationException;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.client.JobSubmissionException;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Flink cluster in this JVM with REST interface and web UI, RocksDB state and incremental
 * checkpoints. It runs the job's jar as any cluster would: loaded child first, apart from this
 * class path.
 */
final class FlinkCluster implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(FlinkCluster.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration STOPPING = Duration.ofSeconds(60);

    private final MiniCluster cluster;
    private final Configuration configuration;
    private final URI rest;
    private final Path checkpoints;
    private final Path savepoints;
    private final HttpClient http = HttpClient.newHttpClient();
    private volatile JobID job;

    private FlinkCluster(
            MiniCluster cluster,
            Configuration configuration,
            URI rest,
            Path checkpoints,
            Path savepoints) {
        this.cluster = cluster;
        this.configuration = configuration;
        this.rest = rest;
        this.checkpoints = checkpoints;
        this.savepoints = savepoints;
    }

    static FlinkCluster start(
            StateFolder state, int port, int metricsPort, Map<String, String> overrides)
            throws Exception {
        Path checkpoints = state.folder("checkpoints");
        Path savepoints = state.folder("savepoints");
        state.folder("tmp/flink");
        Map<String, String> settings = FlinkSettings.onLoopback(state.root(), port);
        settings.putAll(FlinkSettings.metrics(metricsPort));
        settings.putAll(overrides);
        Configuration configuration = Configuration.fromMap(settings);
        MiniCluster cluster =
                new MiniCluster(
                        new MiniClusterConfiguration.Builder()
                                .setConfiguration(configuration)
                                .setCommonBindAddress("127.0.0.1")
                                .setNumTaskManagers(1)
                                .setNumSlotsPerTaskManager(FlinkSettings.PARALLELISM)
                                .build());
        cluster.start();
        return new FlinkCluster(
                cluster,
                configuration,
                URI.create("http://127.0.0.1:" + port),
                checkpoints,
                savepoints);
    }

    /**
     * Submits the job; it resumes from the newest completed checkpoint or savepoint where there is
     * one.
     *
     * @throws StackException if the jar is not there or its program fails before the job runs
     */
    void submit(Path jar, String... arguments) throws InterruptedException {
        if (!Files.isRegularFile(jar)) {
            throw new StackException(
                    "the job's jar %s is not there: build it with ./mvnw -DskipTests package"
                            .formatted(jar));
        }
        Optional<Path> resumed = newestCheckpoint();
        PackagedProgram.Builder builder =
                PackagedProgram.newBuilder()
                        .setJarFile(jar.toFile())
                        .setConfiguration(configuration)
                        .setArguments(arguments);
        resumed.ifPresent(
                checkpoint ->
                        builder.setSavepointRestoreSettings(
                                SavepointRestoreSettings.forPath(
                                        checkpoint.toUri().toString(),
                                        false,
                                        RecoveryClaimMode.CLAIM)));
        try (PackagedProgram program = builder.build()) {
            JobGraph graph =
                    PackagedProgramUtils.createJobGraph(
                            program, configuration, FlinkSettings.PARALLELISM, false);
            job = cluster.submitJob(graph).get().getJobID();
            LOG.info(
                    "Job {} submitted, {}",
                    job,
                    resumed.map(checkpoint -> "resumed from " + checkpoint).orElse("from nothing"));
        } catch (ProgramInvocationException e) {
            throw new StackException("the job did not start: " + rootMessage(e), e);
        } catch (ExecutionException e) {
            throw new StackException("Flink refuses the job: " + rootMessage(e), e);
        }
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

    private Optional<Path> newestCheckpoint() {
        try (Stream<Path> saved = Files.walk(savepoints, 2);
                Stream<Path> checkpointed = Files.walk(checkpoints, 3)) {
            return Stream.concat(saved, checkpointed)
                    .filter(file -> file.getFileName().toString().equals("_metadata"))
                    .max(Comparator.comparing(FlinkCluster::modified))
                    .map(Path::getParent);
        } catch (IOException e) {
            throw new StackException("checkpoints cannot be read: " + e.getMessage(), e);
        }
    }

    private static Instant modified(Path file) {
        try {
            return Files.getLastModifiedTime(file).toInstant();
        } catch (IOException gone) {
            return Instant.EPOCH;
        }
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
        return !answer.path("vertices").isEmpty();
    }

    /** What Flink says of the job, or empty while there is none. */
    Optional<JobStatus> status() throws InterruptedException {
        if (job == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(cluster.getJobStatus(job).get());
        } catch (ExecutionException | IllegalStateException unknown) {
            return Optional.empty();
        }
    }

    /** Why the job last failed, or empty. */
    Optional<String> lastFailure() throws IOException, InterruptedException {
        JsonNode newest = get("/jobs/" + job + "/exceptions").path("exceptionHistory");
        String trace = newest.path("entries").path(0).path("stacktrace").asText();
        return trace.isEmpty() ? Optional.empty() : Optional.of(ConnectSupervisor.rootCause(trace));
    }

    /** How often the job was restarted after failures. */
    int restarts() throws IOException, InterruptedException {
        JsonNode metric = get("/jobs/" + job + "/metrics?get=numRestarts");
        return metric.path(0).path("value").asInt();
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

    URI rest() {
        return rest;
    }

    private JsonNode get(String path) throws IOException, InterruptedException {
        HttpResponse<String> answer =
                http.send(
                        HttpRequest.newBuilder(rest.resolve(path))
                                .timeout(Duration.ofSeconds(10))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        return JSON.readTree(answer.body());
    }

    /** Stops the job with a savepoint it will resume from; timers do not fire for it. */
    Path stopWithSavepoint() throws InterruptedException {
        try {
            String savepoint =
                    cluster.stopWithSavepoint(
                                    job,
                                    savepoints.toUri().toString(),
                                    false,
                                    SavepointFormatType.NATIVE)
                            .get(STOPPING.toMillis(), TimeUnit.MILLISECONDS);
            job = null;
            return Path.of(URI.create(savepoint));
        } catch (ExecutionException | TimeoutException e) {
            throw new StackException("the job did not stop with a savepoint: " + rootMessage(e), e);
        }
    }

    /** Stops the job where it is; it resumes from its last checkpoint. */
    void cancel() throws InterruptedException {
        try {
            cluster.cancelJob(job).get(STOPPING.toMillis(), TimeUnit.MILLISECONDS);
            cluster.requestJobResult(job).get(STOPPING.toMillis(), TimeUnit.MILLISECONDS);
            job = null;
        } catch (ExecutionException | TimeoutException e) {
            throw new StackException("the job was not cancelled: " + rootMessage(e), e);
        }
    }

    @Override
    public void close() throws Exception {
        cluster.close();
    }
}
