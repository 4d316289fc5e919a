package io.seqpulse.quickstart;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
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
 * publication.
 */
final class PublicationWatch {

    private static final Logger LOG = LoggerFactory.getLogger(PublicationWatch.class);
    private static final Duration LOOK = Duration.ofSeconds(5);

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

    private final Journal.Connector database;
    private final String resnapshotCommand;
    private final Consumer<String> alarms;
    private final Set<String> raised = new HashSet<>();
    private TreeMap<String, Set<String>> atStart;

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
        try {
            TreeMap<String, Set<String>> now = captured();
            if (atStart == null) {
                atStart = now;
            }
            atStart.forEach((table, columns) -> compare(table, columns, now.get(table)));
        } catch (SQLException e) {
            LOG.warn("what is captured cannot be looked at: {}", e.getMessage());
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
    private TreeMap<String, Set<String>> captured() throws SQLException {
        TreeMap<String, Set<String>> captured = new TreeMap<>();
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery(CAPTURED)) {
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
}
