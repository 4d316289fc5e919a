package io.seqpulse.connector.jdbc;

import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes to a PostgreSQL database. Its thread claims the generation, reads what may have to be
 * mended, and writes batches in their order, through outages, locks and refusals alike. A row that
 * the database refuses costs itself only: it is counted and left out.
 */
final class KpiTableWriter implements KpiWriter {

    /** Group of its metrics. */
    static final String GROUP = "kpi";

    /** Rows the database refused. */
    static final String REFUSED = "rowsRefused";

    /** Times something could not be written, for lack of a database that takes it. */
    static final String DATABASE_ERRORS = "databaseErrors";

    /** 1 while nothing can be written. */
    static final String STOPPED = "writerStopped";

    private static final Logger LOG = LoggerFactory.getLogger(KpiTableWriter.class);

    /** So many batches wait here, so that the thread has the next one at once. */
    private static final int AHEAD = 2;

    private static final long FIRST_PAUSE_MILLIS = 250;
    private static final long LONGEST_PAUSE_MILLIS = 5_000;

    /** How often it says that it lives, where nothing else does. */
    private static final long SIGN_OF_LIFE_MILLIS = 10_000;

    /** How long it may go on writing what it has, and then how long it is waited for. */
    private static final long CLOSING_MILLIS = 1_000;

    private static final long LOGGED_AGAIN_NANOS = TimeUnit.MINUTES.toNanos(10);

    /**
     * Classes of SQL states that are about a row: a target twice, its data, a constraint, a limit
     * of the server.
     */
    private static final List<String> ABOUT_A_ROW = List.of("21", "22", "23", "54");

    private final JdbcSettings database;
    private final long signOfLifeMillis;
    private final Thread thread;
    private final Counter refused;
    private final Counter databaseErrors;

    // shared, under this object's lock
    private final Deque<KpiBatch> batches = new ArrayDeque<>();
    private final Deque<KpiFound> found = new ArrayDeque<>();
    private KpiClaim claim;
    private long written;
    private boolean closing;
    private boolean closed;
    private KpiSession writing;
    private KpiSession reading;
    private Throwable death;
    private volatile int failures;

    // the thread's own
    private KpiSession.Granted granted;
    private KpiSession.Rows rows;
    private long claims;
    private long heardAt;
    private long seenAt;
    private long refusalLoggedAt;
    private volatile String stoppedBy;

    private KpiTableWriter(
            JdbcSettings database, KpiClaim claim, MetricGroup parent, long signOfLifeMillis) {
        this.database = database;
        this.signOfLifeMillis = signOfLifeMillis;
        this.claim = claim;
        MetricGroup group = parent.addGroup(GROUP);
        refused = group.counter(REFUSED, new ThreadSafeSimpleCounter());
        databaseErrors = group.counter(DATABASE_ERRORS, new ThreadSafeSimpleCounter());
        group.gauge(STOPPED, () -> failures > 0 ? 1 : 0);
        thread = new Thread(this::run, "kpi-" + claim.part());
        thread.setDaemon(true);
    }

    /** A writer at work. */
    static KpiTableWriter start(JdbcSettings database, KpiClaim claim, MetricGroup metrics) {
        return start(database, claim, metrics, SIGN_OF_LIFE_MILLIS);
    }

    /** A writer at work that says that it lives so often. */
    static KpiTableWriter start(
            JdbcSettings database, KpiClaim claim, MetricGroup metrics, long signOfLifeMillis) {
        KpiTableWriter writer = new KpiTableWriter(database, claim, metrics, signOfLifeMillis);
        writer.thread.start();
        return writer;
    }

    @Override
    public synchronized KpiFound found() {
        KpiFound next = found.poll();
        if (next != null) {
            notifyAll();
        }
        return next;
    }

    @Override
    public synchronized boolean takesMore() {
        return batches.size() < AHEAD;
    }

    @Override
    public synchronized void write(KpiBatch batch) {
        batches.add(batch);
        notifyAll();
    }

    @Override
    public synchronized long written() {
        return written;
    }

    @Override
    public synchronized void completed(long checkpoint) {
        claim = claim.after(checkpoint);
    }

    @Override
    public synchronized void check() throws IOException {
        if (death != null) {
            throw new IOException("the writer of the KPI tables ended by a bug", death);
        }
    }

    /** What keeps it from writing; null: nothing does. */
    String stoppedBy() {
        return stoppedBy;
    }

    private void run() {
        try {
            while (!isClosed()) {
                try {
                    step();
                } catch (SQLException failed) {
                    disconnect();
                    if (!isClosed()) {
                        pauseFor(failed);
                    }
                }
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        } catch (Throwable bug) { // an Error, too, must fail the job
            synchronized (this) {
                death = bug;
            }
        } finally {
            disconnect();
        }
    }

    private void step() throws SQLException, InterruptedException {
        if (granted == null) {
            makeClaim();
            return;
        }
        KpiBatch batch = awaitWork();
        if (batch != null) {
            writeNow(batch);
        } else if (rows != null && hasRoomForFound()) {
            read();
        } else if (isQuiet(heardAt)) {
            KpiSession session = session();
            seenAt = System.nanoTime();
            settle(session, session.heartbeat(claimed(), granted.number(), null));
        }
    }

    private boolean isQuiet(long since) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since) >= signOfLifeMillis;
    }

    private void makeClaim() throws SQLException, InterruptedException {
        KpiClaim asked = claimed();
        KpiSession.Granted given = session().begin(asked, asked.isRestored() || claims > 0);
        if (given == null) {
            throw new SQLException(
                    "a later start or attempt of the job writes generation "
                            + asked.generation()
                            + "; this one goes on once a checkpoint shows that it is no leftover");
        }
        // It is no claim before what was written earlier can be read.
        KpiSession.Rows written = readingSession().writtenSince(asked);
        granted = given;
        claims++;
        heardAt = System.nanoTime();
        seenAt = heardAt;
        synchronized (this) {
            found.clear();
        }
        rows = written;
        tell(found(List.of(), false));
        LOG.info(
                "Part {} of {} writes generation {} of the KPI tables{}",
                asked.part(),
                asked.parts(),
                asked.generation(),
                granted.anew() ? ", all of it anew" : "");
    }

    private void read() throws SQLException {
        List<KpiFound.Target> targets = rows.next();
        tell(found(targets, targets.isEmpty()));
        if (targets.isEmpty()) {
            endReading();
        }
    }

    private KpiFound found(List<KpiFound.Target> targets, boolean last) {
        return new KpiFound(claims, granted.number(), granted.anew(), targets, last);
    }

    private synchronized void tell(KpiFound piece) {
        found.add(piece);
    }

    private synchronized boolean hasRoomForFound() {
        return found.size() < AHEAD;
    }

    /** The next batch, which stays where it is; null: there is something else to do. */
    private synchronized KpiBatch awaitWork() throws InterruptedException {
        while (batches.isEmpty() && !closed) {
            if (closing) {
                closed = true; // it was the last
                notifyAll();
                return null;
            }
            long quiet = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - heardAt);
            if (quiet >= signOfLifeMillis || rows != null && found.size() < AHEAD) {
                return null;
            }
            wait(signOfLifeMillis - quiet);
        }
        return closed ? null : batches.peek();
    }

    private void writeNow(KpiBatch batch) throws SQLException {
        KpiSession session = session();
        boolean stands = putAll(session, batch.checkpoint(), batch.rows());
        boolean tellsTime = batch.asOfMillis() != null && batch.claim() == claims;
        if (stands && (tellsTime || isQuiet(seenAt))) {
            // who has much to write says nothing else for long, and must not be taken for dead
            seenAt = System.nanoTime();
            Long asOf = tellsTime ? batch.asOfMillis() : null;
            stands = session.heartbeat(claimed(), granted.number(), asOf);
        }
        if (settle(session, stands)) {
            synchronized (this) {
                batches.remove();
                written++;
                notifyAll();
            }
        }
    }

    /** Commits, if the claim still stands; if not, it has to be made again. */
    private boolean settle(KpiSession session, boolean stands) throws SQLException {
        if (stands) {
            session.commit();
            heardAt = System.nanoTime();
            if (failures > 0) {
                failures = 0;
                stoppedBy = null;
                LOG.info("The KPI tables are written again");
            }
        } else {
            session.rollback();
            granted = null;
            endReading();
        }
        return stands;
    }

    /** Parts what the database refuses until the refused row is alone. */
    private boolean putAll(KpiSession session, long checkpoint, List<KpiRow> batch)
            throws SQLException {
        if (batch.isEmpty()) {
            return true;
        }
        try {
            return session.put(claimed(), granted.number(), checkpoint, batch);
        } catch (SQLException failed) {
            if (!isAboutARow(failed)) {
                throw failed;
            }
            session.rollback();
            if (batch.size() == 1) {
                leaveOut(batch.get(0), failed);
                return true;
            }
        }
        int half = batch.size() / 2;
        boolean stands = putAll(session, checkpoint, batch.subList(0, half));
        if (stands) {
            session.commit();
            stands = putAll(session, checkpoint, batch.subList(half, batch.size()));
        }
        return stands;
    }

    private static boolean isAboutARow(SQLException failed) {
        String state = failed.getSQLState();
        return state != null && ABOUT_A_ROW.stream().anyMatch(state::startsWith);
    }

    private void leaveOut(KpiRow row, SQLException refusal) {
        long now = System.nanoTime();
        if (refused.getCount() == 0 || now - refusalLoggedAt > LOGGED_AGAIN_NANOS) {
            refusalLoggedAt = now;
            LOG.warn(
                    "The database refuses a row of {} ({}): it is left out; {} were before",
                    row.relation(),
                    refusal.getSQLState(),
                    refused.getCount());
        }
        refused.inc();
    }

    private void pauseFor(SQLException failed) throws InterruptedException {
        databaseErrors.inc();
        int failure = ++failures;
        String message = String.valueOf(failed.getMessage());
        if (!message.equals(stoppedBy)) {
            stoppedBy = message;
            LOG.warn("The KPI tables cannot be written; rows wait for it: {}", message);
        }
        long millis =
                Math.min(FIRST_PAUSE_MILLIS << Math.min(failure - 1, 10), LONGEST_PAUSE_MILLIS);
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        synchronized (this) {
            for (long rest = millis; rest > 0 && !closed && !closing; ) {
                wait(rest);
                rest = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            }
            closed |= closing;
        }
    }

    private synchronized KpiClaim claimed() {
        return claim;
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private KpiSession session() throws SQLException {
        synchronized (this) {
            if (writing != null) {
                return writing;
            }
        }
        KpiSession opened = open();
        synchronized (this) {
            writing = opened;
        }
        return opened;
    }

    private KpiSession readingSession() throws SQLException {
        KpiSession opened = open();
        synchronized (this) {
            reading = opened;
        }
        return opened;
    }

    private KpiSession open() throws SQLException {
        KpiSession opened = KpiSession.open(database);
        if (isClosed()) {
            opened.abort();
            throw new SQLException("closed while it connected");
        }
        return opened;
    }

    /** What was being read has to be asked for again, with the claim. */
    private void disconnect() {
        if (rows != null) {
            granted = null;
        }
        endReading();
        abort();
    }

    private void endReading() {
        rows = null;
        KpiSession ended;
        synchronized (this) {
            ended = reading;
            reading = null;
        }
        if (ended != null) {
            ended.abort();
        }
    }

    /** Any thread may. */
    private void abort() {
        KpiSession first;
        KpiSession second;
        synchronized (this) {
            first = writing;
            second = reading;
            writing = null;
            reading = null;
        }
        if (first != null) {
            first.abort();
        }
        if (second != null) {
            second.abort();
        }
    }

    @Override
    public void close() {
        boolean interrupted = Thread.interrupted();
        synchronized (this) {
            closing = true;
            notifyAll();
        }
        interrupted |= !join();
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        abort();
        interrupted |= !join();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Gives it a moment; returns whether nobody wanted it shorter. */
    private boolean join() {
        try {
            thread.join(CLOSING_MILLIS);
            return true;
        } catch (InterruptedException again) {
            return false;
        }
    }
}
