-- One role for each part, with the least it needs. Run at every migration, because the product may
-- have gained a table or a password may have changed: ${flyway:timestamp}
--
-- lifecycle_job       the stream job: journal and senders
-- lifecycle_connect   Debezium: replication, and the captured columns only
-- lifecycle_readonly  people and panels: outcomes, never contents or addresses
-- lifecycle_support   who may look at a mail as it was sent: its contents and address, nothing else

do $roles$
begin
    if not exists (select from pg_roles where rolname = 'lifecycle_job') then
        create role lifecycle_job login;
    end if;
    if not exists (select from pg_roles where rolname = 'lifecycle_connect') then
        create role lifecycle_connect login replication;
    end if;
    if not exists (select from pg_roles where rolname = 'lifecycle_readonly') then
        create role lifecycle_readonly login;
    end if;
    if not exists (select from pg_roles where rolname = 'lifecycle_support') then
        create role lifecycle_support login;
    end if;
    -- The dash keeps two dollar signs apart, between which no placeholder is filled in.
    execute format('alter role lifecycle_job password %L', substr($pw$-${job_password}$pw$, 2));
    execute format('alter role lifecycle_connect password %L', substr($pw$-${connect_password}$pw$, 2));
    execute format('alter role lifecycle_readonly password %L', substr($pw$-${readonly_password}$pw$, 2));
    execute format('alter role lifecycle_support password %L', substr($pw$-${support_password}$pw$, 2));
end
$roles$;

alter role lifecycle_readonly set default_transaction_read_only = on;
alter role lifecycle_readonly set statement_timeout = '15s';
-- Compiling a panel's query takes longer than running it.
alter role lifecycle_readonly set jit = off;
alter role lifecycle_support set default_transaction_read_only = on;
alter role lifecycle_support set statement_timeout = '15s';

-- Everybody may make temporary tables in a database, which would be writing all the same. Who is
-- there already keeps that right, by name; ours do without.
do $temporary$
declare
    other text;
begin
    execute format('revoke temporary on database %I from public', current_database());
    for other in
        select rolname from pg_roles
        where rolname !~ '^(pg_|lifecycle_)' and not rolsuper
    loop
        execute format('grant temporary on database %I to %I', current_database(), other);
    end loop;
end
$temporary$;

revoke all on schema lifecycle from public;
revoke all on schema kpi from public;
revoke all on function lifecycle.captured_columns() from public;
revoke all on function lifecycle.empty_tables() from public;
grant usage on schema lifecycle to lifecycle_job, lifecycle_connect;
grant usage on schema kpi to lifecycle_job, lifecycle_readonly;
grant usage on schema public to lifecycle_job, lifecycle_connect, lifecycle_support;

-- The job: what a sender re-checks, the journal it writes, and our own tables.
grant select (id, email, is_active) on public.users to lifecycle_job;
grant select (id, plan) on public.projects to lifecycle_job;
grant select (user_id, marketing_opt_in, product_updates_opt_in)
    on public.email_preferences to lifecycle_job;
grant select, insert on public.email_deliveries to lifecycle_job;
grant update (
    user_id, project_id, email_type, dedupe_key, status, provider_message_id, payload_json,
    error_message, sent_at, managed_by, category, reason, phase, lease_token, lease_until,
    attempts, next_attempt_at, expires_at, recipient_address, required_plan, occasion,
    caused_at, decided_at
) on public.email_deliveries to lifecycle_job;
grant select, insert on lifecycle.rule_live_since to lifecycle_job;
grant select, insert on lifecycle.suppressed_addresses to lifecycle_job;
grant select, insert, update, delete on lifecycle.marketing_cap to lifecycle_job;
grant select on lifecycle.alert_mutes to lifecycle_job;
grant execute on procedure kpi.put(bigint, text, text[], timestamptz, bigint, bigint)
    to lifecycle_job;
grant select on kpi.generation to lifecycle_job;
grant select, insert, update, delete on kpi.definition to lifecycle_job;

-- People and panels: the views, which read the tables behind them as their owner. Earlier versions
-- gave some of the journal, too.
revoke all on public.email_deliveries, lifecycle.rule_live_since from lifecycle_readonly;
revoke all on schema public, lifecycle from lifecycle_readonly;
grant select on
    kpi.definition, kpi.cohort, kpi.exposure, kpi.activity, kpi.emails, kpi.segments,
    kpi.duration, kpi.heartbeat, kpi.email_funnel, kpi.deliveries, kpi.generation,
    kpi.email_series, kpi.slot, kpi.cohort_minutes, kpi.cohort_hours, kpi.activity_hours,
    kpi.activity_series
to lifecycle_readonly;
grant execute on function
    kpi.first_hour(timestamptz), kpi.end_of_hours(timestamptz),
    kpi.cohort_between(text, timestamptz, timestamptz),
    kpi.activity_between(text, timestamptz, timestamptz)
to lifecycle_readonly;

-- One mail as it was sent.
grant select (id, user_id, managed_by, recipient_address, payload_json)
    on public.email_deliveries to lifecycle_support;
grant select (id, email) on public.users to lifecycle_support;

-- Debezium: exactly the captured columns that exist, and the clock with what it tells.
grant execute on function lifecycle.empty_tables() to lifecycle_connect;

do $connect$
declare
    captured record;
begin
    for captured in
        select c.table_name, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
        from lifecycle.captured_columns() c
        join pg_attribute a
            on a.attrelid = to_regclass(format('public.%I', c.table_name))
            and a.attname = any (c.column_names)
            and a.attnum > 0
            and not a.attisdropped
        group by c.table_name
    loop
        execute format(
            'grant select (%s) on public.%I to lifecycle_connect',
            captured.columns, captured.table_name);
    end loop;

    -- Everybody may call it unless that was revoked; its arguments differ between versions.
    for captured in
        select p.oid::regprocedure as signature
        from pg_proc p
        where p.proname = 'pg_logical_emit_message'
            and p.pronamespace = 'pg_catalog'::regnamespace
            and not has_function_privilege('lifecycle_connect', p.oid, 'execute')
    loop
        execute format('grant execute on function %s to lifecycle_connect', captured.signature);
    end loop;
end
$connect$;
