-- Mail for a project's new owner whose key is in the hands of a sender that has passed the fence for
-- the previous one: it takes the row over if that mail is not taken by the server after all.
create table lifecycle.successors (
    dedupe_key text not null,
    decided_at timestamptz not null,
    entry jsonb not null,
    created_at timestamptz not null default now(),
    constraint successors_pkey primary key (dedupe_key)
);
