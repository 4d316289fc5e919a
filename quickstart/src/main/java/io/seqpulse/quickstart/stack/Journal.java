package io.seqpulse.quickstart.stack;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The job's rows of {@code email_deliveries}, for reports and tests. */
public final class Journal {

    private final Connector connector;

    Journal(Connector connector) {
        this.connector = connector;
    }

    /** Opens connections. */
    public interface Connector {
        Connection connect() throws SQLException;
    }

    /**
     * One row.
     *
     * @param status queued, sent, failed or suppressed
     * @param reason why it was not sent, or null
     * @param providerMessageId the Message-ID it was sent with, or null
     * @param causedAt commit time of the causing change; null when a deadline caused it
     */
    public record Row(
            String emailType,
            String dedupeKey,
            String status,
            String reason,
            String userId,
            String projectId,
            String recipientAddress,
            String providerMessageId,
            Instant causedAt,
            Instant sentAt) {}

    /** Every row of the job's, in the order they were inserted. */
    public List<Row> rows() throws SQLException {
        return rows("true");
    }

    /** The rows of one email, such as {@code E-ACT-01}. */
    public List<Row> rowsOf(String emailType) throws SQLException {
        return rows().stream().filter(row -> row.emailType().equals(emailType)).toList();
    }

    /** The row with a dedupe key, or empty. */
    public Optional<Row> row(String dedupeKey) throws SQLException {
        return rows().stream().filter(row -> row.dedupeKey().equals(dedupeKey)).findFirst();
    }

    private List<Row> rows(String condition) throws SQLException {
        String query =
                """
                select email_type, dedupe_key, status, reason, user_id::text, project_id::text,
                       recipient_address, provider_message_id, caused_at, sent_at
                from public.email_deliveries
                where managed_by = 'lifecycle' and %s
                order by created_at, id
                """
                        .formatted(condition);
        try (Connection connection = connector.connect();
                PreparedStatement statement = connection.prepareStatement(query);
                ResultSet found = statement.executeQuery()) {
            List<Row> rows = new ArrayList<>();
            while (found.next()) {
                rows.add(
                        new Row(
                                found.getString(1),
                                found.getString(2),
                                found.getString(3),
                                found.getString(4),
                                found.getString(5),
                                found.getString(6),
                                found.getString(7),
                                found.getString(8),
                                instant(found.getTimestamp(9)),
                                instant(found.getTimestamp(10))));
            }
            return rows;
        }
    }

    private static Instant instant(Timestamp timestamp) {
        return timestamp == null ? null : timestamp.toInstant();
    }

    /**
     * How many rows there are by code, then by outcome: the status, with the reason of what was not
     * sent ({@code suppressed:opted_out}). Waits for no lock longer than a second.
     */
    public Map<String, Map<String, Long>> outcomes() throws SQLException {
        return outcomesSince(Instant.EPOCH);
    }

    /** The same of the rows that were made at a time of the database's clock or later. */
    public Map<String, Map<String, Long>> outcomesSince(Instant time) throws SQLException {
        String query =
                """
                select email_type, status || coalesce(':' || reason, ''), count(*)
                from public.email_deliveries
                where managed_by = 'lifecycle' and created_at >= ?
                group by 1, 2
                """;
        Map<String, Map<String, Long>> outcomes = new TreeMap<>();
        try (Connection connection = connector.connect();
                PreparedStatement statement = impatient(connection, query, time);
                ResultSet found = statement.executeQuery()) {
            while (found.next()) {
                outcomes.computeIfAbsent(found.getString(1), code -> new TreeMap<>())
                        .put(found.getString(2), found.getLong(3));
            }
        }
        return outcomes;
    }

    /**
     * By code, how long after the commit of its cause an email was sent, in milliseconds: of those
     * that were decided at a time of the database's clock or later, and not by a deadline.
     */
    public Map<String, Map<String, Long>> latenciesSince(Instant time) throws SQLException {
        String query =
                """
                select email_type, count(*), percentile_disc(0.5) within group (order by took),
                    percentile_disc(0.99) within group (order by took), max(took)
                from (
                    select email_type,
                        (extract(epoch from sent_at - caused_at) * 1000)::bigint as took
                    from public.email_deliveries
                    where managed_by = 'lifecycle' and created_at >= ? and status = 'sent'
                        and sent_at is not null and caused_at is not null
                ) sent
                group by 1
                """;
        Map<String, Map<String, Long>> latencies = new TreeMap<>();
        try (Connection connection = connector.connect();
                PreparedStatement statement = impatient(connection, query, time);
                ResultSet found = statement.executeQuery()) {
            while (found.next()) {
                Map<String, Long> summary = new LinkedHashMap<>();
                summary.put("count", found.getLong(2));
                summary.put("p50", found.getLong(3));
                summary.put("p99", found.getLong(4));
                summary.put("max", found.getLong(5));
                latencies.put(found.getString(1), summary);
            }
        }
        return latencies;
    }

    /** The deployments whose verdict was written in one transaction with hints. */
    public Set<String> verdictsWithHints() throws SQLException {
        String query =
                """
                select v.deployment_id::text
                from public.deployment_verdicts v
                where exists (
                    select from public.sdh_hints h
                    where h.deployment_id = v.deployment_id and h.xmin = v.xmin)
                """;
        try (Connection connection = connector.connect();
                Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery(query)) {
            Set<String> deployments = new HashSet<>();
            while (found.next()) {
                deployments.add(found.getString(1));
            }
            return deployments;
        }
    }

    private static PreparedStatement impatient(Connection connection, String query, Instant since)
            throws SQLException {
        try (Statement patience = connection.createStatement()) {
            patience.execute("set lock_timeout = '1s'");
        }
        PreparedStatement statement = connection.prepareStatement(query);
        statement.setTimestamp(1, Timestamp.from(since));
        return statement;
    }

    /**
     * The addresses of everybody the product has, in lower case. Whoever is deleted takes the rows
     * of the journal along.
     */
    public Set<String> addressees() throws SQLException {
        String query =
                """
                select lower(email) from public.users
                union select lower(email) from public.project_members where email is not null
                """;
        try (Connection connection = connector.connect();
                Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery(query)) {
            Set<String> addresses = new HashSet<>();
            while (found.next()) {
                addresses.add(found.getString(1));
            }
            return addresses;
        }
    }

    /** How many rows a sender could take now. */
    public long due() throws SQLException {
        String query =
                """
                select count(*)
                from public.email_deliveries
                where managed_by = 'lifecycle' and status = 'queued'
                    and coalesce(next_attempt_at, created_at) <= now()
                """;
        try (Connection connection = connector.connect();
                Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery(query)) {
            found.next();
            return found.getLong(1);
        }
    }
}
