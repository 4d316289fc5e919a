package io.seqpulse.cli.suppressions;

import io.seqpulse.cli.CommandException;
import io.seqpulse.cli.database.DatabaseAddress;
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
                            + " or PGPASSFILE. That of ./lifecycle up is called seqpulse, its user"
                            + " postgres; port and PGPASSFILE are printed there.")
    private String database;

    /** Something asked of the database. */
    @FunctionalInterface
    interface Question<T> {
        T ask(Connection connection) throws SQLException;
    }

    /**
     * The answer to a question.
     *
     * @throws CommandException if the database cannot be asked
     */
    <T> T ask(Question<T> question) {
        DatabaseAddress address = DatabaseAddress.parse(database, System.getenv());
        try (Connection connection = address.connect()) {
            return question.ask(connection);
        } catch (SQLException e) {
            if (NO_TABLE.equals(e.getSQLState()) || NO_SCHEMA.equals(e.getSQLState())) {
                throw new CommandException(
                        "%s has no pipeline of ours: there is no table lifecycle.suppressed_addresses"
                                .formatted(address.shown()),
                        e);
            }
            throw address.unusable(e);
        }
    }
}
