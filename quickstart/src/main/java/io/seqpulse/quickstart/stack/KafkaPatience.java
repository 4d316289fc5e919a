package io.seqpulse.quickstart.stack;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Submits a job again whose program did not hear from Kafka in time. The broker is one that was
 * just started on this machine: it is slow, and not elsewhere.
 */
final class KafkaPatience {

    private static final Logger LOG = LoggerFactory.getLogger(KafkaPatience.class);

    /** By name: the job's jar has a class of its own. */
    private static final String TIMEOUT = "org.apache.kafka.common.errors.TimeoutException";

    private final Duration patience;
    private final Duration pause;
    private final BooleanSupplier givenUp;

    /** Submits a job. */
    @FunctionalInterface
    interface Submission {
        /**
         * @throws StackException if the job's program fails before the job runs
         */
        void submit() throws InterruptedException;
    }

    /**
     * @param patience after it nothing is submitted again
     * @param pause before each submission but the first
     * @param givenUp whether nobody waits for the job any more
     */
    KafkaPatience(Duration patience, Duration pause, BooleanSupplier givenUp) {
        this.patience = patience;
        this.pause = pause;
        this.givenUp = givenUp;
    }

    /**
     * Submits until Kafka answers.
     *
     * @throws StackException if it never does, or the job's program fails of something else
     */
    void submit(Submission submission) throws InterruptedException {
        long begun = System.nanoTime();
        while (true) {
            try {
                submission.submit();
                return;
            } catch (StackException e) {
                if (!isUnanswered(e)) {
                    throw e;
                }
                Duration waited = Duration.ofNanos(System.nanoTime() - begun);
                if (givenUp.getAsBoolean() || waited.compareTo(patience) >= 0) {
                    throw new StackException(
                            "the job did not start: the Kafka of this run has not answered it within %s s. This machine is slow, or too busy with other programs: try again when it is less so"
                                    .formatted(waited.toSeconds()),
                            e);
                }
                LOG.info("Kafka has not answered the job's program in time, which is run again");
                TimeUnit.MILLISECONDS.sleep(pause.toMillis());
                if (givenUp.getAsBoolean()) {
                    throw e;
                }
            }
        }
    }

    private static boolean isUnanswered(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause.getClass().getName().equals(TIMEOUT)) {
                return true;
            }
        }
        return false;
    }
}
