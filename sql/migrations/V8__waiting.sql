-- What is under way and not in the journal yet, one row a thing that waits: the stage that holds it
-- (policy: decided, and held back), what for, and until when it is asked again. The job removes a
-- row with its reason. It holds ids of people, and so is read through views alone.
create table kpi.waiting_rows (
    generation bigint not null,
    -- What waits: at the policy, the dedupe key.
    item text not null,
    code text not null,
    stage text not null,
    -- policy: cap (another marketing email within 24 h), digest (alerts to be told together).
    reason text not null,
    user_id text not null,
    project_id text not null,
    -- Since when, to the minute.
    since timestamptz not null,
    until timestamptz not null,
    stamp bigint not null default 0,
    constraint waiting_rows_pkey
        primary key (generation, user_id, item, stage, reason, code, project_id, since)
);
