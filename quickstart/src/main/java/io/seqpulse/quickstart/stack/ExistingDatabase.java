package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.StateFolder;
import io.seqpulse.cli.database.DatabaseAddress;
import io.seqpulse.cli.database.ReplicationSlot;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;

/**
 * Somebody's own database, in which everything we need has been made. Nothing of the product's is
 * written to, and no server is started or stopped.
 */
final class ExistingDatabase implements Database {

    private final DatabaseAddress address;
    private final DatabaseState state;

    private ExistingDatabase(DatabaseAddress address, DatabaseState state) {
        this.address = address;
        this.state = state;
    }

    /**
     * Begins or continues with a database.
     *
     * @throws StackException if there is a replication slot that the folder does not continue from
     */
    static ExistingDatabase open(DatabaseAddress address, StateFolder folder) throws SQLException {
        DatabaseState state = DatabaseState.in(folder.root());
        try (Connection connection = address.connect()) {
            if (ReplicationSlot.find(connection).isPresent() && !state.belongsTo(connection)) {
                throw new StackException(
                        "replication slot %s on %s is another run's"
                                .formatted(ReplicationSlot.NAME, address.shown()));
            }
            state.belongTo(connection);
        }
        return new ExistingDatabase(address, folder.kept() ? state : null);
    }

    @Override
    public String jdbcUrl() {
        return address.jdbcUrl();
    }

    @Override
    public int port() {
        return address.port();
    }

    @Override
    public Connection connect() throws SQLException {
        return address.connect();
    }

    @Override
    public Login job() {
        return new Login(address.user(), address.passwordOrAny());
    }

    @Override
    public Login readers() {
        return job();
    }

    @Override
    public Login support() {
        return job();
    }

    /** What the connector's registration refers to as <code>${env:NAME}</code>. */
    static Map<String, String> connectorVariables(DatabaseAddress address) {
        return Map.of(
                "SEQPULSE_DB_HOST", address.host(),
                "SEQPULSE_DB_PORT", Integer.toString(address.port()),
                "SEQPULSE_DB_NAME", address.name(),
                "SEQPULSE_DB_USER", address.user(),
                "SEQPULSE_DB_PASSWORD", address.passwordOrAny(),
                "SEQPULSE_DB_SSLMODE", address.sslMode());
    }

    @Override
    public Map<String, String> connectorSettings() {
        return address.connectorSettings();
    }

    @Override
    public void captured() {
        if (state != null) {
            state.slotExists();
        }
    }

    /** Without a state to continue from, nobody would ever read the slot again: it goes. */
    @Override
    public void close() throws SQLException, InterruptedException {
        if (state != null) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        try (Connection connection = address.connect()) {
            ReplicationSlot.drop(connection);
        } catch (SQLException e) {
            throw new SQLException(
                    "replication slot %s could not be removed, and the server keeps WAL for it: run %s; there (%s)"
                            .formatted(ReplicationSlot.NAME, ReplicationSlot.DROP, e.getMessage()),
                    e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
