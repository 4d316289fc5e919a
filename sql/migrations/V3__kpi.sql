-- What Grafana, the API and the live page read. The job writes here through kpi.begin, kpi.put and
-- kpi.heartbeat alone; nothing that readers of figures see names a person.
--
-- Every figure stands at the minute of its own time, so that any window [from, to) is a sum. Rows
-- carry the generation they belong to: a job that starts with empty state fills a new one, and
-- readers, who use the views, go on seeing the last complete one until then.

create schema if not exists kpi;

-- The last start of a job; each is later than all before it, whatever the clock does.
create table kpi.last_start (
    start bigint not null,
    constraint last_start_one_row unique (start)
);

insert into kpi.last_start values (0);

-- Each start with empty state, by that start; when a job last began to write it, which it does again
-- with every restore; and since when its rows are all there.
create table kpi.generation (
    generation bigint not null,
    started_at timestamptz not null default clock_timestamp(),
    begun_at timestamptz not null default clock_timestamp(),
    complete_at timestamptz,
    -- Who may write it: the last claim, and the start, restored checkpoint and attempt that made it.
    -- A task that somebody has taken for dead has an older claim, and writes nothing any more.
    claim bigint not null default 0,
    start bigint not null default 0,
    checkpoint bigint not null default -1,
    attempt integer not null default 0,
    -- The last sign of life; up to when all parts of the job have written everything, on the log's
    -- clock, and when they said that.
    seen_at timestamptz not null default clock_timestamp(),
    as_of timestamptz,
    said_at timestamptz,
    -- Since when its rows are being removed; and whether a job that came back writes them all anew.
    removed_at timestamptz,
    rewritten boolean not null default false,
    -- When its last row was removed. What it was stays: a job that comes back goes on counting claims.
    emptied_at timestamptz,
    constraint generation_pkey primary key (generation)
);

-- What each cohort KPI is, and whether there is anything to count. Written when the job starts.
-- Title and description are in French, and in English beside it. Of kind 'cohort' is what stands in
-- kpi.cohort; of kind 'distinct_projects', the distinct projects of kpi.exposure with these codes.
create table kpi.definition (
    kpi text not null,
    position integer not null,
    title text not null,
    description text not null,
    available boolean not null,
    reason text,
    horizon interval,
    red_below numeric,
    green_from numeric,
    title_en text,
    description_en text,
    aliases text[] not null default '{}',
    kind text not null default 'cohort',
    codes text[] not null default '{}',
    constraint definition_pkey primary key (kpi),
    constraint definition_reason_where_unavailable check (available = (reason is null))
);

-- Each row of these tables is stamped with the claim under which it was written last, and the
-- checkpoint of the job after which that was (kpi.stamp): a job that is restored compares what was
-- written since with what it knows, whichever of its checkpoints it is restored from, and whatever
-- ran in between.

-- "A followed by B": of those that began in a minute, how many have reached the goal in time.
create table kpi.cohort_rows (
    generation bigint not null,
    kpi text not null,
    bucket timestamptz not null,
    numerator bigint not null,
    denominator bigint not null,
    stamp bigint not null default 0,
    constraint cohort_rows_pkey primary key (generation, kpi, bucket)
);

-- An email that was sent about a project, for windows that need distinct projects. When its time is
-- corrected, the row of the new time comes and that of the old one goes.
create table kpi.exposure_rows (
    generation bigint not null,
    project_id uuid not null,
    delivery_id uuid not null,
    code text not null,
    bucket timestamptz not null,
    converted boolean not null,
    stamp bigint not null default 0,
    constraint exposure_rows_pkey
        primary key (generation, project_id, delivery_id, code, bucket)
);

create index if not exists exposure_rows_window
    on kpi.exposure_rows (generation, bucket, code, project_id, converted);

-- What happened in the product.
create table kpi.activity_rows (
    generation bigint not null,
    activity text not null,
    bucket timestamptz not null,
    count bigint not null,
    stamp bigint not null default 0,
    constraint activity_rows_pkey primary key (generation, activity, bucket)
);

-- Emails by what became of them, in the minute they were sent, or else journalled.
create table kpi.email_rows (
    generation bigint not null,
    code text not null,
    outcome text not null,
    reason text not null,
    bucket timestamptz not null,
    count bigint not null,
    stamp bigint not null default 0,
    constraint email_rows_pkey primary key (generation, code, outcome, reason, bucket)
);

create index if not exists email_rows_window
    on kpi.email_rows (generation, bucket);

-- How many people are in each segment now.
create table kpi.segment_rows (
    generation bigint not null,
    segment text not null,
    members bigint not null,
    stamp bigint not null default 0,
    constraint segment_rows_pkey primary key (generation, segment)
);

-- How long things took: a histogram a minute, each row those up to a bound and above the one before.
create table kpi.duration_rows (
    generation bigint not null,
    measure text not null,
    bucket timestamptz not null,
    up_to_ms bigint not null,
    count bigint not null,
    sum_ms bigint not null,
    stamp bigint not null default 0,
    constraint duration_rows_pkey primary key (generation, measure, bucket, up_to_ms)
);

-- The log time up to which one part of the job has written everything since it made its claim; null:
-- it lives, and is not there yet.
create table kpi.heartbeat_rows (
    generation bigint not null,
    part integer not null,
    parts integer not null,
    claim bigint not null,
    as_of timestamptz,
    constraint heartbeat_rows_pkey primary key (generation, part)
);

