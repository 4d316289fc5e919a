package io.seqpulse.quickstart.stack;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says when the product's tables lose what is captured of them: Debezium goes on without a word
 * when a column was renamed, or when {@code drop column ... cascade} took the table out of the
 * publication. Where the publication would make the product's own updates fail, as after a change
 * of a table's replica identity, it is mended at once.
 */
final class PublicationWatch {

    private static final Logger LOG = LoggerFactory.getLogger(PublicationWatch.class);
    private static final Duration LOOK = Duration.ofSeconds(2);

    private static final String CAPTURED =
            """
            select c.table_name, r.oid is not null, a.attname
            from lifecycle.captured_columns() c
            join pg_class k on k.oid = to_regclass(format('public.%I', c.table_name))
            left join pg_publication_rel r on r.prrelid = k.oid and r.prpubid = (
                select oid from pg_publication where pubname = 'seqpulse_lifecycle')
            left join pg_attribute a on a.attrelid = k.oid and a.attnum > 0
                and not a.attisdropped and a.attname = any (c.column_names)
            """;

    private static final String FAULTS =
            "select table_name, problem from lifecycle.publication_faults()"
                    + " where problem not like 'is not captured: %'";
    private static final String UNLISTED =
            """
            select table_name from lifecycle.publication_targets()
            where is_published and columns is null
                and current_setting('server_version_num')::integer >= 150000
            """;
    private static final String UNREADABLE =
            """
            select format('column %s.%s %s', table_name, column_name, problem)
            from lifecycle.unreadable_columns() where stops
            union all
            select format('row level security hides rows of table %s from role %s', table_name, role)
            from lifecycle.hidden_rows()
            """;

    private final Journal.Connector database;
    private final String resnapshotCommand;
    private final Consumer<String> alarms;
    private final Set<String> raised = new HashSet<>();

    /** Table → the alarm that stands for it. */
    private final Map<String, String> unmended = new HashMap<>();

    private TreeMap<String, Set<String>> atStart;
    private Set<String> unlistedAtStart;

    PublicationWatch(
            Journal.Connector database, String resnapshotCommand, Consumer<String> alarms) {
        this.database = database;
        this.resnapshotCommand = resnapshotCommand;
        this.alarms = alarms;
    }

    /** Looks now, to know how it should be, and from then on again and again. */
    void watchOn(ScheduledExecutorService scheduler) {
        look();
        var unused =
                scheduler.scheduleWithFixedDelay(
                        this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void look() {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("set lock_timeout = '1s'");
            mend(statement);
            TreeMap<String, Set<String>> now = captured(statement);
            Set<String> unlisted = texts(statement, UNLISTED);
            if (atStart == null) {
                atStart = now;
                unlistedAtStart = unlisted;
            }
            atStart.forEach((table, columns) -> compare(table, columns, now.get(table)));
            for (String table : atStart.keySet()) {
                raise(
                        unlisted.contains(table) && !unlistedAtStart.contains(table),
                        "all columns of table %s leave PostgreSQL now, as its replica identity is full; the connector drops those that are not captured. Give it back its primary key as identity: alter table public.%s replica identity default"
                                .formatted(table, table));
            }
            Set<String> unreadable = texts(statement, UNREADABLE);
            unreadable.forEach(
                    problem ->
                            raise(
                                    true,
                                    "%s: what the job reads is wrong or missing until that is mended (docs/operations.md, When a table changes)"
                                            .formatted(problem)));
        } catch (SQLException e) {
            LOG.warn("what is captured cannot be looked at: {}", e.getMessage());
        }
    }

    /** Without an event trigger nobody else does, and updates of the product fail meanwhile. */
    private void mend(Statement statement) throws SQLException {
        Map<String, String> faults = new TreeMap<>();
        try (ResultSet found = statement.executeQuery(FAULTS)) {
            while (found.next()) {
                faults.put(found.getString(1), found.getString(2));
            }
        }
        for (Map.Entry<String, String> fault : faults.entrySet()) {
            String table = fault.getKey();
            try {
                statement.execute("select lifecycle.publish_table('%s')".formatted(table));
                raised.remove(unmended.remove(table));
            } catch (SQLException e) {
                String refused =
                        "table %s %s, and it cannot be published anew (%s): updates of the product may fail. Let its owner run: select lifecycle.publish_table('%s')"
                                .formatted(table, fault.getValue(), e.getMessage(), table);
                if (unmended.put(table, refused) == null) {
                    raise(true, refused);
                }
                continue;
            }
            String alarm =
                    "table %s %s. It was published anew as it is now; what changed meanwhile may be missing: take a new snapshot with: %s"
                            .formatted(fault.getKey(), fault.getValue(), resnapshotCommand);
            LOG.error("{}", alarm);
            alarms.accept(alarm);
        }
    }

    private void compare(String table, Set<String> before, Set<String> now) {
        raise(
                now == null,
                "table %s is no longer captured: its changes since then do not reach the job. Start again (the migrations publish it anew), then take a new snapshot with: %s"
                        .formatted(table, resnapshotCommand));
        for (String column : before) {
            raise(
                    now != null && !now.contains(column),
                    "column %s.%s is gone: what only likes to have it goes on without, rows that must have it become dead letters"
                            .formatted(table, column));
        }
    }

    private void raise(boolean wrong, String alarm) {
        if (!wrong) {
            raised.remove(alarm);
        } else if (raised.add(alarm)) {
            LOG.error("{}", alarm);
            alarms.accept(alarm);
        }
    }

    /** Published table → its captured columns that exist. */
    private static TreeMap<String, Set<String>> captured(Statement statement) throws SQLException {
        TreeMap<String, Set<String>> captured = new TreeMap<>();
        try (ResultSet found = statement.executeQuery(CAPTURED)) {
            while (found.next()) {
                if (found.getBoolean(2)) {
                    captured.computeIfAbsent(found.getString(1), t -> new TreeSet<>())
                            .addAll(
                                    found.getString(3) == null
                                            ? List.of()
                                            : List.of(found.getString(3)));
                }
            }
        }
        return captured;
    }

    private static Set<String> texts(Statement statement, String query) throws SQLException {
        Set<String> texts = new TreeSet<>();
        try (ResultSet found = statement.executeQuery(query)) {
            while (found.next()) {
                texts.add(found.getString(1));
            }
        }
        return texts;
    }
}
