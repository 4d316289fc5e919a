package io.seqpulse.cli.database;

import io.seqpulse.cli.CommandException;
import io.seqpulse.lifecycle.catalogue.CapturedTable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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

    static final String JOURNAL = CapturedTable.EMAIL_DELIVERIES.qualifiedName();
    static final String PREFERENCES = CapturedTable.EMAIL_PREFERENCES.qualifiedName();

    private static final String KPI_VIEWS = "R__2_kpi.sql";

    private static final Pattern EVENT_TRIGGER =
            Pattern.compile("create event trigger " + Inventory.FOLLOW + "[^;]*");
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

    private static final Pattern FIRST_ROW =
            Pattern.compile("insert into (\\w+\\.\\w+) values .*", Pattern.DOTALL);
    private static final Pattern FUNCTION =
            Pattern.compile("(?:create|revoke all on) function (\\w+\\.\\w+)\\(.*", Pattern.DOTALL);

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
    private final CaptureScripts capture;
    private final List<String> statements = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final List<String[]> made = new ArrayList<>();

    private Installation(Connection connection, Path home) {
        this.inventory = new Inventory(connection);
        this.migrations = home.resolve("sql/migrations");
        this.capture = CaptureScripts.of(home);
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
        boolean defined = defineCapture();
        defineKpiViews();
        publish(defined);
        follow();
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
        Matcher firstRow = FIRST_ROW.matcher(statement);
        Matcher function = FUNCTION.matcher(statement);
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
        } else if (firstRow.matches()) {
            if (!inventory.hasRelation(firstRow.group(1))) { // then its table is made just before
                statements.add(commented);
            }
        } else if (function.matches()) {
            if (!inventory.hasFunction(function.group(1))) {
                statements.add(commented);
            }
        } else {
            throw new CommandException(
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

    /**
     * What says what is captured, all of it where any is not as it is in the migrations.
     *
     * @return whether there was anything to define
     */
    private boolean defineCapture() throws SQLException {
        String comment = "SEQPULSE Lifecycle, functions " + capture.checksum();
        if (inventory.commentOn("lifecycle").filter(comment::equals).isPresent()) {
            return false;
        }
        statements.addAll(capture.statements());
        statements.add("comment on schema lifecycle is '" + comment + "'");
        return true;
    }

    /** Views and procedures, all of them where any is not as it is in the migration. */
    private void defineKpiViews() throws SQLException {
        String script = SqlScript.read(migrations.resolve(KPI_VIEWS));
        CRC32 checksum = new CRC32();
        checksum.update(script.getBytes(StandardCharsets.UTF_8));
        String comment =
                String.format(
                        Locale.ROOT, "KPIs of SEQPULSE Lifecycle, views %08x", checksum.getValue());
        if (inventory.commentOn("kpi").filter(comment::equals).isEmpty()) {
            statements.addAll(SqlScript.statements(script));
            statements.add("comment on schema kpi is '" + comment + "'");
        }
    }

    private void publish(boolean defined) throws SQLException {
        inventory
                .uncapturable(capture)
                .forEach(
                        (table, problem) ->
                                notes.add(
                                        "Not captured, because %s: %s. The rules that need it are inert."
                                                .formatted(problem, table)));
        if (!inventory.hasColumnLists()) {
            notes.add(
                    "This server is older than PostgreSQL 15: the publication holds whole tables, and"
                            + " only the connector leaves the other columns out.");
        }
        boolean made = !inventory.hasPublication();
        if (made) {
            statements.add(
                    "-- What Debezium may read.\ncreate publication %s\n    with (publish_via_partition_root = true)"
                            .formatted(Inventory.PUBLICATION));
            note("publication", Inventory.PUBLICATION);
        }
        if (made || defined || outdated()) {
            statements.add(
                    "-- Those of the captured columns that exist, and of other tables nothing.\nselect lifecycle.publish_tables()");
        }
    }

    private boolean outdated() throws SQLException {
        return statements.stream().anyMatch(statement -> statement.contains("public."))
                || !inventory.texts("select lifecycle.tables_to_publish()").isEmpty();
    }

    /** Only a superuser may have it follow by itself what happens to captured tables. */
    private void follow() throws SQLException {
        if (inventory.hasEventTrigger()) {
            return;
        }
        Matcher trigger =
                EVENT_TRIGGER.matcher(SqlScript.read(migrations.resolve("R__2_publication.sql")));
        if (!trigger.find()) {
            throw new CommandException("sql/migrations does not define " + Inventory.FOLLOW);
        }
        if (inventory.isSuperuser()) {
            statements.add(
                    "-- Keeps the publication so that no write of a captured table fails.\n"
                            + trigger.group());
            note("event trigger", Inventory.FOLLOW);
        } else if (!statements.isEmpty()) {
            notes.add(
                    """
                    When a captured table loses its primary key or gets another replica identity, PostgreSQL
                    refuses its updates until the publication follows. A running ./lifecycle sees to that within
                    seconds; a superuser can let it happen at once and always:
                    %s;"""
                            .formatted(trigger.group()));
        }
    }
}
