package io.seqpulse.quickstart.stack;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts parts, each as soon as those are up that it waits for, and closes them in reverse order.
 *
 * <p>The first failure, or an interrupt, gives the start up: nothing more is started. A part that
 * is just starting can be closed only once it is up, so {@link #close} waits for it. One thread
 * starts a graph and then closes it.
 */
final class PartGraph {

    private static final Logger LOG = LoggerFactory.getLogger(PartGraph.class);

    /** Every part stands behind those that it waits for. */
    private final List<Part> parts;

    private final Duration patience;
    private final Map<String, CompletableFuture<AutoCloseable>> begun = new HashMap<>();
    private final BlockingQueue<Part> ended = new LinkedBlockingQueue<>();
    private volatile boolean givenUp;

    /**
     * A graph of parts, none of which is started yet.
     *
     * @param declared closed in the reverse of this order, as far as they do not wait for others
     * @param patience how long closing waits for parts that are still starting
     * @throws IllegalArgumentException if two have the same name, one waits for a part that is not
     *     there, or parts wait for each other
     */
    PartGraph(List<Part> declared, Duration patience) {
        this.parts = inOrder(declared);
        this.patience = patience;
    }

    private static List<Part> inOrder(List<Part> declared) {
        Set<String> known = new HashSet<>();
        for (Part part : declared) {
            if (!known.add(part.name())) {
                throw new IllegalArgumentException("two parts are called " + part.name());
            }
        }
        for (Part part : declared) {
            for (String name : part.after()) {
                if (!known.contains(name)) {
                    throw new IllegalArgumentException(
                            "%s waits for %s, which is no part".formatted(part.name(), name));
                }
            }
        }
        List<Part> ordered = new ArrayList<>();
        Set<String> before = new HashSet<>();
        Set<Part> left = new LinkedHashSet<>(declared);
        while (!left.isEmpty()) {
            Part next =
                    left.stream()
                            .filter(part -> before.containsAll(part.after()))
                            .findFirst()
                            .orElseThrow(
                                    () ->
                                            new IllegalArgumentException(
                                                    "these parts wait for each other: "
                                                            + names(left)));
            left.remove(next);
            before.add(next.name());
            ordered.add(next);
        }
        return ordered;
    }

    private static String names(Collection<Part> parts) {
        return parts.stream().map(Part::name).collect(Collectors.joining(", "));
    }

    /**
     * Starts all parts that are wanted and waits until they are up.
     *
     * @throws StackException as soon as a part fails; it says which
     * @throws InterruptedException as soon as the thread is interrupted
     */
    void start() throws InterruptedException {
        Set<String> up = new HashSet<>();
        Set<Part> waiting = new LinkedHashSet<>();
        for (Part part : parts) {
            if (part.wanted()) {
                waiting.add(part);
            } else {
                up.add(part.name());
            }
        }
        try {
            while (up.size() < parts.size()) {
                List<Part> ready =
                        waiting.stream().filter(part -> up.containsAll(part.after())).toList();
                ready.forEach(this::begin);
                ready.forEach(waiting::remove);
                up.add(awaitNext());
            }
        } finally {
            givenUp = up.size() < parts.size();
        }
    }

    /** Whether nobody waits any more for what is still starting: it need not go on. */
    boolean isGivenUp() {
        return givenUp;
    }

    private void begin(Part part) {
        CompletableFuture<AutoCloseable> starting =
                CompletableFuture.supplyAsync(
                        () -> started(part),
                        work -> new DaemonThreads("start " + part.name()).newThread(work).start());
        begun.put(part.name(), starting);
        var unused = starting.whenComplete((closing, failure) -> ended.add(part));
    }

    private static AutoCloseable started(Part part) {
        long begun = System.nanoTime();
        try {
            AutoCloseable closing = part.start().call();
            LOG.info("{} up after {} ms", part.name(), (System.nanoTime() - begun) / 1_000_000);
            return closing;
        } catch (Exception e) {
            LOG.info("{} did not start: {}", part.name(), RootCause.message(e));
            throw new CompletionException(e);
        }
    }

    /** Waits until one more part is up. */
    private String awaitNext() throws InterruptedException {
        Part part = ended.take();
        try {
            begun.get(part.name()).join();
            return part.name();
        } catch (CompletionException e) {
            StackException failure = named(part, e.getCause());
            LOG.error("The stack does not start", failure);
            throw failure;
        }
    }

    /** A failure that says of which part it is; ours do already. */
    private static StackException named(Part part, Throwable failure) {
        return failure instanceof StackException ours
                ? ours
                : new StackException(
                        "%s did not start: %s".formatted(part.name(), RootCause.message(failure)),
                        failure);
    }

    /**
     * Closes the services that are up, in reverse order, after waiting for those that are starting.
     * One that is not up in time is closed when it is; nobody waits for that. An interrupt is kept
     * for the caller: all the more it is to close.
     *
     * @return whether none was left behind
     */
    boolean close(BoundedCloser closer) {
        givenUp = true;
        awaitStarting();
        boolean all = true;
        for (int i = parts.size() - 1; i >= 0; i--) {
            Part part = parts.get(i);
            CompletableFuture<AutoCloseable> starting = begun.get(part.name());
            if (!part.isService() || starting == null) {
                continue;
            }
            if (!starting.isDone()) {
                LOG.error("{} is still starting and left behind", part.name());
                all = false;
                var unused =
                        starting.thenAcceptAsync(
                                late -> closeLate(part, late),
                                work ->
                                        new DaemonThreads("stop " + part.name())
                                                .newThread(work)
                                                .start());
            } else if (!starting.isCompletedExceptionally()) {
                closer.close(part.name(), part.closedWithin(), starting.join());
            }
        }
        return all;
    }

    private void awaitStarting() {
        CompletableFuture<?>[] starting =
                parts.stream()
                        .filter(Part::isService)
                        .map(part -> begun.get(part.name()))
                        .filter(beginning -> beginning != null)
                        .toArray(CompletableFuture<?>[]::new);
        CompletableFuture<Void> all = CompletableFuture.allOf(starting);
        long end = System.nanoTime() + patience.toNanos();
        boolean interrupted = false;
        while (true) {
            try {
                all.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
                continue;
            } catch (TimeoutException e) {
                LOG.info("not everything was up within {} s", patience.toSeconds());
            } catch (ExecutionException e) {
                LOG.debug("some did not start, which was told before", e);
            }
            break;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static void closeLate(Part part, AutoCloseable closing) {
        try {
            closing.close();
            LOG.info("{} stopped, which was up late", part.name());
        } catch (Exception e) { // nobody waits for it any more
            LOG.error("{} did not stop cleanly", part.name(), e);
        }
    }
}
