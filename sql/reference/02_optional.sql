-- Tables the product may have. A missing one makes the rules that read it inert and breaks nothing.

create table public.email_preferences (
    user_id uuid primary key references public.users (id) on delete cascade,
    marketing_opt_in boolean not null default true,
    product_updates_opt_in boolean not null default true,
    security_opt_in boolean not null default true,
    updated_at timestamptz not null default now(),
    constraint email_preferences_security_stays check (security_opt_in)
);

-- Every column is captured, so that a removed member can be named: hence the full identity.
create table public.project_members (
    id uuid primary key default gen_random_uuid(),
    project_id uuid not null references public.projects (id) on delete cascade,
    user_id uuid references public.users (id) on delete cascade,
    email text,
    role text not null default 'member',
    on_call boolean not null default false,
    constraint project_members_somebody check (user_id is not null or email is not null)
);

alter table public.project_members replica identity full;

create index project_members_project on public.project_members (project_id);
create index project_members_user on public.project_members (user_id);

create table public.quota_refusals (
    id uuid primary key default gen_random_uuid(),
    project_id uuid not null references public.projects (id) on delete cascade,
    attempted_at timestamptz not null default now(),
    used integer not null
);

create index quota_refusals_project on public.quota_refusals (project_id);

create table public.project_invitations (
    id uuid primary key default gen_random_uuid(),
    project_id uuid not null references public.projects (id) on delete cascade,
    inviter_id uuid not null references public.users (id) on delete cascade,
    email text not null,
    token_hash text not null,  -- secret
    status text not null default 'pending',
    created_at timestamptz not null default now(),
    accepted_at timestamptz,
    declined_at timestamptz,
    revoked_at timestamptz,
    expires_at timestamptz not null
);

create index project_invitations_project on public.project_invitations (project_id);
create index project_invitations_inviter on public.project_invitations (inviter_id);

create table public.login_events (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.users (id) on delete cascade,
    at timestamptz not null default now(),
    country text,
    city text,
    device text,
    ip_hash text  -- secret
);

create index login_events_user on public.login_events (user_id);

create table public.feature_gate_events (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.users (id) on delete cascade,
    project_id uuid references public.projects (id) on delete cascade,
    feature text not null,
    at timestamptz not null default now()
);

create index feature_gate_events_user on public.feature_gate_events (user_id);
create index feature_gate_events_project on public.feature_gate_events (project_id);

create table public.payment_events (
    id uuid primary key default gen_random_uuid(),
    subscription_id uuid not null references public.subscriptions (id) on delete cascade,
    project_id uuid not null references public.projects (id) on delete cascade,
    invoice_id text not null,
    kind text not null,
    amount_cents bigint not null,
    currency text not null,
    invoice_url text,
    at timestamptz not null default now(),
    constraint payment_events_kind_known check (kind in ('failed', 'succeeded', 'cancelled'))
);

create index payment_events_subscription on public.payment_events (subscription_id);
create index payment_events_project on public.payment_events (project_id);

create table public.nps_responses (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.users (id) on delete cascade,
    score smallint not null,
    at timestamptz not null default now(),
    constraint nps_responses_score_range check (score between 0 and 10)
);

create index nps_responses_user on public.nps_responses (user_id);

create table public.usage_events (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.users (id) on delete cascade,
    kind text not null,
    deployment_id uuid references public.deployments (id) on delete cascade,
    at timestamptz not null default now(),
    constraint usage_events_kind_known check (kind in ('verdict_viewed', 'session', 'stay'))
);

create index usage_events_user on public.usage_events (user_id);
create index usage_events_deployment on public.usage_events (deployment_id);

create table public.email_events (
    id uuid primary key default gen_random_uuid(),
    email_delivery_id uuid not null references public.email_deliveries (id) on delete cascade,
    event_type text not null,
    occurred_at timestamptz not null default now(),
    machine boolean not null default false,
    meta jsonb,
    constraint email_events_type_known check (
        event_type in ('delivered', 'opened', 'clicked', 'bounced', 'complained', 'unsubscribed')
    )
);

create index email_events_delivery on public.email_events (email_delivery_id);
