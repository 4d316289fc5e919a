package io.seqpulse.quickstart.suppressions;

import io.seqpulse.quickstart.StackException;
import io.seqpulse.quickstart.database.DatabaseAddress;
import java.sql.Connection;
import java.sql.SQLException;
import picocli.CommandLine.Option;

/** Where the suppressed addresses are. */
final class Place {

    private static final String NO_TABLE = "42P01";
    private static final String NO_SCHEMA = "3F000";

    @Option(
            names = "--database",
            paramLabel = "URL",
            required = true,
            description =
                    "The product's database: postgresql://user@host:port/db, password in PGPASSWORD"
                            + " or PGPASSFILE. That of `./lifecycle up` is"
                            + " postgresql://postgres@127.0.0.1:PORT/seqpulse, with the port and"
                            + " the PGPASSFILE that it prints.")
    private String database;

    /** Something asked of the database. */
    @FunctionalInterface
    interface Question<T> {
        T ask(Connection connection) throws SQLException;
    }

    /**
     * The answer to a question.
     *
     * @throws StackException if the database cannot be asked
     */
    <T> T ask(Question<T> question) {
        DatabaseAddress address = DatabaseAddress.parse(database, System.getenv());
        try (Connection connection = address.connect()) {
            return question.ask(connection);
        } catch (SQLException e) {
            boolean notOurs = NO_TABLE.equals(e.getSQLState()) || NO_SCHEMA.equals(e.getSQLState());
            throw new StackException(
                    notOurs
                            ? "%s has no pipeline of ours: there is no table lifecycle.suppressed_addresses"
                                    .formatted(address.shown())
                            : "%s cannot be used: %s".formatted(address.shown(), e.getMessage()),
                    e);
        }
    }
}
