package io.seqpulse.connector.jdbc;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.connector.jdbc.JdbcConnectionOptions;
import org.apache.flink.connector.jdbc.JdbcExecutionOptions;
import org.apache.flink.connector.jdbc.core.datastream.sink.JdbcSink;

/**
 * The KPI tables. At least once: what a checkpoint covers has been written before it. A subtask's
 * rows are written in their order, and writing one again changes nothing.
 *
 * <p>A database that does not answer is asked again for some minutes, and what comes meanwhile
 * waits. Then the job fails with the reason, and its restart goes on from the last checkpoint.
 */
public final class KpiSink {

    /** In all about four minutes: the n-th time waits n seconds. */
    private static final int RETRIES = 20;

    private static final int BATCH = 1_000;
    private static final int BATCH_MILLIS = 100;

    private KpiSink() {}

    /** A sink into the tables of a database. */
    public static Sink<KpiRow> to(JdbcSettings database) {
        return JdbcSink.<KpiRow>builder()
                .withQueryStatement("call kpi.put(?, ?, ?, ?, ?, ?)", KpiSink::fill)
                .withExecutionOptions(
                        JdbcExecutionOptions.builder()
                                .withBatchSize(BATCH)
                                .withBatchIntervalMs(BATCH_MILLIS)
                                .withMaxRetries(RETRIES)
                                .build())
                .buildAtLeastOnce(
                        new JdbcConnectionOptions.JdbcConnectionOptionsBuilder()
                                .withUrl(database.url())
                                .withDriverName("org.postgresql.Driver")
                                .withUsername(database.user())
                                .withPassword(database.password())
                                .withProperty("ApplicationName", "seqpulse-kpi")
                                .withProperty("tcpKeepAlive", "true")
                                .withProperty("connectTimeout", "10")
                                .withProperty("socketTimeout", "60")
                                .build());
    }

    private static void fill(PreparedStatement call, KpiRow row) throws SQLException {
        call.setLong(1, row.generation());
        call.setString(2, row.relation());
        call.setArray(3, call.getConnection().createArrayOf("text", row.series().split("\n", -1)));
        call.setObject(
                4, OffsetDateTime.ofInstant(Instant.ofEpochMilli(row.atMillis()), ZoneOffset.UTC));
        call.setLong(5, row.numerator());
        call.setLong(6, row.denominator());
    }
}
