package io.seqpulse.api.status;

import io.seqpulse.api.Database;
import io.seqpulse.api.kpi.Heartbeat;
import io.seqpulse.api.kpi.KpiTables;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Whether the database answers, for whoever asks: it is asked by one thread, once for all who wait
 * and at most every {@link #FRESH}, and nobody waits longer than {@link #PATIENCE}. So any number
 * of strangers costs one connection, and takes no thread from others, whatever the database does.
 */
final class Readiness implements AutoCloseable {

    static final Duration FRESH = Duration.ofMillis(500);
    static final Duration PATIENCE = Duration.ofSeconds(4);

    private final KpiTables tables;
    private final ExecutorService asker =
            Executors.newSingleThreadExecutor(
                    work -> {
                        Thread thread = new Thread(work, "api-readiness");
                        thread.setDaemon(true);
                        return thread;
                    });
    private CompletableFuture<Answer> asked = CompletableFuture.completedFuture(null);
    private volatile long answeredAt = System.nanoTime() - FRESH.toNanos();

    /**
     * What the database said; without a heartbeat it has no figures yet.
     *
     * @param database up, or why it did not answer
     */
    record Answer(String database, Optional<Heartbeat> heartbeat) {

        static Answer without(Database.Unavailable.Reason reason) {
            return new Answer(reason.label(), Optional.empty());
        }
    }

    Readiness(KpiTables tables) {
        this.tables = tables;
    }

    /** The answer of now, when it comes. */
    synchronized CompletableFuture<Answer> ask() {
        if (asked.isDone() && System.nanoTime() - answeredAt >= FRESH.toNanos()) {
            asked = CompletableFuture.supplyAsync(this::look, asker);
        }
        return asked.copy()
                .completeOnTimeout(
                        Answer.without(Database.Unavailable.Reason.UNREACHABLE),
                        PATIENCE.toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    private Answer look() {
        try {
            return new Answer("up", tables.heartbeat());
        } catch (Database.Unavailable e) {
            return Answer.without(e.reason());
        } finally {
            answeredAt = System.nanoTime();
        }
    }

    @Override
    public void close() {
        asker.shutdownNow();
    }
}
