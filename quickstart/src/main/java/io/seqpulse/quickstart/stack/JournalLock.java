package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.LockHolder;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Who keeps others from writing the journal, as far as the role that asks may see it. */
public final class JournalLock {

    /** Those for whom anybody waits who writes the table, be it for the table or for a row. */
    private static final String HOLDERS =
            """
            select distinct h.pid, h.query
            from pg_locks waiting
            join pg_locks writes on writes.pid = waiting.pid and writes.mode = 'RowExclusiveLock'
            join pg_class k on k.oid = writes.relation
                and k.relnamespace = 'public'::regnamespace and k.relname = 'email_deliveries'
            cross join lateral unnest(pg_blocking_pids(waiting.pid)) b (pid)
            join pg_stat_activity h on h.pid = b.pid
            where not waiting.granted
                and writes.database = (
                    select oid from pg_database where datname = current_database())
            order by h.pid
            limit 3
            """;

    private JournalLock() {}

    /** In words; empty where nobody waits for a lock just now, or the database does not say. */
    public static Optional<String> inWords(Journal.Connector database) {
        List<String> holders = new ArrayList<>();
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery(HOLDERS)) {
            while (found.next()) {
                holders.add(new LockHolder(found.getInt(1), found.getString(2)).toString());
            }
        } catch (SQLException silent) {
            return Optional.empty();
        }
        return holders.isEmpty()
                ? Optional.empty()
                : Optional.of("locked by " + String.join(" and ", holders));
    }
}
