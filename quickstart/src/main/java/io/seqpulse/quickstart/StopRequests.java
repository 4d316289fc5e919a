package io.seqpulse.quickstart;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** What is to be done when somebody asks the run to stop, the first time and again. Thread-safe. */
final class StopRequests {

    /** Some supervisors, {@code timeout} among them, send one signal twice. */
    private static final Duration ONE_REQUEST = Duration.ofSeconds(1);

    /** What is to be done. */
    enum Stop {
        /** There is nothing to be stopped yet: end. */
        AT_ONCE_NOTHING_STARTED,
        /** Stop every part in order. */
        IN_ORDER,
        /** That is being done. */
        STILL,
        /** Somebody will not wait for it: end, and leave no process behind. */
        AT_ONCE
    }

    private Path folder;
    private boolean up;
    private boolean asked;
    private long askedAt;

    /** From now on parts are started, in that folder or in one within it. */
    synchronized void begin(Path stateFolder) {
        folder = stateFolder;
    }

    /** Everything runs. */
    synchronized void up() {
        up = true;
    }

    /** Whether everything ran. */
    synchronized boolean wasUp() {
        return up;
    }

    /** Where parts were started; empty: none was. */
    synchronized Optional<Path> folder() {
        return Optional.ofNullable(folder);
    }

    /** Somebody asks, at a time of {@link System#nanoTime()}. */
    synchronized Stop asked(long now) {
        if (folder == null) {
            return Stop.AT_ONCE_NOTHING_STARTED;
        }
        if (!asked) {
            asked = true;
            askedAt = now;
            return Stop.IN_ORDER;
        }
        return now - askedAt < ONE_REQUEST.toNanos() ? Stop.STILL : Stop.AT_ONCE;
    }
}
