-- The publication that Debezium reads, over those of the captured tables that exist.
-- Run at every migration, because the product may have gained a table: ${flyway:timestamp}
--
-- Column lists keep secrets inside Postgres itself (PG 15 on; before, only the connector's include
-- list does). A list must hold the columns of the replica identity; a table with full identity can
-- have no list. A table without any usable identity would refuse updates once published, so it is
-- left out, and the rules that need it are inert.

do $publication$
declare
    captured record;
    identity_columns text[];
    identity_kind "char";
    columns text[];
    tables text[] := '{}';
    has_lists boolean := current_setting('server_version_num')::integer >= 150000;
begin
    for captured in
        select c.table_name, c.column_names, k.oid as relation
        from lifecycle.captured_columns() c
        join pg_class k on k.oid = to_regclass(format('public.%I', c.table_name))
        where k.relkind in ('r', 'p')
        order by c.table_position
    loop
        select k.relreplident into identity_kind from pg_class k where k.oid = captured.relation;

        select coalesce(array_agg(a.attname::text order by a.attnum), '{}')
        into identity_columns
        from pg_index i
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
        where i.indrelid = captured.relation
            and ((identity_kind = 'd' and i.indisprimary)
                or (identity_kind = 'i' and i.indisreplident));

        if identity_kind <> 'f' and cardinality(identity_columns) = 0 then
            raise notice 'table public.% is not captured: it has no primary key',
                captured.table_name;
            continue;
        end if;

        select array_agg(quote_ident(a.attname) order by a.attnum)
        into columns
        from pg_attribute a
        where a.attrelid = captured.relation
            and a.attnum > 0
            and not a.attisdropped
            and a.attgenerated = ''
            and (a.attname = any (captured.column_names) or a.attname = any (identity_columns));

        if has_lists and identity_kind <> 'f' then
            tables := tables
                || format('public.%I (%s)', captured.table_name, array_to_string(columns, ', '));
        else
            tables := tables || format('public.%I', captured.table_name);
        end if;
    end loop;

    if not exists (select from pg_publication where pubname = 'seqpulse_lifecycle') then
        create publication seqpulse_lifecycle with (publish = 'insert, update, delete');
    end if;
    execute 'alter publication seqpulse_lifecycle set table ' || array_to_string(tables, ', ');
end
$publication$;
