package io.seqpulse.quickstart;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How long after its commit a change shows in the KPI tables. Looks at the database's clock twenty
 * times a second, and at the time up to which the tables say they are true: what would have been
 * committed at one look shows at the first later one by which the tables have reached it.
 */
final class KpiFreshness implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(KpiFreshness.class);
    private static final long PAUSE_MILLIS = 50;
    private static final String LOOK =
            """
            select extract(epoch from clock_timestamp()) * 1000 as now,
                extract(epoch from as_of) * 1000 as as_of
            from kpi.heartbeat
            """;

    private final Connection connection;
    private final List<Long> millis = new ArrayList<>();
    private final Thread thread = new Thread(this::watch, "kpi-freshness");
    private volatile boolean stopping;

    private KpiFreshness(Connection connection) {
        this.connection = connection;
    }

    /**
     * Begins to look.
     *
     * @param connection used by it alone and closed with it
     */
    static KpiFreshness watch(Connection connection) {
        KpiFreshness freshness = new KpiFreshness(connection);
        freshness.thread.setDaemon(true);
        freshness.thread.start();
        return freshness;
    }

    private void watch() {
        Deque<Long> waiting = new ArrayDeque<>();
        try (connection;
                PreparedStatement look = connection.prepareStatement(LOOK)) {
            while (!stopping) {
                try (ResultSet row = look.executeQuery()) {
                    row.next();
                    long now = (long) row.getDouble("now");
                    long asOf = (long) row.getDouble("as_of");
                    if (!row.wasNull()) {
                        waiting.add(now);
                        take(waiting, now, asOf);
                    }
                }
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            }
        } catch (SQLException e) {
            LOG.warn("How fresh the KPI tables are is no longer measured: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void take(Deque<Long> waiting, long now, long asOf) {
        while (!waiting.isEmpty() && waiting.peek() <= asOf) {
            millis.add(now - waiting.poll());
        }
    }

    /** What was measured so far, in milliseconds, in the order of the commits. */
    synchronized List<Long> millis() {
        return List.copyOf(millis);
    }

    @Override
    public void close() throws InterruptedException {
        stopping = true;
        thread.join();
    }
}
