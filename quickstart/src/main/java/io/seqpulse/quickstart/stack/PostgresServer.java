package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.StateFolder;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real PostgreSQL on the loopback interface, durable (fsync and synchronous commit on), with
 * logical decoding, password authentication from its first start, and the project's schema.
 */
final class PostgresServer implements Database {

    static final String DATABASE = "seqpulse";
    static final String SUPERUSER = "postgres";
    private static final Duration EXIT = Duration.ofSeconds(10);
    private static final Logger LOG = LoggerFactory.getLogger(PostgresServer.class);

    private final EmbeddedPostgres server;
    private final int port;
    private final Path data;
    private final Secrets secrets;

    private PostgresServer(EmbeddedPostgres server, int port, Path data, Secrets secrets) {
        this.server = server;
        this.port = port;
        this.data = data;
        this.secrets = secrets;
    }

    /**
     * Stops a server that still runs on a folder's data because whoever started it was killed.
     *
     * @param state held by us, so that nobody else uses the server
     * @return whether there was one
     */
    static boolean stopLeftOver(StateFolder state) throws IOException, InterruptedException {
        List<ProcessHandle> left = processes(state.root().resolve("postgres"));
        // The file with the number outlives the server, and the number may be another program's by
        // now. Ours runs what was unpacked into the folder.
        String ours = state.root().toRealPath().toString();
        if (left.isEmpty() || !left.get(0).info().command().orElse("").startsWith(ours)) {
            return false;
        }
        left.get(0).destroy();
        if (!end(left)) {
            left.forEach(ProcessHandle::destroyForcibly);
            end(left);
        }
        return true;
    }

    /** Kills the server of a folder, if one runs, and waits a moment for its end. */
    static void kill(Path root) {
        List<ProcessHandle> running = processes(root.resolve("postgres"));
        try {
            // The number in the file may be another program's by now.
            if (!running.isEmpty()
                    && running.get(0)
                            .info()
                            .command()
                            .orElse("")
                            .startsWith(root.toRealPath().toString())) {
                running.forEach(ProcessHandle::destroyForcibly);
                end(running);
            }
        } catch (IOException gone) {
            LOG.debug("{} is gone", root, gone);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Starts the server and brings its schema up to date with the files under {@code home/sql}. */
    static PostgresServer start(Path home, StateFolder state, int port, Secrets secrets)
            throws IOException, SQLException {
        Path data = state.root().resolve("postgres");
        Path passwordFile = state.root().resolve("initdb.password");
        StateFolder.writePrivately(passwordFile, secrets.postgres());
        EmbeddedPostgres server;
        try {
            server =
                    EmbeddedPostgres.builder()
                            .setRegisterShutdownHook(false)
                            .setOverrideWorkingDirectory(state.folder("tmp").toFile())
                            .setDataDirectory(data)
                            .setCleanDataDirectory(false)
                            .setPort(port)
                            .setPGStartupWait(Duration.ofMinutes(3))
                            .setLocaleConfig("auth-host", "scram-sha-256")
                            .setLocaleConfig("auth-local", "scram-sha-256")
                            .setLocaleConfig("pwfile", passwordFile.toString())
                            .setLocaleConfig("locale", "C")
                            .setConnectConfig("password", secrets.postgres())
                            .setServerConfig("cluster_name", EmbeddedStack.DEMO_CLUSTER)
                            .setServerConfig("listen_addresses", "127.0.0.1")
                            .setServerConfig("unix_socket_directories", "")
                            .setServerConfig("fsync", "on")
                            .setServerConfig("synchronous_commit", "on")
                            .setServerConfig("full_page_writes", "on")
                            .setServerConfig("wal_level", "logical")
                            .setServerConfig("max_replication_slots", "4")
                            .setServerConfig("max_wal_senders", "4")
                            .setServerConfig("max_slot_wal_keep_size", "4GB")
                            .setServerConfig("max_connections", "60")
                            .setServerConfig("shared_buffers", "64MB")
                            // With statements and rows in them: these stay with the data.
                            .setServerConfig("logging_collector", "on")
                            .setServerConfig("log_directory", "log")
                            .setServerConfig("log_filename", "postgresql-%a.log")
                            .setServerConfig("log_truncate_on_rotation", "on")
                            .setServerConfig("log_rotation_size", "0")
                            .setServerConfig("log_min_duration_statement", "2000")
                            .setServerConfig("password_encryption", "scram-sha-256")
                            .start();
        } catch (IllegalStateException | IOException e) {
            throw new StackException(whyNot(state), e);
        } finally {
            Files.deleteIfExists(passwordFile);
        }
        PostgresServer postgres = new PostgresServer(server, port, data, secrets);
        try {
            // Where the programs were unpacked, it lets everybody write.
            StateFolder.makePrivate(state.folder("tmp"));
            postgres.createDatabase();
            postgres.migrate(home);
        } catch (IOException | SQLException | RuntimeException e) {
            postgres.close();
            throw e;
        }
        return postgres;
    }

    private static String whyNot(StateFolder state) {
        String why =
                "PostgreSQL did not start (its messages are in the log and in %s)"
                        .formatted(state.root().resolve("postgres").resolve("log"));
        boolean root = "root".equals(System.getProperty("user.name"));
        if (root && !LinuxUtils.isUnshareAvailable()) {
            return why
                    + ": it refuses to run as root, and this machine does not let root drop its"
                    + " rights with `unshare -U`; run ./lifecycle as another user";
        }
        return why + "; is there room on the disk of " + state.root() + "?";
    }

    private void createDatabase() throws SQLException {
        try (Connection connection = connect("postgres", SUPERUSER, secrets.postgres());
                Statement statement = connection.createStatement();
                ResultSet known =
                        statement.executeQuery(
                                "select 1 from pg_database where datname = '" + DATABASE + "'")) {
            if (!known.next()) {
                try (Statement creation = connection.createStatement()) {
                    creation.execute("create database " + DATABASE);
                }
            }
        }
    }

    /** The product's tables first, as an installation has them already, then ours. */
    private void migrate(Path home) throws IOException, SQLException {
        Path reference = sqlFolder(home, "reference");
        Path migrations = sqlFolder(home, "migrations");
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            if (!exists(statement, "public.users")) {
                connection.setAutoCommit(false);
                for (Path script : scripts(reference)) {
                    statement.execute(Files.readString(script));
                }
                connection.commit();
            }
        }
        int applied =
                Flyway.configure()
                        .dataSource(jdbcUrl(), SUPERUSER, secrets.postgres())
                        .locations("filesystem:" + migrations)
                        .defaultSchema("lifecycle")
                        // One a second: whoever else migrates is waited for.
                        .lockRetryCount(300)
                        .placeholders(
                                Map.of(
                                        "job_password", secrets.job(),
                                        "connect_password", secrets.connect(),
                                        "readonly_password", secrets.readonly(),
                                        "support_password", secrets.support()))
                        .load()
                        .migrate()
                        .migrationsExecuted;
        LOG.info("{} migrations applied", applied);
    }

    private static Path sqlFolder(Path home, String name) {
        Path folder = home.resolve("sql").resolve(name);
        if (!Files.isDirectory(folder)) {
            throw new StackException(
                    "%s is missing: run from a complete clone of the repository".formatted(folder));
        }
        return folder;
    }

    private static List<Path> scripts(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".sql")).sorted().toList();
        }
    }

    private static boolean exists(Statement statement, String table) throws SQLException {
        try (ResultSet found =
                statement.executeQuery("select to_regclass('" + table + "') is not null")) {
            found.next();
            return found.getBoolean(1);
        }
    }

    @Override
    public String jdbcUrl() {
        return "jdbc:postgresql://127.0.0.1:%s/%s".formatted(port, DATABASE);
    }

    @Override
    public int port() {
        return port;
    }

    /** A new connection as the owner of the product's tables. */
    @Override
    public Connection connect() throws SQLException {
        return connect(DATABASE, SUPERUSER, secrets.postgres());
    }

    @Override
    public Login job() {
        return new Login("lifecycle_job", secrets.job());
    }

    @Override
    public Login readers() {
        return new Login("lifecycle_readonly", secrets.readonly());
    }

    @Override
    public Login support() {
        return new Login("lifecycle_support", secrets.support());
    }

    /** What the connector's registration refers to as <code>${env:NAME}</code>. */
    static Map<String, String> connectorVariables(int port, Secrets secrets) {
        return Map.of(
                "SEQPULSE_DB_HOST",
                "127.0.0.1",
                "SEQPULSE_DB_PORT",
                Integer.toString(port),
                "SEQPULSE_DB_NAME",
                DATABASE,
                "SEQPULSE_DB_USER",
                "lifecycle_connect",
                "SEQPULSE_DB_PASSWORD",
                secrets.connect(),
                "SEQPULSE_DB_SSLMODE",
                "disable");
    }

    private Connection connect(String database, String user, String password) throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:%s/%s".formatted(port, database), user, password);
    }

    /** The server's processes: the first one and those it started. */
    @Override
    public List<ProcessHandle> processes() {
        return processes(data);
    }

    private static List<ProcessHandle> processes(Path data) {
        try {
            long first =
                    Long.parseLong(
                            Files.readAllLines(data.resolve("postmaster.pid")).get(0).trim());
            return ProcessHandle.of(first).stream()
                    .flatMap(handle -> Stream.concat(Stream.of(handle), handle.descendants()))
                    .toList();
        } catch (IOException | IndexOutOfBoundsException | NumberFormatException notRunning) {
            return List.of();
        }
    }

    /** Stops the server and waits until its processes are gone. */
    @Override
    public void close() throws IOException {
        List<ProcessHandle> processes = processes();
        server.close();
        try {
            if (!end(processes)) {
                LOG.warn("A process of PostgreSQL did not end within {} s", EXIT.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for processes to end, not for ever. */
    private static boolean end(List<ProcessHandle> processes) throws InterruptedException {
        CompletableFuture<?> gone =
                CompletableFuture.allOf(
                        processes.stream()
                                .map(ProcessHandle::onExit)
                                .toArray(CompletableFuture[]::new));
        try {
            gone.get(EXIT.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
    }
}
