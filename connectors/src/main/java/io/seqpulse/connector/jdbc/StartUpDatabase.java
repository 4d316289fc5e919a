package io.seqpulse.connector.jdbc;

import java.sql.Array;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
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

    /** DriverManager does not look for drivers in the jar of a job that a cluster loads. */
    private Connection connect() throws SQLException {
        try {
            Class.forName("org.postgresql.Driver");
        } catch (ClassNotFoundException missing) {
            throw new SQLException("the PostgreSQL driver is not in the job's jar", missing);
        }
        return DriverManager.getConnection(settings.url(), settings.user(), settings.password());
    }

    private IllegalStateException unusable(SQLException e) {
        return new IllegalStateException(
                "the database at '"
                        + settings.url()
                        + "' cannot be used: "
                        + e.getMessage()
                        + "; check database.url, database.user and database.password, and that the"
                        + " migrations of sql/migrations have run",
                e);
    }
}
