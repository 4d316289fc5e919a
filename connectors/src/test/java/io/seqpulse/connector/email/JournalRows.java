package io.seqpulse.connector.email;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.seqpulse.connector.jdbc.JdbcSettings;
import io.seqpulse.connector.jdbc.ProductDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Journal rows as tests place and read them. */
final class JournalRows {

    static final EmailContent CONTENT =
            new EmailContent(
                    "fr", "Bonjour à vous", "<p>Bonjour é</p>", "Bonjour é", Map.of("X-Test", "1"));

    private final ProductDatabase database;

    JournalRows(ProductDatabase database) {
        this.database = database;
    }

    static HikariDataSource pool(JdbcSettings settings) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(settings.url());
        config.setUsername(settings.user());
        config.setPassword(settings.password());
        config.setMaximumPoolSize(8);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(2_000);
        return new HikariDataSource(config);
    }

    /** An entry to be sent to a user, of that category. */
    static JournalEntry entry(String key, EmailCategory category, UUID user) {
        return new JournalEntry(
                key,
                "E-TEST-01",
                category.label(),
                user.toString(),
                null,
                null,
                "occasion:" + key,
                null,
                null,
                Instant.now().plus(Duration.ofHours(24)),
                null,
                Instant.now(),
                CONTENT,
                null);
    }

    /** The same entry as a variant of an experiment. */
    static JournalEntry as(String variant, JournalEntry entry) {
        return new JournalEntry(
                entry.dedupeKey(),
                entry.emailType(),
                entry.category(),
                entry.userId(),
                entry.projectId(),
                entry.recipientAddress(),
                entry.occasion(),
                entry.suppressedFor(),
                entry.requiredPlan(),
                entry.expiresAt(),
                entry.causedAt(),
                entry.decidedAt(),
                entry.content(),
                entry.error(),
                entry.alsoTo(),
                variant);
    }

    /** A queued row of ours. */
    UUID queued(String key, EmailCategory category, UUID user) {
        return (UUID)
                database.value(
                        """
                        insert into public.email_deliveries (
                            user_id, email_type, dedupe_key, status, payload_json, managed_by,
                            category, attempts, next_attempt_at, expires_at, occasion, decided_at)
                        values (?, 'E-TEST-01', ?, 'queued', ?::jsonb, 'lifecycle', ?, 0,
                            now() - interval '1 second', now() + interval '24 hours', ?, now())
                        returning id
                        """,
                        user,
                        key,
                        MimeMessages.payload(CONTENT, List.of()),
                        category.label(),
                        "occasion:" + key);
    }

    /** Changes a row; {@code assignments} is SQL. */
    void change(UUID id, String assignments) {
        database.execute("update public.email_deliveries set " + assignments + " where id = ?", id);
    }

    /** Changes the rows for which a condition holds; both are SQL. */
    void changeAll(String condition, String assignments) {
        database.execute(
                "update public.email_deliveries set " + assignments + " where " + condition);
    }

    Map<String, Object> row(UUID id) {
        return database.rows("select * from public.email_deliveries where id = ?", id).get(0);
    }

    Map<String, Object> row(String key) {
        return database.rows("select * from public.email_deliveries where dedupe_key = ?", key)
                .get(0);
    }

    /** Status and reason, as {@code failed/unconfirmed}; no reason: the status alone. */
    String outcome(UUID id) {
        Map<String, Object> row = row(id);
        return row.get("status") + (row.get("reason") == null ? "" : "/" + row.get("reason"));
    }

    /** Waits until something holds, for a test that would otherwise hang. */
    static void await(String what, BooleanSupplier holds) {
        long end = System.nanoTime() + Duration.ofSeconds(15).toNanos();
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("never happened: " + what);
            }
            LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
        }
    }
}
