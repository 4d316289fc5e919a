package io.seqpulse.connector.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;

/** Runs work in a transaction of its own. */
public final class Transactions {

    private Transactions() {}

    /** What is done in a transaction. */
    @FunctionalInterface
    public interface Work<T> {
        T in(Connection connection) throws SQLException;
    }

    /**
     * Commits what the work did, or rolls it back if it throws.
     *
     * @throws SQLException if the database fails or the work threw it; when the commit itself fails
     *     for lack of an answer, nobody knows whether it happened
     */
    public static <T> T run(DataSource database, Work<T> work) throws SQLException {
        try (Connection connection = database.getConnection()) {
            connection.setAutoCommit(false);
            boolean finished = false;
            try {
                T result = work.in(connection);
                connection.commit();
                finished = true;
                return result;
            } finally {
                if (!finished) {
                    rollBack(connection);
                }
            }
        }
    }

    private static void rollBack(Connection connection) {
        try {
            connection.rollback();
        } catch (SQLException connectionGone) {
            // The server rolls back by itself; what made the work fail is thrown.
        }
    }
}
