package io.seqpulse.connector.email;

import java.sql.PreparedStatement;
import java.sql.SQLException;

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

    static final String SQL =
            """
            with setting as (
                select make_interval(secs => ?) as cooldown
            ), urgent as (
                select d.*
                from public.email_deliveries d
                where d.managed_by = 'lifecycle' and d.status = 'queued'
                    and d.category in ('security', 'alert', 'transactional')
                    and coalesce(d.next_attempt_at, d.created_at) <= now()
                    and (d.lease_until is null or d.lease_until <= now())
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
                    coalesce(due.recipient_address, u.email) as address,
                    coalesce(lower(due.recipient_address), due.user_id::text) as recipient,
                    due.recipient_address is null as to_user,
                    due.category in ('marketing', 'report') as capped,
                    due.phase is not distinct from 'final' as ambiguous,
                    u.is_active,
                    coalesce(f.marketing_opt_in, true) as marketing_opt_in,
                    coalesce(f.product_updates_opt_in, true) as product_updates_opt_in,
                    p.plan
                from due
                left join public.users u on u.id = due.user_id
                left join public.email_preferences f on f.user_id = due.user_id
                left join public.projects p on p.id = due.project_id
            ), judged as materialized (
                select
                    k.*,
                    case
                        when k.expires_at <= now() and k.reason = 'capped' then 'capped'
                        when k.expires_at <= now() then 'stale'
                        when k.reason <> 'capped' then k.reason
                        when k.to_user and k.is_active is not true and k.category <> 'security'
                            then 'inactive'
                        when k.to_user and k.category = 'marketing' and not k.marketing_opt_in
                            then 'opted_out'
                        when k.to_user and k.category = 'report' and not k.product_updates_opt_in
                            then 'opted_out'
                        when exists (
                            select from lifecycle.suppressed_addresses s
                            where s.address = lower(k.address))
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
                            select from public.email_deliveries o
                            join public.users u on u.id = o.user_id
                            where o.occasion = k.occasion and o.id <> k.id
                                and o.managed_by = 'lifecycle' and o.recipient_address is null
                                and lower(u.email) = lower(k.recipient_address))
                            then 'superseded'
                    end as objection,
                    case when k.capped then setting.cooldown + greatest(
                        (select max(s.sent_at) from public.email_deliveries s
                        where k.to_user and s.user_id = k.user_id
                            and s.recipient_address is null and s.id <> k.id
                            and s.status = 'sent' and s.sent_at > now() - setting.cooldown
                            and case when s.managed_by = 'lifecycle'
                                then s.category in ('marketing', 'report')
                                else s.email_type in ('E-ACT-01', 'E-ACT-02', 'E-ACT-03',
                                        'E-CONV-01', 'E-CONV-02', 'E-CONV-04', 'E-CONV-05')
                                    or s.email_type like 'E-RET-%%'
                                    or s.email_type like 'E-ADV-%%'
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
                    j.id, j.address, j.recipient, j.capped_until,
                    case
                        when j.ambiguous and (j.capped or j.objection is not null)
                            then 'unconfirmed'
                        when j.objection is not null then j.objection
                        when j.capped_until is not null then 'wait'
                        else 'send'
                    end as verdict
                from judged j
            )
            update public.email_deliveries d
            set status = case
                    when v.verdict in ('send', 'wait') then 'queued'
                    when v.verdict = 'unconfirmed' then 'failed'
                    else 'suppressed'
                end,
                reason = case v.verdict
                    when 'send' then null
                    when 'wait' then 'capped'
                    else v.verdict
                end,
                dedupe_key = case
                    when v.verdict <> 'opted_out' then d.dedupe_key
                    when exists (
                        select from public.email_deliveries taken
                        where taken.dedupe_key = d.dedupe_key || '#opted_out')
                        then d.dedupe_key || '#opted_out:' || d.id
                    else d.dedupe_key || '#opted_out'
                end,
                phase = case when v.verdict = 'send' then 'leased' end,
                lease_token = case when v.verdict = 'send' then gen_random_uuid() end,
                lease_until = case when v.verdict = 'send' then now() + %s end,
                next_attempt_at = case
                    when v.verdict = 'wait' then least(d.expires_at, v.capped_until)
                    else d.next_attempt_at
                end
            from verdicts v
            where d.id = v.id
            returning
                v.verdict, d.id, d.lease_token, d.dedupe_key, d.email_type, d.category, v.address,
                v.recipient, d.payload_json::text as payload, coalesce(d.attempts, 0) as failures
            """
                    .formatted(LEASE);

    private LeaseStatement() {}

    /** The limits are bound as numbers and not computed, so that the planner counts on few rows. */
    static void bind(PreparedStatement statement, int rows, double cooldownSeconds)
            throws SQLException {
        statement.setDouble(1, cooldownSeconds);
        statement.setInt(2, rows);
        statement.setInt(3, rows);
        statement.setInt(4, rows);
    }
}
