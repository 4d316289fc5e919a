package io.seqpulse.quickstart.database;

import io.seqpulse.quickstart.StackException;
import io.seqpulse.quickstart.database.Inventory.Captured;
import io.seqpulse.quickstart.database.Inventory.Column;
import io.seqpulse.quickstart.database.Inventory.Identity;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.CRC32;

/**
 * What has to be run in someone's own database before the job can: the statements of {@code
 * sql/migrations} that make something which is not there yet, and the publication. No role is made
 * and no table of the product touched but its journal. What is made outside our schema is noted in
 * it, so that {@link Removal} takes away that and nothing else.
 */
public final class Installation {

    static final String JOURNAL = "public.email_deliveries";
    static final String PREFERENCES = "public.email_preferences";

    private static final String CAPTURED = "R__1_captured_columns.sql";
    private static final String KPI_VIEWS = "R__2_kpi.sql";

    private static final Pattern SCHEMA =
            Pattern.compile("create schema if not exists (\\w+)\\s*", Pattern.DOTALL);
    private static final Pattern TABLE =
            Pattern.compile("create table (?:if not exists )?(\\w+\\.\\w+) \\(.*", Pattern.DOTALL);
    private static final Pattern COLUMNS =
            Pattern.compile("alter table (\\w+\\.\\w+)\\s+(add column .*)", Pattern.DOTALL);
    private static final Pattern COLUMN =
            Pattern.compile("add column if not exists (\\w+) (\\w[\\w ]*)");
    private static final Pattern INDEX =
            Pattern.compile(
                    "create index if not exists (\\w+)\\s+on (\\w+)\\.\\w+.*", Pattern.DOTALL);

    private static final String CREATED_TABLE =
            """
            -- What we made outside this schema, so that exactly that can be removed again.
            create table %s (
                position integer generated always as identity,
                kind text not null,
                name text not null,
                created_at timestamptz not null default now(),
                constraint created_objects_pkey primary key (kind, name)
            )"""
                    .formatted(Inventory.CREATED);

    private final Inventory inventory;
    private final Path migrations;
    private final List<String> statements = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final List<String[]> made = new ArrayList<>();
    private final Map<String, Set<String>> madeColumns = new LinkedHashMap<>();

    private Installation(Connection connection, Path home) {
        this.inventory = new Inventory(connection);
        this.migrations = home.resolve("sql/migrations");
    }

    /**
     * What is still to be run.
     *
     * @param home the repository
     */
    public static SqlPlan plan(Connection connection, Path home) throws SQLException {
        return new Installation(connection, home).plan();
    }

    private SqlPlan plan() throws SQLException {
        for (Path script : SqlScript.files(migrations, "V")) {
            for (String statement : SqlScript.statements(SqlScript.read(script))) {
                add(script, statement);
            }
        }
        if (!inventory.hasRelation(Inventory.CREATED)) {
            statements.add(CREATED_TABLE);
        }
        defineCapturedColumns();
        defineKpiViews();
        publish();
        if (!made.isEmpty()) {
            statements.add(
                    made.stream()
                            .map(object -> "('%s', '%s')".formatted(object[0], object[1]))
                            .collect(
                                    Collectors.joining(
                                            ",\n    ",
                                            "insert into %s (kind, name) values\n    "
                                                    .formatted(Inventory.CREATED),
                                            "")));
        }
        return SqlPlan.of(statements, notes);
    }

    /** The statement, or what of it is still to be done. */
    private void add(Path script, String commented) throws SQLException {
        String statement = SqlScript.withoutComment(commented);
        String comment = commented.substring(0, commented.length() - statement.length());
        Matcher schema = SCHEMA.matcher(statement);
        Matcher table = TABLE.matcher(statement);
        Matcher columns = COLUMNS.matcher(statement);
        Matcher index = INDEX.matcher(statement);
        if (statement.startsWith("do $$")) {
            return; // asks for the product's tables; Requirements does that here
        }
        if (schema.matches()) {
            if (!inventory.hasSchema(schema.group(1))) {
                make("schema", schema.group(1), comment, statement);
            }
        } else if (table.matches()) {
            if (!inventory.hasRelation(table.group(1))) {
                make("table", table.group(1), comment, statement);
            }
        } else if (columns.matches()) {
            addColumns(columns.group(1), columns.group(2), comment);
        } else if (index.matches()) {
            String name = index.group(2) + "." + index.group(1);
            if (!inventory.hasRelation(name)) {
                make("index", name, comment, statement);
            }
        } else {
            throw new StackException(
                    "%s has a statement that --database cannot tell apart from what is there: %s"
                            .formatted(script, statement.lines().findFirst().orElse("")));
        }
    }

    private void make(String kind, String name, String comment, String statement) {
        statements.add(comment + statement.replaceFirst(" if not exists ", " "));
        note(kind, name);
    }

    /** Our own schemas go as a whole: only what is outside is noted. */
    private void note(String kind, String name) {
        if (!name.startsWith("lifecycle.") && !name.startsWith("kpi.")) {
            made.add(new String[] {kind, name});
        }
    }

    private void addColumns(String table, String additions, String comment) throws SQLException {
        Set<String> existing = inventory.columns(table).keySet();
        List<String> missing = new ArrayList<>();
        Matcher column = COLUMN.matcher(additions);
        while (column.find()) {
            if (!existing.contains(column.group(1))) {
                missing.add("    add column %s %s".formatted(column.group(1), column.group(2)));
                note("column", table + "." + column.group(1));
                madeColumns
                        .computeIfAbsent(table, of -> new LinkedHashSet<>())
                        .add(column.group(1));
            }
        }
        if (!missing.isEmpty()) {
            statements.add(comment + "alter table " + table + "\n" + String.join(",\n", missing));
        }
    }

    /** The columns that {@code sql/migrations} adds to a table, with their types. */
    static Map<String, String> columnsAdded(Path home, String table) {
        Map<String, String> added = new LinkedHashMap<>();
        for (Path script : SqlScript.files(home.resolve("sql/migrations"), "V")) {
            for (String statement : SqlScript.statements(SqlScript.read(script))) {
                Matcher columns = COLUMNS.matcher(SqlScript.withoutComment(statement));
                if (columns.matches() && columns.group(1).equals(table)) {
                    Matcher column = COLUMN.matcher(columns.group(2));
                    while (column.find()) {
                        added.put(column.group(1), column.group(2));
                    }
                }
            }
        }
        return added;
    }

    /** The list of what is captured, which is watched while we run. */
    private void defineCapturedColumns() throws SQLException {
        String script = SqlScript.read(migrations.resolve(CAPTURED));
        String[] bodies = script.split("\\$\\$");
        if (!does(Inventory.CAPTURED_COLUMNS, bodies[1])
                || !does(Inventory.EMPTY_TABLES, bodies[3])) {
            statements.addAll(SqlScript.statements(script));
        }
    }

    /** Views and procedures, all of them where any is not as it is in the migration. */
    private void defineKpiViews() throws SQLException {
        String script = SqlScript.read(migrations.resolve(KPI_VIEWS));
        CRC32 checksum = new CRC32();
        checksum.update(script.getBytes(StandardCharsets.UTF_8));
        String comment = "KPIs of SEQPULSE Lifecycle, views %08x".formatted(checksum.getValue());
        if (inventory.commentOn("kpi").filter(comment::equals).isEmpty()) {
            statements.addAll(SqlScript.statements(script));
            statements.add("comment on schema kpi is '" + comment + "'");
        }
    }

    private boolean does(String function, String body) throws SQLException {
        return inventory.bodyOf(function).filter(body::equals).isPresent();
    }

    /** What is captured, in the migrations' list. */
    static List<Captured> captured(Inventory inventory, Path home) throws SQLException {
        return inventory.captured(SqlScript.read(home.resolve("sql/migrations").resolve(CAPTURED)));
    }

    private void publish() throws SQLException {
        boolean lists = inventory.hasColumnLists();
        Map<String, Set<String>> wanted = new LinkedHashMap<>();
        for (Captured captured : captured(inventory, migrations.getParent().getParent())) {
            String table = "public." + captured.table();
            boolean made = isMade(table);
            if (!made && !inventory.hasRelation(table)) {
                continue;
            }
            Identity identity = made ? madeIdentity(table) : inventory.identity(table);
            if (!identity.isUsable()) {
                notes.add(
                        "Not captured, because it has no primary key: %s. The rules that need it are inert."
                                .formatted(table));
                continue;
            }
            wanted.put(
                    table,
                    lists && !identity.full()
                            ? columns(table, captured, identity, made)
                            : Set.of());
        }
        if (!lists) {
            notes.add(
                    "This server is older than PostgreSQL 15: the publication holds whole tables, and"
                            + " only the connector leaves the other columns out.");
        }
        String tables =
                wanted.entrySet().stream()
                        .map(entry -> "    " + entry.getKey() + list(entry.getValue()))
                        .collect(Collectors.joining(",\n"));
        if (!inventory.hasPublication()) {
            statements.add(
                    "-- What Debezium may read.\ncreate publication %s for table\n%s\n    with (publish = 'insert, update, delete')"
                            .formatted(Inventory.PUBLICATION, tables));
            note("publication", Inventory.PUBLICATION);
        } else if (!sets(inventory.published()).equals(sets(wanted))) {
            statements.add(
                    "-- Tables or columns have come or gone since.\nalter publication %s set table\n%s"
                            .formatted(Inventory.PUBLICATION, tables));
        }
    }

    private boolean isMade(String table) {
        return made.stream()
                .anyMatch(object -> object[0].equals("table") && object[1].equals(table));
    }

    /** The tables we make have their first captured column as the primary key. */
    private static Identity madeIdentity(String table) {
        return new Identity(false, List.of(table.equals(PREFERENCES) ? "user_id" : "id"));
    }

    private Set<String> columns(String table, Captured captured, Identity identity, boolean made)
            throws SQLException {
        Set<String> existing = new LinkedHashSet<>();
        if (made) {
            existing.addAll(captured.columns());
        } else {
            Map<String, Column> found = inventory.columns(table);
            existing.addAll(found.keySet());
            existing.removeAll(inventory.generatedColumns(table));
            existing.addAll(madeColumns.getOrDefault(table, Set.of()));
        }
        Set<String> columns = new LinkedHashSet<>(captured.columns());
        columns.addAll(identity.columns());
        columns.retainAll(existing);
        return columns;
    }

    private static String list(Set<String> columns) {
        return columns.isEmpty()
                ? ""
                : columns.stream()
                        .map(Installation::quoted)
                        .collect(Collectors.joining(", ", " (", ")"));
    }

    /** Names that are plain stay plain; captured ones all are, a product's key may not be. */
    private static String quoted(String name) {
        return name.matches("[a-z_][a-z0-9_]*") ? name : '"' + name.replace("\"", "\"\"") + '"';
    }

    private static Map<String, Set<String>> sets(Map<String, Set<String>> tables) {
        return tables.entrySet().stream()
                .collect(
                        Collectors.toMap(Map.Entry::getKey, entry -> Set.copyOf(entry.getValue())));
    }
}
