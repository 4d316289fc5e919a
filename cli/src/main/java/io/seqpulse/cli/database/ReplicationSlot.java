package io.seqpulse.cli.database;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Our replication slot as a server has it.
 *
 * @param database the database it belongs to
 * @param activePid the server process that reads it, or null
 * @param walStatus the server's word for whether the WAL it needs is still there
 */
public record ReplicationSlot(String database, Integer activePid, String walStatus) {

    /** Its name, as {@code connectors/debezium/seqpulse.json} has it. */
    public static final String NAME = "seqpulse_lifecycle";

    /** What removes it. */
    public static final String DROP = "select pg_drop_replication_slot('" + NAME + "')";

    private static final Duration RELEASE = Duration.ofSeconds(15);

    /** The slot of that name, or empty. */
    public static Optional<ReplicationSlot> find(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet found =
                        statement.executeQuery(
                                "select database, active_pid, wal_status from pg_replication_slots"
                                        + " where slot_name = '"
                                        + NAME
                                        + "'")) {
            return found.next()
                    ? Optional.of(
                            new ReplicationSlot(
                                    found.getString(1),
                                    (Integer) found.getObject(2),
                                    found.getString(3)))
                    : Optional.empty();
        }
    }

    /** Whether somebody reads it at the moment. */
    public boolean isActive() {
        return activePid != null;
    }

    /**
     * Whether the server has given it up, because it was further behind than {@code
     * max_slot_wal_keep_size}: it can only be removed.
     */
    public boolean isLost() {
        return "lost".equals(walStatus);
    }

    /**
     * Removes the slot where there is one, once its last reader's process has noticed that it has
     * gone.
     *
     * @throws SQLException if it is still read after 15 seconds, or the database refuses
     */
    public static void drop(Connection connection) throws SQLException, InterruptedException {
        long end = System.nanoTime() + RELEASE.toNanos();
        Optional<ReplicationSlot> slot = find(connection);
        while (slot.isPresent() && slot.get().isActive() && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(100);
            slot = find(connection);
        }
        if (slot.isPresent()) {
            try (Statement statement = connection.createStatement()) {
                statement.execute(DROP);
            }
        }
    }
}
