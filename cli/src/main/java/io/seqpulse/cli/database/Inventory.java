package io.seqpulse.cli.database;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What is in a database, asked of its catalogs. Only reads. */
final class Inventory {

    static final String PUBLICATION = "seqpulse_lifecycle";

    /** In our schema: what we made outside it, so that exactly that can be removed again. */
    static final String CREATED = "lifecycle.created_objects";

    /** Lets the publication follow what the product does to its tables; a superuser's to make. */
    static final String FOLLOW = "seqpulse_lifecycle_follow";

    /** The first version whose publications can leave columns out. */
    private static final int WITH_COLUMN_LISTS = 150_000;

    private final Connection connection;

    Inventory(Connection connection) {
        this.connection = connection;
    }

    /**
     * A column.
     *
     * @param type as PostgreSQL writes it
     * @param required whether an insert must give it: not null and without a default
     */
    record Column(String type, boolean notNull, boolean required) {}

    /**
     * How a table tells its rows apart in the change log.
     *
     * @param full whether by all their columns
     * @param columns else by these; none when it cannot
     */
    record Identity(boolean full, List<String> columns) {

        boolean isUsable() {
            return full || !columns.isEmpty();
        }
    }

    boolean hasColumnLists() throws SQLException {
        return number("select current_setting('server_version_num')::integer") >= WITH_COLUMN_LISTS;
    }

    boolean hasSchema(String schema) throws SQLException {
        return holds("select exists (select from pg_namespace where nspname = ?)", schema);
    }

    boolean hasRelation(String qualifiedName) throws SQLException {
        return holds("select to_regclass(?) is not null", qualifiedName);
    }

    boolean hasFunction(String qualifiedName) throws SQLException {
        return holds("select to_regproc(?) is not null", qualifiedName);
    }

    boolean hasPublication() throws SQLException {
        return holds("select exists (select from pg_publication where pubname = ?)", PUBLICATION);
    }

    boolean hasEventTrigger() throws SQLException {
        return holds("select exists (select from pg_event_trigger where evtname = ?)", FOLLOW);
    }

    boolean isSuperuser() throws SQLException {
        return holds("select rolsuper from pg_roles where rolname = current_user");
    }

    /** The columns of a table by name, in their order; none when there is no such table. */
    Map<String, Column> columns(String qualifiedName) throws SQLException {
        String query =
                """
                select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                    a.attnotnull and not a.atthasdef and a.attidentity = ''
                from pg_attribute a
                where a.attrelid = to_regclass(?) and a.attnum > 0 and not a.attisdropped
                order by a.attnum
                """;
        Map<String, Column> columns = new LinkedHashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, qualifiedName);
            try (ResultSet found = statement.executeQuery()) {
                while (found.next()) {
                    columns.put(
                            found.getString(1),
                            new Column(
                                    found.getString(2), found.getBoolean(3), found.getBoolean(4)));
                }
            }
        }
        return columns;
    }

    /** How a table tells its rows apart. */
    Identity identity(String qualifiedName) throws SQLException {
        boolean full =
                holds(
                        "select relreplident = 'f' from pg_class where oid = to_regclass(?)",
                        qualifiedName);
        return new Identity(
                full,
                texts(
                        """
                        select a.attname
                        from pg_class k
                        join pg_index i on i.indrelid = k.oid
                        join pg_attribute a
                            on a.attrelid = k.oid and a.attnum = any (i.indkey)
                        where k.oid = to_regclass(?)
                            and ((k.relreplident = 'd' and i.indisprimary)
                                or (k.relreplident = 'i' and i.indisreplident))
                        order by a.attnum
                        """,
                        qualifiedName));
    }

    /** What is said of a schema. */
    Optional<String> commentOn(String schema) throws SQLException {
        return text(
                "select coalesce(obj_description(oid, 'pg_namespace'), '')"
                        + " from pg_namespace where nspname = ?",
                schema);
    }

    /** What we made outside our schema, by kind, in the order it was made. */
    Map<String, List<String>> created() throws SQLException {
        Map<String, List<String>> created = new LinkedHashMap<>();
        if (!hasRelation(CREATED)) {
            return created;
        }
        try (PreparedStatement statement =
                        connection.prepareStatement(
                                "select kind, name from " + CREATED + " order by position");
                ResultSet found = statement.executeQuery()) {
            while (found.next()) {
                created.computeIfAbsent(found.getString(1), kind -> new ArrayList<>())
                        .add(found.getString(2));
            }
        }
        return created;
    }

    /** Captured tables that cannot be: table → why. */
    Map<String, String> uncapturable(CaptureScripts scripts) throws SQLException {
        Map<String, String> problems = new LinkedHashMap<>();
        try (PreparedStatement statement =
                        connection.prepareStatement(
                                "select name, problem from ("
                                        + scripts.body("publication_targets")
                                        + ") as t (name, a, b, c, problem)"
                                        + " where problem is not null");
                ResultSet found = statement.executeQuery()) {
            while (found.next()) {
                problems.put("public." + found.getString(1), found.getString(2));
            }
        }
        return problems;
    }

    /**
     * A captured column that the job cannot read.
     *
     * @param stops whether it would read something else than it says
     */
    record Unreadable(String table, String column, String problem, String remedy, boolean stops) {

        boolean isOf(String table, String column) {
            return this.table.equals(table) && this.column.equals(column);
        }
    }

    /** The captured columns that the job cannot read as they are. */
    List<Unreadable> unreadable(CaptureScripts scripts) throws SQLException {
        List<Unreadable> unreadable = new ArrayList<>();
        try (PreparedStatement statement =
                        connection.prepareStatement(scripts.body("unreadable_columns"));
                ResultSet found = statement.executeQuery()) {
            while (found.next()) {
                unreadable.add(
                        new Unreadable(
                                "public." + found.getString(1),
                                found.getString(2),
                                found.getString(3),
                                found.getString(4),
                                found.getBoolean(5)));
            }
        }
        return unreadable;
    }

    /** Names and such, in the query's order. */
    List<String> texts(String query, String... values) throws SQLException {
        List<String> texts = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            bind(statement, values);
            try (ResultSet found = statement.executeQuery()) {
                while (found.next()) {
                    texts.add(found.getString(1));
                }
            }
        }
        return texts;
    }

    Optional<String> text(String query, String... values) throws SQLException {
        return texts(query, values).stream().findFirst();
    }

    long number(String query, String... values) throws SQLException {
        return Long.parseLong(text(query, values).orElse("0"));
    }

    boolean holds(String query, String... values) throws SQLException {
        return text(query, values).filter("t"::equals).isPresent();
    }

    private static void bind(PreparedStatement statement, String... values) throws SQLException {
        for (int i = 0; i < values.length; i++) {
            statement.setString(i + 1, values[i]);
        }
    }
}
