package io.seqpulse.connector.email;

import io.seqpulse.connector.email.DeliveryPolicy.Disposition;
import io.seqpulse.connector.jdbc.Transactions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * The journal as senders see it: leases what is due after re-checking it, fences a mail before it
 * goes, and marks what became of it. Time is the database's throughout.
 */
final class Outbox {

    /**
     * What a lease brought.
     *
     * @param mails to send now
     * @param settled how many of the rows looked at ended without being sent, by reason
     * @param putOff how many rows wait for the cap to pass
     */
    record Leased(List<QueuedMail> mails, Map<String, Integer> settled, int putOff) {

        /** Whether nothing was due. */
        boolean nothingDue() {
            return mails.isEmpty() && settled.isEmpty() && putOff == 0;
        }
    }

    private static final String HELD = " where id = ? and lease_token = ? and status = 'queued'";

    /** What was withdrawn after it had passed the fence is not tried again. */
    private static final String QUEUED_UNLESS_WITHDRAWN =
            " status = case when reason is null then status else 'suppressed' end, ";

    private static final String CLAIM_CAP =
            """
            insert into lifecycle.marketing_cap as held (recipient, dedupe_key, claimed_at)
            values (?, ?, now())
            on conflict (recipient) do update
            set dedupe_key = excluded.dedupe_key, claimed_at = excluded.claimed_at
            where held.claimed_at <= now() - make_interval(secs => ?)
                or held.dedupe_key = excluded.dedupe_key
            """;

    private final DataSource database;
    private final double cooldownSeconds;

    Outbox(DataSource database, Duration cooldown) {
        this.database = database;
        this.cooldownSeconds = cooldown.toMillis() / 1000.0;
    }

    /**
     * Takes what is due, at most that many rows, urgent mail first. A row whose reasons to be sent
     * no longer hold is settled in the same statement.
     */
    Leased lease(int limit) throws SQLException {
        try (Connection connection = database.getConnection();
                PreparedStatement lease = connection.prepareStatement(LeaseStatement.SQL)) {
            LeaseStatement.bind(lease, limit, cooldownSeconds);
            List<QueuedMail> mails = new ArrayList<>();
            Map<String, Integer> settled = new HashMap<>();
            int putOff = 0;
            try (ResultSet rows = lease.executeQuery()) {
                while (rows.next()) {
                    String verdict = rows.getString("verdict");
                    switch (verdict) {
                        case LeaseStatement.SEND -> mails.add(mail(rows));
                        case LeaseStatement.WAIT -> putOff++;
                        default -> settled.merge(verdict, 1, Integer::sum);
                    }
                }
            }
            return new Leased(List.copyOf(mails), Map.copyOf(settled), putOff);
        }
    }

    private static QueuedMail mail(ResultSet row) throws SQLException {
        return new QueuedMail(
                row.getObject("id", UUID.class),
                row.getObject("lease_token", UUID.class),
                row.getString("dedupe_key"),
                row.getString("email_type"),
                EmailCategory.of(row.getString("category")),
                row.getString("address"),
                row.getString("recipient"),
                row.getString("payload"),
                row.getInt("failures"));
    }

    /**
     * Marks a mail as about to be ended, if its lease still holds and the cap lets it. The lease
     * starts anew, as the answer may take ten minutes.
     */
    Fence.Verdict fence(QueuedMail mail) throws SQLException {
        return Transactions.run(
                database,
                connection -> {
                    int held =
                            update(
                                    connection,
                                    "update public.email_deliveries set phase = 'final',"
                                            + " lease_until = now() + "
                                            + LeaseStatement.LEASE
                                            + HELD,
                                    mail.id(),
                                    mail.token());
                    if (held == 0) {
                        return Fence.Verdict.LEASE_LOST;
                    }
                    if (!mail.category().capped()) {
                        return Fence.Verdict.OPEN;
                    }
                    int claimed =
                            update(
                                    connection,
                                    CLAIM_CAP,
                                    mail.recipient(),
                                    mail.dedupeKey(),
                                    cooldownSeconds);
                    if (claimed == 0) {
                        connection.rollback();
                        return Fence.Verdict.CAPPED;
                    }
                    return Fence.Verdict.OPEN;
                });
    }

    /** The server has taken it. */
    boolean sent(QueuedMail mail, String messageId) throws SQLException {
        return Transactions.run(
                database,
                connection ->
                        update(
                                        connection,
                                        """
                                        update public.email_deliveries
                                        set status = 'sent', sent_at = clock_timestamp(),
                                            provider_message_id = ?, reason = null,
                                            error_message = null, phase = null,
                                            lease_token = null, lease_until = null
                                        """
                                                + HELD,
                                        messageId,
                                        mail.id(),
                                        mail.token())
                                > 0);
    }

    /** Failed for good; with its address where that is to blame. */
    void failed(QueuedMail mail, String reason, Disposition how, String detail)
            throws SQLException {
        Transactions.run(
                database,
                connection -> {
                    int held =
                            update(
                                    connection,
                                    """
                            update public.email_deliveries
                            set status = 'failed', reason = ?, error_message = ?,
                                attempts = coalesce(attempts, 0) + 1, phase = null,
                                lease_token = null, lease_until = null
                            """
                                            + HELD,
                                    reason,
                                    detail,
                                    mail.id(),
                                    mail.token());
                    if (held > 0 && how == Disposition.FAIL_AND_SUPPRESS_ADDRESS) {
                        update(
                                connection,
                                """
                                insert into lifecycle.suppressed_addresses (address, reason)
                                values (?, 'refused') on conflict do nothing
                                """,
                                mail.address().toLowerCase(Locale.ROOT));
                    }
                    if (held > 0 && how != Disposition.FAIL_UNCONFIRMED) {
                        releaseClaim(connection, mail);
                    }
                    return null;
                });
    }

    /**
     * To be tried again after a time, though not later than it expires.
     *
     * @param unconfirmed it may have been taken after all, so that it is never simply called stale
     */
    void retry(QueuedMail mail, Duration wait, boolean unconfirmed, String detail)
            throws SQLException {
        Transactions.run(
                database,
                connection -> {
                    int held =
                            update(
                                    connection,
                                    "update public.email_deliveries set"
                                            + (unconfirmed ? "" : QUEUED_UNLESS_WITHDRAWN)
                                            + """
                                attempts = coalesce(attempts, 0) + 1,
                                next_attempt_at =
                                    least(now() + make_interval(secs => ?), expires_at),
                                error_message = ?, phase = ?, lease_token = null,
                                lease_until = null
                            """
                                            + HELD,
                                    wait.toMillis() / 1000.0,
                                    detail,
                                    unconfirmed ? "final" : null,
                                    mail.id(),
                                    mail.token());
                    if (held > 0 && !unconfirmed) {
                        releaseClaim(connection, mail);
                    }
                    return null;
                });
    }

    /** Back in the queue until the recipient's cap is over. */
    void putOff(QueuedMail mail) throws SQLException {
        Transactions.run(
                database,
                connection ->
                        update(
                                connection,
                                """
                                update public.email_deliveries d
                                set reason = 'capped', phase = null, lease_token = null,
                                    lease_until = null,
                                    next_attempt_at = least(expires_at, coalesce(
                                        (select c.claimed_at + make_interval(secs => ?)
                                        from lifecycle.marketing_cap c
                                        where c.recipient = ?), now()))
                                """
                                        + HELD,
                                cooldownSeconds,
                                mail.recipient(),
                                mail.id(),
                                mail.token()));
    }

    /** Back in the queue as if it had never been leased. Only for what was certainly not sent. */
    void release(QueuedMail mail) throws SQLException {
        Transactions.run(
                database,
                connection -> {
                    int held =
                            update(
                                    connection,
                                    "update public.email_deliveries set"
                                            + QUEUED_UNLESS_WITHDRAWN
                                            + "phase = null, lease_token = null, lease_until = null"
                                            + HELD,
                                    mail.id(),
                                    mail.token());
                    if (held > 0) {
                        releaseClaim(connection, mail);
                    }
                    return null;
                });
    }

    /** Returns a lease, unless its mail may have been sent already. */
    void returnUnlessFinal(QueuedMail mail) throws SQLException {
        Transactions.run(
                database,
                connection ->
                        update(
                                connection,
                                """
                                update public.email_deliveries
                                set phase = null, lease_token = null, lease_until = null
                                """
                                        + HELD
                                        + " and phase is distinct from 'final'",
                                mail.id(),
                                mail.token()));
    }

    /** What was put off for this claim need not wait any longer. */
    private static void releaseClaim(Connection connection, QueuedMail mail) throws SQLException {
        if (!mail.category().capped()) {
            return;
        }
        int released =
                update(
                        connection,
                        "delete from lifecycle.marketing_cap where recipient = ? and dedupe_key = ?",
                        mail.recipient(),
                        mail.dedupeKey());
        if (released > 0) {
            update(
                    connection,
                    """
                    update public.email_deliveries
                    set next_attempt_at = now(), reason = null
                    where managed_by = 'lifecycle' and status = 'queued' and reason = 'capped'
                        and category in ('marketing', 'report')
                        and user_id = (
                            select o.user_id from public.email_deliveries o where o.id = ?)
                        and coalesce(lower(recipient_address), user_id::text) = ?
                    """,
                    mail.id(),
                    mail.recipient());
        }
    }

    private static int update(Connection connection, String sql, Object... values)
            throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                update.setObject(i + 1, values[i]);
            }
            return update.executeUpdate();
        }
    }
}
