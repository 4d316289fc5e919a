package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.database.ReplicationSlot;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says when the server gave the replication slot up because it was too far behind. Debezium takes
 * that for a slot that is just being made and asks for it again and again, for half an hour, while
 * its task counts as running.
 */
final class SlotWatch {

    private static final Logger LOG = LoggerFactory.getLogger(SlotWatch.class);
    private static final Duration LOOK = Duration.ofSeconds(5);

    private final Journal.Connector database;
    private final String resnapshotCommand;
    private final Consumer<String> alarms;
    private boolean raised;

    /**
     * @param resnapshotCommand what removes the slot and has everything read anew
     */
    SlotWatch(Journal.Connector database, String resnapshotCommand, Consumer<String> alarms) {
        this.database = database;
        this.resnapshotCommand = resnapshotCommand;
        this.alarms = alarms;
    }

    /** Looks from now on, again and again. */
    void watchOn(ScheduledExecutorService scheduler) {
        var unused =
                scheduler.scheduleWithFixedDelay(
                        this::look, 0, LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Whether there is a slot, and nobody can read it any more. */
    static boolean isLost(Journal.Connector database) throws SQLException {
        try (Connection connection = database.connect()) {
            return ReplicationSlot.find(connection).filter(ReplicationSlot::isLost).isPresent();
        }
    }

    private void look() {
        try {
            boolean lost = isLost(database);
            if (lost && !raised) {
                String alarm =
                        "change capture stopped: replication slot %s is lost, as it fell further behind than the server's max_slot_wal_keep_size. Changes since may be missing; remove the slot and take a new snapshot with: %s"
                                .formatted(ReplicationSlot.NAME, resnapshotCommand);
                LOG.error("{}", alarm);
                alarms.accept(alarm);
            }
            raised = lost;
        } catch (SQLException e) {
            LOG.warn("the replication slot cannot be looked at: {}", e.getMessage());
        }
    }
}
