package io.seqpulse.quickstart.stack;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Raises an alarm where the job failed, which Flink restarts until it runs. */
final class JobFailureWatch {

    private static final Duration LOOK = Duration.ofSeconds(1);

    /** A failure with the cause of the one before it is no news within it. */
    private static final Duration REPEATED = Duration.ofMinutes(1);

    /** What is watched. */
    @FunctionalInterface
    interface Job {
        /** How it failed last, or empty. */
        Optional<JobFailure> newestFailure() throws InterruptedException;
    }

    private final Job job;
    private final Consumer<String> alarms;
    private Instant newest = Instant.EPOCH;
    private String cause = "";

    JobFailureWatch(Job job, Consumer<String> alarms) {
        this.job = job;
        this.alarms = alarms;
    }

    /** Looks from now on, again and again. */
    void watchOn(ScheduledExecutorService scheduler) {
        var unused =
                scheduler.scheduleWithFixedDelay(
                        this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Looks once. */
    void look() {
        try {
            job.newestFailure()
                    .filter(failure -> failure.at().isAfter(newest))
                    .ifPresent(this::tell);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void tell(JobFailure failure) {
        boolean repeated =
                failure.cause().equals(cause) && failure.at().isBefore(newest.plus(REPEATED));
        newest = failure.at();
        cause = failure.cause();
        if (!repeated) {
            alarms.accept("the job failed and is restarted until it runs: " + cause);
        }
    }
}
