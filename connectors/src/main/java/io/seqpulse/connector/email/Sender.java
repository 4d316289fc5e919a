package io.seqpulse.connector.email;

import jakarta.mail.MessagingException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
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
    private static final Duration LONGEST_DATABASE_PAUSE = Duration.ofSeconds(5);

    /** How long to wait for a mail to end while the server takes few connections. */
    private static final int FULL = 50;

    private static final Duration FIRST_LOOK = Duration.ofSeconds(2);
    private static final Duration LAST_LOOKS = Duration.ofMinutes(1);

    /** More than one: what the server was about to commit, it may commit after the first. */
    private static final int LOOKS_FOR_UNHEARD = 3;

    private static final Duration GRACE = Duration.ofSeconds(5);

    private final SenderLock lock;
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
    private final ThreadPoolExecutor workers;
    private final Thread dispatcher;

    private boolean looked;
    private long lookedAt;
    private Duration pause = FIRST_LOOK;
    private int looksForUnheard;
    private int databaseFailures;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    /**
     * A sender; {@link #start} makes it work.
     *
     * @param name of its threads
     * @param lock says that it lives; closed with it
     * @param closing counted down when it is closed
     */
    Sender(
            String name,
            int connections,
            SenderLock lock,
            Outbox outbox,
            MailRoute route,
            Delivery delivery,
            SenderGate gate,
            SinkMetrics metrics,
            CountDownLatch closing) {
        this.lock = lock;
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
        this.workers =
                new ThreadPoolExecutor(
                        connections,
                        connections,
                        0,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        threads);
        this.dispatcher = daemon(this::dispatch, name + "-dispatcher");
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /** Begins to send, with all the threads it will ever need. */
    void start() {
        boolean started = false;
        try {
            workers.prestartAllCoreThreads();
            dispatcher.start();
            started = true;
        } finally {
            if (!started) {
                workers.shutdownNow();
                route.close();
            }
        }
    }

    /** Says that something was queued. */
    void wake() {
        if (work.availablePermits() == 0) {
            work.release();
        }
    }

    private void dispatch() {
        try {
            askFirst();
            if (closing.getCount() > 0) {
                metrics.showHalt(gate);
            }
            while (closing.getCount() > 0 && failure.get() == null) {
                if (gate.isOpen()) {
                    sendOrWait(gate.limit(connections), outbox::lease, delivery::deliver);
                } else {
                    tryAgain();
                }
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            if (closing.getCount() > 0) {
                failure.compareAndSet(null, interrupted);
            }
        } catch (Throwable ended) {
            // An error of the JVM included: a sender that has ended must fail the job.
            failure.compareAndSet(null, ended);
        }
    }

    /** A server that does not let us in is known before the first mail is due. */
    private void askFirst() {
        try {
            route.probe();
        } catch (MessagingException refused) {
            if (closing.getCount() > 0) {
                gate.stop(SenderGate.Cause.CONNECTION, String.valueOf(refused.getMessage()));
            }
        }
    }

    /** What ended the sender although nobody closed it, or null; it must fail the job. */
    Throwable failure() {
        return failure.get();
    }

    /** What is to be sent next. */
    @FunctionalInterface
    private interface Lease {
        Outbox.Leased of(int rows) throws SQLException;
    }

    /**
     * One round: lease what the idle connections can take, or wait until something is queued.
     *
     * @return whether a mail is on its way
     */
    private boolean sendOrWait(int atMost, Lease lease, Consumer<QueuedMail> way)
            throws InterruptedException {
        idle.acquire();
        int room = atMost - underWay.size();
        if (room < 1) {
            idle.release();
            LOG.trace("closed while waiting: {}", closing.await(FULL, TimeUnit.MILLISECONDS));
            return false;
        }
        int free = 1;
        while (free < room && idle.tryAcquire()) {
            free++;
        }
        work.drainPermits();
        Outbox.Leased leased;
        try {
            lookAfterOthers();
            leased = lease.of(free);
            databaseFailures = 0;
        } catch (SQLException failed) {
            idle.release(free);
            pauseForDatabase(failed);
            return false;
        }
        idle.release(free - leased.mails().size());
        metrics.count(leased);
        for (QueuedMail mail : leased.mails()) {
            underWay.add(mail);
            workers.execute(() -> deliver(mail, way));
        }
        if (leased.nothingDue()) {
            boolean woken = work.tryAcquire(POLL.toMillis(), TimeUnit.MILLISECONDS);
            LOG.trace("woken by an insert: {}", woken);
        }
        return !leased.mails().isEmpty();
    }

    /**
     * Takes over what senders that are gone had leased: at the start what this one's predecessor
     * had, soon again, as the database may take a while to notice that it has gone, and then now
     * and then.
     */
    private void lookAfterOthers() throws SQLException {
        if (System.nanoTime() - lookedAt < pause.toNanos() && looked) {
            return;
        }
        // Others may find their locks gone as well, and need a moment to take them anew.
        boolean lost = lock.hold();
        int taken = lost ? 0 : unlessRefused(outbox::takeOver);
        if (taken > 0) {
            LOG.info("Took over {} mails of senders that are gone", taken);
        }
        if (looksForUnheard > 0) {
            looksForUnheard--;
            List<UUID> inHand = underWay.stream().map(QueuedMail::id).toList();
            int returned = unlessRefused(() -> outbox.returnUnheard(inHand));
            if (returned > 0) {
                LOG.info("Returned {} mails that were leased as the database went away", returned);
            }
        }
        pause = looked && !lost ? longer(pause) : FIRST_LOOK;
        looked = true;
        lookedAt = System.nanoTime();
    }

    /** Leases to be returned. */
    @FunctionalInterface
    private interface Look {
        int returned() throws SQLException;
    }

    /** A row that the table does not let us change keeps up nobody's mail; its lease runs out. */
    private static int unlessRefused(Look look) throws SQLException {
        try {
            return look.returned();
        } catch (SQLException failed) {
            if (DatabaseTrouble.of(failed) != DatabaseTrouble.REFUSED) {
                throw failed;
            }
            LOG.warn("Leases could not be returned; they run out by themselves", failed);
            return 0;
        }
    }

    private static Duration longer(Duration pause) {
        Duration doubled = pause.multipliedBy(2);
        return doubled.compareTo(LAST_LOOKS) < 0 ? doubled : LAST_LOOKS;
    }

    private void deliver(QueuedMail mail, Consumer<QueuedMail> way) {
        boolean settled = false;
        try {
            way.accept(mail);
            settled = true;
        } catch (RuntimeException bug) {
            // The row's lease runs out and it is tried again; the others go on.
            LOG.error("A mail could not be handled", bug);
            settled = true;
        } catch (Throwable ended) {
            failure.compareAndSet(null, ended);
        } finally {
            // Otherwise its lease is returned when the sender is closed, which comes next.
            if (settled) {
                underWay.remove(mail);
            }
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
            gate.stop(SenderGate.Cause.CONNECTION, String.valueOf(still.getMessage()));
            gate.triedInVain();
            return;
        }
        if (gate.needsMail()) {
            askWithMail();
        } else {
            gate.resume();
        }
    }

    /** Hands over one mail, whose outcome opens the gate or keeps it closed. */
    private void askWithMail() throws InterruptedException {
        if (gate.confirmsNothing()) {
            // No pause grows where nothing was asked: what is queued meanwhile asks at once.
            boolean asked = false;
            while (!asked && !gate.isOpen() && closing.getCount() > 0 && failure.get() == null) {
                asked = sendOrWait(1, outbox::leaseToAsk, delivery::ask);
            }
        } else {
            sendOrWait(1, outbox::lease, delivery::ask);
        }
        idle.acquire(connections);
        idle.release(connections);
        if (!gate.isOpen()) {
            gate.triedInVain();
        }
    }

    private void pauseForDatabase(SQLException failed) throws InterruptedException {
        metrics.count(SinkMetrics.DATABASE_ERRORS);
        looksForUnheard = LOOKS_FOR_UNHEARD;
        looked = false;
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
        try {
            lock.close();
        } catch (SQLException gone) {
            LOG.debug("The lock went with its session", gone);
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
