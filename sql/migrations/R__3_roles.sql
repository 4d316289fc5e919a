-- One role for each part, with the least it needs. Run at every migration, because the product may
-- have gained a table or a password may have changed: ${flyway:timestamp}
--
-- lifecycle_job       the stream job: journal and senders
-- lifecycle_connect   Debezium: replication, and the captured columns only
-- lifecycle_readonly  people and panels: outcomes, never contents or addresses
-- lifecycle_support   who may look at a mail as it was sent, contents and address, and at what became
--                     of a person's mails

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

-- What a policy hides is an error to these two, and not as good as deleted: neither to a snapshot
-- nor to the last check before a mail goes.
alter role lifecycle_job set row_security = off;
alter role lifecycle_connect set row_security = off;
alter role lifecycle_readonly set default_transaction_read_only = on;
alter role lifecycle_readonly set statement_timeout = '15s';
-- Compiling a panel's query takes longer than running it.
alter role lifecycle_readonly set jit = off;
alter role lifecycle_support set default_transaction_read_only = on;
alter role lifecycle_support set statement_timeout = '15s';
alter role lifecycle_readonly set idle_in_transaction_session_timeout = '1min';
alter role lifecycle_support set idle_in_transaction_session_timeout = '1min';

-- A session can lift all of that but these: how many there are of them, and what one may write to the
-- disk to sort.
alter role lifecycle_readonly connection limit 50;
alter role lifecycle_support connection limit 20;
do $bounds$
begin
    alter role lifecycle_readonly set temp_file_limit = '1GB';
    alter role lifecycle_support set temp_file_limit = '1GB';
exception
    when insufficient_privilege then
        raise notice 'temp_file_limit of our roles is for a superuser to set';
end
$bounds$;

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

-- Functions that write, be it into the log, and that everybody may call: no more on the server that
-- ./lifecycle up brings along, whose only user is the product. Elsewhere that is for the database's
-- owner to decide, because others may need them: docs/operations.md, "What our roles can call".
do $writing$
declare
    writes regprocedure;
    other text;
begin
    if current_setting('cluster_name') <> 'seqpulse-embedded' then
        return;
    end if;
    -- What is revoked holds in one database, and the others have the same log.
    for other in
        select datname from pg_database where datallowconn and datname <> current_database()
    loop
        execute format('revoke connect on database %I from public', other);
    end loop;
    for writes in
        select oid from pg_proc
        where pronamespace = 'pg_catalog'::regnamespace
            and proname ~ '^(pg_logical_emit_message|lo_.*|lowrite|pg_(try_)?advisory_.*lock.*)$'
    loop
        execute format('revoke execute on function %s from public', writes);
        if writes::text ~ 'advisory' then
            execute format('grant execute on function %s to lifecycle_job', writes);
        end if;
    end loop;
end
$writing$;

revoke all on schema lifecycle from public;
revoke all on schema kpi from public;
revoke all on all functions in schema lifecycle from public;
grant usage on schema lifecycle to lifecycle_job, lifecycle_connect;
grant usage on schema kpi to lifecycle_job, lifecycle_readonly, lifecycle_support;
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
    caused_at, decided_at, variant
) on public.email_deliveries to lifecycle_job;
grant select, insert on lifecycle.rule_live_since to lifecycle_job;
grant select, insert, update on lifecycle.suppressed_addresses to lifecycle_job;
grant select, insert, update, delete on lifecycle.successors to lifecycle_job;
grant select, insert, update, delete on lifecycle.marketing_cap to lifecycle_job;
grant select on lifecycle.alert_mutes to lifecycle_job;
revoke all on lifecycle.clock_key from public;
grant select on lifecycle.clock_key to lifecycle_job;
grant select, insert on lifecycle.unjournalled_emails to lifecycle_job;
grant execute on function
    lifecycle.captured_columns(), lifecycle.unreadable_columns(), lifecycle.hidden_rows(),
    lifecycle.publication_targets(), lifecycle.publication_faults()
to lifecycle_job;
grant execute on function
    kpi.new_start(),
    kpi.begin(bigint, bigint, bigint, integer, boolean),
    kpi.put(bigint, bigint, bigint, text[], text[], text[], text[], bigint[], bigint[], bigint[]),
    kpi.written_since(bigint, bigint),
    kpi.heartbeat(bigint, bigint, integer, integer, bigint)
to lifecycle_job;
grant select, insert, update, delete on kpi.definition to lifecycle_job;

-- People and panels: the views, which read the tables behind them as their owner. Earlier versions
-- gave some of the journal, too.
revoke all on public.email_deliveries, lifecycle.rule_live_since from lifecycle_readonly;
revoke all on schema public, lifecycle from lifecycle_readonly;
grant select on
    kpi.definition, kpi.cohort, kpi.exposure, kpi.activity, kpi.emails, kpi.segments,
    kpi.duration, kpi.heartbeat, kpi.email_funnel, kpi.deliveries, kpi.generation,
    kpi.email_series, kpi.slot, kpi.rules_live, kpi.cohort_minutes, kpi.cohort_hours, kpi.activity_hours,
    kpi.activity_series, kpi.waiting
to lifecycle_readonly;
grant execute on function
    kpi.first_hour(timestamptz), kpi.end_of_hours(timestamptz),
    kpi.cohort_between(text, timestamptz, timestamptz),
    kpi.activity_between(text, timestamptz, timestamptz)
to lifecycle_readonly;

-- One mail as it was sent, and what one person was and was not sent.
grant select (
    id, user_id, managed_by, recipient_address, payload_json, project_id, email_type, status,
    reason, category, created_at, sent_at, next_attempt_at, attempts, expires_at, caused_at,
    decided_at, variant
) on public.email_deliveries to lifecycle_support;
grant select (id, email) on public.users to lifecycle_support;
grant select on kpi.waiting_of_users to lifecycle_support;

-- Debezium: exactly the captured columns that exist, and the clock with what it tells.
grant execute on function lifecycle.emit_clock() to lifecycle_connect;

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
end
$connect$;

-- Who changes the product's tables may take them out of the publication for that time.
do $owners$
declare
    owner text;
begin
    for owner in
        select distinct pg_get_userbyid(k.relowner)
        from lifecycle.captured_columns() c
        join pg_class k on k.oid = to_regclass(format('public.%I', c.table_name))
        join pg_roles r on r.oid = k.relowner and not r.rolsuper
    loop
        execute format('grant usage on schema lifecycle to %I', owner);
        execute format(
            'grant execute on function lifecycle.release_table(text),'
                || ' lifecycle.publish_table(text) to %I',
            owner);
    end loop;
end
$owners$;
