package io.seqpulse.connector.jdbc;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;

/**
 * A real PostgreSQL with the product's tables and our migrations, for tests. It keeps nothing safe
 * on disk, for speed.
 */
public final class ProductDatabase implements AutoCloseable {

    /** Password of each of our roles in tests. */
    public static final String PASSWORD = "it's only a test";

    private static final String SUPERUSER = "postgres";

    private static ProductDatabase shared;

    private final EmbeddedPostgres postgres;
    private Connection session;
    private String control;
    private String folder;

    private ProductDatabase(EmbeddedPostgres postgres) {
        this.postgres = postgres;
    }

    /** The one of this JVM, emptied; started at the first call and stopped with the JVM. */
    public static synchronized ProductDatabase shared() {
        if (shared == null) {
            shared = start();
        }
        shared.clear();
        return shared;
    }

    /** One of its own, with reference schema and migrations. */
    public static ProductDatabase start() {
        ProductDatabase database = startEmpty();
        boolean ready = false;
        try {
            database.runReference();
            database.migrate();
            ready = true;
            return database;
        } finally {
            if (!ready) {
                database.close();
            }
        }
    }

    /** One without any table. */
    public static ProductDatabase startEmpty() {
        return startEmpty("");
    }

    /**
     * One without any table.
     *
     * @param name of the server, by which that of {@code ./lifecycle up} is known
     */
    static ProductDatabase startEmpty(String name) {
        try {
            return new ProductDatabase(
                    EmbeddedPostgres.builder()
                            .setServerConfig("cluster_name", name)
                            .setServerConfig("wal_level", "logical")
                            .setServerConfig("max_wal_senders", "8")
                            .start());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Creates the product's tables. */
    public void runReference() {
        try (Stream<Path> files = Files.list(sql().resolve("reference"))) {
            for (Path file : files.sorted().toList()) {
                execute(Files.readString(file));
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Runs our migrations, as an installation does. */
    public void migrate() {
        Flyway.configure()
                .dataSource(url(), SUPERUSER, SUPERUSER)
                .locations("filesystem:" + sql().resolve("migrations"))
                .defaultSchema("lifecycle")
                .placeholders(
                        Map.of(
                                "job_password", PASSWORD,
                                "connect_password", PASSWORD,
                                "readonly_password", PASSWORD,
                                "support_password", PASSWORD))
                .load()
                .migrate();
    }

    static Path sql() {
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null && !Files.isDirectory(folder.resolve("sql/migrations"))) {
            folder = folder.getParent();
        }
        if (folder == null) {
            throw new IllegalStateException("no sql/migrations above the working directory");
        }
        return folder.resolve("sql");
    }

    /** Its JDBC URL. */
    public String url() {
        return postgres.getJdbcUrl(SUPERUSER, SUPERUSER).replaceAll("\\?.*", "");
    }

    /** Its port on this machine. */
    public int port() {
        return postgres.getPort();
    }

    /** Connects as who may do anything. */
    public JdbcSettings superuser() {
        return new JdbcSettings(url(), SUPERUSER, SUPERUSER);
    }

    /** Connects as the stream job. */
    public JdbcSettings job() {
        return role("lifecycle_job");
    }

    /** Connects as one of our roles. */
    public JdbcSettings role(String role) {
        return new JdbcSettings(url(), role, PASSWORD);
    }

    /** A connection as that role. */
    public Connection connect(JdbcSettings settings) throws SQLException {
        return DriverManager.getConnection(settings.url(), settings.user(), settings.password());
    }

    /** Runs a statement and returns how many rows it changed. */
    public synchronized int execute(String sql, Object... values) {
        try (PreparedStatement statement = session().prepareStatement(sql)) {
            bind(statement, values);
            return statement.execute() ? 0 : Math.max(statement.getUpdateCount(), 0);
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** The rows of a query, each by column name. */
    public synchronized List<Map<String, Object>> rows(String sql, Object... values) {
        try (PreparedStatement statement = session().prepareStatement(sql)) {
            bind(statement, values);
            List<Map<String, Object>> rows = new ArrayList<>();
            try (ResultSet result = statement.executeQuery()) {
                while (result.next()) {
                    Map<String, Object> row = new LinkedHashMap<>();
                    for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                        row.put(result.getMetaData().getColumnLabel(i), result.getObject(i));
                    }
                    rows.add(row);
                }
            }
            return rows;
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private Connection session() throws SQLException {
        if (session == null || session.isClosed()) {
            session = connect(superuser());
        }
        return session;
    }

    /** The single value of a query. */
    public Object value(String sql, Object... values) {
        return rows(sql, values).get(0).values().iterator().next();
    }

    private static void bind(PreparedStatement statement, Object... values) throws SQLException {
        for (int i = 0; i < values.length; i++) {
            statement.setObject(i + 1, values[i]);
        }
    }

    /** A new active user with that address. */
    public UUID user(String email) {
        return (UUID)
                value(
                        "insert into public.users (name, email) values ('Ada', ?) returning id",
                        email);
    }

    /** A new project. */
    public UUID project(UUID owner, String plan) {
        return (UUID)
                value(
                        "insert into public.projects (name, owner_id, plan)"
                                + " values ('Engine', ?, ?) returning id",
                        owner,
                        plan);
    }

    /**
     * Empties every table, ours and the product's; faster than truncating them when they are small.
     */
    public void clear() {
        String deletes =
                (String)
                        value(
                                "select string_agg("
                                        + "format('delete from %I.%I', schemaname, tablename), ';')"
                                        + " from pg_tables"
                                        + " where schemaname in ('public', 'lifecycle')"
                                        + " and tablename not in"
                                        + " ('flyway_schema_history', 'clock_key')");
        if (deletes != null) {
            execute(
                    "set session_replication_role = replica;"
                            + deletes
                            + ";set session_replication_role = origin");
        }
    }

    /** Ends the server and every connection; its data stay. */
    public void stopServer() {
        Path data = Path.of((String) value("show data_directory"));
        try {
            long pid =
                    Long.parseLong(
                            Files.readAllLines(data.resolve("postmaster.pid")).get(0).trim());
            ProcessHandle postmaster = ProcessHandle.of(pid).orElseThrow();
            Path binaries = Path.of(postmaster.info().command().orElseThrow()).getParent();
            control = binaries.resolve("pg_ctl").toString();
            folder = data.toString();
            control("stop", "-m", "fast");
            session = null;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Starts it again, with its data, at its port. */
    public void startServer() {
        control("start", "-o", "-p " + port() + " -F -c wal_level=logical");
    }

    private void control(String... command) {
        List<String> words = new ArrayList<>();
        if (System.getProperty("user.name").equals("root")) {
            words.addAll(List.of("unshare", "-U")); // it refuses to be run by root
        }
        words.addAll(List.of(control, "-D", folder, "-w"));
        words.addAll(List.of(command));
        try {
            Process run =
                    new ProcessBuilder(words)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            if (run.waitFor() != 0) {
                throw new IllegalStateException("failed: " + words);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    @Override
    public synchronized void close() {
        try {
            if (session != null) {
                session.close();
            }
            postgres.close();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }
}
