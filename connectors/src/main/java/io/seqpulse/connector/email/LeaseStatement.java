package io.seqpulse.connector.email;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Locale;

/**
 * The one statement that decides which rows a sender may send. It locks what is due, passing over
 * what others hold, asks of each whether the reasons to send it still hold, and leases or settles
 * it at once, so that there is no moment between the question and the lease.
 */
final class LeaseStatement {

    /** Verdict on a row that was leased. */
    static final String SEND = "send";

    /** Verdict on a row that waits for the cap to pass; any other verdict is a reason. */
    static final String WAIT = "wait";

    /** Longer than an SMTP server may take to accept a message. */
    static final String LEASE = "interval '12 minutes'";

    /** Ids of rows to be passed over, as their last try failed. */
    private static final String ALL_BUT = "d.id <> all (?::uuid[])";

    /** The ids of the only rows looked at. */
    private static final String ONLY = "d.id = any (?::uuid[])";

    /** At the end of a row's error message: deliveries of it that ended without an answer. */
    static final String UNCONFIRMED_SO_FAR = "'[(]unconfirmed: ([0-9])[)]$'";

    /** Of these, what is spent by being handed over to a server that does not confirm it. */
    private static final String ALL_BUT_AT_MOST_ONCE =
            ALL_BUT + " and d.category not in ('marketing', 'report')";

    private static final String STATEMENT =
            """
            with setting as (
                select make_interval(secs => ?) as cooldown, ?::text[] as capped_elsewhere,
                    ?::boolean as all_codes
            ), code as (
                select code, reason from unnest(?::text[], ?::text[]) as c (code, reason)
            ), urgent as (
                select d.*
                from public.email_deliveries d
                where d.managed_by = 'lifecycle' and d.status = 'queued'
                    and d.category in ('security', 'alert', 'transactional')
                    and coalesce(d.next_attempt_at, d.created_at) <= now()
                    and (d.lease_until is null or d.lease_until <= now())
                    and %1$s
                order by coalesce(d.next_attempt_at, d.created_at)
                limit ?
                for update skip locked
            ), ordinary as (
                select d.*
                from public.email_deliveries d
                where d.managed_by = 'lifecycle' and d.status = 'queued'
                    and d.category in ('service', 'marketing', 'report')
                    and coalesce(d.next_attempt_at, d.created_at) <= now()
                    and (d.lease_until is null or d.lease_until <= now())
                    and %1$s
                order by coalesce(d.next_attempt_at, d.created_at)
                limit ?
                for update skip locked
            ), due as (
                select both_kinds.*
                from (select * from urgent union all select * from ordinary) both_kinds
                order by
                    both_kinds.category in ('service', 'marketing', 'report'),
                    coalesce(both_kinds.next_attempt_at, both_kinds.created_at)
                limit ?
            ), known as (
                select
                    due.*,
                    coalesce(due.recipient_address, r.address) as address,
                    coalesce(lower(due.recipient_address), due.user_id::text) as recipient,
                    due.recipient_address is null as to_user,
                    due.category in ('marketing', 'report') as capped,
                    due.phase is not distinct from 'final' as ambiguous,
                    coalesce(substring(due.error_message from %3$s)::integer, 0)
                        + (due.phase is not distinct from 'final')::integer as unconfirmed,
                    r.active,
                    coalesce(f.marketing_opt_in, true) as marketing_opt_in,
                    coalesce(f.product_updates_opt_in, true) as product_updates_opt_in,
                    p.plan,
                    case
                        when setting.all_codes then null
                        when code.code is null then 'disabled'
                        else code.reason
                    end as held_back
                from due
                cross join setting
                left join code on code.code = due.email_type::text
                left join (%5$s) r on r.id = due.user_id
                left join (%7$s) f on f.id = due.user_id
                left join (%6$s) p on p.id = due.project_id
            ), judged as materialized (
                select
                    k.*,
                    case
                        when k.expires_at <= now() and k.reason = 'capped' then 'capped'
                        when k.expires_at <= now() and k.attempts > 0 then 'undelivered'
                        when k.expires_at <= now() then 'stale'
                        when k.reason <> 'capped' then k.reason
                        when k.held_back is not null then k.held_back
                        when k.to_user and k.active is not true and k.category <> 'security'
                            then 'inactive'
                        when k.to_user and k.category = 'marketing' and not k.marketing_opt_in
                            then 'opted_out'
                        when k.to_user and k.category = 'report' and not k.product_updates_opt_in
                            then 'opted_out'
                        when exists (
                            select from lifecycle.suppressed_addresses s
                            where s.address = lower(k.address) and s.until > now())
                            then 'suppressed_address'
                        when k.required_plan is not null and k.plan is distinct from k.required_plan
                            then 'resolved'
                        when k.category = 'alert' and exists (
                            select from lifecycle.alert_mutes m
                            where m.project_id = k.project_id
                                and m.recipient in (k.recipient, lower(k.address))
                                and m.muted_until > now())
                            then 'muted'
                        when not k.to_user and exists (
                            select
                            from jsonb_array_elements_text(k.payload_json::jsonb -> '%8$s') u (id)
                            join (%5$s) r on r.id = u.id::uuid
                            where lower(r.address) = lower(k.recipient_address))
                            then 'superseded'
                        when not k.to_user and exists (
                            select from public.email_deliveries o
                            join (%5$s) r on r.id = o.user_id
                            where o.occasion = k.occasion and o.id <> k.id
                                and o.managed_by = 'lifecycle' and o.recipient_address is null
                                and lower(r.address) = lower(k.recipient_address))
                            then 'superseded'
                    end as objection,
                    case when k.capped then setting.cooldown + greatest(
                        (select max(s.sent_at) from public.email_deliveries s
                        where k.to_user and s.user_id = k.user_id
                            and s.recipient_address is null and s.id <> k.id
                            and s.status = 'sent' and s.sent_at > now() - setting.cooldown
                            and case when s.managed_by = 'lifecycle'
                                then s.category in ('marketing', 'report')
                                else s.email_type::text like any (setting.capped_elsewhere)
                                end),
                        (select max(s.sent_at) from public.email_deliveries s
                        where not k.to_user
                            and lower(s.recipient_address) = lower(k.recipient_address)
                            and s.id <> k.id and s.managed_by = 'lifecycle'
                            and s.category in ('marketing', 'report')
                            and s.status = 'sent' and s.sent_at > now() - setting.cooldown),
                        (select c.claimed_at from lifecycle.marketing_cap c
                        where c.recipient = k.recipient and c.dedupe_key <> k.dedupe_key
                            and c.claimed_at > now() - setting.cooldown)
                    ) end as capped_until
                from known k
                cross join setting
            ), verdicts as materialized (
                select
                    j.id, j.address, j.recipient, j.capped_until, j.ambiguous, j.unconfirmed,
                    case
                        when j.ambiguous and (j.capped or j.objection is not null
                                or j.unconfirmed >= %4$s)
                            then 'unconfirmed'
                        when j.objection is not null then j.objection
                        when j.capped_until is not null then 'wait'
                        else 'send'
                    end as verdict
                from judged j
            )
            update public.email_deliveries d
            set status = case
                    when v.verdict in ('send', 'wait') then d.status
                    when v.verdict in ('unconfirmed', 'undelivered') then 'failed'
                    else 'suppressed'
                end,
                reason = case v.verdict
                    when 'send' then null
                    when 'wait' then 'capped'
                    else v.verdict
                end,
                dedupe_key = case
                    when v.verdict not in ('opted_out', 'disabled', 'shadow', 'held')
                        then d.dedupe_key
                    when exists (
                        select from public.email_deliveries taken
                        where taken.dedupe_key = d.dedupe_key || '#' || v.verdict)
                        then d.dedupe_key || '#' || v.verdict || ':' || d.id
                    else d.dedupe_key || '#' || v.verdict
                end,
                error_message = case
                    when v.verdict = 'send' and v.ambiguous
                        then '(unconfirmed: ' || v.unconfirmed || ')'
                    else d.error_message
                end,
                phase = case when v.verdict = 'send' then 'leased' end,
                lease_token = case when v.verdict = 'send'
                    then overlay(gen_random_uuid()::text placing ? from 1 for 8)::uuid end,
                lease_until = case when v.verdict = 'send' then now() + %2$s end,
                next_attempt_at = case
                    when v.verdict = 'wait' then least(d.expires_at, v.capped_until)
                    else d.next_attempt_at
                end
            from verdicts v
            where d.id = v.id
            returning
                v.verdict, d.id, d.lease_token, d.dedupe_key, d.email_type, d.category, v.address,
                v.recipient, d.payload_json::text as payload, coalesce(d.attempts, 0) as failures,
                coalesce(d.error_message ~ '^5[0-9][0-9]', false) as refused_before, v.unconfirmed
            """;

    private static final String DUE_OF =
            """
            select d.id
            from public.email_deliveries d
            where d.managed_by = 'lifecycle' and d.status = 'queued'
                and coalesce(d.next_attempt_at, d.created_at) <= now()
                and (d.lease_until is null or d.lease_until <= now())
                and %s
            order by
                d.category in ('service', 'marketing', 'report'),
                coalesce(d.next_attempt_at, d.created_at)
            limit ?
            """;

    /** What {@link #ofAllBut} would look at. */
    static final String DUE = DUE_OF.formatted(ALL_BUT);

    /** What {@link #ofWhatMayGoTwice} would look at. */
    static final String DUE_THAT_MAY_GO_TWICE = DUE_OF.formatted(ALL_BUT_AT_MOST_ONCE);

    /** Whether mail that may go twice is due within ten minutes, but for the rows named. */
    static final String ANY_THAT_MAY_GO_TWICE =
            """
            select exists (
                select from public.email_deliveries d
                where d.managed_by = 'lifecycle' and d.status = 'queued'
                    and d.category in ('security', 'alert', 'transactional')
                    and coalesce(d.next_attempt_at, d.created_at)
                        <= now() + interval '10 minutes'
                    and %1$s)
                or exists (
                select from public.email_deliveries d
                where d.managed_by = 'lifecycle' and d.status = 'queued'
                    and d.category = 'service'
                    and coalesce(d.next_attempt_at, d.created_at)
                        <= now() + interval '10 minutes'
                    and %1$s)
            """
                    .formatted(ALL_BUT);

    private final ProductTables tables;

    /** Leases what is due, but for the rows named. */
    final String ofAllBut;

    /** The same, but for mail that must not go twice. */
    final String ofWhatMayGoTwice;

    /** Leases of the rows named what is due. */
    final String of;

    /** The statement over a product's tables. */
    LeaseStatement(ProductTables tables) {
        this.tables = tables;
        ofAllBut = statement(ALL_BUT);
        ofWhatMayGoTwice = statement(ALL_BUT_AT_MOST_ONCE);
        of = statement(ONLY);
    }

    private String statement(String rows) {
        return STATEMENT.formatted(
                rows,
                LEASE,
                UNCONFIRMED_SO_FAR,
                DeliveryPolicy.MOST_UNCONFIRMED,
                tables.recipients(),
                tables.projects(),
                tables.preferences(),
                MimeMessages.ALSO_TO);
    }

    /**
     * The limits are bound as numbers and not computed, so that the planner counts on few rows. A
     * token begins with the number of its sender ({@link SenderLock}).
     *
     * @param ids an array of {@code uuid}: the rows passed over, or the only ones
     */
    void bind(
            PreparedStatement statement,
            int rows,
            double cooldownSeconds,
            SendableCodes codes,
            Array ids,
            int sender)
            throws SQLException {
        Connection connection = statement.getConnection();
        statement.setDouble(1, cooldownSeconds);
        statement.setArray(2, connection.createArrayOf("text", tables.cappedElsewhere().toArray()));
        statement.setBoolean(3, codes.all());
        statement.setArray(4, connection.createArrayOf("text", codes.codes()));
        statement.setArray(5, connection.createArrayOf("text", codes.reasons()));
        statement.setArray(6, ids);
        statement.setInt(7, rows);
        statement.setArray(8, ids);
        statement.setInt(9, rows);
        statement.setInt(10, rows);
        statement.setString(11, String.format(Locale.ROOT, "%08x", sender));
    }
}
