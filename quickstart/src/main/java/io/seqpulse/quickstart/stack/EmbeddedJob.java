package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.StateFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.flink.api.common.JobStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The job on the embedded cluster: submitted from its jar, waited for until it reads the log, and
 * stopped with a savepoint where its state is kept.
 */
final class EmbeddedJob implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedJob.class);

    /** Before it is submitted again because Kafka has not answered in time. */
    private static final Duration SUBMITTED_AGAIN = Duration.ofSeconds(1);

    /** After it, a start that still waits says what for. */
    private static final Duration SILENCE = Duration.ofSeconds(10);

    private final FlinkCluster flink;
    private final Path jar;
    private final JobSettings settings;
    private final StateFolder state;
    private final Duration patience;
    private final Consumer<String> notices;

    /**
     * @param patience so long Kafka may take to answer, and then the job to run
     */
    EmbeddedJob(
            FlinkCluster flink,
            Path jar,
            JobSettings settings,
            StateFolder state,
            Duration patience,
            Consumer<String> notices) {
        this.flink = flink;
        this.jar = jar;
        this.settings = settings;
        this.state = state;
        this.patience = patience;
        this.notices = notices;
    }

    /**
     * Submits it; it resumes from its newest savepoint or checkpoint.
     *
     * @param givenUp whether nobody waits for it any more
     * @throws StackException if it does not start
     */
    void submit(BooleanSupplier givenUp) throws IOException, InterruptedException {
        Path file = state.root().resolve("job.properties");
        settings.write(file);
        new KafkaPatience(patience, SUBMITTED_AGAIN, givenUp)
                .submit(() -> flink.submit(jar, "--config", file.toString()));
    }

    /**
     * Waits until it runs and reads the log.
     *
     * @param logStandsStill whether it runs without reading anything, as no change is captured
     * @throws StackException if it ends, or does not run in time
     */
    void awaitRunning(BooleanSupplier logStandsStill) throws InterruptedException {
        long begun = System.nanoTime();
        boolean told = false;
        while (!runs(logStandsStill)) {
            flink.passOverUnrestored();
            Optional<JobStatus> status = flink.status();
            long waited = System.nanoTime() - begun;
            if (status.filter(JobStatus::isGloballyTerminalState).isPresent()
                    || waited > patience.toNanos()) {
                throw new StackException(
                        "the job does not run (%s, %s): %s"
                                .formatted(
                                        status.map(JobStatus::name).orElse("unknown"),
                                        flink.origin(),
                                        flink.newestFailure()
                                                .map(JobFailure::cause)
                                                .orElse("no failure reported")));
            }
            if (!told && waited > SILENCE.toNanos()) {
                told = true;
                notices.accept(
                        "waiting for the job to run and to read the log; it started "
                                + flink.origin());
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private boolean runs(BooleanSupplier logStandsStill) throws InterruptedException {
        try {
            return flink.runs() && (logStandsStill.getAsBoolean() || flink.watermark().isPresent());
        } catch (IOException busy) {
            LOG.info("Flink does not answer yet: {}", busy.getMessage());
            return false;
        }
    }

    /**
     * While it is stopped: forgets everything it remembered.
     *
     * @param overrides keys of its configuration, over what is set
     */
    void forget(Map<String, String> overrides) throws IOException {
        state.forgetJob();
        settings.set(overrides);
    }

    /** Stops it, with a savepoint if a later run is to go on from it. */
    @Override
    public void close() throws InterruptedException {
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
}
