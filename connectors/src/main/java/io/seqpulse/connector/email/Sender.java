package io.seqpulse.connector.email;

import jakarta.mail.MessagingException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what is queued in the journal, whoever queued it: leases as many rows as it has idle
 * connections and hands each to a thread. Runs until closed, through outages of the mail server and
 * of the database alike.
 */
final class Sender implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Sender.class);
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration LONGEST_DATABASE_PAUSE = Duration.ofSeconds(30);
    private static final Duration GRACE = Duration.ofSeconds(5);

    private final Outbox outbox;
    private final MailRoute route;
    private final Delivery delivery;
    private final SenderGate gate;
    private final SinkMetrics metrics;
    private final CountDownLatch closing;
    private final int connections;

    private final Semaphore idle;
    private final Semaphore work = new Semaphore(0);
    private final Set<QueuedMail> underWay = ConcurrentHashMap.newKeySet();
    private final ExecutorService workers;
    private final Thread dispatcher;

    private int databaseFailures;
    private volatile RuntimeException failure;

    /**
     * A sender; {@link #start} makes it work.
     *
     * @param name of its threads
     * @param closing counted down when it is closed
     */
    Sender(
            String name,
            int connections,
            Outbox outbox,
            MailRoute route,
            Delivery delivery,
            SenderGate gate,
            SinkMetrics metrics,
            CountDownLatch closing) {
        this.outbox = outbox;
        this.route = route;
        this.delivery = delivery;
        this.gate = gate;
        this.metrics = metrics;
        this.closing = closing;
        this.connections = connections;
        this.idle = new Semaphore(connections);
        AtomicInteger number = new AtomicInteger();
        ThreadFactory threads = task -> daemon(task, name + "-worker-" + number.incrementAndGet());
        this.workers = Executors.newFixedThreadPool(connections, threads);
        this.dispatcher = daemon(this::dispatch, name + "-dispatcher");
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /** Begins to send. */
    void start() {
        dispatcher.start();
    }

    /** Says that something was queued. */
    void wake() {
        if (work.availablePermits() == 0) {
            work.release();
        }
    }

    private void dispatch() {
        try {
            while (closing.getCount() > 0) {
                if (gate.isOpen()) {
                    sendOrWait(connections);
                } else {
                    tryAgain();
                }
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException bug) {
            failure = bug;
        }
    }

    /** What ended the sender although nobody closed it, or null: a bug, which must fail the job. */
    RuntimeException failure() {
        return failure;
    }

    /** One round: lease what the idle connections can take, or wait until something is queued. */
    private void sendOrWait(int atMost) throws InterruptedException {
        idle.acquire();
        int free = 1;
        while (free < atMost && idle.tryAcquire()) {
            free++;
        }
        work.drainPermits();
        Outbox.Leased leased;
        try {
            leased = outbox.lease(free);
            databaseFailures = 0;
        } catch (SQLException failed) {
            idle.release(free);
            pauseForDatabase(failed);
            return;
        }
        idle.release(free - leased.mails().size());
        metrics.count(leased);
        for (QueuedMail mail : leased.mails()) {
            underWay.add(mail);
            workers.execute(() -> deliver(mail));
        }
        if (leased.nothingDue()) {
            boolean woken = work.tryAcquire(POLL.toMillis(), TimeUnit.MILLISECONDS);
            LOG.trace("woken by an insert: {}", woken);
        }
    }

    private void deliver(QueuedMail mail) {
        try {
            delivery.deliver(mail);
        } catch (RuntimeException bug) {
            // The row's lease runs out and it is tried again; the others go on.
            LOG.error("A mail could not be handled", bug);
        } finally {
            underWay.remove(mail);
            idle.release();
        }
    }

    /** While sending is stopped: asks the server with growing pauses whether it works again. */
    private void tryAgain() throws InterruptedException {
        if (closing.await(gate.pause().toMillis(), TimeUnit.MILLISECONDS)) {
            return;
        }
        try {
            route.probe();
        } catch (MessagingException still) {
            gate.stop(Stage.CONNECT, String.valueOf(still.getMessage()));
            gate.triedInVain();
            return;
        }
        if (gate.needsMail()) {
            sendOrWait(1);
            // Its outcome opens the gate or keeps it closed.
            idle.acquire(connections);
            idle.release(connections);
            if (!gate.isOpen()) {
                gate.triedInVain();
            }
        } else {
            gate.resume();
        }
    }

    private void pauseForDatabase(SQLException failed) throws InterruptedException {
        metrics.count(SinkMetrics.DATABASE_ERRORS);
        if (databaseFailures++ == 0) {
            LOG.warn("The sender cannot read the journal; trying again with pauses", failed);
        }
        long millis = 1_000L << Math.min(databaseFailures - 1, 5);
        boolean closed =
                closing.await(
                        Math.min(millis, LONGEST_DATABASE_PAUSE.toMillis()), TimeUnit.MILLISECONDS);
        LOG.trace("closed while waiting for the database: {}", closed);
    }

    /**
     * Stops leasing, gives mails on their way a few seconds, cuts the connections of the rest and
     * returns every lease that has not reached its final phase.
     */
    @Override
    public void close() {
        closing.countDown();
        dispatcher.interrupt();
        workers.shutdown();
        boolean interrupted = !finishes(GRACE);
        route.close();
        if (interrupted) {
            interrupted = !finishes(GRACE);
            LOG.debug("mails were still on their way after closing: {}", interrupted);
        }
        for (QueuedMail mail : underWay) {
            try {
                outbox.returnUnlessFinal(mail);
            } catch (SQLException unanswered) {
                LOG.warn("A lease could not be returned; it runs out by itself", unanswered);
            }
        }
    }

    private boolean finishes(Duration patience) {
        boolean wasInterrupted = Thread.interrupted();
        try {
            dispatcher.join(patience.toMillis());
            return workers.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException again) {
            wasInterrupted = true;
            return false;
        } finally {
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
