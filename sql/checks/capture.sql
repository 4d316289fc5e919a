-- What keeps changes of the product from the job, one row each; no row: nothing does.
-- Debezium says nothing of most of these.

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
select 'table', f.table_name, f.problem
from lifecycle.publication_faults() f
union all
select 'table', h.table_name, 'hides rows from ' || h.role || ' by row level security'
from lifecycle.hidden_rows() h
union all
select 'column', u.table_name || '.' || u.column_name, u.problem
from lifecycle.unreadable_columns() u
where u.stops
union all
select 'column', t.table_name || '.' || p.name, 'has another name than the job reads'
from lifecycle.publication_targets() t
cross join unnest(t.published_columns) p (name)
where t.columns is not null and not p.name = any (t.columns);
