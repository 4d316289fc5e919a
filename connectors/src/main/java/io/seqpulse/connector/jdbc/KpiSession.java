package io.seqpulse.connector.jdbc;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection to the KPI tables, with the statements that they are written by. */
final class KpiSession {

    private static final Logger LOG = LoggerFactory.getLogger(KpiSession.class);

    /** Longer than any statement takes, shorter than the socket is waited for. */
    private static final String SETTINGS =
            "set statement_timeout = '45s'; set synchronous_commit = on";

    private static final Duration TO_READ = Duration.ofMinutes(30);

    private static final String BEGIN = "select claimed, anew from kpi.begin(?, ?, ?, ?, ?)";
    private static final String PUT = "select kpi.put(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    private static final String HEARTBEAT = "select kpi.heartbeat(?, ?, ?, ?, ?)";
    private static final String WRITTEN_SINCE =
            "select relation, series, at_millis from kpi.written_since(?, ?)";
    private static final int FETCHED = 2_000;

    /** The last of them takes what is left. */
    private static final int PARTS = 3;

    /** A claim that was granted. */
    record Granted(long number, boolean anew) {}

    private final Connection connection;

    private KpiSession(Connection connection) {
        this.connection = connection;
    }

    static KpiSession open(JdbcSettings database) throws SQLException {
        Connection connection = Connections.open(database, "seqpulse-kpi");
        boolean ready = false;
        try (Statement settings = connection.createStatement()) {
            settings.execute(SETTINGS);
            connection.setAutoCommit(false);
            ready = true;
            return new KpiSession(connection);
        } finally {
            if (!ready) {
                connection.close();
            }
        }
    }

    /**
     * What was granted; null: somebody has a better claim.
     *
     * @param restored whether there should be rows already
     */
    Granted begin(KpiClaim claim, boolean restored) throws SQLException {
        try (PreparedStatement begin = connection.prepareStatement(BEGIN)) {
            begin.setLong(1, claim.generation());
            begin.setLong(2, claim.start());
            begin.setLong(3, claim.checkpoint());
            begin.setInt(4, claim.attempt());
            begin.setBoolean(5, restored);
            Granted granted;
            try (ResultSet row = begin.executeQuery()) {
                granted = row.next() ? new Granted(row.getLong(1), row.getBoolean(2)) : null;
            }
            connection.commit();
            return granted;
        }
    }

    /** Writes rows, without committing; returns whether the claim still stands. */
    boolean put(KpiClaim claim, long number, long checkpoint, List<KpiRow> rows)
            throws SQLException {
        List<String[]> series = new ArrayList<>(rows.size());
        for (KpiRow row : rows) {
            series.add(row.series().split("\n", PARTS));
        }
        try (PreparedStatement put = connection.prepareStatement(PUT)) {
            put.setLong(1, claim.generation());
            put.setLong(2, number);
            put.setLong(3, checkpoint);
            put.setArray(4, texts(rows, KpiRow::relation));
            for (int part = 0; part < PARTS; part++) {
                int which = part;
                put.setArray(
                        5 + part, texts(series, parts -> which < parts.length ? parts[which] : ""));
            }
            put.setArray(8, numbers(rows, KpiRow::atMillis));
            put.setArray(9, numbers(rows, KpiRow::numerator));
            put.setArray(10, numbers(rows, KpiRow::denominator));
            return isTrue(put);
        }
    }

    /** Says up to when everything is there, without committing; null: only that the part lives. */
    boolean heartbeat(KpiClaim claim, long number, Long asOfMillis) throws SQLException {
        try (PreparedStatement heartbeat = connection.prepareStatement(HEARTBEAT)) {
            heartbeat.setLong(1, claim.generation());
            heartbeat.setLong(2, number);
            heartbeat.setInt(3, claim.part());
            heartbeat.setInt(4, claim.parts());
            heartbeat.setObject(5, asOfMillis, java.sql.Types.BIGINT);
            return isTrue(heartbeat);
        }
    }

    private static boolean isTrue(PreparedStatement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            return row.next() && row.getBoolean(1);
        }
    }

    private <T> Array texts(List<T> of, Function<T, String> text) throws SQLException {
        return connection.createArrayOf("text", of.stream().map(text).toArray(String[]::new));
    }

    private Array numbers(List<KpiRow> rows, ToLongFunction<KpiRow> number) throws SQLException {
        return connection.createArrayOf(
                "bigint", rows.stream().mapToLong(number).boxed().toArray(Long[]::new));
    }

    /** The rows that were written since the claim's stamp, to be read piece by piece. */
    Rows writtenSince(KpiClaim claim) throws SQLException {
        return new Rows(claim);
    }

    /** Rows, read while they are asked for. */
    final class Rows {
        private final ResultSet rows;

        private Rows(KpiClaim claim) throws SQLException {
            // the database looks at every row of the generation before it tells the first
            connection.setNetworkTimeout(Runnable::run, (int) TO_READ.plusMinutes(1).toMillis());
            try (Statement patience = connection.createStatement()) {
                patience.execute("set statement_timeout = " + TO_READ.toMillis());
            }
            PreparedStatement query = connection.prepareStatement(WRITTEN_SINCE);
            query.setFetchSize(FETCHED);
            query.setLong(1, claim.generation());
            query.setLong(2, claim.since());
            rows = query.executeQuery();
        }

        /** The next ones; empty: there are no more. */
        List<KpiFound.Target> next() throws SQLException {
            List<KpiFound.Target> targets = new ArrayList<>();
            while (targets.size() < FETCHED && rows.next()) {
                targets.add(
                        new KpiFound.Target(rows.getString(1), rows.getString(2), rows.getLong(3)));
            }
            return targets;
        }
    }

    void commit() throws SQLException {
        connection.commit();
    }

    void rollback() throws SQLException {
        connection.rollback();
    }

    /** Ends it without a word to the server, which may not listen; any thread may. */
    void abort() {
        try {
            connection.abort(Runnable::run);
        } catch (SQLException gone) {
            LOG.debug("a connection was gone before it was closed", gone);
        }
    }
}
