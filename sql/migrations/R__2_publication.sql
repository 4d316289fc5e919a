-- The publication that Debezium reads, over those of the captured tables that exist.
-- Run at every migration, because the product may have gained a table: ${flyway:timestamp}
--
-- Rows of a partitioned table are told as rows of that table. TRUNCATE is told, too. A table without any usable identity
-- would refuse updates once published, so it is left out, and the rules that need it are inert.

do $publication$
begin
    if not exists (select from pg_publication where pubname = 'seqpulse_lifecycle') then
        create publication seqpulse_lifecycle with (publish_via_partition_root = true);
    end if;
    perform lifecycle.publish_tables();
end
$publication$;

-- A later change of a table (its primary key is dropped, its identity becomes full, a column goes
-- with cascade) brings the publication along at once. Without a superuser somebody has to watch:
-- ./lifecycle up does, and sql/checks/capture.sql says it.
do $follow$
begin
    drop event trigger if exists seqpulse_lifecycle_follow;
    create event trigger seqpulse_lifecycle_follow on ddl_command_end
        when tag in (
            'ALTER TABLE', 'CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'DROP TABLE',
            'DROP INDEX', 'DROP TYPE', 'DROP DOMAIN', 'DROP SCHEMA', 'DROP EXTENSION',
            'DROP OWNED')
        execute function lifecycle.follow_tables();
exception
    when insufficient_privilege then
        raise notice 'no superuser: changes of captured tables are not followed, but watched';
end
$follow$;
