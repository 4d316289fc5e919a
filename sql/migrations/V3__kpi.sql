-- What Grafana, the API and the live page read. The job writes here through kpi.put alone; nothing
-- in this schema names a person.
--
-- Every figure stands at the minute of its own time, so that any window [from, to) is a sum. Rows
-- carry the generation they belong to: a job that starts with empty state fills a new one, and
-- readers, who use the views, go on seeing the last complete one until then.

create schema if not exists kpi;

-- Each start with empty state, in milliseconds since the epoch of that start; when a job last began
-- to write it, which it does again with every restore; and since when its rows are all there.
create table kpi.generation (
    generation bigint not null,
    started_at timestamptz not null default clock_timestamp(),
    begun_at timestamptz not null default clock_timestamp(),
    complete_at timestamptz,
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

-- "A followed by B": of those that began in a minute, how many have reached the goal in time.
create table kpi.cohort_rows (
    generation bigint not null,
    kpi text not null,
    bucket timestamptz not null,
    numerator bigint not null,
    denominator bigint not null,
    constraint cohort_rows_pkey primary key (generation, kpi, bucket)
);

-- One row an email that was sent about a project, for windows that need distinct projects.
create table kpi.exposure_rows (
    generation bigint not null,
    project_id uuid not null,
    delivery_id uuid not null,
    code text not null,
    bucket timestamptz not null,
    converted boolean not null,
    constraint exposure_rows_pkey primary key (generation, project_id, delivery_id)
);

create index if not exists exposure_rows_window
    on kpi.exposure_rows (generation, bucket, code, project_id, converted);

-- What happened in the product.
create table kpi.activity_rows (
    generation bigint not null,
    activity text not null,
    bucket timestamptz not null,
    count bigint not null,
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
    constraint email_rows_pkey primary key (generation, code, outcome, reason, bucket)
);

create index if not exists email_rows_window
    on kpi.email_rows (generation, bucket);

-- How many people are in each segment now.
create table kpi.segment_rows (
    generation bigint not null,
    segment text not null,
    members bigint not null,
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
    constraint duration_rows_pkey primary key (generation, measure, bucket, up_to_ms)
);

-- The log time up to which one part of the job has written everything.
create table kpi.heartbeat_rows (
    generation bigint not null,
    part integer not null,
    parts integer not null,
    as_of timestamptz not null,
    written_at timestamptz not null,
    constraint heartbeat_rows_pkey primary key (generation, part)
);

-- The last deliveries, for those who look.
create index if not exists email_deliveries_lifecycle_latest
    on public.email_deliveries (created_at desc)
    where managed_by = 'lifecycle';
