-- A year of a product with ${users} users, at random and the same each time, without the checks of
-- foreign keys; and our tables as the pipeline leaves them for it.

set session_replication_role = replica;
select setseed(0.26);

insert into public.users (id, name, email, created_at)
select md5('user ' || n)::uuid, 'Somebody', n || '@example.com', now() - random() * interval '365 days'
from generate_series(1, ${users}) n;

insert into public.projects (id, name, owner_id, plan, created_at)
select
    md5('project ' || u.id)::uuid, 'A project', u.id,
    case when random() < 0.12 then 'pro' else 'free' end,
    u.created_at + power(random(), 2) * interval '80 hours'
from public.users u
where random() < 0.7;

insert into public.deployments (id, deployment_number, project_id, state, started_at, finished_at)
select
    gen_random_uuid(), d.n, p.id, 'analyzed', d.started_at, d.started_at + interval '5 minutes'
from public.projects p
cross join lateral (
    select n, p.created_at + (0.3 + random()) * n * interval '60 hours' as started_at
    from generate_series(1, 14 + (random() < 0.2857)::integer) n) d;

insert into public.deployment_verdicts (id, deployment_id, verdict, created_at)
select
    gen_random_uuid(), d.id, case when random() < 0.1 then 'warning' else 'ok' end,
    d.finished_at + interval '1 minute'
from public.deployments d
where random() < 0.8;

insert into public.email_deliveries
    (id, user_id, project_id, email_type, dedupe_key, status, sent_at, created_at)
select
    m.id, p.owner_id, p.id, m.code, m.id, 'sent', m.sent_at, m.sent_at
from public.projects p
cross join lateral (
    select
        md5(n || ' ' || p.id)::uuid as id,
        case when n = 1 then 'E-CONV-01' when n = 2 then 'E-CONV-03' else 'E-ACT-05' end as code,
        p.created_at + random() * interval '30 days' as sent_at
    from generate_series(1, 4) n
    where random() < case when n <= 2 then 0.1 else 0.35 end) m;

insert into public.email_events (id, email_delivery_id, event_type, occurred_at, machine)
select gen_random_uuid(), d.id, 'opened', d.sent_at + interval '1 hour', random() < 0.3
from public.email_deliveries d
where d.email_type = 'E-ACT-05' and random() < 0.6;

set session_replication_role = origin;

insert into kpi.definition (kpi, position, title, description, available)
select kpi, 1, kpi, kpi, true
from unnest(array[
    'signup_to_project_24h', 'project_to_first_verdict_72h', 'free_to_pro_from_quota_emails',
    'critical_alert_open_rate']) kpi;

insert into kpi.generation (generation, complete_at) values (1, now());

insert into kpi.cohort_rows
select
    1, 'signup_to_project_24h', date_trunc('minute', u.created_at),
    count(*) filter (where exists (
        select from public.projects p
        where p.owner_id = u.id and p.created_at <= u.created_at + interval '24 hours')),
    count(*)
from public.users u
group by 3;

insert into kpi.cohort_rows
select
    1, 'project_to_first_verdict_72h', date_trunc('minute', c.created_at),
    count(*) filter (where c.first_verdict_at <= c.created_at + interval '72 hours'), count(*)
from (
    select p.id, p.created_at, min(v.created_at) as first_verdict_at
    from public.projects p
    left join public.deployments d on d.project_id = p.id
    left join public.deployment_verdicts v on v.deployment_id = d.id
    group by p.id) c
group by 3;

insert into kpi.cohort_rows
select
    1, 'critical_alert_open_rate', date_trunc('minute', d.sent_at),
    count(*) filter (where exists (
        select from public.email_events e
        where e.email_delivery_id = d.id and e.event_type = 'opened')),
    count(*)
from public.email_deliveries d
where d.email_type = 'E-ACT-05' and d.status = 'sent'
group by 3;

insert into kpi.exposure_rows
select 1, d.project_id, d.id, d.email_type, date_trunc('minute', d.sent_at), p.plan = 'pro'
from public.email_deliveries d
join public.projects p on p.id = d.project_id
where d.email_type in ('E-CONV-01', 'E-CONV-03') and d.status = 'sent';

insert into kpi.activity_rows
select 1, 'deployment_started', date_trunc('minute', started_at), count(*)
from public.deployments
group by 3
union all
select 1, 'verdict_' || verdict, date_trunc('minute', created_at), count(*)
from public.deployment_verdicts
group by 2, 3
union all
select 1, 'signup', date_trunc('minute', created_at), count(*)
from public.users
group by 3
union all
select 1, 'project_created', date_trunc('minute', created_at), count(*)
from public.projects
group by 3;

insert into kpi.email_rows
select 1, email_type, status, '', date_trunc('minute', sent_at), count(*)
from public.email_deliveries
group by 2, 3, 5;

call kpi.add_up_hours();

vacuum analyze;
