package io.seqpulse.connector.jdbc;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/** Opens connections on which nobody waits for ever. */
final class Connections {

    private Connections() {}

    /**
     * A connection, found or given up within seconds; an answer on it comes within a minute or not
     * at all.
     *
     * @param name by which the server shows it
     */
    static Connection open(JdbcSettings settings, String name) throws SQLException {
        try {
            // DriverManager does not look for drivers in the jar of a job that a cluster loads
            Class.forName("org.postgresql.Driver");
        } catch (ClassNotFoundException missing) {
            throw new SQLException("the PostgreSQL driver is not in the job's jar", missing);
        }
        Properties properties = new Properties();
        properties.setProperty("user", settings.user());
        properties.setProperty("password", settings.password());
        properties.setProperty("ApplicationName", name);
        properties.setProperty("tcpKeepAlive", "true");
        properties.setProperty("connectTimeout", "10");
        properties.setProperty("loginTimeout", "20");
        properties.setProperty("socketTimeout", "60");
        return DriverManager.getConnection(settings.url(), properties);
    }
}
