-- What keeps changes of the product from the job, one row each; no row: nothing does.
-- Debezium says nothing of most of these. For PostgreSQL 15 and newer.

select 'replication slot' as what, 'seqpulse_lifecycle' as name,
    case
        when s.slot_name is null then 'is gone'
        when s.wal_status = 'lost' then 'is lost'
        else 'is read by nobody'
    end as problem
from (values ('seqpulse_lifecycle')) as ours (name)
left join pg_replication_slots s on s.slot_name = ours.name
where s.slot_name is null or s.wal_status = 'lost' or not s.active
union all
select 'table', c.table_name, 'is not in the publication'
from lifecycle.captured_columns() c
left join pg_publication_tables p
    on p.pubname = 'seqpulse_lifecycle' and p.schemaname = 'public'
    and p.tablename = c.table_name
where p.tablename is null and to_regclass(format('public.%I', c.table_name)) is not null
union all
select 'column', format('%s.%s', c.table_name, a.attname), 'has another name than the job reads'
from lifecycle.captured_columns() c
join pg_publication_rel r on r.prrelid = to_regclass(format('public.%I', c.table_name))
join pg_publication b on b.oid = r.prpubid and b.pubname = 'seqpulse_lifecycle'
join pg_attribute a on a.attrelid = r.prrelid and a.attnum = any (r.prattrs::int2[])
where not a.attname = any (c.column_names);
