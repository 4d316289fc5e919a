package io.seqpulse.quickstart.stack;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** The product's database as the stack uses it: its own embedded one, or somebody's. */
interface Database extends AutoCloseable {

    /** Its JDBC URL, without user and password. */
    String jdbcUrl();

    /** Its port. */
    int port();

    /** A new connection that may read and write the product's tables, with autocommit on. */
    Connection connect() throws SQLException;

    /** Who the job connects as. */
    Login job();

    /** Who reads figures and outcomes. */
    Login readers();

    /** Who reads a mail as it was sent. */
    Login support();

    /** What this database needs of the connector over what its registration says. */
    default Map<String, String> connectorSettings() {
        return Map.of();
    }

    /** Called when changes are captured: from now on the server keeps WAL for us. */
    default void captured() {}

    /** Processes of the server on this machine that are ours, to measure their memory. */
    default List<ProcessHandle> processes() {
        return List.of();
    }

    /** Lets go of it. */
    @Override
    void close() throws Exception;

    /** A role and its password. */
    record Login(String user, String password) {

        @Override
        public String toString() {
            return "Login[" + user + "]";
        }
    }
}
