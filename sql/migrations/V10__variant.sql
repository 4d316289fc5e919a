-- Which variant of its rule's experiment an email is: the subject it was sent with (a, b), or holdout
-- where its recipient was kept from getting it, for comparison; null: the rule tries nothing out.
alter table public.email_deliveries
    add column if not exists variant text;
