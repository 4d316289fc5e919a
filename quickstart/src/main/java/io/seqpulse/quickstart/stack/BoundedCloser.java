package io.seqpulse.quickstart.stack;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes one thing after the other, whatever becomes of the one before, and waits for none of them
 * for ever.
 */
final class BoundedCloser {

    /** How long closing waits for a part that does not say otherwise. */
    static final Duration AT_MOST = Duration.ofSeconds(90);

    private static final Logger LOG = LoggerFactory.getLogger(BoundedCloser.class);

    private final List<Throwable> failures = new ArrayList<>();

    /** Closes something within {@link #AT_MOST}. */
    void close(String name, AutoCloseable closeable) {
        close(name, AT_MOST, closeable);
    }

    /**
     * Closes something on a thread of its own, which is left behind when it takes longer than it
     * may. An interrupt is kept for the caller: all the more it is to close.
     *
     * @param name of what is closed, for messages
     */
    void close(String name, Duration atMost, AutoCloseable closeable) {
        long begun = System.nanoTime();
        FutureTask<Void> task =
                new FutureTask<>(
                        () -> {
                            closeable.close();
                            return null;
                        });
        Thread thread = new DaemonThreads("stop " + name).newThread(task);
        thread.start();
        boolean interrupted = false;
        while (true) {
            try {
                task.get(begun + atMost.toNanos() - System.nanoTime(), TimeUnit.NANOSECONDS);
                LOG.info("{} stopped in {} ms", name, (System.nanoTime() - begun) / 1_000_000);
            } catch (InterruptedException e) {
                interrupted = true;
                continue;
            } catch (TimeoutException e) {
                StackException late =
                        new StackException(
                                "%s did not stop within %s s".formatted(name, atMost.toSeconds()));
                late.setStackTrace(thread.getStackTrace());
                LOG.error("{} is left behind", name, late);
                task.cancel(true);
                failures.add(late);
            } catch (ExecutionException e) {
                LOG.error("{} did not stop cleanly", name, e.getCause());
                failures.add(e.getCause());
            }
            break;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Tells of everything that did not close cleanly.
     *
     * @throws StackException with the first failure as its cause and the others suppressed, if
     *     there was one
     */
    void throwFailures() {
        if (failures.isEmpty()) {
            return;
        }
        StackException failure =
                new StackException(
                        "not everything stopped cleanly: " + failures.get(0).getMessage(),
                        failures.get(0));
        failures.stream().skip(1).forEach(failure::addSuppressed);
        throw failure;
    }
}
