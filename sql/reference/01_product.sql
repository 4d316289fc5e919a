-- The product's own tables as SEQPULSE has them: what the demo and the tests run against.
-- An installation brings its own; nothing here is run against one.
-- Columns marked secret must never leave the database.

create table public.users (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    first_name text,
    email text not null,
    password_hash text not null default '',  -- secret
    is_active boolean not null default true,
    twofa_enabled boolean not null default false,
    twofa_enabled_at timestamptz,
    twofa_secret text,  -- secret
    locale text,
    timezone text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint users_email_key unique (email)
);

create table public.projects (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    owner_id uuid not null references public.users (id) on delete cascade,
    plan text not null default 'free',
    api_key_hash text,  -- secret
    hmac_secret text,  -- secret
    webhook_url text,  -- secret
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint projects_plan_known check (plan in ('free', 'pro', 'enterprise'))
);

create index projects_owner on public.projects (owner_id);

create table public.deployments (
    id uuid primary key default gen_random_uuid(),
    deployment_number integer not null,
    project_id uuid not null references public.projects (id) on delete cascade,
    env text not null default 'production',
    branch text,
    state text not null default 'pending',
    pipeline_result text,
    started_at timestamptz,
    finished_at timestamptz,
    duration_ms bigint,
    constraint deployments_state_known
        check (state in ('pending', 'running', 'finished', 'analyzed')),
    constraint deployments_result_known
        check (pipeline_result in ('success', 'failed', 'cancelled'))
);

create index deployments_project on public.deployments (project_id, started_at);

create table public.deployment_verdicts (
    id uuid primary key default gen_random_uuid(),
    deployment_id uuid not null references public.deployments (id) on delete cascade,
    verdict text not null,
    confidence numeric(4, 3),
    summary text,
    details text[] not null default '{}',
    created_at timestamptz not null default now(),
    constraint deployment_verdicts_deployment_key unique (deployment_id),
    constraint deployment_verdicts_verdict_known
        check (verdict in ('ok', 'warning', 'rollback_recommended'))
);

create table public.metric_samples (
    id uuid primary key default gen_random_uuid(),
    deployment_id uuid not null references public.deployments (id) on delete cascade,
    phase text not null,
    latency_p95 numeric(12, 3),
    error_rate numeric(9, 6),
    collected_at timestamptz not null default now(),
    constraint metric_samples_phase_known check (phase in ('pre', 'post'))
);

create index metric_samples_deployment on public.metric_samples (deployment_id);

create table public.sdh_hints (
    id uuid primary key default gen_random_uuid(),
    deployment_id uuid not null references public.deployments (id) on delete cascade,
    metric text not null,
    severity text not null,
    observed_value numeric(14, 4),
    threshold numeric(14, 4),
    secured_threshold numeric(14, 4),
    exceed_ratio numeric(10, 4),
    confidence numeric(4, 3),
    title text not null,
    diagnosis text,
    suggested_actions text[] not null default '{}',
    created_at timestamptz not null default now()
);

create index sdh_hints_deployment on public.sdh_hints (deployment_id);

create table public.subscriptions (
    id uuid primary key default gen_random_uuid(),
    project_id uuid not null references public.projects (id) on delete cascade,
    plan text not null,
    is_active boolean not null default true,
    current_period_end timestamp  -- without zone: UTC
);

create index subscriptions_project on public.subscriptions (project_id);

create table public.email_deliveries (
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

create index email_deliveries_user on public.email_deliveries (user_id);
create index email_deliveries_project on public.email_deliveries (project_id);
