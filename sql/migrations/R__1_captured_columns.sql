-- What is captured: tables with parents first, as the snapshot reads them, and of each the columns
-- that leave the database. A table or column that an installation does not have is passed over.
-- The lists are written from CapturedTable.java: change them there (CONTRIBUTING.md).

create or replace function lifecycle.captured_columns()
returns table (table_position integer, table_name text, column_names text[])
language sql
immutable
as $$
    values
        -- written from CapturedTable
        (1, 'users', array[
            'id', 'name', 'first_name', 'email', 'is_active', 'locale', 'timezone',
            'twofa_enabled', 'twofa_enabled_at', 'created_at', 'updated_at']),
        (2, 'projects', array['id', 'name', 'owner_id', 'plan', 'created_at', 'updated_at']),
        (3, 'project_members', array['id', 'project_id', 'user_id', 'email', 'role', 'on_call']),
        (4, 'email_preferences', array['user_id', 'marketing_opt_in', 'product_updates_opt_in']),
        (5, 'deployments', array[
            'id', 'deployment_number', 'project_id', 'env', 'branch', 'state', 'started_at',
            'finished_at']),
        (6, 'metric_samples', array[
            'id', 'deployment_id', 'phase', 'latency_p95', 'error_rate', 'collected_at']),
        (7, 'sdh_hints', array[
            'id', 'deployment_id', 'severity', 'title', 'suggested_actions', 'created_at']),
        (8, 'deployment_verdicts', array[
            'id', 'deployment_id', 'verdict', 'confidence', 'summary', 'created_at']),
        (9, 'quota_refusals', array['id', 'project_id', 'attempted_at', 'used']),
        (10, 'feature_gate_events', array['id', 'user_id', 'project_id', 'feature', 'at']),
        (11, 'email_deliveries', array[
            'id', 'user_id', 'project_id', 'email_type', 'dedupe_key', 'status', 'reason',
            'sent_at', 'caused_at', 'decided_at', 'created_at', 'recipient_address', 'variant']),
        (12, 'email_events', array[
            'id', 'email_delivery_id', 'event_type', 'occurred_at', 'machine']),
        (13, 'project_invitations', array[
            'id', 'project_id', 'inviter_id', 'email', 'created_at', 'accepted_at', 'declined_at',
            'revoked_at', 'expires_at']),
        (14, 'login_events', array['id', 'user_id', 'at', 'country', 'city', 'device']),
        (15, 'payment_events', array[
            'id', 'subscription_id', 'project_id', 'invoice_id', 'kind', 'amount_cents',
            'currency', 'invoice_url', 'at']),
        (16, 'nps_responses', array['id', 'user_id', 'score', 'at']),
        (17, 'usage_events', array['id', 'user_id', 'kind', 'deployment_id', 'at'])
        -- end
$$;

comment on function lifecycle.captured_columns() is
    'Tables and columns that change data capture reads, parents first';

-- Captured columns whose type the job does not read, or which never come into the log. Those that
-- stop are refused at the start, since what was read would be wrong.
create or replace function lifecycle.unreadable_columns()
returns table (table_name text, column_name text, problem text, remedy text, stops boolean)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    with recursive
    declared (table_name, kind, needed, names) as (
        values
            -- written from CapturedTable
            ('users', 'flag', true, array['is_active', 'twofa_enabled']),
            ('users', 'key', true, array['id']),
            ('users', 'text', false, array['name', 'first_name', 'locale', 'timezone']),
            ('users', 'time', false, array['updated_at']),
            ('users', 'time', true, array['twofa_enabled_at', 'created_at']),
            ('users', 'word', true, array['email']),
            ('projects', 'key', true, array['id', 'owner_id']),
            ('projects', 'text', false, array['name']),
            ('projects', 'time', false, array['updated_at']),
            ('projects', 'time', true, array['created_at']),
            ('projects', 'word', true, array['plan']),
            ('project_members', 'flag', true, array['on_call']),
            ('project_members', 'id', true, array['id', 'project_id', 'user_id']),
            ('project_members', 'word', false, array['role']),
            ('project_members', 'word', true, array['email']),
            ('email_preferences', 'flag', true, array[
                'marketing_opt_in', 'product_updates_opt_in']),
            ('email_preferences', 'key', true, array['user_id']),
            ('deployments', 'id', true, array['id', 'project_id']),
            ('deployments', 'number', false, array['deployment_number']),
            ('deployments', 'text', false, array['branch']),
            ('deployments', 'time', true, array['started_at', 'finished_at']),
            ('deployments', 'word', true, array['env', 'state']),
            ('metric_samples', 'id', true, array['id', 'deployment_id']),
            ('metric_samples', 'number', false, array['latency_p95', 'error_rate']),
            ('metric_samples', 'time', true, array['collected_at']),
            ('metric_samples', 'word', true, array['phase']),
            ('sdh_hints', 'id', true, array['id', 'deployment_id']),
            ('sdh_hints', 'list', false, array['suggested_actions']),
            ('sdh_hints', 'text', false, array['title']),
            ('sdh_hints', 'time', true, array['created_at']),
            ('sdh_hints', 'word', true, array['severity']),
            ('deployment_verdicts', 'id', true, array['id', 'deployment_id']),
            ('deployment_verdicts', 'number', false, array['confidence']),
            ('deployment_verdicts', 'text', false, array['summary']),
            ('deployment_verdicts', 'time', true, array['created_at']),
            ('deployment_verdicts', 'word', true, array['verdict']),
            ('quota_refusals', 'id', true, array['id', 'project_id']),
            ('quota_refusals', 'number', false, array['used']),
            ('quota_refusals', 'time', true, array['attempted_at']),
            ('feature_gate_events', 'id', true, array['id', 'user_id', 'project_id']),
            ('feature_gate_events', 'text', false, array['feature']),
            ('feature_gate_events', 'time', true, array['at']),
            ('email_deliveries', 'key', true, array['id', 'user_id', 'project_id']),
            ('email_deliveries', 'text', false, array['recipient_address']),
            ('email_deliveries', 'time', true, array[
                'sent_at', 'caused_at', 'decided_at', 'created_at']),
            ('email_deliveries', 'word', false, array['reason', 'variant']),
            ('email_deliveries', 'word', true, array['email_type', 'dedupe_key', 'status']),
            ('email_events', 'flag', true, array['machine']),
            ('email_events', 'id', true, array['id', 'email_delivery_id']),
            ('email_events', 'time', true, array['occurred_at']),
            ('email_events', 'word', true, array['event_type']),
            ('project_invitations', 'id', true, array['id', 'project_id', 'inviter_id']),
            ('project_invitations', 'text', false, array['email']),
            ('project_invitations', 'time', true, array[
                'created_at', 'accepted_at', 'declined_at', 'revoked_at', 'expires_at']),
            ('login_events', 'id', true, array['id', 'user_id']),
            ('login_events', 'text', false, array['country', 'city', 'device']),
            ('login_events', 'time', true, array['at']),
            ('payment_events', 'id', true, array[
                'id', 'subscription_id', 'project_id', 'invoice_id']),
            ('payment_events', 'number', false, array['amount_cents']),
            ('payment_events', 'text', false, array['currency', 'invoice_url']),
            ('payment_events', 'time', true, array['at']),
            ('payment_events', 'word', true, array['kind']),
            ('nps_responses', 'id', true, array['id', 'user_id']),
            ('nps_responses', 'number', false, array['score']),
            ('nps_responses', 'time', true, array['at']),
            ('usage_events', 'id', true, array['id', 'user_id', 'deployment_id']),
            ('usage_events', 'time', true, array['at']),
            ('usage_events', 'word', true, array['kind'])
            -- end
    ),
    kind (kind, types, wanted, conversion) as (
        values
            ('key', array['uuid'], 'uuid', 'uuid using %I::uuid'),
            ('time', array['timestamptz', 'timestamp'], 'timestamptz or timestamp',
                'timestamptz using …'),
            ('flag', array['bool'], 'boolean', 'boolean using …'),
            -- Compared with words: text of fixed length has blanks at its end.
            ('word', array['text', 'varchar', 'citext', 'enum'],
                'text, varchar, citext or an enum', 'text using %I::text'),
            ('list', array['text[]', 'varchar[]', 'citext[]', 'enum[]', 'json', 'jsonb'],
                'text[], varchar[], json or jsonb', 'text[] using …'),
            ('number',
                array['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'text', 'varchar'],
                'a number', 'numeric using %I::numeric'),
            ('id', array['uuid', 'int2', 'int4', 'int8', 'numeric', 'text', 'varchar', 'bpchar'],
                'uuid, text or an integer', 'text using %I::text'),
            ('text', array['text', 'varchar', 'bpchar', 'citext', 'enum'],
                'text, varchar, char, citext or an enum', 'text using %I::text')
    ),
    -- A domain is read as what it rests on.
    based as (
        select c.table_position, c.table_name, a.attname, a.attnum, a.attgenerated, a.atttypid,
            a.atttypmod, t.oid as type, t.typtype, t.typbasetype
        from lifecycle.captured_columns() c
        join pg_attribute a
            on a.attrelid = to_regclass(format('public.%I', c.table_name))
            and a.attname::text = any (c.column_names)
            and a.attnum > 0
            and not a.attisdropped
        join pg_type t on t.oid = a.atttypid
        union all
        select b.table_position, b.table_name, b.attname, b.attnum, b.attgenerated, b.atttypid,
            b.atttypmod, t.oid, t.typtype, t.typbasetype
        from based b
        join pg_type t on t.oid = b.typbasetype
        where b.typtype = 'd'
    ),
    described as (
        select b.table_position, b.table_name, b.attname::text as column_name, b.attnum,
            b.attgenerated <> '' as is_generated, format_type(b.atttypid, b.atttypmod) as shown,
            case
                when e.typtype = 'e' then 'enum[]'
                when e.oid is not null then e.typname::text || '[]'
                when t.typtype = 'e' then 'enum'
                else t.typname::text
            end as type
        from based b
        join pg_type t on t.oid = b.type
        left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
        where b.typtype <> 'd'
    )
    select d.table_name, d.column_name,
        case
            when d.is_generated then 'is computed by the database, so no log holds it'
            else format('is %s; it must be %s', d.shown, k.wanted)
        end,
        case
            when d.is_generated then format(
                'let it be a plain column of public.%I that a trigger fills in', d.table_name)
            else format(
                'alter table public.%I alter column %I type ' || k.conversion,
                d.table_name, d.column_name, d.column_name)
        end,
        not d.is_generated or g.needed
    from described d
    join declared g on g.table_name = d.table_name and d.column_name = any (g.names)
    join kind k on k.kind = g.kind
    where d.is_generated or d.type <> all (k.types)
    order by d.table_position, d.attnum
$$;

comment on function lifecycle.unreadable_columns() is
    'Captured columns that the job cannot read as they are';

-- Captured tables of which row level security may hide rows from a role of ours: what it does not
-- see would pass for deleted.
create or replace function lifecycle.hidden_rows()
returns table (table_name text, role name)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select c.table_name, r.rolname
    from lifecycle.captured_columns() c
    join pg_class k on k.oid = to_regclass(format('public.%I', c.table_name))
    join pg_roles r
        on r.rolname in ('lifecycle_job', 'lifecycle_connect', current_user)
        and not r.rolsuper
        and not r.rolbypassrls
    where k.relrowsecurity
        and has_any_column_privilege(r.oid, k.oid, 'select')
        and (k.relforcerowsecurity or not pg_has_role(r.oid, k.relowner, 'usage'))
    order by c.table_position, r.rolname
$$;

comment on function lifecycle.hidden_rows() is
    'Captured tables of which row level security may hide rows from our roles';

-- Captured tables without a row: no snapshot shows these, so the clock tells of them. It is asked
-- several times a second, hence not of a table whose file is large, be there nothing left in it,
-- and nothing is said of a table of which not every row may be seen, nor of one that somebody has
-- locked: capture must not wait for others.
create or replace function lifecycle.empty_tables()
returns text[]
language plpgsql
security definer
set search_path = ''
set lock_timeout = '5ms'
as $$
declare
    captured record;
    size bigint;
    is_empty boolean;
    empty text[] := '{}';
begin
    for captured in
        select c.table_name, k.oid as relation, k.relkind
        from lifecycle.captured_columns() c
        join pg_catalog.pg_class k
            on k.oid = pg_catalog.to_regclass(pg_catalog.format('public.%I', c.table_name))
        where k.relkind in ('r', 'p') and not pg_catalog.row_security_active(k.oid)
        order by c.table_position
    loop
        begin
            -- The table at once or not at all; its indexes within the time limit above.
            execute pg_catalog.format(
                'lock table public.%I in access share mode nowait', captured.table_name);
            if captured.relkind = 'p' then
                select coalesce(pg_catalog.sum(pg_catalog.pg_relation_size(t.relid)), 0)
                into size
                from pg_catalog.pg_partition_tree(captured.relation) t
                where t.isleaf;
            else
                size := pg_catalog.pg_relation_size(captured.relation);
            end if;
            if size <= 8388608 then
                execute pg_catalog.format(
                    'select not exists (select from public.%I)', captured.table_name)
                into is_empty;
                if is_empty then
                    empty := empty || captured.table_name;
                end if;
            end if;
        exception
            when lock_not_available or undefined_table or insufficient_privilege then
                null; -- nothing is said of it now; the next message may
        end;
    end loop;
    return empty;
end
$$;

comment on function lifecycle.empty_tables() is
    'Captured tables that have no row';

-- The clock: a message in the database's log, which Debezium asks for and then reads. It waits for
-- nobody, neither for a table nor for a standby that is away. The job believes it by its last member,
-- the signature of the others.
create or replace function lifecycle.emit_clock()
returns pg_lsn
language plpgsql
security definer
set search_path = ''
as $$
declare
    secret bytea := (select k.key from lifecycle.clock_key k);
    said text;
begin
    perform pg_catalog.set_config('synchronous_commit', 'local', true);
    said := pg_catalog.json_build_object(
        'system_identifier',
        (select system_identifier::text from pg_catalog.pg_control_system()),
        'timeline',
        ('x' || pg_catalog.left(
            pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8))
            ::bit(32)::integer,
        'empty', lifecycle.empty_tables())::text;
    if secret is not null then
        said := pg_catalog.left(said, -1) || ',"mac":"'
            || pg_catalog.encode(
                pg_catalog.sha256(
                    secret || pg_catalog.sha256(secret || pg_catalog.convert_to(said, 'UTF8'))),
                'hex')
            || '"}';
    end if;
    return pg_catalog.pg_logical_emit_message(true, 'seqpulse.clock', said);
end
$$;

comment on function lifecycle.emit_clock() is
    'Writes a clock message into the log that change data capture reads';
