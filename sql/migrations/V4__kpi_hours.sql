-- The same figures by the hour, so that a window of weeks adds up its whole hours and only the
-- minutes at its ends. The job writes both, an hour's row behind those of its minutes.

create table kpi.cohort_hour_rows (
    generation bigint not null,
    kpi text not null,
    bucket timestamptz not null,
    numerator bigint not null,
    denominator bigint not null,
    stamp bigint not null default 0,
    constraint cohort_hour_rows_pkey primary key (generation, kpi, bucket)
);

create table kpi.activity_hour_rows (
    generation bigint not null,
    activity text not null,
    bucket timestamptz not null,
    count bigint not null,
    stamp bigint not null default 0,
    constraint activity_hour_rows_pkey primary key (generation, activity, bucket)
);
