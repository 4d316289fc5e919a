-- What clock messages are signed with, for a logical message is written by whoever is connected.
-- Who may read the key may say how far the log has come, and which tables are empty.
create table lifecycle.clock_key (
    key bytea not null,
    -- What was written before need not be signed: it was by a release that did not.
    signs_from timestamptz not null default now() + interval '1 minute',
    constraint clock_key_pkey primary key (key)
);

insert into lifecycle.clock_key values (
    sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));
