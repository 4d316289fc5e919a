package io.seqpulse.connector.email;

import io.seqpulse.connector.jdbc.Transactions;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import javax.sql.DataSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes decisions into {@code email_deliveries}, the authority on what is sent. A key that is
 * taken stays as it is, but for mail that goes to a project's new owner, and for queued mail of
 * which it is decided, by a job that came back from a checkpoint and knows more by now, that it is
 * not to be sent. Rows of others are never touched.
 *
 * <p>The table is the product's, with constraints, triggers and column types of its own. A line
 * that it does not take costs no other one: it is journalled as {@code failed}, with what the
 * database said; where the table does not take even that, it stands in {@code
 * lifecycle.unjournalled_emails}.
 */
final class Journal {

    private static final Logger LOG = LoggerFactory.getLogger(Journal.class);

    /**
     * What a batch came to.
     *
     * @param queued entries that will be sent
     * @param suppressed entries noted as not to be sent
     * @param failed entries noted as failed, because they could not be written or journalled
     * @param taken entries whose key is taken
     * @param orphaned entries whose recipient or project no longer exists
     * @param withdrawn queued rows that were withdrawn
     * @param unjournalled commands of which the table takes nothing
     */
    record Outcome(
            int queued,
            int suppressed,
            int failed,
            int taken,
            int orphaned,
            int withdrawn,
            int unjournalled) {

        static final Outcome NONE = new Outcome(0, 0, 0, 0, 0, 0, 0);

        private static final Outcome WITHDRAWN = new Outcome(0, 0, 0, 0, 0, 1, 0);
        private static final Outcome UNJOURNALLED = new Outcome(0, 0, 0, 0, 0, 0, 1);

        Outcome plus(Outcome other) {
            return new Outcome(
                    queued + other.queued,
                    suppressed + other.suppressed,
                    failed + other.failed,
                    taken + other.taken,
                    orphaned + other.orphaned,
                    withdrawn + other.withdrawn,
                    unjournalled + other.unjournalled);
        }
    }

    /**
     * A mail to a bare address may be to a user's, whose own mail about the same occasion goes
     * instead. Whether it is one is not asked here, as it takes columns of the users that may be
     * missing for a while: the row says whose it may be, and a sender asks ({@link
     * LeaseStatement}).
     *
     * <p>{@code fit} gives what is text to us the types that the table's columns have, be they
     * enumerations or domains.
     */
    private static final String INSERT =
            """
            with entry as (
                select * from unnest(
                    ?::text[], ?::text[], ?::text[], ?::text[]::uuid[], ?::text[]::uuid[],
                    ?::text[], ?::text[], ?::text[], ?::text[], ?::text[]::timestamptz[],
                    ?::text[]::timestamptz[], ?::text[]::timestamptz[], ?::text[]::jsonb[],
                    ?::text[], ?::text[], ?::text[]
                ) as e (
                    dedupe_key, email_type, category, user_id, project_id,
                    recipient_address, occasion, reason, required_plan, expires_at,
                    caused_at, decided_at, payload, status, error, variant)
            ), addressed as (
                select e.*, p.id as known_project
                from entry e
                join (%s) r on r.id = e.user_id
                left join (%s) p on p.id = e.project_id
                where e.project_id is null or p.id is not null
            ), journalled as (
                insert into public.email_deliveries as d (
                    id, user_id, project_id, email_type, dedupe_key, status, payload_json,
                    error_message, created_at, managed_by, category, reason, attempts,
                    next_attempt_at, expires_at, recipient_address, required_plan, occasion,
                    caused_at, decided_at, variant)
                select
                    gen_random_uuid(), a.user_id, a.known_project, fit.email_type,
                    fit.dedupe_key, fit.status, a.payload, a.error, now(), 'lifecycle',
                    fit.category, fit.reason, 0,
                    now(),
                    a.expires_at, a.recipient_address, a.required_plan, a.occasion,
                    a.caused_at, a.decided_at, fit.variant
                from addressed a
                cross join lateral jsonb_populate_record(
                    null::public.email_deliveries,
                    jsonb_build_object(
                        'email_type', a.email_type, 'dedupe_key', a.dedupe_key,
                        'status', a.status, 'category', a.category, 'reason', a.reason,
                        'variant', a.variant)) fit
                order by a.dedupe_key
                on conflict (dedupe_key) do update set
                    user_id = excluded.user_id,
                    project_id = excluded.project_id,
                    status = excluded.status,
                    reason = excluded.reason,
                    payload_json = coalesce(excluded.payload_json, d.payload_json),
                    category = excluded.category,
                    attempts = 0,
                    next_attempt_at = excluded.next_attempt_at,
                    expires_at = excluded.expires_at,
                    recipient_address = excluded.recipient_address,
                    required_plan = excluded.required_plan,
                    occasion = excluded.occasion,
                    caused_at = excluded.caused_at,
                    decided_at = excluded.decided_at,
                    error_message = excluded.error_message,
                    variant = excluded.variant,
                    lease_token = null,
                    lease_until = null,
                    phase = null
                where d.managed_by = 'lifecycle'
                    and ((excluded.decided_at > d.decided_at
                            and ((d.status = 'queued' and d.phase is distinct from 'final'
                                    and d.user_id <> excluded.user_id)
                                or (d.status = 'suppressed' and d.reason = 'moved')))
                        or (excluded.status = 'suppressed' and d.status = 'queued'
                            and d.user_id = excluded.user_id
                            and d.phase is distinct from 'final'))
                returning d.status
            )
            select
                (select count(*) from addressed),
                count(*) filter (where status = 'queued'),
                count(*) filter (where status = 'suppressed'),
                count(*) filter (where status = 'failed')
            from journalled
            """;

    /**
     * Takes back what is queued, be it leased: without its lease a mail does not pass the fence.
     * One that has passed it may be sent by now; the reason is noted, so that it is not tried again
     * if it was not.
     */
    private static final String WITHDRAW =
            """
            update public.email_deliveries
            set reason = ?,
                status = case when phase = 'final' then status else 'suppressed' end,
                lease_token = case when phase = 'final' then lease_token end,
                lease_until = case when phase = 'final' then lease_until end,
                phase = case when phase = 'final' then phase end
            where dedupe_key = ? and user_id = ?::uuid and managed_by = 'lifecycle'
                and status = 'queued'
            returning status
            """;

    /**
     * Keeps mail for a new owner whose key is that of a mail past the fence: the row is theirs if
     * the server does not take that one ({@link Outbox}).
     */
    private static final String SUCCEED =
            """
            insert into lifecycle.successors as known (dedupe_key, decided_at, entry)
            select e.dedupe_key, e.decided_at, to_jsonb(e)
            from unnest(
                ?::text[], ?::text[], ?::text[], ?::text[]::uuid[], ?::text[]::uuid[],
                ?::text[], ?::text[], ?::text[], ?::text[], ?::text[]::timestamptz[],
                ?::text[]::timestamptz[], ?::text[]::timestamptz[], ?::text[]::jsonb[],
                ?::text[], ?::text[], ?::text[]
            ) as e (
                dedupe_key, email_type, category, user_id, project_id,
                recipient_address, occasion, reason, required_plan, expires_at,
                caused_at, decided_at, payload, status, error, variant)
            join public.email_deliveries d on d.dedupe_key = e.dedupe_key
            where d.managed_by = 'lifecycle' and d.status = 'queued' and d.phase = 'final'
                and d.user_id <> e.user_id and e.decided_at > d.decided_at
            on conflict (dedupe_key) do update
            set decided_at = excluded.decided_at, entry = excluded.entry
            where known.decided_at < excluded.decided_at
            """;

    private static final String FORGET_SUCCESSOR =
            """
            delete from lifecycle.successors
            where dedupe_key = ? and entry ->> 'user_id' = lower(?)
            """;

    private static final String NOTE_UNJOURNALLED =
            """
            insert into lifecycle.unjournalled_emails (
                dedupe_key, email_type, user_id, project_id, what, why)
            values (left(?, 600), left(?, 200), left(?, 200), left(?, 200), ?, ?)
            on conflict do nothing
            """;

    /** A recipient or project that vanished meanwhile. */
    private static final String GONE_MEANWHILE = "23503";

    private static final int REPETITIONS = 5;

    /** What a database says of a row may repeat the row. */
    private static final int LONGEST_ERROR = 300;

    private static final String NOT_NULL = "23502";
    private static final String TABLE = "email_deliveries";

    private static final Set<String> COLUMNS =
            Set.of(
                    "id",
                    "user_id",
                    "project_id",
                    "email_type",
                    "dedupe_key",
                    "status",
                    "payload_json",
                    "error_message",
                    "created_at",
                    "managed_by",
                    "category",
                    "reason",
                    "attempts",
                    "next_attempt_at",
                    "expires_at",
                    "recipient_address",
                    "required_plan",
                    "occasion",
                    "caused_at",
                    "decided_at",
                    "variant");

    private final DataSource database;
    private final String insert;

    Journal(DataSource database, ProductTables tables) {
        this.database = database;
        insert = INSERT.formatted(tables.recipientIds(), tables.projectIds());
    }

    /**
     * Writes commands in their order, all or none, durably.
     *
     * @throws SQLException if the database is away, or does not let us; nothing is written then,
     *     and the same may be tried again until it does
     */
    Outcome write(List<EmailCommand> commands) throws SQLException {
        for (int repetition = 1; ; repetition++) {
            try {
                return Transactions.run(database, connection -> writeIn(connection, commands));
            } catch (SQLException failed) {
                boolean passing =
                        DatabaseTrouble.of(failed) == DatabaseTrouble.PASSING
                                || GONE_MEANWHILE.equals(failed.getSQLState());
                if (passing && repetition < REPETITIONS) {
                    continue;
                }
                if (DatabaseTrouble.of(failed) != DatabaseTrouble.REFUSED) {
                    throw failed;
                }
            }
            return Transactions.run(database, connection -> writeEach(connection, commands));
        }
    }

    /** One statement holds a key at most once, as no statement can change a row twice. */
    private Outcome writeIn(Connection connection, List<EmailCommand> commands)
            throws SQLException {
        Outcome outcome = Outcome.NONE;
        List<JournalEntry> entries = new ArrayList<>();
        Set<String> keys = new HashSet<>();
        for (EmailCommand command : commands) {
            JournalEntry entry = command.entry();
            if (entry == null || keys.contains(entry.dedupeKey())) {
                outcome = outcome.plus(insert(connection, entries));
                entries.clear();
                keys.clear();
            }
            if (entry != null) {
                entries.add(entry);
                keys.add(entry.dedupeKey());
            } else {
                outcome = outcome.plus(withdraw(connection, command.withdrawal()));
            }
        }
        return outcome.plus(insert(connection, entries));
    }

    /** One by one, so that what the table does not take costs itself alone. */
    private Outcome writeEach(Connection connection, List<EmailCommand> commands)
            throws SQLException {
        execute(connection, List.of()); // throws if it is the statement that does not fit
        try (Statement constraints = connection.createStatement()) {
            // what is deferred would be refused at the commit, for all of them
            constraints.execute("set constraints all immediate");
        }
        Outcome outcome = Outcome.NONE;
        for (EmailCommand command : commands) {
            outcome =
                    outcome.plus(
                            command.entry() == null
                                    ? withdrawAlone(connection, command.withdrawal())
                                    : insertAlone(connection, command.entry()));
        }
        return outcome;
    }

    private Outcome insertAlone(Connection connection, JournalEntry entry) throws SQLException {
        Attempt first = attempt(connection, () -> insert(connection, List.of(entry)));
        if (first.refusal() == null) {
            return first.outcome();
        }
        JournalEntry refused = entry.refused(first.refusal());
        Attempt second = attempt(connection, () -> insert(connection, List.of(refused)));
        if (second.refusal() == null) {
            return second.outcome();
        }
        note(
                connection,
                "could not be journalled",
                second.refusal(),
                entry.dedupeKey(),
                entry.emailType(),
                entry.userId(),
                entry.projectId());
        return second.outcome();
    }

    private static Outcome withdrawAlone(Connection connection, Withdrawal withdrawal)
            throws SQLException {
        Attempt attempt = attempt(connection, () -> withdraw(connection, withdrawal));
        if (attempt.refusal() != null) {
            note(
                    connection,
                    "could not be withdrawn",
                    attempt.refusal(),
                    withdrawal.dedupeKey(),
                    null,
                    withdrawal.userId(),
                    null);
        }
        return attempt.outcome();
    }

    /** The texts are key, code, user and project, as far as they are known. */
    private static void note(Connection connection, String what, String why, String... texts)
            throws SQLException {
        try (PreparedStatement note = connection.prepareStatement(NOTE_UNJOURNALLED)) {
            for (int i = 0; i < texts.length; i++) {
                note.setString(i + 1, texts[i] == null ? null : texts[i].replace('\0', '?'));
            }
            note.setString(texts.length + 1, what);
            note.setString(texts.length + 2, why);
            note.executeUpdate();
        }
        LOG.error("An email {}: {}; see lifecycle.unjournalled_emails", what, why);
    }

    /** Part of a transaction that may be refused by itself. */
    @FunctionalInterface
    private interface Part {
        Outcome write() throws SQLException;
    }

    /** What a part came to; {@code refusal} is what the database said if it was refused. */
    private record Attempt(Outcome outcome, String refusal) {}

    private static Attempt attempt(Connection connection, Part part) throws SQLException {
        Savepoint before = connection.setSavepoint();
        try {
            Outcome outcome = part.write();
            connection.releaseSavepoint(before);
            return new Attempt(outcome, null);
        } catch (SQLException failed) {
            if (DatabaseTrouble.of(failed) != DatabaseTrouble.REFUSED || lacksAValue(failed)) {
                throw failed;
            }
            connection.rollback(before);
            return new Attempt(Outcome.UNJOURNALLED, said(failed));
        }
    }

    /** Whether the table needs a value in a column that we do not know, so that no row fits. */
    private static boolean lacksAValue(SQLException failed) {
        if (!NOT_NULL.equals(failed.getSQLState())
                || !(failed instanceof PSQLException said)
                || said.getServerErrorMessage() == null) {
            return false;
        }
        ServerErrorMessage error = said.getServerErrorMessage();
        return error.getDatatype() != null // the domain of some column takes no null
                || (TABLE.equals(error.getTable())
                        && error.getColumn() != null
                        && !COLUMNS.contains(error.getColumn()));
    }

    /** Without the details, which repeat the row. */
    private static String said(SQLException refused) {
        String message =
                refused instanceof PSQLException said && said.getServerErrorMessage() != null
                        ? said.getServerErrorMessage().getMessage()
                        : refused.getMessage();
        String text = "%s: %s".formatted(refused.getSQLState(), message).replace('\0', '?');
        return text.substring(0, Math.min(LONGEST_ERROR, text.length()));
    }

    private Outcome insert(Connection connection, List<JournalEntry> entries) throws SQLException {
        return entries.isEmpty() ? Outcome.NONE : execute(connection, entries);
    }

    private Outcome execute(Connection connection, List<JournalEntry> entries) throws SQLException {
        List<Function<JournalEntry, String>> columns =
                List.of(
                        JournalEntry::dedupeKey,
                        JournalEntry::emailType,
                        JournalEntry::category,
                        JournalEntry::userId,
                        JournalEntry::projectId,
                        JournalEntry::recipientAddress,
                        JournalEntry::occasion,
                        JournalEntry::suppressedFor,
                        JournalEntry::requiredPlan,
                        entry -> text(entry.expiresAt()),
                        entry -> text(entry.causedAt()),
                        entry -> text(entry.decidedAt()),
                        entry ->
                                entry.content() == null
                                        ? null
                                        : MimeMessages.payload(entry.content(), entry.alsoTo()),
                        Journal::status,
                        JournalEntry::error,
                        JournalEntry::variant);
        List<Array> values = new ArrayList<>();
        for (Function<JournalEntry, String> column : columns) {
            values.add(connection.createArrayOf("text", entries.stream().map(column).toArray()));
        }
        try (PreparedStatement statement = connection.prepareStatement(insert)) {
            bind(statement, values);
            try (ResultSet counts = statement.executeQuery()) {
                counts.next();
                int addressed = counts.getInt(1);
                int queued = counts.getInt(2);
                int suppressed = counts.getInt(3);
                int failed = counts.getInt(4);
                int taken = addressed - queued - suppressed - failed;
                if (taken > 0) {
                    succeed(connection, values);
                }
                return new Outcome(
                        queued, suppressed, failed, taken, entries.size() - addressed, 0, 0);
            }
        }
    }

    /** The rows of these keys are locked by now, so that what becomes of them waits for us. */
    private static void succeed(Connection connection, List<Array> values) throws SQLException {
        try (PreparedStatement succeed = connection.prepareStatement(SUCCEED)) {
            bind(succeed, values);
            succeed.executeUpdate();
        }
    }

    private static void bind(PreparedStatement statement, List<Array> values) throws SQLException {
        for (int i = 0; i < values.size(); i++) {
            statement.setArray(i + 1, values.get(i));
        }
    }

    private static Outcome withdraw(Connection connection, Withdrawal withdrawal)
            throws SQLException {
        try (PreparedStatement forget = connection.prepareStatement(FORGET_SUCCESSOR)) {
            forget.setString(1, withdrawal.dedupeKey());
            forget.setString(2, withdrawal.userId());
            forget.executeUpdate();
        }
        try (PreparedStatement withdraw = connection.prepareStatement(WITHDRAW)) {
            withdraw.setString(1, withdrawal.reason());
            withdraw.setString(2, withdrawal.dedupeKey());
            withdraw.setString(3, withdrawal.userId());
            try (ResultSet row = withdraw.executeQuery()) {
                boolean withdrawn = row.next() && row.getString(1).equals("suppressed");
                return withdrawn ? Outcome.WITHDRAWN : Outcome.NONE;
            }
        }
    }

    private static String status(JournalEntry entry) {
        if (entry.isToBeSent()) {
            return "queued";
        }
        return entry.error() == null ? "suppressed" : "failed";
    }

    private static String text(Instant instant) {
        return instant == null ? null : instant.toString();
    }
}
