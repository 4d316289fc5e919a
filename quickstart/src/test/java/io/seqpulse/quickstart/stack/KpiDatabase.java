package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.StateFolder;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/** A PostgreSQL with the project's schema and roles, and nothing that writes to it. */
public final class KpiDatabase implements AutoCloseable {

    private final StateFolder state;
    private final PostgresServer server;
    private final Secrets secrets;

    private KpiDatabase(StateFolder state, PostgresServer server, Secrets secrets) {
        this.state = state;
        this.server = server;
        this.secrets = secrets;
    }

    /** Starts one, in a temporary folder. */
    public static KpiDatabase start() throws Exception {
        StateFolder state = StateFolder.temporary();
        Secrets secrets = Secrets.of(state);
        Path home = Path.of(System.getProperty("lifecycle.home", "")).toAbsolutePath();
        PostgresServer server =
                PostgresServer.start(home, state, new Ports(notice -> {}).free(), secrets);
        return new KpiDatabase(state, server, secrets);
    }

    /** As the owner of everything. */
    public Connection connect() throws SQLException {
        return server.connect();
    }

    /** As Grafana logs in. */
    public Connection readOnly() throws SQLException {
        return DriverManager.getConnection(
                server.jdbcUrl(), "lifecycle_readonly", secrets.readonly());
    }

    /** Runs SQL as the owner. */
    public void execute(String sql) throws SQLException {
        try (Connection owner = connect();
                Statement statement = owner.createStatement()) {
            statement.execute(sql);
        }
    }

    @Override
    public void close() throws Exception {
        server.close();
        state.close();
    }
}
