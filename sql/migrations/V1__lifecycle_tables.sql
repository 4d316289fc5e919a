-- What is ours alone, in a schema of its own. `recipient` is a user's id, or the lower-cased
-- address where the recipient is no user.

create schema if not exists lifecycle;

-- Since when each rule mails: what was due before is history.
create table lifecycle.rule_live_since (
    code text not null,
    live_since timestamptz not null default now(),
    constraint rule_live_since_pkey primary key (code)
);

-- Addresses that mail servers refused for good, lower-cased.
create table lifecycle.suppressed_addresses (
    address text not null,
    reason text not null,
    created_at timestamptz not null default now(),
    until timestamptz not null default now() + interval '90 days',
    -- What the server answered.
    reply text,
    constraint suppressed_addresses_pkey primary key (address),
    constraint suppressed_addresses_lower_case check (address = lower(address))
);

-- The last marketing email of each recipient, claimed before it goes out.
create table lifecycle.marketing_cap (
    recipient text not null,
    dedupe_key text not null,
    claimed_at timestamptz not null default now(),
    constraint marketing_cap_pkey primary key (recipient)
);

-- Who does not want to be alerted about a project for a while.
create table lifecycle.alert_mutes (
    project_id uuid not null,
    recipient text not null,
    muted_until timestamptz not null,
    constraint alert_mutes_pkey primary key (project_id, recipient)
);
