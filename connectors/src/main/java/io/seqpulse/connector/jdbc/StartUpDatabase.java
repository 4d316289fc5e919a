package io.seqpulse.connector.jdbc;

import io.seqpulse.connector.debezium.ClockKey;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a job asks the database once, when it starts.
 *
 * @param settings where the database is
 */
public record StartUpDatabase(JdbcSettings settings) {

    private static final String REGISTER =
            """
            insert into lifecycle.rule_live_since (code)
            select unnest(?::text[])
            on conflict do nothing
            """;
    private static final String LIVE_SINCE =
            "select code, live_since from lifecycle.rule_live_since where code = any (?)";
    private static final String TABLES =
            """
            select name from unnest(?::text[]) as name
            where to_regclass(format('public.%I', name)) is not null
                and (
                    not exists (
                        select from pg_publication where pubname = 'seqpulse_lifecycle')
                    or exists (
                        select from pg_publication_tables
                        where pubname = 'seqpulse_lifecycle' and schemaname = 'public'
                            and tablename = name))
            """;

    private static final String NOT_ALLOWED = "42501";

    private static final String HIDDEN =
            """
            select format('row level security hides rows of table public.%s from role %s', table_name, role),
                format('alter role %I bypassrls', role),
                true
            from lifecycle.hidden_rows()
            """;
    private static final String UNREADABLE =
            """
            select format('column public.%s.%s %s', table_name, column_name, problem), remedy, stops
            from lifecycle.unreadable_columns()
            """;
    private static final String FAULTS =
            """
            select format('table public.%s %s', table_name, problem), '', false
            from lifecycle.publication_faults()
            """;
    private static final String COLUMNS =
            """
            select relname, attname
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            where c.relnamespace = 'public'::regnamespace and relname = any (?)
            """;
    private static final String CLOCK_KEY =
            """
            select key, (extract(epoch from signs_from) * 1000000)::bigint
            from lifecycle.clock_key
            """;
    private static final String NEW_START = "select kpi.new_start()";
    private static final String UNDEFINE = "delete from kpi.definition where kpi <> all (?)";
    private static final String DEFINE =
            """
            with told (
                kpi, position, title, description, reason, horizon, red_below, green_from,
                title_en, description_en, aliases, kind, codes) as (
                values (
                    ?, ?, ?, ?, ?::text, ?::interval, ?::numeric, ?::numeric,
                    ?, ?, ?::text[], ?, ?::text[]))
            insert into kpi.definition (
                kpi, position, title, description, available, reason, horizon, red_below,
                green_from, title_en, description_en, aliases, kind, codes)
            select
                kpi, position, title, description, reason is null, reason, horizon, red_below,
                green_from, title_en, description_en, aliases, kind, codes
            from told
            on conflict (kpi) do update set
                position = excluded.position, title = excluded.title,
                description = excluded.description, available = excluded.available,
                reason = excluded.reason, horizon = excluded.horizon,
                red_below = excluded.red_below, green_from = excluded.green_from,
                title_en = excluded.title_en, description_en = excluded.description_en,
                aliases = excluded.aliases, kind = excluded.kind, codes = excluded.codes
            """;

    /**
     * When each rule first ran; a rule that never did starts now, by the database's clock.
     *
     * @throws IllegalStateException if the database cannot be reached or lacks our tables
     */
    public Map<String, Instant> liveSince(Collection<String> codes) {
        try (Connection connection = connect()) {
            Array names = connection.createArrayOf("text", codes.toArray());
            try (PreparedStatement register = connection.prepareStatement(REGISTER)) {
                register.setArray(1, names);
                register.executeUpdate();
            }
            Map<String, Instant> since = new HashMap<>();
            try (PreparedStatement query = connection.prepareStatement(LIVE_SINCE)) {
                query.setArray(1, names);
                try (ResultSet rows = query.executeQuery()) {
                    while (rows.next()) {
                        since.put(rows.getString(1), rows.getTimestamp(2).toInstant());
                    }
                }
            }
            return since;
        } catch (SQLException e) {
            throw unusable(e);
        }
    }

    /**
     * Those of the product's tables that are captured: they exist and, where our publication does,
     * stand in it, which one without a primary key does not.
     *
     * @throws IllegalStateException if the database cannot be reached
     */
    public Set<String> captured(Collection<String> tables) {
        try (Connection connection = connect();
                PreparedStatement query = connection.prepareStatement(TABLES)) {
            query.setArray(1, connection.createArrayOf("text", tables.toArray()));
            Set<String> captured = new HashSet<>();
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    captured.add(rows.getString(1));
                }
            }
            return captured;
        } catch (SQLException e) {
            throw unusable(e);
        }
    }

    /**
     * Whether what is captured can be read as it is: types are understood, and no row is hidden.
     *
     * @return what is left out, a line each
     * @throws IllegalStateException if something else would be read than is there, naming each
     *     column or table with what to do; or if the database cannot be reached or lacks our
     *     functions
     */
    public List<String> readable() {
        List<String> leftOut = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            for (String question : List.of(HIDDEN, UNREADABLE, FAULTS)) {
                try (ResultSet rows = statement.executeQuery(question)) {
                    while (rows.next()) {
                        if (rows.getBoolean(3)) {
                            wrong.add(rows.getString(1) + " -> " + rows.getString(2));
                        } else {
                            leftOut.add(rows.getString(1));
                        }
                    }
                }
            }
        } catch (SQLException e) {
            throw unusable(e);
        }
        if (!wrong.isEmpty()) {
            throw new IllegalStateException(
                    "the database at '%s' cannot be read as it is:%n  %s%nHow to change a captured column: docs/operations.md, When a table changes"
                            .formatted(
                                    settings.shownUrl(),
                                    String.join(System.lineSeparator() + "  ", wrong)));
        }
        return leftOut;
    }

    /**
     * Makes sure that no policy hides rows of the tables by which a mail is judged before it goes:
     * who is hidden would be taken for deleted, and an opt-out for none.
     *
     * @param tables their names without schema
     * @throws IllegalStateException naming the table and the way out, if one does; or if the
     *     database cannot be reached
     */
    public void requireSight(Collection<String> tables) {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            statement.execute("set row_security = off"); // an error instead of fewer rows
            for (String table : tables) {
                see(statement, table);
            }
        } catch (SQLException e) {
            throw unusable(e);
        }
    }

    private void see(Statement statement, String table) throws SQLException {
        try {
            statement.execute("select from public." + table + " limit 0");
        } catch (SQLException e) {
            if (!NOT_ALLOWED.equals(e.getSQLState())) {
                throw e;
            }
            throw new IllegalStateException(
                    "role %1$s does not see every row of public.%2$s (%3$s); let row level security not count for it: alter role %1$s bypassrls"
                            .formatted(settings.user(), table, e.getMessage()),
                    e);
        }
    }

    /**
     * Columns of the product's tables that are captured, those of {@link #captured}.
     *
     * @throws IllegalStateException if the database cannot be reached
     */
    public Map<String, Set<String>> capturedColumns(Collection<String> tables) {
        Map<String, Set<String>> columns = new HashMap<>();
        captured(tables).forEach(table -> columns.put(table, new HashSet<>()));
        try (Connection connection = connect();
                PreparedStatement query = connection.prepareStatement(COLUMNS)) {
            query.setArray(1, connection.createArrayOf("text", columns.keySet().toArray()));
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    columns.get(rows.getString(1)).add(rows.getString(2));
                }
            }
            return columns;
        } catch (SQLException e) {
            throw unusable(e);
        }
    }

    /**
     * Begins a job: a number greater than that of every job begun before.
     *
     * @throws IllegalStateException if the database cannot be reached or lacks our tables
     */
    public long newStart() {
        try (Connection connection = connect();
                PreparedStatement query = connection.prepareStatement(NEW_START);
                ResultSet row = query.executeQuery()) {
            row.next();
            return row.getLong(1);
        } catch (SQLException e) {
            throw unusable(e);
        }
    }

    /**
     * What the database's clock messages are signed with.
     *
     * @throws IllegalStateException if the database cannot be reached or lacks our tables
     */
    public ClockKey clockKey() {
        try (Connection connection = connect();
                PreparedStatement query = connection.prepareStatement(CLOCK_KEY);
                ResultSet row = query.executeQuery()) {
            if (!row.next()) {
                throw new IllegalStateException(
                        "lifecycle.clock_key has no row, so that nobody can tell whose clock messages"
                                + " are: insert into lifecycle.clock_key values"
                                + " (sha256(convert_to(gen_random_uuid()::text"
                                + " || gen_random_uuid()::text, 'UTF8')))");
            }
            return new ClockKey(row.getBytes(1), row.getLong(2));
        } catch (SQLException e) {
            throw unusable(e);
        }
    }

    /**
     * Tells readers what the KPIs are: these, in their order, and no others.
     *
     * @throws IllegalStateException if the database cannot be reached or lacks our tables
     */
    public void define(List<KpiDefinition> definitions) {
        try (Connection connection = connect()) {
            connection.setAutoCommit(false);
            try (PreparedStatement others = connection.prepareStatement(UNDEFINE)) {
                others.setArray(
                        1,
                        connection.createArrayOf(
                                "text", definitions.stream().map(KpiDefinition::kpi).toArray()));
                others.executeUpdate();
            }
            try (PreparedStatement define = connection.prepareStatement(DEFINE)) {
                for (int i = 0; i < definitions.size(); i++) {
                    fill(define, i + 1, definitions.get(i));
                    define.addBatch();
                }
                define.executeBatch();
            }
            connection.commit();
        } catch (SQLException e) {
            throw unusable(e);
        }
    }

    private static void fill(PreparedStatement define, int position, KpiDefinition kpi)
            throws SQLException {
        Connection connection = define.getConnection();
        define.setString(1, kpi.kpi());
        define.setInt(2, position);
        define.setString(3, kpi.title());
        define.setString(4, kpi.description());
        define.setString(5, kpi.unavailable());
        define.setString(6, kpi.horizon() == null ? null : kpi.horizon().toString());
        define.setBigDecimal(7, kpi.redBelow());
        define.setBigDecimal(8, kpi.greenFrom());
        define.setString(9, kpi.titleEnglish());
        define.setString(10, kpi.descriptionEnglish());
        define.setArray(11, connection.createArrayOf("text", kpi.aliases().toArray()));
        define.setString(12, kpi.kind());
        define.setArray(13, connection.createArrayOf("text", kpi.codes().toArray()));
    }

    private Connection connect() throws SQLException {
        return Connections.open(settings, "seqpulse-start");
    }

    private IllegalStateException unusable(SQLException e) {
        return new IllegalStateException(
                "the database of "
                        + settings
                        + " cannot be used: "
                        + e.getMessage()
                        + "; check database.url, database.user and database.password, and that the"
                        + " migrations of sql/migrations have run",
                e);
    }
}
