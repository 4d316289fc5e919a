-- What the publication should hold, and what brings it there. Our publication must never make a
-- write of the product's fail: PostgreSQL refuses every update and delete of a published table
-- whose replica identity is none, or is not covered by the publication's list of columns.
--
-- Column lists keep secrets inside Postgres itself (PG 15 on; before, only the connector's include
-- list does). A list must hold the columns of the replica identity, of each partition too; a table
-- with full identity can have no list.

-- The captured tables that exist. Columns: to be published, null for all; problem: why none is;
-- published columns: those of the list that the publication has now, null where it has all.
create or replace function lifecycle.publication_targets()
returns table (
    table_name text, relation oid, identity_columns text[], columns text[], problem text,
    is_published boolean, published_columns text[])
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    with recursive
    captured as (
        select c.table_position, c.table_name, c.column_names, k.oid as root, k.relkind,
            k.relpersistence
        from lifecycle.captured_columns() c
        join pg_class k on k.oid = to_regclass(format('public.%I', c.table_name))
    ),
    -- the table itself, and what it consists of
    part as (
        select root, root as part, relkind from captured
        union all
        select p.root, k.oid, k.relkind
        from part p
        join pg_inherits i on i.inhparent = p.part
        join pg_class k on k.oid = i.inhrelid
        where p.relkind = 'p'
    ),
    identity as (
        select p.root, p.part, k.relreplident as kind, k.relkind,
            array_agg(a.attname::text order by a.attnum) filter (where a.attname is not null)
                as columns,
            coalesce(bool_or(a.attgenerated <> ''), false) as is_generated
        from part p
        join pg_class k on k.oid = p.part
        left join pg_index i
            on i.indrelid = k.oid
            and ((k.relreplident = 'd' and i.indisprimary)
                or (k.relreplident = 'i' and i.indisreplident))
        left join pg_attribute a
            on a.attrelid = k.oid and a.attnum = any (i.indkey[0:i.indnkeyatts - 1])
        group by p.root, p.part, k.relreplident, k.relkind
    ),
    summary as (
        select i.root,
            bool_or(i.kind = 'f' or i.is_generated) as whole_rows,
            bool_or(i.kind <> 'f' and i.columns is null) as has_none,
            bool_or(i.relkind = 'f') as has_foreign,
            array(
                select distinct n from identity o, unnest(o.columns) n where o.root = i.root)
                as columns
        from identity i
        group by i.root
    )
    select c.table_name, c.root, s.columns,
        case
            when s.whole_rows or current_setting('server_version_num')::integer < 150000
                then null
            else array(
                select a.attname::text
                from pg_attribute a
                where a.attrelid = c.root and a.attnum > 0 and not a.attisdropped
                    and a.attgenerated = ''
                    and (a.attname::text = any (c.column_names)
                        or a.attname::text = any (s.columns))
                order by a.attnum)
        end,
        case
            when c.relkind not in ('r', 'p') then 'it is no table, so no log holds its changes'
            when c.relpersistence <> 'p' then 'it is unlogged, so no log holds its changes'
            when s.has_foreign then 'it has a foreign table as a partition'
            when c.relkind = 'r' and exists (select from pg_inherits i where i.inhparent = c.root)
                then 'other tables inherit from it, and their rows would be missing'
            when s.has_none then 'it has no primary key'
        end,
        r.prrelid is not null,
        (
            select array_agg(a.attname::text order by a.attnum)
            from pg_attribute a
            -- Before PG 15 a row has no such field.
            where a.attrelid = c.root and to_jsonb(r) -> 'prattrs' @> to_jsonb(a.attnum)
        )
    from captured c
    join summary s on s.root = c.root
    left join pg_publication p on p.pubname = 'seqpulse_lifecycle'
    left join pg_publication_rel r on r.prpubid = p.oid and r.prrelid = c.root
    order by c.table_position
$$;

comment on function lifecycle.publication_targets() is
    'What the publication should hold of each captured table, or why nothing';

-- What keeps changes of a table from the job, or lets its updates and deletes fail; a row for each.
create or replace function lifecycle.publication_faults()
returns table (table_name text, problem text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select t.table_name,
        case
            when not t.is_published and t.problem is null then 'is not in the publication'
            when not t.is_published then 'is not captured: ' || t.problem
            when t.problem is not null
                then 'is in the publication, which lets its updates fail: ' || t.problem
            when t.columns is not null and t.published_columns is null
                then 'is published with all of its columns'
            when t.columns is not null and t.published_columns @> t.identity_columns
                then 'is published without all of its captured columns'
            else 'cannot be updated: the publication does not cover its replica identity'
        end
    from lifecycle.publication_targets() t
    where not t.is_published
        or t.problem is not null
        or (t.columns is null) <> (t.published_columns is null)
        or not t.published_columns @> t.columns
$$;

comment on function lifecycle.publication_faults() is
    'What keeps changes of captured tables from the job, or lets their updates fail';

-- Publishes a captured table as it is now. In one transaction with the change of the table it
-- misses nothing.
create or replace function lifecycle.publish_table(name text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    target record;
begin
    select * into target from lifecycle.publication_targets() t where t.table_name = name;
    if not found then
        raise exception 'public.% is no captured table', name;
    end if;
    perform lifecycle.release_table(name);
    perform set_config(
        'lifecycle.released',
        array_remove(current_setting('lifecycle.released', true)::text[], name)::text,
        true);
    if target.problem is not null then
        raise notice 'table public.% is not captured: %', name, target.problem;
        return;
    end if;
    execute format(
        'alter publication seqpulse_lifecycle add table only public.%I', name)
        || coalesce(
            (select ' (' || string_agg(quote_ident(c), ', ') || ')' from unnest(target.columns) c),
            '');
    -- A snapshot reads them as this role, where there is one; the table may be a new one.
    if exists (
        select from pg_roles r
        where r.rolname = 'lifecycle_connect'
            and has_schema_privilege(r.oid, 'lifecycle', 'usage')
            and not r.rolsuper)
        and exists (
            select from lifecycle.captured_columns() c
            join pg_attribute a
                on a.attrelid = target.relation
                and a.attname::text = any (c.column_names)
                and a.attnum > 0
                and not a.attisdropped
            where c.table_name = name)
    then
        execute format(
            'grant select (%s) on public.%I to lifecycle_connect',
            (
                select string_agg(quote_ident(a.attname), ', ' order by a.attnum)
                from lifecycle.captured_columns() c
                join pg_attribute a
                    on a.attrelid = target.relation
                    and a.attname::text = any (c.column_names)
                    and a.attnum > 0
                    and not a.attisdropped
                where c.table_name = name
            ),
            name);
    end if;
end
$$;

comment on function lifecycle.publish_table(text) is
    'Publishes a captured table as it is now, or no more where it cannot be';

-- Takes a table out of the publication, so that PostgreSQL lets its columns' types be changed. In
-- this transaction it stays out until publish_table.
create or replace function lifecycle.release_table(name text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (
        select from pg_publication_rel r
        join pg_publication p on p.oid = r.prpubid
        where p.pubname = 'seqpulse_lifecycle'
            and r.prrelid = to_regclass(format('public.%I', name)))
    then
        execute format('alter publication seqpulse_lifecycle drop table only public.%I', name);
    end if;
    perform set_config(
        'lifecycle.released',
        array_append(
            coalesce(nullif(current_setting('lifecycle.released', true), ''), '{}')::text[], name)
            ::text,
        true);
end
$$;

comment on function lifecycle.release_table(text) is
    'Takes a table out of the publication until publish_table brings it back';

-- Takes out of the publication what is not captured, such as a table that has got another name:
-- nobody would see to it that it can be written to.
create or replace function lifecycle.release_others()
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    other record;
begin
    for other in
        select r.prrelid::regclass as relation
        from pg_publication_rel r
        join pg_publication p on p.oid = r.prpubid and p.pubname = 'seqpulse_lifecycle'
        where r.prrelid not in (select t.relation from lifecycle.publication_targets() t)
    loop
        execute format(
            'alter publication seqpulse_lifecycle drop table only %s', other.relation);
    end loop;
end
$$;

comment on function lifecycle.release_others() is
    'Takes out of the publication what is not captured';

-- Captured tables that the publication does not hold as it should.
create or replace function lifecycle.tables_to_publish()
returns setof text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select t.table_name
    from lifecycle.publication_targets() t
    where (t.problem is null) <> t.is_published
        or (t.is_published and t.columns is distinct from t.published_columns)
$$;

comment on function lifecycle.tables_to_publish() is
    'Captured tables that the publication does not hold as it should';

-- Brings the publication to what it should be, without a word about what is right already.
create or replace function lifecycle.publish_tables()
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    wrong record;
begin
    if not (select pubviaroot from pg_publication where pubname = 'seqpulse_lifecycle') then
        alter publication seqpulse_lifecycle set (publish_via_partition_root = true);
    end if;
    perform lifecycle.release_others();
    for wrong in select name from lifecycle.tables_to_publish() name
    loop
        perform lifecycle.publish_table(wrong.name);
    end loop;
end
$$;

comment on function lifecycle.publish_tables() is
    'Publishes what is captured of the tables that exist, and nothing else';

-- For an event trigger, which only a superuser can make: follows what the product does to its
-- tables in the transaction in which it does it. It never lets that fail.
create or replace function lifecycle.follow_tables()
returns event_trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
as $$
declare
    fault record;
begin
    if not exists (select from pg_publication where pubname = 'seqpulse_lifecycle') then
        return;
    end if;
    perform lifecycle.release_others();
    for fault in
        select f.table_name
        from lifecycle.publication_faults() f
        where f.problem not like 'is not captured: %'
            and f.table_name <> all (
                coalesce(nullif(current_setting('lifecycle.released', true), ''), '{}')::text[])
    loop
        begin
            perform lifecycle.publish_table(fault.table_name);
        exception
            when others then
                raise warning 'table public.% cannot be published as it is now: %',
                    fault.table_name, sqlerrm;
        end;
    end loop;
exception
    when others then
        raise warning 'publication seqpulse_lifecycle does not follow: %', sqlerrm;
end
$$;

comment on function lifecycle.follow_tables() is
    'Keeps the publication so that no write of a captured table fails';
