package io.seqpulse.connector.email;

import io.seqpulse.connector.email.DeliveryPolicy.Disposition;
import io.seqpulse.connector.jdbc.Transactions;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntSupplier;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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

        Leased plus(Leased other) {
            List<QueuedMail> both = new ArrayList<>(mails);
            both.addAll(other.mails);
            Map<String, Integer> counts = new HashMap<>(settled);
            other.settled.forEach((reason, rows) -> counts.merge(reason, rows, Integer::sum));
            return new Leased(List.copyOf(both), Map.copyOf(counts), putOff + other.putOff);
        }

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

    /** Lower-cased by the database, as it is when it is looked up. */
    private static final String SUPPRESS =
            """
            insert into lifecycle.suppressed_addresses as known (address, reason, reply)
            values (lower(?), 'refused', ?)
            on conflict (address) do update
            set reason = excluded.reason, reply = excluded.reply,
                created_at = excluded.created_at, until = excluded.until
            where known.until <= now()
            """;

    /**
     * What is leased and has not passed the fence; what has may have been sent. The conditions of
     * the two lists are those of their indexes.
     */
    private static final String LEASED =
            """
            leased as (
                select d.id, d.lease_token, ('x' || left(d.lease_token::text, 8))::bit(32)::bigint
                    as sender
                from public.email_deliveries d
                where d.managed_by = 'lifecycle' and d.status = 'queued'
                    and d.category in ('security', 'alert', 'transactional')
                    and d.phase = 'leased' and d.lease_until > now()
                union all
                select d.id, d.lease_token, ('x' || left(d.lease_token::text, 8))::bit(32)::bigint
                from public.email_deliveries d
                where d.managed_by = 'lifecycle' and d.status = 'queued'
                    and d.category in ('service', 'marketing', 'report')
                    and d.phase = 'leased' and d.lease_until > now()
            )
            update public.email_deliveries d
            set phase = null, lease_token = null, lease_until = null
            from leased
            where d.id = leased.id and d.lease_token = leased.lease_token and d.phase = 'leased'
            """;

    /** Returns leases whose sender is gone: nobody holds the lock on the number in their tokens. */
    private static final String TAKE_OVER =
            """
            with senders as (
                select l.objid::bigint as number
                from pg_locks l
                join pg_database b on b.oid = l.database and b.datname = current_database()
                where l.locktype = 'advisory' and l.granted and l.classid = ?::bigint::oid
            ),
            """
                    + LEASED
                    + " and leased.sender not in (select number from senders)";

    /** Returns leases of one sender that it has not in hand. */
    private static final String RETURN_UNHEARD =
            "with " + LEASED + " and leased.sender = ? and leased.id <> all (?)";

    /**
     * Gives a row that was not sent after all to the new owner for whom it was decided while a
     * sender had it past the fence ({@link Journal}).
     */
    private static final String GIVE_TO_SUCCESSOR =
            """
            with successor as (
                delete from lifecycle.successors s
                using public.email_deliveries d
                where d.id = ? and s.dedupe_key = d.dedupe_key
                returning d.id, s.entry
            )
            update public.email_deliveries d
            set user_id = e.user_id, project_id = p.id, email_type = fit.email_type,
                status = fit.status, category = fit.category, reason = fit.reason,
                payload_json = case when e.payload is null
                    then d.payload_json else fit.payload_json end,
                error_message = e.error,
                attempts = 0, next_attempt_at = now(), expires_at = e.expires_at,
                recipient_address = e.recipient_address, required_plan = e.required_plan,
                occasion = e.occasion, caused_at = e.caused_at, decided_at = e.decided_at,
                variant = fit.variant
            from successor s
            cross join lateral jsonb_to_record(s.entry) as e (
                user_id uuid, project_id uuid, recipient_address text, occasion text,
                required_plan text, expires_at timestamptz, caused_at timestamptz,
                decided_at timestamptz, payload jsonb, error text)
            cross join lateral jsonb_populate_record(
                null::public.email_deliveries,
                jsonb_build_object(
                    'email_type', s.entry -> 'email_type', 'status', s.entry -> 'status',
                    'category', s.entry -> 'category', 'reason', s.entry -> 'reason',
                    'payload_json', s.entry -> 'payload', 'variant', s.entry -> 'variant')) fit
            join (%s) r on r.id = e.user_id
            left join (%s) p on p.id = e.project_id
            where d.id = s.id and (e.project_id is null or p.id is not null)
            """;

    /** Of rows that ended in the hands of a sender that could not say so. */
    private static final String FORGET_SETTLED =
            """
            delete from lifecycle.successors s
            where not exists (
                select from public.email_deliveries d
                where d.dedupe_key = s.dedupe_key and d.status = 'queued')
            """;

    private static final String FORGET_SUCCESSOR =
            "delete from lifecycle.successors where dedupe_key = ?";

    private final DataSource database;
    private final double cooldownSeconds;
    private final IntSupplier sender;

    /** How long a row is passed over that the table would not let us change. */
    private static final Duration PASSED_OVER = Duration.ofMinutes(10);

    /** Far more than there are product tables that refuse a change of a row for its own sake. */
    private static final int MOST_PASSED_OVER = 1_000;

    private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

    private final SendableCodes codes;
    private final LeaseStatement statement;
    private final String giveToSuccessor;

    /** Row → until when it is passed over, as {@link System#nanoTime()}; of one thread. */
    private final Map<UUID, Long> passedOver = new LinkedHashMap<>();

    /**
     * The journal as one sender sees it.
     *
     * @param tables the product's
     * @param codes what may be sent
     * @param sender the number that its leases bear
     */
    Outbox(
            DataSource database,
            ProductTables tables,
            Duration cooldown,
            SendableCodes codes,
            IntSupplier sender) {
        this.database = database;
        this.cooldownSeconds = cooldown.toMillis() / 1000.0;
        this.codes = codes;
        this.statement = new LeaseStatement(tables);
        this.giveToSuccessor =
                GIVE_TO_SUCCESSOR.formatted(tables.recipientIds(), tables.projectIds());
        this.sender = sender;
    }

    /**
     * Returns what senders that are gone had leased and not fenced.
     *
     * @return how many mails
     */
    int takeOver() throws SQLException {
        return Transactions.run(
                database,
                connection -> {
                    update(connection, FORGET_SETTLED);
                    return update(connection, TAKE_OVER, SenderLock.CLASS);
                });
    }

    /**
     * Returns what this sender leased without hearing of it, because the connection to the database
     * was lost before the answer came.
     *
     * @param inHand what it has heard of and not settled yet
     * @return how many mails
     */
    int returnUnheard(Collection<UUID> inHand) throws SQLException {
        return Transactions.run(
                database,
                connection ->
                        update(
                                connection,
                                RETURN_UNHEARD,
                                (long) sender.getAsInt(),
                                connection.createArrayOf("uuid", inHand.toArray())));
    }

    /**
     * Takes what is due, at most that many rows, urgent mail first. A row whose reasons to be sent
     * no longer hold is settled in the same statement. One that the table does not let us change is
     * passed over for a while, and the others are not kept up by it.
     */
    Leased lease(int limit) throws SQLException {
        forgetPassedOver();
        return lease(limit, statement.ofAllBut, LeaseStatement.DUE);
    }

    /**
     * The same for a server that confirms nothing: mail that must not go twice, and so is spent by
     * being handed over, only where no other is due soon.
     */
    Leased leaseToAsk(int limit) throws SQLException {
        forgetPassedOver();
        return mayGoTwice()
                ? lease(limit, statement.ofWhatMayGoTwice, LeaseStatement.DUE_THAT_MAY_GO_TWICE)
                : lease(limit, statement.ofAllBut, LeaseStatement.DUE);
    }

    private boolean mayGoTwice() throws SQLException {
        try (Connection connection = database.getConnection();
                PreparedStatement query =
                        connection.prepareStatement(LeaseStatement.ANY_THAT_MAY_GO_TWICE)) {
            Array rows = connection.createArrayOf("uuid", passedOver.keySet().toArray());
            query.setArray(1, rows);
            query.setArray(2, rows);
            try (ResultSet found = query.executeQuery()) {
                return found.next() && found.getBoolean(1);
            }
        }
    }

    private void forgetPassedOver() {
        long now = System.nanoTime();
        passedOver.values().removeIf(until -> until - now <= 0);
    }

    private Leased lease(int limit, String all, String due) throws SQLException {
        try {
            return lease(all, limit, passedOver.keySet());
        } catch (SQLException failed) {
            if (!isOfARow(failed)) {
                throw failed;
            }
            return leaseEach(limit, due);
        }
    }

    private Leased leaseEach(int limit, String due) throws SQLException {
        Leased leased = new Leased(List.of(), Map.of(), 0);
        for (UUID row : due(limit, due)) {
            try {
                leased = leased.plus(lease(statement.of, 1, Set.of(row)));
            } catch (SQLException failed) {
                if (!isOfARow(failed)) {
                    throw failed;
                }
                if (passedOver.size() < MOST_PASSED_OVER) {
                    passedOver.put(row, System.nanoTime() + PASSED_OVER.toNanos());
                }
                LOG.error(
                        "The journal's table does not let us lease row {}; trying again in {}"
                                + " minutes",
                        row,
                        PASSED_OVER.toMinutes(),
                        failed);
            }
        }
        return leased;
    }

    /** Otherwise it is the statement that does not fit, or the database that is away. */
    private static boolean isOfARow(SQLException failed) {
        return DatabaseTrouble.of(failed) == DatabaseTrouble.REFUSED
                && !failed.getSQLState().startsWith("42");
    }

    private List<UUID> due(int limit, String sql) throws SQLException {
        try (Connection connection = database.getConnection();
                PreparedStatement query = connection.prepareStatement(sql)) {
            query.setArray(1, connection.createArrayOf("uuid", passedOver.keySet().toArray()));
            query.setInt(2, limit);
            List<UUID> due = new ArrayList<>();
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    due.add(rows.getObject(1, UUID.class));
                }
            }
            return due;
        }
    }

    private Leased lease(String sql, int limit, Set<UUID> ids) throws SQLException {
        try (Connection connection = database.getConnection();
                PreparedStatement lease = connection.prepareStatement(sql)) {
            Array named = connection.createArrayOf("uuid", ids.toArray());
            statement.bind(lease, limit, cooldownSeconds, codes, named, sender.getAsInt());
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
                row.getInt("failures"),
                row.getBoolean("refused_before"),
                row.getInt("unconfirmed"));
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
        return fitting(messageId, id -> markSent(mail, id));
    }

    private boolean markSent(QueuedMail mail, String messageId) throws SQLException {
        return Transactions.run(
                database,
                connection -> {
                    int held =
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
                                    mail.token());
                    if (held > 0) {
                        update(connection, FORGET_SUCCESSOR, mail.dedupeKey());
                    }
                    return held > 0;
                });
    }

    /** Failed for good; with its address where that is to blame. */
    void failed(QueuedMail mail, String reason, Disposition how, String detail)
            throws SQLException {
        fitting(detail, text -> markFailed(mail, reason, how, text));
    }

    private Void markFailed(QueuedMail mail, String reason, Disposition how, String detail)
            throws SQLException {
        return Transactions.run(
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
                    if (held > 0 && how == Disposition.REFUSED_WITH_ADDRESS) {
                        update(connection, SUPPRESS, mail.address(), detail);
                    }
                    if (held > 0 && how != Disposition.FAIL_UNCONFIRMED) {
                        notSent(connection, mail);
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
        fitting(detail, text -> markForRetry(mail, wait, unconfirmed, counted(mail, text)));
    }

    private Void markForRetry(QueuedMail mail, Duration wait, boolean unconfirmed, String detail)
            throws SQLException {
        return Transactions.run(
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
                        notSent(connection, mail);
                    }
                    return null;
                });
    }

    /**
     * A text with the number of deliveries without an answer so far, kept at its end until the mail
     * has its end. The lease that finds the row in its final phase counts one more.
     */
    private static String counted(QueuedMail mail, String text) {
        if (mail.unconfirmed() == 0) {
            return text;
        }
        String count = "(unconfirmed: " + mail.unconfirmed() + ")";
        return text == null || text.isEmpty() ? count : text + " " + count;
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

    /**
     * Back in the queue as if it had never been tried, behind all that is due. Only for what was
     * certainly not sent.
     */
    void release(QueuedMail mail) throws SQLException {
        Transactions.run(
                database,
                connection -> {
                    int held =
                            update(
                                    connection,
                                    "update public.email_deliveries set"
                                            + QUEUED_UNLESS_WITHDRAWN
                                            + """
                                                phase = null, lease_token = null, lease_until = null,
                                                next_attempt_at =
                                                    greatest(next_attempt_at, least(now(), expires_at))
                                            """
                                            + HELD,
                                    mail.id(),
                                    mail.token());
                    if (held > 0) {
                        notSent(connection, mail);
                    }
                    return null;
                });
    }

    /** Mails that were refused because of us are due again, as if they had not been tried. */
    void forgive(List<UUID> mails) throws SQLException {
        Transactions.run(
                database,
                connection ->
                        update(
                                connection,
                                """
                                update public.email_deliveries
                                set attempts = 0,
                                    error_message =
                                        '(unconfirmed: ' || substring(error_message from %s) || ')',
                                    next_attempt_at = least(next_attempt_at, now())
                                where id = any (?) and managed_by = 'lifecycle'
                                    and status = 'queued' and lease_token is null
                                    and reason is null
                                """
                                        .formatted(LeaseStatement.UNCONFIRMED_SO_FAR),
                                connection.createArrayOf("uuid", mails.toArray())));
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

    /** It certainly did not go: others may go in its place. */
    private void notSent(Connection connection, QueuedMail mail) throws SQLException {
        releaseClaim(connection, mail);
        update(connection, giveToSuccessor, mail.id());
    }

    /** What was put off for this claim need not wait any longer. */
    private static void releaseClaim(Connection connection, QueuedMail mail) throws SQLException {
        if (!mail.category().capped()) {
            return;
        }
        int released =
                update(
                        connection,
                        "delete from lifecycle.marketing_cap where recipient = ? and dedupe_key ="
                                + " ?",
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

    /** Something noted with a text that the table may not have room for. */
    @FunctionalInterface
    private interface Marking<T> {
        T with(String text) throws SQLException;
    }

    /** What became of a mail is noted in any case, if need be without words. */
    private static <T> T fitting(String text, Marking<T> marking) throws SQLException {
        try {
            return marking.with(text);
        } catch (SQLException failed) {
            if (text == null || DatabaseTrouble.of(failed) != DatabaseTrouble.REFUSED) {
                throw failed;
            }
            return marking.with(null);
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
