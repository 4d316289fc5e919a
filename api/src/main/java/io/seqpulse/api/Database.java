package io.seqpulse.api;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Reads the database as one role, by a few connections that can do nothing else, wait for no lock
 * longer than {@value #LOCK_MILLIS} ms and for no statement longer than {@value #STATEMENT_MILLIS}
 * ms. It need not answer when the service starts.
 */
public final class Database implements AutoCloseable {

    private static final int STATEMENT_MILLIS = 5_000;
    private static final int LOCK_MILLIS = 1_000;
    private static final Duration CONNECTION_WAIT = Duration.ofSeconds(2);
    private static final String LOCK_NOT_AVAILABLE = "55P03";
    private static final String QUERY_CANCELED = "57014";

    private final HikariDataSource connections;

    Database(ApiConfig.Login login, String name, int size) {
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setJdbcUrl(login.url());
        // By name: where this jar is loaded apart, the JDK's list has other loaders' drivers.
        config.setDriverClassName("org.postgresql.Driver");
        config.setUsername(login.user());
        config.setPassword(login.password());
        config.setMaximumPoolSize(size);
        config.setMinimumIdle(1);
        config.setReadOnly(true);
        config.setConnectionTimeout(CONNECTION_WAIT.toMillis());
        config.setInitializationFailTimeout(-1);
        config.setConnectionInitSql(
                "select set_config('statement_timeout', '"
                        + STATEMENT_MILLIS
                        + "', false), set_config('lock_timeout', '"
                        + LOCK_MILLIS
                        + "', false),"
                        + " set_config('default_transaction_read_only', 'on', false),"
                        + " set_config('jit', 'off', false)");
        config.addDataSourceProperty("ApplicationName", "seqpulse-lifecycle-api");
        config.addDataSourceProperty("socketTimeout", "10");
        config.addDataSourceProperty("connectTimeout", "3");
        config.addDataSourceProperty("tcpKeepAlive", "true");
        connections = new HikariDataSource(config);
    }

    /** Reads one row of an answer. */
    @FunctionalInterface
    public interface RowReader<T> {
        /** The row the answer stands at. */
        T read(ResultSet row) throws SQLException;
    }

    /**
     * The rows of a query.
     *
     * @param values of its parameters: instants as {@link java.time.OffsetDateTime}, lists as
     *     arrays
     * @throws Unavailable if the database does not answer, in time or at all
     */
    public <T> List<T> query(String sql, RowReader<T> reader, Object... values) {
        try (Connection connection = connections.getConnection();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                if (values[i] instanceof String[] texts) {
                    statement.setArray(i + 1, connection.createArrayOf("text", texts));
                } else {
                    statement.setObject(i + 1, values[i]);
                }
            }
            List<T> rows = new ArrayList<>();
            try (ResultSet answer = statement.executeQuery()) {
                while (answer.next()) {
                    rows.add(reader.read(answer));
                }
            }
            return rows;
        } catch (SQLException e) {
            throw new Unavailable(reason(e), e);
        }
    }

    @Override
    public void close() {
        connections.close();
    }

    private Unavailable.Reason reason(SQLException e) {
        String state = String.valueOf(e.getSQLState());
        if (state.equals(LOCK_NOT_AVAILABLE)) {
            return Unavailable.Reason.LOCKED;
        }
        if (state.equals(QUERY_CANCELED)) {
            return Unavailable.Reason.SLOW;
        }
        boolean noneFree =
                e instanceof SQLTransientConnectionException
                        && connections.getHikariPoolMXBean().getActiveConnections()
                                >= connections.getMaximumPoolSize();
        return noneFree ? Unavailable.Reason.BUSY : Unavailable.Reason.UNREACHABLE;
    }

    /** The database did not answer a query. */
    public static final class Unavailable extends RuntimeException {

        /** Why not. */
        public enum Reason {
            /** Somebody holds a lock on a table that the query reads; others may be read. */
            LOCKED("a table that this reads is locked by somebody else"),
            /** It took too long; others may take less. */
            SLOW("the database took too long for this"),
            /** Others have all connections, and wait themselves. */
            BUSY("others already wait for this, with all connections there are"),
            /** Nobody gets an answer. */
            UNREACHABLE("the database does not answer");

            private final String text;

            Reason(String text) {
                this.text = text;
            }

            /** As it stands in answers for machines. */
            public String label() {
                return name().toLowerCase(Locale.ROOT);
            }

            /** As a part of a sentence. */
            public String text() {
                return text;
            }
        }

        private static final long serialVersionUID = 1L;

        private final Reason reason;

        Unavailable(Reason reason, SQLException cause) {
            super(cause.getMessage(), cause);
            this.reason = reason;
        }

        /** Why it did not. */
        public Reason reason() {
            return reason;
        }
    }
}
