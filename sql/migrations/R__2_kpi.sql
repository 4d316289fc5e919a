-- What readers see of the KPIs, and the one door by which the job writes them. These may change from
-- release to release without touching a row; a view's columns only grow, at its end.

-- The generation that readers see: of the complete ones that which a job began to write last.
create or replace view kpi.current_generation as
select generation
from kpi.generation
where complete_at is not null
order by begun_at desc, generation desc
limit 1;

create or replace view kpi.cohort as
select kpi, bucket, numerator, denominator
from kpi.cohort_rows
where generation = (select generation from kpi.current_generation)
    and kpi not like 'email/%';

create or replace view kpi.exposure as
select project_id, delivery_id, code, bucket, converted
from kpi.exposure_rows
where generation = (select generation from kpi.current_generation);

create or replace view kpi.activity as
select activity, bucket, count
from kpi.activity_rows
where generation = (select generation from kpi.current_generation);

-- Every series, also those of emails' funnels (email/code/measure), for kpi.cohort_between: by the
-- minute and by the hour. An hour is the sum of its minutes.
create or replace view kpi.cohort_minutes as
select kpi, bucket, numerator, denominator
from kpi.cohort_rows
where generation = (select generation from kpi.current_generation);

create or replace view kpi.cohort_hours as
select kpi, bucket, numerator, denominator
from kpi.cohort_hour_rows
where generation = (select generation from kpi.current_generation);

create or replace view kpi.activity_hours as
select activity, bucket, count
from kpi.activity_hour_rows
where generation = (select generation from kpi.current_generation);

create or replace view kpi.emails as
select code, outcome, nullif(reason, '') as reason, bucket, count
from kpi.email_rows
where generation = (select generation from kpi.current_generation);

create or replace view kpi.segments as
select segment, members
from kpi.segment_rows
where generation = (select generation from kpi.current_generation);

create or replace view kpi.duration as
select measure, bucket, up_to_ms, count, sum_ms
from kpi.duration_rows
where generation = (select generation from kpi.current_generation);

-- One row: true as of this time on the log's clock, and when that was last said. Of a job that now
-- runs in fewer parts, the parts that are no more do not count.
create or replace view kpi.heartbeat as
select min(h.as_of) as as_of, min(h.written_at) as written_at
from kpi.heartbeat_rows h
where h.generation = (select generation from kpi.current_generation)
    and h.part < (
        select l.parts
        from kpi.heartbeat_rows l
        where l.generation = h.generation
        order by l.written_at desc, l.parts
        limit 1);

-- Of the emails sent in a minute: opened (by anything, by people), clicked, and the email's own goal.
create or replace view kpi.email_funnel as
select
    split_part(kpi, '/', 2) as code,
    bucket,
    sum(denominator) filter (where kpi like '%/opened')::bigint as sent,
    coalesce(sum(numerator) filter (where kpi like '%/opened'), 0)::bigint as opened,
    coalesce(sum(numerator) filter (where kpi like '%/opened_by_people'), 0)::bigint
        as opened_by_people,
    coalesce(sum(numerator) filter (where kpi like '%/clicked'), 0)::bigint as clicked,
    sum(numerator) filter (where kpi like '%/goal')::bigint as goal,
    sum(denominator) filter (where kpi like '%/goal')::bigint as goal_of
from kpi.cohort_rows
where generation = (select generation from kpi.current_generation)
    and kpi like 'email/%'
group by 1, 2;

-- The journal without people: what became of each email. Never its contents or its recipient.
create or replace view kpi.deliveries as
select
    id as delivery_id, email_type as code, status as outcome, reason, category, project_id,
    created_at, sent_at, next_attempt_at, attempts, expires_at, caused_at, decided_at
from public.email_deliveries
where managed_by = 'lifecycle';

-- The one door by which the job writes. A row whose figures are all 0 is removed.
--
-- relation         series                      numerator           denominator
-- cohort           kpi                         reached the goal    began
-- cohort_hour      kpi                         of its minutes      of its minutes
-- exposure         project, delivery, code     converted (0, 1)    1
-- activity         activity                    -                   count
-- activity_hour    activity                    -                   of its minutes
-- email            code, outcome, reason       -                   count
-- segment          segment                     -                   members
-- duration         measure, up_to_ms           sum in ms           count
-- begin            -                           -                   -         a generation begins
-- heartbeat        part, parts                 -                   -         bucket is "as of"
create or replace procedure kpi.put(
    this_generation bigint, relation text, series text[], at timestamptz, num bigint, den bigint)
language plpgsql
security definer
set search_path = ''
as $$
begin
    case relation
        when 'cohort' then
            if num = 0 and den = 0 then
                delete from kpi.cohort_rows r
                where r.generation = this_generation and r.kpi = series[1] and r.bucket = at;
            else
                insert into kpi.cohort_rows as r values (this_generation, series[1], at, num, den)
                on conflict on constraint cohort_rows_pkey
                do update set numerator = excluded.numerator, denominator = excluded.denominator;
            end if;
        when 'cohort_hour' then
            if num = 0 and den = 0 then
                delete from kpi.cohort_hour_rows r
                where r.generation = this_generation and r.kpi = series[1] and r.bucket = at;
            else
                insert into kpi.cohort_hour_rows as r
                values (this_generation, series[1], at, num, den)
                on conflict on constraint cohort_hour_rows_pkey
                do update set numerator = excluded.numerator, denominator = excluded.denominator;
            end if;
        when 'exposure' then
            if den = 0 then
                delete from kpi.exposure_rows r
                where r.generation = this_generation
                    and r.project_id = series[1]::uuid and r.delivery_id = series[2]::uuid
                    and r.bucket = at; -- it may stand at another minute by now
            else
                insert into kpi.exposure_rows as r
                values (
                    this_generation, series[1]::uuid, series[2]::uuid, series[3], at, num <> 0)
                on conflict on constraint exposure_rows_pkey
                do update set
                    code = excluded.code, bucket = excluded.bucket, converted = excluded.converted;
            end if;
        when 'activity' then
            if den = 0 then
                delete from kpi.activity_rows r
                where r.generation = this_generation and r.activity = series[1] and r.bucket = at;
            else
                insert into kpi.activity_rows as r values (this_generation, series[1], at, den)
                on conflict on constraint activity_rows_pkey do update set count = excluded.count;
            end if;
        when 'activity_hour' then
            if den = 0 then
                delete from kpi.activity_hour_rows r
                where r.generation = this_generation and r.activity = series[1] and r.bucket = at;
            else
                insert into kpi.activity_hour_rows as r
                values (this_generation, series[1], at, den)
                on conflict on constraint activity_hour_rows_pkey
                do update set count = excluded.count;
            end if;
        when 'email' then
            if den = 0 then
                delete from kpi.email_rows r
                where r.generation = this_generation and r.code = series[1]
                    and r.outcome = series[2] and r.reason = series[3] and r.bucket = at;
            else
                insert into kpi.email_rows as r
                values (this_generation, series[1], series[2], series[3], at, den)
                on conflict on constraint email_rows_pkey do update set count = excluded.count;
            end if;
        when 'segment' then
            insert into kpi.segment_rows as r values (this_generation, series[1], den)
            on conflict on constraint segment_rows_pkey do update set members = excluded.members;
        when 'duration' then
            if num = 0 and den = 0 then
                delete from kpi.duration_rows r
                where r.generation = this_generation and r.measure = series[1] and r.bucket = at
                    and r.up_to_ms = series[2]::bigint;
            else
                insert into kpi.duration_rows as r
                values (this_generation, series[1], at, series[2]::bigint, den, num)
                on conflict on constraint duration_rows_pkey
                do update set count = excluded.count, sum_ms = excluded.sum_ms;
            end if;
        when 'begin' then
            insert into kpi.generation as g (generation) values (this_generation)
            on conflict on constraint generation_pkey
            do update set begun_at = clock_timestamp();
        when 'heartbeat' then
            insert into kpi.heartbeat_rows as r
            values (
                this_generation, series[1]::integer, series[2]::integer, at, clock_timestamp())
            on conflict on constraint heartbeat_rows_pkey
            do update set
                parts = excluded.parts, as_of = excluded.as_of, written_at = excluded.written_at;
            call kpi.complete(this_generation, series[2]::integer);
    end case;
end
$$;

-- A generation is complete when all its parts have reached the time it began at: a snapshot's rows
-- do not move the log's clock. Then the others are removed, a little with each heartbeat, beginning
-- with their word that they are complete: a job that is restored to one has to write it anew.
create or replace procedure kpi.complete(this_generation bigint, expected_parts integer)
language plpgsql
as $$
declare
    relation text;
    removed bigint;
begin
    update kpi.generation g
    set complete_at = clock_timestamp()
    where g.generation = this_generation
        and g.complete_at is null
        and (
            select count(*) = expected_parts and min(h.as_of) >= g.started_at
            from kpi.heartbeat_rows h
            where h.generation = this_generation and h.part < expected_parts);

    if not exists (select from kpi.generation g where g.generation <> this_generation)
        or not exists (
            select from kpi.current_generation c where c.generation = this_generation)
    then
        return;
    end if;
    update kpi.generation g
    set complete_at = null
    where g.generation <> this_generation and g.complete_at is not null;
    foreach relation in array array[
        'cohort_rows', 'cohort_hour_rows', 'exposure_rows', 'activity_rows', 'activity_hour_rows',
        'email_rows', 'segment_rows', 'duration_rows', 'heartbeat_rows']
    loop
        execute format(
            'delete from kpi.%1$I where ctid = any (array(
                select ctid from kpi.%1$I where generation <> $1 limit 2000
                for update skip locked))', relation)
        using this_generation;
        get diagnostics removed = row_count;
        if removed > 0 then
            return;
        end if;
    end loop;
    delete from kpi.generation g where g.generation <> this_generation;
end
$$;

revoke all on procedure kpi.put(bigint, text, text[], timestamptz, bigint, bigint) from public;
revoke all on procedure kpi.complete(bigint, integer) from public;

-- The series of which an email's funnel is made (opened, opened_by_people, clicked, goal), found by
-- a step from one to the next rather than by reading all rows.
create or replace view kpi.email_series as
with recursive
    present as (
        select generation from kpi.current_generation
    ),
    found (series) as (
        select min(c.kpi)
        from kpi.cohort_rows c
        where c.generation = (select generation from present)
            and c.kpi >= 'email/' and c.kpi < 'email0'
        union all
        select (
            select min(c.kpi)
            from kpi.cohort_rows c
            where c.generation = (select generation from present)
                and c.kpi > f.series and c.kpi < 'email0')
        from found f
        where f.series is not null
    )
select series, split_part(series, '/', 2) as code, split_part(series, '/', 3) as measure
from found
where series is not null;

-- What is counted in kpi.activity, found in the same way.
create or replace view kpi.activity_series as
with recursive
    present as (
        select generation from kpi.current_generation
    ),
    found (activity) as (
        select min(a.activity)
        from kpi.activity_hour_rows a
        where a.generation = (select generation from present)
        union all
        select (
            select min(a.activity)
            from kpi.activity_hour_rows a
            where a.generation = (select generation from present)
                and a.activity > f.activity)
        from found f
        where f.activity is not null
    )
select activity
from found
where activity is not null;

-- The whole hours of a window: when the first of them begins, and when the last of them ends.
create or replace function kpi.first_hour(since timestamptz)
returns timestamptz
language sql stable parallel safe
as $$ select date_bin('1 hour', since + interval '59 minutes 59.999999 seconds', 'epoch') $$;

create or replace function kpi.end_of_hours(until timestamptz)
returns timestamptz
language sql stable parallel safe
as $$ select date_bin('1 hour', until, 'epoch') $$;

-- The rows of one series in a window [since, until), to be added up: one a whole hour of it, at the
-- hour's beginning (UTC), and one a minute at its ends. The planner puts these functions into the
-- query that asks them.
create or replace function kpi.cohort_between(
    series text, since timestamptz, until timestamptz)
returns table (bucket timestamptz, numerator bigint, denominator bigint)
language sql stable parallel safe
as $$
    select h.bucket, h.numerator, h.denominator
    from kpi.cohort_hours h
    where h.kpi = series
        and h.bucket >= kpi.first_hour(since)
        and h.bucket < kpi.end_of_hours(until)
    union all
    select m.bucket, m.numerator, m.denominator
    from kpi.cohort_minutes m
    where m.kpi = series
        and m.bucket >= since
        and m.bucket < least(kpi.first_hour(since), until)
    union all
    select m.bucket, m.numerator, m.denominator
    from kpi.cohort_minutes m
    where m.kpi = series
        and m.bucket >= greatest(kpi.end_of_hours(until), kpi.first_hour(since))
        and m.bucket < until
$$;

create or replace function kpi.activity_between(
    series text, since timestamptz, until timestamptz)
returns table (bucket timestamptz, count bigint)
language sql stable parallel safe
as $$
    select h.bucket, h.count
    from kpi.activity_hours h
    where h.activity = series
        and h.bucket >= kpi.first_hour(since)
        and h.bucket < kpi.end_of_hours(until)
    union all
    select m.bucket, m.count
    from kpi.activity m
    where m.activity = series
        and m.bucket >= since
        and m.bucket < least(kpi.first_hour(since), until)
    union all
    select m.bucket, m.count
    from kpi.activity m
    where m.activity = series
        and m.bucket >= greatest(kpi.end_of_hours(until), kpi.first_hour(since))
        and m.bucket < until
$$;

revoke all on function kpi.first_hour(timestamptz) from public;
revoke all on function kpi.end_of_hours(timestamptz) from public;
revoke all on function kpi.cohort_between(text, timestamptz, timestamptz) from public;
revoke all on function kpi.activity_between(text, timestamptz, timestamptz) from public;

-- Emails that wait are few, but may be old.
create index if not exists email_rows_waiting
    on kpi.email_rows (generation, bucket)
    where outcome = 'queued';

-- How far the connector has read the server's log, in bytes; no row: there is no slot.
create or replace view kpi.slot as
select
    s.active,
    s.wal_status,
    pg_wal_lsn_diff(w.written, s.confirmed_flush_lsn)::bigint as behind_bytes,
    pg_wal_lsn_diff(w.written, s.restart_lsn)::bigint as kept_bytes
from pg_replication_slots s
cross join (
    select
        case
            when pg_is_in_recovery() then pg_last_wal_receive_lsn()
            else pg_current_wal_lsn()
        end as written
) w
where s.slot_name = 'seqpulse_lifecycle' and s.database = current_database();

-- Makes the hours of the minutes that are there, for who has written minutes without them.
create or replace procedure kpi.add_up_hours()
language sql
as $$
    insert into kpi.cohort_hour_rows
    select generation, kpi, date_bin('1 hour', bucket, 'epoch'), sum(numerator), sum(denominator)
    from kpi.cohort_rows
    group by 1, 2, 3
    on conflict on constraint cohort_hour_rows_pkey
    do update set numerator = excluded.numerator, denominator = excluded.denominator;

    insert into kpi.activity_hour_rows
    select generation, activity, date_bin('1 hour', bucket, 'epoch'), sum(count)
    from kpi.activity_rows
    group by 1, 2, 3
    on conflict on constraint activity_hour_rows_pkey
    do update set count = excluded.count;
$$;

revoke all on procedure kpi.add_up_hours() from public;

-- What was counted before there were hours, once; and no hour stays of which nothing is left, after
-- a version that did not know of hours was at work again. The job tells every hour that it has anew
-- as well, when it goes on from before.
delete from kpi.cohort_hour_rows h
where not exists (
    select from kpi.cohort_rows m
    where m.generation = h.generation and m.kpi = h.kpi
        and m.bucket >= h.bucket and m.bucket < h.bucket + interval '1 hour');

delete from kpi.activity_hour_rows h
where not exists (
    select from kpi.activity_rows m
    where m.generation = h.generation and m.activity = h.activity
        and m.bucket >= h.bucket and m.bucket < h.bucket + interval '1 hour');

do $hours$
begin
    if not exists (select from kpi.cohort_hour_rows)
        and not exists (select from kpi.activity_hour_rows)
    then
        call kpi.add_up_hours();
    end if;
end
$hours$;
