package io.seqpulse.cli.database;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * A PostgreSQL that is not the stack's, with databases of a product whose tables belong to a role
 * that is no superuser.
 */
public final class SomebodysPostgres implements AutoCloseable {

    /** Owns the product's databases and tables, and may replicate. */
    public static final String PRODUCT = "product";

    /** All that we could leave in a database, or change there, as one line each. */
    private static final String EVERYTHING =
            """
            select 'schema ' || nspname from pg_namespace
            where nspname !~ '^pg_(toast|temp)'
            union all
            select 'relation ' || oid::regclass || ' ' || relkind::text || ' identity ' || relreplident::text
                || ' owner ' || relowner::regrole
            from pg_class
            where relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
            union all
            select 'column ' || a.attrelid::regclass || '.' || a.attname || ' '
                || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull
                || coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), '')
            from pg_attribute a
            join pg_class k on k.oid = a.attrelid and k.relkind in ('r', 'p')
            left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attnum > 0 and not a.attisdropped
                and k.relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
            union all
            select 'index ' || pg_get_indexdef(indexrelid) from pg_index
            where indrelid::regclass::text !~ '^pg_'
            union all
            select 'constraint ' || conrelid::regclass || ' ' || conname || ' '
                || pg_get_constraintdef(oid)
            from pg_constraint where conrelid <> 0
            union all
            select 'function ' || oid::regprocedure from pg_proc
            where pronamespace::regnamespace::text !~ '^(pg_|information_schema)'
            union all
            select 'publication ' || pubname || ' ' || pubinsert || pubupdate || pubdelete
                || pubtruncate
            from pg_publication
            union all
            select 'event trigger ' || evtname from pg_event_trigger
            union all
            select 'published ' || tablename || ' ' || attnames::text from pg_publication_tables
            union all
            select 'slot ' || slot_name from pg_replication_slots where database = current_database()
            union all
            select 'role ' || rolname from pg_roles
            union all
            select 'grant ' || table_name || ' ' || column_name || ' ' || grantee || ' '
                || privilege_type
            from information_schema.column_privileges where table_schema = 'public'
            order by 1
            """;

    private final EmbeddedPostgres server;
    private Path data;

    private SomebodysPostgres(EmbeddedPostgres server) {
        this.server = server;
    }

    /** A server of a product that can be read logically. */
    public static SomebodysPostgres start() {
        return start(Map.of("wal_level", "logical"));
    }

    /** A server with some settings. */
    public static SomebodysPostgres start(Map<String, String> settings) {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder();
        settings.forEach(builder::setServerConfig);
        try {
            SomebodysPostgres postgres = new SomebodysPostgres(builder.start());
            postgres.asSuperuser("postgres", "create role product login replication");
            return postgres;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Ends the server at once, as {@code pg_ctl -m immediate stop} does, and waits for its end. */
    public void stopNow() throws IOException, InterruptedException {
        dataFolder();
        ProcessHandle postmaster =
                ProcessHandle.of(
                                Long.parseLong(
                                        Files.readAllLines(data.resolve("postmaster.pid"))
                                                .get(0)
                                                .strip()))
                        .orElseThrow();
        signal(postmaster, "QUIT");
        postmaster.onExit().join();
    }

    /**
     * Starts the server that was stopped, and does not wait until it answers.
     *
     * @param files to be there in its folder before, empty, such as {@code standby.signal}; those
     *     of the start before are removed
     */
    public void begin(String... files) throws IOException {
        for (String signal : List.of("standby.signal", "recovery.signal")) {
            Files.deleteIfExists(data.resolve(signal));
        }
        for (String file : files) {
            Files.createFile(data.resolve(file));
        }
        List<String> line = new ArrayList<>();
        if (System.getProperty("user.name").equals("root")) {
            // PostgreSQL does not run as root.
            line.addAll(List.of("unshare", "-U"));
        }
        for (String word :
                Files.readString(data.resolve("postmaster.opts")).strip().split(" (?=\"|-)")) {
            line.add(word.replace("\"", ""));
        }
        new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** Waits until it lets the superuser in. */
    public void awaitAnswer() {
        Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .ignoreExceptions()
                .until(
                        () -> {
                            asSuperuser("postgres", "select 1");
                            return true;
                        });
    }

    private void dataFolder() {
        if (data == null) {
            data = Path.of(column(address("postgres", "postgres"), "show data_directory").get(0));
        }
    }

    private static void signal(ProcessHandle process, String name)
            throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    }

    /** A new database of the product's, with the tables that SEQPULSE has. */
    public DatabaseAddress product(String name) {
        DatabaseAddress address = empty(name);
        try (Stream<Path> files = Files.list(home().resolve("sql/reference"))) {
            for (Path file : files.sorted().toList()) {
                execute(address, Files.readString(file));
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return address;
    }

    /** A new database of the product's, without any table. */
    public DatabaseAddress empty(String name) {
        asSuperuser("postgres", "create database " + name + " owner product");
        return address(name, PRODUCT);
    }

    /** A database as a role sees it. */
    public DatabaseAddress address(String name, String role) {
        return DatabaseAddress.parse(url(name, role), Map.of());
    }

    /** Its URL, as somebody would type it. */
    public String url(String name, String role) {
        return "postgresql://%s@localhost:%s/%s".formatted(role, server.getPort(), name);
    }

    /** Runs SQL as who may do anything. */
    public void asSuperuser(String database, String sql) {
        try (Connection connection =
                        DriverManager.getConnection(
                                "jdbc:postgresql://localhost:%s/%s"
                                        .formatted(server.getPort(), database),
                                "postgres",
                                "postgres");
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** Runs SQL as the user of the address. */
    public static void execute(DatabaseAddress address, String sql) {
        try (Connection connection = address.connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** The first column of a query's rows. */
    public static List<String> column(DatabaseAddress address, String query) {
        try (Connection connection = address.connect();
                Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery(query)) {
            List<String> values = new ArrayList<>();
            while (found.next()) {
                values.add(found.getString(1));
            }
            return values;
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** Everything that stands in a database but rows, as text to be compared. */
    public static List<String> everything(DatabaseAddress address) {
        return column(address, EVERYTHING);
    }

    /** The repository. */
    public static Path home() {
        return Path.of(System.getProperty("lifecycle.home", "")).toAbsolutePath();
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
