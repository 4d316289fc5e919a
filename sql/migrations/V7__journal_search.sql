-- The journal as people look through it: newest first, page by page; of one person, of one project,
-- of one email, or with one outcome.

create index if not exists email_deliveries_lifecycle_newest
    on public.email_deliveries (created_at desc, id desc)
    where managed_by = 'lifecycle';

create index if not exists email_deliveries_lifecycle_user
    on public.email_deliveries (user_id, created_at desc, id desc)
    where managed_by = 'lifecycle';

create index if not exists email_deliveries_lifecycle_project
    on public.email_deliveries (project_id, created_at desc, id desc)
    where managed_by = 'lifecycle' and project_id is not null;

create index if not exists email_deliveries_lifecycle_code
    on public.email_deliveries (email_type, created_at desc, id desc)
    where managed_by = 'lifecycle';

create index if not exists email_deliveries_lifecycle_outcome
    on public.email_deliveries (status, created_at desc, id desc)
    where managed_by = 'lifecycle';
