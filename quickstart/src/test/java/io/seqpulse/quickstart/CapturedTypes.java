package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.DebeziumEnvelope;
import io.seqpulse.connector.debezium.LogRecord;
import io.seqpulse.quickstart.stack.ChangeTopic;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Columns of each kind that the job reads, given each type that PostgreSQL has: {@code
 * lifecycle.unreadable_columns()} says which cannot be read, and what all others hold comes through
 * the change log as the database itself says it.
 */
final class CapturedTypes {

    private static final Duration SOON = Duration.ofSeconds(20);

    /** Types, with a value of each as PostgreSQL reads it. */
    private static final Map<String, String> VALUES = new LinkedHashMap<>();

    static {
        for (String text :
                List.of("text", "varchar(40)", "char(8)", "citext", "name", "public.some_text")) {
            VALUES.put(text, "Zoé 1");
        }
        for (String choice : List.of("public.choice", "public.some_choice", "public.some_citext")) {
            VALUES.put(choice, "success");
        }
        VALUES.put("uuid", "00000000-0000-4000-8000-00000000000f");
        VALUES.put("public.some_uuid", "00000000-0000-4000-8000-00000000000f");
        VALUES.put("smallint", "-7");
        VALUES.put("integer", "2147483647");
        VALUES.put("bigint", "9007199254740993");
        VALUES.put("numeric", "12345678901234567890.125");
        VALUES.put("numeric(10,2)", "-0.50");
        VALUES.put("real", "0.5");
        VALUES.put("double precision", "1e-7");
        VALUES.put("money", "12.50");
        VALUES.put("boolean", "true");
        VALUES.put("public.some_flag", "true");
        VALUES.put("bit(1)", "1");
        VALUES.put("bit varying(8)", "101");
        VALUES.put("bytea", "\\x00ff");
        VALUES.put("json", "[\"a\", \"b\"]");
        VALUES.put("jsonb", "[\"a\", \"b\"]");
        VALUES.put("xml", "<a/>");
        VALUES.put("date", "2026-11-29");
        VALUES.put("time", "10:11:12.123456");
        VALUES.put("timetz", "10:11:12+02");
        for (String precision : List.of("", "(0)", "(3)", "(6)")) {
            VALUES.put("timestamp" + precision, "2026-11-29 10:11:12.123456");
            VALUES.put("timestamptz" + precision, "2026-11-29 10:11:12.123456+02");
        }
        VALUES.put("public.some_time", "2026-11-29 10:11:12.5");
        VALUES.put("interval", "1 day 2 hours");
        VALUES.put("inet", "10.0.0.1");
        VALUES.put("point", "(1,2)");
        VALUES.put("int4range", "[1,5)");
        VALUES.put("tsvector", "a b");
        VALUES.put("oid", "17");
        for (String array : List.of("text[]", "varchar(20)[]", "citext[]", "public.some_list")) {
            VALUES.put(array, "{a,\"b, c\",NULL}");
        }
        VALUES.put("public.choice[]", "{success,failed}");
        VALUES.put("integer[]", "{1,2}");
        VALUES.put("uuid[]", "{00000000-0000-4000-8000-00000000000f}");
        VALUES.put("jsonb[]", "{\"{}\"}");
        VALUES.put("timestamptz[]", "{2026-11-29}");
    }

    /** A column of a kind, in a table of its own, so that each row tells of one. */
    private enum Kind {
        TIME("quota_refusals", "attempted_at", "(extract(epoch from %s) * 1000000)::bigint::text") {
            @Override
            String read(ChangeEvent change, String column) {
                return Long.toString(change.micros(column));
            }
        },
        TEXT("projects", "name", "%s::text"),
        WORD("deployments", "state", "%s::text"),
        FLAG("users", "is_active", "%s::text") {
            @Override
            String read(ChangeEvent change, String column) {
                return Boolean.toString(change.bool(column));
            }
        },
        NUMBER("metric_samples", "latency_p95", "%s::text") {
            @Override
            String read(ChangeEvent change, String column) {
                return change.text(column);
            }
        },
        ID("email_events", "email_delivery_id", "%s::text"),
        LIST("sdh_hints", "suggested_actions", "to_jsonb(%s)::text") {
            @Override
            String read(ChangeEvent change, String column) {
                return change.list(column).toString();
            }
        };

        private final String table;
        private final String column;
        private final String said;

        Kind(String table, String column, String said) {
            this.table = table;
            this.column = column;
            this.said = said;
        }

        String read(ChangeEvent change, String column) {
            return change.text(column);
        }
    }

    /** What is expected of the row with an id. */
    private record Expected(Kind kind, String type, String said) {}

    private final EmbeddedStack stack;
    private final Map<String, Expected> expected = new LinkedHashMap<>();
    private final List<String> refused = new ArrayList<>();

    CapturedTypes(EmbeddedStack stack) {
        this.stack = stack;
    }

    /**
     * Gives each column each type, and compares what the log says with what the database says. The
     * next table of a name is made when the rows of the one before are in the log: of a column that
     * was {@code citext} in a table that is gone, Debezium tells a null.
     */
    void everyOneIsReadOrRefused() throws SQLException {
        try (Connection product = stack.connect();
                Statement statement = product.createStatement();
                ChangeTopic log = stack.changes()) {
            for (String sql : preparation()) {
                statement.execute(sql);
            }
            for (Map.Entry<String, String> type : VALUES.entrySet()) {
                for (Kind kind : Kind.values()) {
                    insert(product, kind, type.getKey(), type.getValue());
                }
                compare(log);
            }
        }
        assertThat(refused)
                .as("read as something else, if they were read")
                .contains(
                        "TIME date",
                        "TIME bigint",
                        "TIME text",
                        "FLAG integer",
                        "FLAG text",
                        "WORD char(8)",
                        "LIST text",
                        "TEXT bytea");
    }

    private static List<String> preparation() {
        List<String> sql =
                new ArrayList<>(
                        List.of(
                                "create extension citext",
                                "create type public.choice as enum ('success', 'failed')",
                                "create domain public.some_text as text",
                                "create domain public.some_citext as citext",
                                "create domain public.some_choice as public.choice",
                                "create domain public.some_uuid as uuid",
                                "create domain public.some_flag as boolean",
                                "create domain public.some_time as timestamp(3)",
                                "create domain public.some_list as text[]"));
        for (Kind kind : Kind.values()) {
            sql.add("select lifecycle.release_table('%s')".formatted(kind.table));
            sql.add("drop table public.%s cascade".formatted(kind.table));
        }
        return sql;
    }

    /** The table with that column as this type, and a row in it, unless it is refused. */
    private void insert(Connection product, Kind kind, String type, String value)
            throws SQLException {
        try (Statement statement = product.createStatement()) {
            statement.execute("drop table if exists public.%s".formatted(kind.table));
            statement.execute(
                    "create table public.%s (id uuid primary key, %s %s)"
                            .formatted(kind.table, kind.column, type));
            try (ResultSet found =
                    statement.executeQuery(
                            "select problem from lifecycle.unreadable_columns() where table_name = '%s' and column_name = '%s'"
                                    .formatted(kind.table, kind.column))) {
                if (found.next()) {
                    refused.add(kind + " " + type);
                    return;
                }
            }
        }
        UUID id = UUID.randomUUID();
        String insert =
                "insert into public.%s values (?, ?::%s) returning %s"
                        .formatted(kind.table, type, kind.said.formatted(kind.column));
        try (PreparedStatement row = product.prepareStatement(insert)) {
            row.setObject(1, id);
            row.setString(2, value);
            try (ResultSet said = row.executeQuery()) {
                said.next();
                expected.put(id.toString(), new Expected(kind, type, said.getString(1)));
            }
        } catch (SQLException noSuchValue) {
            // such as a name in a column of numbers
            assertThat(noSuchValue.getSQLState()).as(kind + " " + type).startsWith("22");
        }
    }

    /** Reads on until every row that is expected was compared. */
    private void compare(ChangeTopic log) {
        while (!expected.isEmpty()) {
            Optional<String> next = log.next(any -> true, SOON);
            assertThat(next).as("the log tells of %s", expected.values()).isPresent();
            LogRecord record =
                    DebeziumEnvelope.parse(null, next.get().getBytes(StandardCharsets.UTF_8), 0);
            ChangeEvent change = record.change();
            Expected row = change == null ? null : expected.remove(change.text("id"));
            if (row != null) {
                compare(row, change);
            }
        }
    }

    private static void compare(Expected row, ChangeEvent change) {
        String what = row.kind() + " " + row.type();
        assertThat(change.text(row.kind().column)).as(what).isNotNull();
        String read = row.kind().read(change, row.kind().column);
        switch (row.kind()) {
            case NUMBER -> {
                if (!read.equals(row.said())) {
                    assertThat(new BigDecimal(read)).as(what).isEqualByComparingTo(row.said());
                }
            }
            case LIST ->
                    assertThat(read)
                            .as(what)
                            .isEqualTo(
                                    row.said()
                                            .replace("null, ", "")
                                            .replace(", null", "")
                                            .replace("\"", ""));
            case TIME, TEXT, WORD, FLAG, ID ->
                    assertThat(read.strip()).as(what).isEqualTo(row.said().strip());
        }
    }
}
