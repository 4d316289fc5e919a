package io.seqpulse.quickstart.stack;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Callable;

/**
 * One part of a {@link PartGraph}.
 *
 * @param name in messages, and where other parts wait for it
 * @param after names of the parts that must be up before it starts
 * @param start returns once the part is up; what it returns closes the part, and is null for one
 *     that leaves nothing to close
 * @param isService whether there is something to close once it is up
 * @param closedWithin how long closing it may take
 * @param wanted whether it is started at all; who waits for a part that is not wanted need not wait
 */
record Part(
        String name,
        Set<String> after,
        Callable<? extends AutoCloseable> start,
        boolean isService,
        Duration closedWithin,
        boolean wanted) {

    /** What a task does. */
    @FunctionalInterface
    interface Task {
        void run() throws Exception;
    }

    /** A part that runs until it is closed. */
    static Part service(String name, Callable<? extends AutoCloseable> start) {
        return new Part(name, Set.of(), start, true, BoundedCloser.AT_MOST, true);
    }

    /**
     * A part that is up when it is done. Who gives a start up does not wait for its tasks: closing
     * the services that a task uses ends it.
     */
    static Part task(String name, Task task) {
        Callable<AutoCloseable> start =
                () -> {
                    task.run();
                    return null;
                };
        return new Part(name, Set.of(), start, false, Duration.ZERO, true);
    }

    /** The same part, started when these are up. */
    Part after(String... names) {
        return new Part(name, Set.of(names), start, isService, closedWithin, wanted);
    }

    /** The same part, with as much time to close. */
    Part closedWithin(Duration atMost) {
        return new Part(name, after, start, isService, atMost, wanted);
    }

    /** The same part, if it is wanted. */
    Part onlyIf(boolean condition) {
        return new Part(name, after, start, isService, closedWithin, condition);
    }
}
