package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.StateFolder;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.Properties;

/** Which database of somebody's a state folder continues from, in a file of the folder. */
public final class DatabaseState {

    private static final String FILE = "database.properties";
    private static final String IDENTITY = "identity";
    private static final String SLOT = "slot";

    private final Path folder;

    private DatabaseState(Path folder) {
        this.folder = folder;
    }

    /** The one of a folder, which may be yet to be made. */
    public static DatabaseState in(Path folder) {
        return new DatabaseState(folder);
    }

    /** Whether the folder keeps a stack with a database of its own. */
    public boolean isEmbedded() {
        return Files.exists(folder.resolve("postgres"));
    }

    /** Whether the folder continues from somebody's database. */
    public boolean isExisting() {
        return Files.exists(folder.resolve(FILE));
    }

    /** Whether it continues from this one. */
    public boolean belongsTo(Connection connection) throws SQLException {
        return read().getProperty(IDENTITY, "").equals(identity(connection));
    }

    /** Whether a replication slot was made that this folder continues from. */
    public boolean hasSlot() {
        return read().getProperty(SLOT) != null;
    }

    /** From now on the folder continues from this database. */
    void belongTo(Connection connection) throws SQLException {
        Properties known = read();
        known.setProperty(IDENTITY, identity(connection));
        write(known);
    }

    /** Notes that the slot was made. */
    void slotExists() {
        Properties known = read();
        known.setProperty(SLOT, "made");
        write(known);
    }

    /** The cluster's own number where we may ask for it, and the database's in it. */
    private static String identity(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet found =
                        statement.executeQuery(
                                "select (select system_identifier from pg_control_system())"
                                        + " || '/' || oid from pg_database"
                                        + " where datname = current_database()")) {
            found.next();
            return Optional.ofNullable(found.getString(1)).orElse("unknown");
        }
    }

    private Properties read() {
        Properties known = new Properties();
        Path file = folder.resolve(FILE);
        if (Files.exists(file)) {
            try (Reader reader = Files.newBufferedReader(file)) {
                known.load(reader);
            } catch (IOException e) {
                throw new StackException("%s cannot be read".formatted(file), e);
            }
        }
        return known;
    }

    private void write(Properties known) {
        Path file = folder.resolve(FILE);
        try {
            StringWriter text = new StringWriter();
            known.store(text, "The database that this folder continues from");
            StateFolder.writePrivately(file, text.toString());
        } catch (IOException e) {
            throw new StackException("%s cannot be written".formatted(file), e);
        }
    }
}
