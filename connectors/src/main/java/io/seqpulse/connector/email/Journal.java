package io.seqpulse.connector.email;

import io.seqpulse.connector.jdbc.Transactions;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import javax.sql.DataSource;

/**
 * Writes decisions into {@code email_deliveries}, the authority on what is sent. A key that is
 * taken stays as it is, but for mail that goes to a project's new owner, and for queued mail of
 * which it is decided, by a job that came back from a checkpoint and knows more by now, that it is
 * not to be sent. Rows of others are never touched.
 */
final class Journal {

    /**
     * What a batch came to.
     *
     * @param queued entries that will be sent
     * @param suppressed entries noted as not to be sent
     * @param taken entries whose key is taken
     * @param orphaned entries whose recipient or project no longer exists
     * @param withdrawn queued rows that were withdrawn
     */
    record Outcome(int queued, int suppressed, int taken, int orphaned, int withdrawn) {

        static final Outcome NONE = new Outcome(0, 0, 0, 0, 0);

        Outcome plus(Outcome other) {
            return new Outcome(
                    queued + other.queued,
                    suppressed + other.suppressed,
                    taken + other.taken,
                    orphaned + other.orphaned,
                    withdrawn + other.withdrawn);
        }
    }

    /**
     * A mail to a bare address waits a moment, as the address may be a user's: the user's own mail
     * about the same occasion, which may come from another subtask, then stands in the journal too
     * and goes instead. Whether it is a user's is not asked here: that would take an index on the
     * product's users.
     */
    private static final String INSERT =
            """
            with entry as (
                select * from unnest(
                    ?::text[], ?::text[], ?::text[], ?::text[]::uuid[], ?::text[]::uuid[],
                    ?::text[], ?::text[], ?::text[], ?::text[], ?::text[]::timestamptz[],
                    ?::text[]::timestamptz[], ?::text[]::timestamptz[], ?::text[]::jsonb[]
                ) as e (
                    dedupe_key, email_type, category, user_id, project_id,
                    recipient_address, occasion, reason, required_plan, expires_at,
                    caused_at, decided_at, payload)
            ), addressed as (
                select e.*, p.id as known_project
                from entry e
                join public.users u on u.id = e.user_id
                left join public.projects p on p.id = e.project_id
                where e.project_id is null or p.id is not null
            ), journalled as (
                insert into public.email_deliveries as d (
                    id, user_id, project_id, email_type, dedupe_key, status, payload_json,
                    created_at, managed_by, category, reason, attempts, next_attempt_at,
                    expires_at, recipient_address, required_plan, occasion, caused_at, decided_at)
                select
                    gen_random_uuid(), user_id, known_project, email_type, dedupe_key,
                    case when reason is null then 'queued' else 'suppressed' end, payload,
                    now(), 'lifecycle', category, reason, 0,
                    now() + case when recipient_address is null
                        then interval '0 seconds' else interval '2 seconds' end,
                    expires_at, recipient_address, required_plan, occasion, caused_at, decided_at
                from addressed
                order by dedupe_key
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
                    error_message = null,
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
                count(*) filter (where status = 'suppressed')
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

    /** A recipient or project that vanished meanwhile, or another writer in the way. */
    private static final Set<String> WORTH_REPEATING = Set.of("23503", "40001", "40P01");

    private static final int REPETITIONS = 5;

    private final DataSource database;

    Journal(DataSource database) {
        this.database = database;
    }

    /**
     * Writes commands in their order, all or none, durably.
     *
     * @throws SQLException if the database fails; nothing is written then
     */
    Outcome write(List<EmailCommand> commands) throws SQLException {
        for (int repetition = 1; ; repetition++) {
            try {
                return Transactions.run(database, connection -> writeIn(connection, commands));
            } catch (SQLException failed) {
                if (repetition == REPETITIONS || !WORTH_REPEATING.contains(failed.getSQLState())) {
                    throw failed;
                }
            }
        }
    }

    /** One statement holds a key at most once, as no statement can change a row twice. */
    private static Outcome writeIn(Connection connection, List<EmailCommand> commands)
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

    private static Outcome insert(Connection connection, List<JournalEntry> entries)
            throws SQLException {
        if (entries.isEmpty()) {
            return Outcome.NONE;
        }
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
                                        : MimeMessages.payload(entry.content()));
        try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
            for (int i = 0; i < columns.size(); i++) {
                Array values =
                        connection.createArrayOf(
                                "text", entries.stream().map(columns.get(i)).toArray());
                insert.setArray(i + 1, values);
            }
            try (ResultSet counts = insert.executeQuery()) {
                counts.next();
                int addressed = counts.getInt(1);
                int queued = counts.getInt(2);
                int suppressed = counts.getInt(3);
                return new Outcome(
                        queued,
                        suppressed,
                        addressed - queued - suppressed,
                        entries.size() - addressed,
                        0);
            }
        }
    }

    private static Outcome withdraw(Connection connection, Withdrawal withdrawal)
            throws SQLException {
        try (PreparedStatement withdraw = connection.prepareStatement(WITHDRAW)) {
            withdraw.setString(1, withdrawal.reason());
            withdraw.setString(2, withdrawal.dedupeKey());
            withdraw.setString(3, withdrawal.userId());
            try (ResultSet row = withdraw.executeQuery()) {
                boolean withdrawn = row.next() && row.getString(1).equals("suppressed");
                return new Outcome(0, 0, 0, 0, withdrawn ? 1 : 0);
            }
        }
    }

    private static String text(Instant instant) {
        return instant == null ? null : instant.toString();
    }
}
