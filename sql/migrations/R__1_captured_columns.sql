-- The one list of what is captured: tables with parents first, as the snapshot reads them, and of
-- each the columns that may leave the database. No secret is on it and no payload.
-- A table or column that an installation does not have is passed over.

create or replace function lifecycle.captured_columns()
returns table (table_position integer, table_name text, column_names text[])
language sql
immutable
as $$
    values
        (1, 'users', array[
            'id', 'name', 'first_name', 'email', 'is_active', 'locale', 'timezone',
            'twofa_enabled', 'twofa_enabled_at', 'created_at', 'updated_at']),
        (2, 'projects', array['id', 'name', 'owner_id', 'plan', 'created_at', 'updated_at']),
        (3, 'project_members', array['id', 'project_id', 'user_id', 'email', 'role', 'on_call']),
        (4, 'deployments', array[
            'id', 'deployment_number', 'project_id', 'env', 'branch', 'state',
            'pipeline_result', 'started_at', 'finished_at', 'duration_ms']),
        (5, 'deployment_verdicts', array[
            'id', 'deployment_id', 'verdict', 'confidence', 'summary', 'details', 'created_at']),
        (6, 'metric_samples', array[
            'id', 'deployment_id', 'phase', 'latency_p95', 'error_rate', 'collected_at']),
        (7, 'sdh_hints', array[
            'id', 'deployment_id', 'metric', 'severity', 'observed_value', 'threshold',
            'secured_threshold', 'exceed_ratio', 'confidence', 'title', 'diagnosis',
            'suggested_actions', 'created_at']),
        (8, 'quota_refusals', array['id', 'project_id', 'attempted_at', 'used']),
        (9, 'subscriptions', array[
            'id', 'project_id', 'plan', 'is_active', 'current_period_end']),
        (10, 'email_preferences', array[
            'user_id', 'marketing_opt_in', 'product_updates_opt_in', 'updated_at']),
        (11, 'email_deliveries', array[
            'id', 'user_id', 'project_id', 'email_type', 'dedupe_key', 'status', 'reason',
            'sent_at', 'caused_at', 'decided_at', 'created_at']),
        (12, 'email_events', array[
            'id', 'email_delivery_id', 'event_type', 'occurred_at', 'machine'])
$$;

comment on function lifecycle.captured_columns() is
    'Tables and columns that change data capture reads, parents first';

-- Captured tables without a row: no snapshot shows these, so the clock tells of them. It is asked
-- several times a second, hence not of a table whose file is large, be there nothing left in it,
-- and nothing is said of a table of which not every row may be seen.
create or replace function lifecycle.empty_tables()
returns text[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    captured record;
    has_rows boolean;
    empty text[] := '{}';
begin
    for captured in
        select c.table_name
        from lifecycle.captured_columns() c
        join pg_catalog.pg_class k
            on k.oid = pg_catalog.to_regclass(pg_catalog.format('public.%I', c.table_name))
        where k.relkind = 'r'
            and pg_catalog.pg_relation_size(k.oid) <= 8388608
            and not pg_catalog.row_security_active(k.oid)
        order by c.table_position
    loop
        execute pg_catalog.format('select exists (select from public.%I)', captured.table_name)
            into has_rows;
        if not has_rows then
            empty := empty || captured.table_name;
        end if;
    end loop;
    return empty;
end
$$;

comment on function lifecycle.empty_tables() is
    'Captured tables that have no row';
