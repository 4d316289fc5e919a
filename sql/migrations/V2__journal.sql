-- The journal is the product's own table; we add nullable columns and touch only rows that say
-- managed_by = 'lifecycle'. Where the product has no such table yet, it is created as it would be.

do $$
begin
    if to_regclass('public.users') is null or to_regclass('public.projects') is null then
        raise exception 'tables public.users and public.projects are missing from database "%"',
            current_database()
            using hint = 'Point the migrations at the product''s database (see sql/reference).';
    end if;
end
$$;

create table if not exists public.email_deliveries (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.users (id) on delete cascade,
    project_id uuid references public.projects (id) on delete set null,
    email_type text not null,
    dedupe_key text not null,
    status text not null default 'queued',
    provider_message_id text,
    payload_json jsonb,
    error_message text,
    sent_at timestamptz,
    created_at timestamptz not null default now(),
    constraint email_deliveries_dedupe_key_key unique (dedupe_key),
    constraint email_deliveries_status_known
        check (status in ('queued', 'sent', 'failed', 'suppressed'))
);

alter table public.email_deliveries
    add column if not exists managed_by text,
    add column if not exists category text,
    add column if not exists reason text,
    add column if not exists phase text,
    add column if not exists lease_token uuid,
    add column if not exists lease_until timestamptz,
    add column if not exists attempts integer,
    add column if not exists next_attempt_at timestamptz,
    add column if not exists expires_at timestamptz,
    add column if not exists recipient_address text,
    add column if not exists required_plan text,
    add column if not exists occasion text,
    add column if not exists caused_at timestamptz,
    add column if not exists decided_at timestamptz;

-- What is due next; urgent mail first. The conditions are those of the lease query, word for word.
create index if not exists email_deliveries_lifecycle_urgent
    on public.email_deliveries ((coalesce(next_attempt_at, created_at)))
    where managed_by = 'lifecycle' and status = 'queued'
        and category in ('security', 'alert', 'transactional');

create index if not exists email_deliveries_lifecycle_ordinary
    on public.email_deliveries ((coalesce(next_attempt_at, created_at)))
    where managed_by = 'lifecycle' and status = 'queued'
        and category in ('service', 'marketing', 'report');

-- The cap: what a recipient was sent lately.
create index if not exists email_deliveries_lifecycle_sent
    on public.email_deliveries (user_id, sent_at)
    where status = 'sent';

-- The cap for recipients who are no users.
create index if not exists email_deliveries_lifecycle_address
    on public.email_deliveries (lower(recipient_address), sent_at)
    where recipient_address is not null;

-- One address, one mail per occasion.
create index if not exists email_deliveries_lifecycle_occasion
    on public.email_deliveries (occasion)
    where occasion is not null;

create table if not exists public.email_preferences (
    user_id uuid primary key references public.users (id) on delete cascade,
    marketing_opt_in boolean not null default true,
    product_updates_opt_in boolean not null default true,
    security_opt_in boolean not null default true,
    updated_at timestamptz not null default now(),
    constraint email_preferences_security_stays check (security_opt_in)
);

-- What the journal's table took in no form, with what the database said; nobody was mailed.
create table if not exists lifecycle.unjournalled_emails (
    dedupe_key text not null,
    what text not null,
    email_type text,
    user_id text,
    project_id text,
    why text not null,
    created_at timestamptz not null default now(),
    constraint unjournalled_emails_pkey primary key (dedupe_key, what)
);
