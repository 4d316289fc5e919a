-- What readers see of the KPIs, and the doors by which the job writes them. These may change from
-- release to release without touching a row; a view's columns only grow, at its end.

-- The generation that readers see: of the complete ones whose job lives, that which a job began to
-- write last; where none lives, that whose job did so longest.
create or replace view kpi.current_generation as
select generation
from kpi.generation
where complete_at is not null
order by
    seen_at > statement_timestamp() - interval '1 minute' desc,
    case
        when seen_at > statement_timestamp() - interval '1 minute' then begun_at
        else seen_at
    end desc,
    generation desc
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

-- What is under way and not in the journal yet, without people.
create or replace view kpi.waiting as
select code, stage, reason, nullif(project_id, '') as project_id, since, until
from kpi.waiting_rows
where generation = (select generation from kpi.current_generation);

-- The same with the user it is for, or, where it goes to a bare address, the owner of its project;
-- '': nobody knows. As it stands, so that the key finds it.
create or replace view kpi.waiting_of_users as
select user_id, item, code, stage, reason,
    nullif(project_id, '') as project_id, since, until
from kpi.waiting_rows
where generation = (select generation from kpi.current_generation);

-- One row: true as of this time on the log's clock, and when that was last said.
create or replace view kpi.heartbeat as
select max(as_of) as as_of, max(said_at) as written_at
from kpi.generation
where generation = (select generation from kpi.current_generation);

-- Of the emails sent in a minute: opened (by anything, by people), clicked, and the email's own goal.
-- One row a variant of the rule's experiment, null where there is none. Of variant 'holdout' are those
-- who were kept from getting it: nothing was sent, and their goal is what to compare with.
create or replace view kpi.email_funnel as
select
    code,
    bucket,
    coalesce(sum(denominator) filter (where measure = 'opened'), 0)::bigint as sent,
    coalesce(sum(numerator) filter (where measure = 'opened'), 0)::bigint as opened,
    coalesce(sum(numerator) filter (where measure = 'opened_by_people'), 0)::bigint
        as opened_by_people,
    coalesce(sum(numerator) filter (where measure = 'clicked'), 0)::bigint as clicked,
    sum(numerator) filter (where measure in ('goal', 'holdout_goal'))::bigint as goal,
    sum(denominator) filter (where measure in ('goal', 'holdout_goal'))::bigint as goal_of,
    variant
from (
    select
        split_part(kpi, '/', 2) as code, split_part(kpi, '/', 3) as measure,
        case
            when kpi like '%/holdout_goal' then 'holdout'
            else nullif(split_part(kpi, '/', 4), '')
        end as variant,
        bucket, numerator, denominator
    from kpi.cohort_rows
    where generation = (select generation from kpi.current_generation)
        and kpi like 'email/%'
) as counted
group by code, bucket, variant;

-- The journal without people: what became of each email. Never its contents or its recipient.
create or replace view kpi.deliveries as
select
    id as delivery_id, email_type as code, status as outcome, reason, category, project_id,
    created_at, sent_at, next_attempt_at, attempts, expires_at, caused_at, decided_at,
    variant
from public.email_deliveries
where managed_by = 'lifecycle';

-- Since when each rule mails: what changed, beside the figures that it may change.
create or replace view kpi.rules_live as
select code, live_since
from lifecycle.rule_live_since;

-- Begins a job: returns its start, a number that is greater than that of every start before it, and
-- otherwise the time in milliseconds since the epoch.
create or replace function kpi.new_start()
returns bigint
language sql
security definer
set search_path = ''
as $$
    update kpi.last_start
    set start = greatest(start + 1, (extract(epoch from clock_timestamp()) * 1000)::bigint)
    returning start
$$;

-- What no two may do at once: all who write a generation share it, who claims it has it alone.
create or replace function kpi.door(this_generation bigint)
returns bigint
language sql immutable parallel safe
as $$ select hashtextextended('seqpulse kpi ' || this_generation, 0) $$;

-- Grows with every claim, and within one with every checkpoint: rows that were written after a
-- checkpoint have its stamp or a greater one.
create or replace function kpi.stamp(claim bigint, checkpoint bigint)
returns bigint
language sql immutable parallel safe
as $$ select (claim << 32) + checkpoint $$;

-- Claims a generation for the tasks of one attempt of one start: returns the claim, under which they
-- write, and whether they have to write everything anew, because rows that they had written are
-- gone. No row is returned, and nothing claimed, where a later start, a later checkpoint or a later
-- attempt has claimed it: who asks is one of those that were taken for dead.
--
-- restored: whether there should be rows already
create or replace function kpi.begin(
    this_generation bigint, this_start bigint, this_checkpoint bigint, this_attempt integer,
    restored boolean)
returns table (claimed bigint, anew boolean)
language plpgsql
security definer
set search_path = ''
as $$
begin
    perform pg_advisory_xact_lock(kpi.door(this_generation));
    insert into kpi.generation as g (generation, claim, start, checkpoint, attempt, rewritten)
    values (this_generation, 1, this_start, this_checkpoint, this_attempt, restored)
    on conflict on constraint generation_pkey
    do update set
        claim = g.claim + 1, start = excluded.start, checkpoint = excluded.checkpoint,
        attempt = excluded.attempt, begun_at = clock_timestamp(), seen_at = clock_timestamp(),
        rewritten = g.rewritten or g.removed_at is not null, emptied_at = null,
        complete_at = case when g.removed_at is null then g.complete_at end,
        removed_at = null
    where (g.start, g.checkpoint, g.attempt)
            < (excluded.start, excluded.checkpoint, excluded.attempt)
        -- Who had it is gone, such as a job that was started beside this one for a while.
        or (g.seen_at < clock_timestamp() - interval '1 minute'
            and (g.start, g.checkpoint, g.attempt)
                <> (excluded.start, excluded.checkpoint, excluded.attempt))
        or (g.removed_at is not null
            and (g.start, g.checkpoint, g.attempt)
                = (excluded.start, excluded.checkpoint, excluded.attempt));

    return query
    select g.claim, g.rewritten
    from kpi.generation g
    where g.generation = this_generation
        and (g.start, g.checkpoint, g.attempt) = (this_start, this_checkpoint, this_attempt);
end
$$;

-- Writes rows, all or none, each target at most once; returns whether it did, which it does for
-- those who hold the claim. A row whose figures are all 0 is removed.
--
-- relation         first       second      third       numerator           denominator
-- cohort           kpi                                 reached the goal    began
-- cohort_hour      kpi                                 of its minutes      of its minutes
-- exposure         project     delivery    code        converted (0, 1)    1
-- activity         activity                            -                   count
-- activity_hour    activity                            -                   of its minutes
-- email            code        outcome     reason      -                   count
-- segment          segment                             -                   members
-- duration         measure     up_to_ms                sum in ms           count
-- waiting          item        code        see below   until, in ms        1
--
-- Rows to remove are looked up one by one (offset 0): for a generation that statistics do not know
-- yet the planner would otherwise compare every row of it with every row to be written.
--
-- The third of what waits is its stage, reason, user and project, each on a line.
create or replace function kpi.put(
    this_generation bigint, this_claim bigint, this_checkpoint bigint, relations text[],
    first text[], second text[], third text[], at_millis bigint[], num bigint[], den bigint[])
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
    this_stamp bigint := kpi.stamp(this_claim, this_checkpoint);
begin
    perform pg_advisory_xact_lock_shared(kpi.door(this_generation));
    if not exists (
        select from kpi.generation g
        where g.generation = this_generation and g.claim = this_claim)
    then
        return false;
    end if;

    if 'cohort' = any (relations) then
        delete from kpi.cohort_rows r
        using unnest(relations, first, second, third, at_millis, num, den)
            as t (relation, first, second, third, millis, num, den)
            cross join lateral (
                select x.ctid
                from kpi.cohort_rows x
                where x.generation = this_generation
                    and x.kpi = t.first
                    and x.bucket = kpi.at(t.millis)
                offset 0
            ) as old
        where t.relation = 'cohort' and t.num = 0 and t.den = 0 and r.ctid = old.ctid;
        insert into kpi.cohort_rows (
            generation, kpi, bucket, numerator, denominator, stamp)
        select this_generation, t.first, kpi.at(t.millis), t.num, t.den, this_stamp
        from unnest(relations, first, second, third, at_millis, num, den)
            as t (relation, first, second, third, millis, num, den)
        where t.relation = 'cohort' and (t.num <> 0 or t.den <> 0)
        on conflict on constraint cohort_rows_pkey
        do update set
            numerator = excluded.numerator, denominator = excluded.denominator, stamp = excluded.stamp;
    end if;

    if 'cohort_hour' = any (relations) then
        delete from kpi.cohort_hour_rows r
        using unnest(relations, first, second, third, at_millis, num, den)
            as t (relation, first, second, third, millis, num, den)
            cross join lateral (
                select x.ctid
                from kpi.cohort_hour_rows x
                where x.generation = this_generation
                    and x.kpi = t.first
                    and x.bucket = kpi.at(t.millis)
                offset 0
            ) as old
        where t.relation = 'cohort_hour' and t.num = 0 and t.den = 0 and r.ctid = old.ctid;
        insert into kpi.cohort_hour_rows (
            generation, kpi, bucket, numerator, denominator, stamp)
        select this_generation, t.first, kpi.at(t.millis), t.num, t.den, this_stamp
        from unnest(relations, first, second, third, at_millis, num, den)
            as t (relation, first, second, third, millis, num, den)
        where t.relation = 'cohort_hour' and (t.num <> 0 or t.den <> 0)
        on conflict on constraint cohort_hour_rows_pkey
        do update set
            numerator = excluded.numerator, denominator = excluded.denominator, stamp = excluded.stamp;
    end if;

    if 'exposure' = any (relations) then
        delete from kpi.exposure_rows r
        using unnest(relations, first, second, third, at_millis, num, den)
            as t (relation, first, second, third, millis, num, den)
            cross join lateral (
                select x.ctid
                from kpi.exposure_rows x
                where x.generation = this_generation
                    and x.project_id = t.first::uuid
                    and x.delivery_id = t.second::uuid
                    and x.code = t.third
                    and x.bucket = kpi.at(t.millis)
                offset 0
            ) as old
        where t.relation = 'exposure' and t.den = 0 and r.ctid = old.ctid;
        insert into kpi.exposure_rows (
            generation, project_id, delivery_id, code, bucket, converted, stamp)
        select this_generation, t.first::uuid, t.second::uuid, t.third, kpi.at(t.millis), t.num <> 0, this_stamp
        from unnest(relations, first, second, third, at_millis, num, den)
            as t (relation, first, second, third, millis, num, den)
        where t.relation = 'exposure' and t.den <> 0
        on conflict on constraint exposure_rows_pkey
        do update set
            converted = excluded.converted, stamp = excluded.stamp;
    end if;

    if 'activity' = any (relations) then
        delete from kpi.activity_rows r
        using unnest(relations, first, second, third, at_millis, num, den)
            as t (relation, first, second, third, millis, num, den)
            cross join lateral (
                select x.ctid
                from kpi.activity_rows x
                where x.generation = this_generation
                    and x.activity = t.first
                    and x.bucket = kpi.at(t.millis)
                offset 0
            ) as old
        where t.relation = 'activity' and t.den = 0 and r.ctid = old.ctid;
        insert into kpi.activity_rows (
            generation, activity, bucket, count, stamp)
        select this_generation, t.first, kpi.at(t.millis), t.den, this_stamp
        from unnest(relations, first, second, third, at_millis, num, den)
            as t (relation, first, second, third, millis, num, den)
        where t.relation = 'activity' and t.den <> 0
        on conflict on constraint activity_rows_pkey
        do update set
            count = excluded.count, stamp = excluded.stamp;
    end if;

    if 'activity_hour' = any (relations) then
        delete from kpi.activity_hour_rows r
        using unnest(relations, first, second, third, at_millis, num, den)
            as t (relation, first, second, third, millis, num, den)
            cross join lateral (
                select x.ctid
                from kpi.activity_hour_rows x
                where x.generation = this_generation
                    and x.activity = t.first
                    and x.bucket = kpi.at(t.millis)
                offset 0
            ) as old
        where t.relation = 'activity_hour' and t.den = 0 and r.ctid = old.ctid;
        insert into kpi.activity_hour_rows (
            generation, activity, bucket, count, stamp)
        select this_generation, t.first, kpi.at(t.millis), t.den, this_stamp
        from unnest(relations, first, second, third, at_millis, num, den)
            as t (relation, first, second, third, millis, num, den)
        where t.relation = 'activity_hour' and t.den <> 0
        on conflict on constraint activity_hour_rows_pkey
        do update set
            count = excluded.count, stamp = excluded.stamp;
    end if;

    if 'email' = any (relations) then
        delete from kpi.email_rows r
        using unnest(relations, first, second, third, at_millis, num, den)
            as t (relation, first, second, third, millis, num, den)
            cross join lateral (
                select x.ctid
                from kpi.email_rows x
                where x.generation = this_generation
                    and x.code = t.first
                    and x.outcome = t.second
                    and x.reason = t.third
                    and x.bucket = kpi.at(t.millis)
                offset 0
            ) as old
        where t.relation = 'email' and t.den = 0 and r.ctid = old.ctid;
        insert into kpi.email_rows (
            generation, code, outcome, reason, bucket, count, stamp)
        select this_generation, t.first, t.second, t.third, kpi.at(t.millis), t.den, this_stamp
        from unnest(relations, first, second, third, at_millis, num, den)
            as t (relation, first, second, third, millis, num, den)
        where t.relation = 'email' and t.den <> 0
        on conflict on constraint email_rows_pkey
        do update set
            count = excluded.count, stamp = excluded.stamp;
    end if;

    if 'segment' = any (relations) then
        insert into kpi.segment_rows (
            generation, segment, members, stamp)
        select this_generation, t.first, t.den, this_stamp
        from unnest(relations, first, second, third, at_millis, num, den)
            as t (relation, first, second, third, millis, num, den)
        where t.relation = 'segment'
        on conflict on constraint segment_rows_pkey
        do update set
            members = excluded.members, stamp = excluded.stamp;
    end if;

    if 'duration' = any (relations) then
        delete from kpi.duration_rows r
        using unnest(relations, first, second, third, at_millis, num, den)
            as t (relation, first, second, third, millis, num, den)
            cross join lateral (
                select x.ctid
                from kpi.duration_rows x
                where x.generation = this_generation
                    and x.measure = t.first
                    and x.bucket = kpi.at(t.millis)
                    and x.up_to_ms = t.second::bigint
                offset 0
            ) as old
        where t.relation = 'duration' and t.num = 0 and t.den = 0 and r.ctid = old.ctid;
        insert into kpi.duration_rows (
            generation, measure, bucket, up_to_ms, count, sum_ms, stamp)
        select this_generation, t.first, kpi.at(t.millis), t.second::bigint, t.den, t.num, this_stamp
        from unnest(relations, first, second, third, at_millis, num, den)
            as t (relation, first, second, third, millis, num, den)
        where t.relation = 'duration' and (t.num <> 0 or t.den <> 0)
        on conflict on constraint duration_rows_pkey
        do update set
            count = excluded.count, sum_ms = excluded.sum_ms, stamp = excluded.stamp;
    end if;

    if 'waiting' = any (relations) then
        delete from kpi.waiting_rows r
        using unnest(relations, first, second, third, at_millis, num, den)
            as t (relation, first, second, third, millis, num, den)
            cross join lateral (
                select x.ctid
                from kpi.waiting_rows x
                where x.generation = this_generation
                    and x.item = t.first
                    and x.code = t.second
                    and x.stage = split_part(t.third, E'\n', 1)
                    and x.reason = split_part(t.third, E'\n', 2)
                    and x.user_id = split_part(t.third, E'\n', 3)
                    and x.project_id = split_part(t.third, E'\n', 4)
                    and x.since = kpi.at(t.millis)
                offset 0
            ) as old
        where t.relation = 'waiting' and t.den = 0 and r.ctid = old.ctid;
        insert into kpi.waiting_rows (
            generation, item, code, stage, reason, user_id, project_id, since, until,
            stamp)
        select
            this_generation, t.first, t.second, split_part(t.third, E'\n', 1),
            split_part(t.third, E'\n', 2), split_part(t.third, E'\n', 3),
            split_part(t.third, E'\n', 4), kpi.at(t.millis), kpi.at(t.num), this_stamp
        from unnest(relations, first, second, third, at_millis, num, den)
            as t (relation, first, second, third, millis, num, den)
        where t.relation = 'waiting' and t.den <> 0
        on conflict on constraint waiting_rows_pkey
        do update set
            until = excluded.until, stamp = excluded.stamp;
    end if;

    return true;
end
$$;

-- A time in milliseconds since the epoch.
create or replace function kpi.at(millis bigint)
returns timestamptz
language sql immutable parallel safe
as $$ select timestamptz 'epoch' + millis * interval '1 millisecond' $$;

-- The rows that were last written under a stamp, or a later one; see kpi.put.
drop function if exists kpi.written_since(bigint, bigint);
create or replace function kpi.written_since(this_generation bigint, since_stamp bigint)
returns table (relation text, series text, at_millis bigint)
language sql stable
security definer
set search_path = ''
as $$
    select t.relation, t.series, (extract(epoch from t.bucket) * 1000)::bigint
    from (
        select 'cohort', kpi, bucket, generation, stamp from kpi.cohort_rows
        union all
        select 'cohort_hour', kpi, bucket, generation, stamp from kpi.cohort_hour_rows
        union all
        select
            'exposure', concat_ws(E'\n', project_id, delivery_id, code), bucket, generation,
            stamp
        from kpi.exposure_rows
        union all
        select 'activity', activity, bucket, generation, stamp from kpi.activity_rows
        union all
        select 'activity_hour', activity, bucket, generation, stamp
        from kpi.activity_hour_rows
        union all
        select
            'email', concat_ws(E'\n', code, outcome, reason), bucket, generation,
            stamp
        from kpi.email_rows
        union all
        select 'segment', segment, 'epoch', generation, stamp from kpi.segment_rows
        union all
        select
            'duration', concat_ws(E'\n', measure, up_to_ms), bucket, generation,
            stamp
        from kpi.duration_rows
        union all
        select
            'waiting',
            concat_ws(E'\n', item, code, stage, reason, user_id, project_id), since, generation,
            stamp
        from kpi.waiting_rows
    ) t (relation, series, bucket, generation, stamp)
    where t.generation = this_generation and t.stamp >= since_stamp
$$;

-- A part of the job has written everything up to a time on the log's clock, or, where that is null,
-- lives and is not there yet; returns whether it was heard, as those are who hold the claim.
--
-- A generation is complete when all its parts have reached the time it began at: a snapshot's rows
-- do not move the log's clock.
create or replace function kpi.heartbeat(
    this_generation bigint, this_claim bigint, this_part integer, all_parts integer,
    millis bigint)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
    all_as_of timestamptz;
begin
    perform from kpi.generation g
    where g.generation = this_generation and g.claim = this_claim
    for no key update;
    if not found then
        return false;
    end if;

    insert into kpi.heartbeat_rows as r (generation, part, parts, claim, as_of)
    values (this_generation, this_part, all_parts, this_claim, kpi.at(millis))
    on conflict on constraint heartbeat_rows_pkey
    do update set
        parts = excluded.parts, claim = excluded.claim,
        as_of = coalesce(
            excluded.as_of, case when r.claim = excluded.claim then r.as_of end);

    select min(h.as_of) into all_as_of
    from kpi.heartbeat_rows h
    where h.generation = this_generation and h.claim = this_claim and h.part < all_parts
    having count(h.as_of) = all_parts;

    update kpi.generation g
    set seen_at = clock_timestamp(),
        as_of = coalesce(all_as_of, g.as_of),
        said_at = case when all_as_of is null then g.said_at else clock_timestamp() end,
        complete_at = coalesce(
            g.complete_at, case when all_as_of >= g.started_at then clock_timestamp() end),
        rewritten = g.rewritten and (all_as_of is null or all_as_of < g.started_at)
    where g.generation = this_generation;

    call kpi.remove_dead(this_generation);
    return true;
end
$$;

-- Removes what nobody writes any more, a little at a time, once the generation that readers see is
-- this one: those of whose jobs nothing was heard for ten minutes. That begins with taking away
-- their word that they are complete, and the claim: a job that is restored to one writes it anew,
-- and so does one that was cut off for so long.
create or replace procedure kpi.remove_dead(this_generation bigint)
language plpgsql
as $$
declare
    dead bigint;
    relation text;
    removed bigint;
begin
    select g.generation into dead
    from kpi.generation g
    where g.generation <> this_generation
        and g.emptied_at is null
        and g.seen_at < clock_timestamp() - interval '10 minutes'
        and exists (
            select from kpi.current_generation c where c.generation = this_generation)
    order by g.removed_at nulls last, g.seen_at
    limit 1;
    if dead is null
        or not pg_try_advisory_xact_lock(kpi.door(dead)) -- somebody writes it, or claims it
    then
        return;
    end if;
    update kpi.generation g
    set complete_at = null, removed_at = clock_timestamp(), claim = g.claim + 1
    where g.generation = dead and g.removed_at is null;
    foreach relation in array array[
        'cohort_rows', 'cohort_hour_rows', 'exposure_rows', 'activity_rows', 'activity_hour_rows',
        'email_rows', 'segment_rows', 'duration_rows', 'waiting_rows', 'heartbeat_rows']
    loop
        execute format(
            'delete from kpi.%1$I where ctid = any (array(
                select ctid from kpi.%1$I where generation = $1 limit 2000
                for update skip locked))', relation)
        using dead;
        get diagnostics removed = row_count;
        if removed > 0 then
            return;
        end if;
    end loop;
    update kpi.generation g set emptied_at = clock_timestamp() where g.generation = dead;
end
$$;

revoke all on function kpi.new_start() from public;
revoke all on function kpi.door(bigint) from public;
revoke all on function kpi.stamp(bigint, bigint) from public;
revoke all on function kpi.at(bigint) from public;
revoke all on function kpi.begin(bigint, bigint, bigint, integer, boolean) from public;
revoke all on function kpi.put(
    bigint, bigint, bigint, text[], text[], text[], text[], bigint[], bigint[], bigint[])
from public;
revoke all on function kpi.written_since(bigint, bigint) from public;
revoke all on function kpi.heartbeat(bigint, bigint, integer, integer, bigint) from public;
revoke all on procedure kpi.remove_dead(bigint) from public;

-- The series of which an email's funnel is made (opened, opened_by_people, clicked, goal, and
-- holdout_goal of those who were kept from getting it), found by a step from one to the next rather
-- than by reading all rows. One a variant of the rule's experiment, null where there is none.
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
select
    series, split_part(series, '/', 2) as code, split_part(series, '/', 3) as measure,
    case
        when series like '%/holdout_goal' then 'holdout'
        else nullif(split_part(series, '/', 4), '')
    end as variant
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
    insert into kpi.cohort_hour_rows (generation, kpi, bucket, numerator, denominator)
    select generation, kpi, date_bin('1 hour', bucket, 'epoch'), sum(numerator), sum(denominator)
    from kpi.cohort_rows
    group by 1, 2, 3
    on conflict on constraint cohort_hour_rows_pkey
    do update set numerator = excluded.numerator, denominator = excluded.denominator;

    insert into kpi.activity_hour_rows (generation, activity, bucket, count)
    select generation, activity, date_bin('1 hour', bucket, 'epoch'), sum(count)
    from kpi.activity_rows
    group by 1, 2, 3
    on conflict on constraint activity_hour_rows_pkey
    do update set count = excluded.count;
$$;

revoke all on procedure kpi.add_up_hours() from public;
