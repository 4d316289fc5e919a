package io.seqpulse.quickstart;

import static io.seqpulse.cli.database.SomebodysPostgres.column;
import static io.seqpulse.cli.database.SomebodysPostgres.execute;

import io.seqpulse.cli.database.DatabaseAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * What the product did before us, and does again after us, as its documents describe it
 * (requirements.md, R3, R4, R10, R19): {@code email_send} jobs in {@code scheduled_jobs}, a key
 * that is never sent twice, one marketing email in 24 hours. It knows nothing of our columns.
 */
final class ProductPoller {

    private static final String MARKETING = "'E-ACT-01', 'E-CONV-01', 'E-CONV-02', 'E-CONV-04'";

    private final DatabaseAddress database;
    private final List<String> sent = new ArrayList<>();

    ProductPoller(DatabaseAddress database) {
        this.database = database;
        execute(
                database,
                """
                create table public.scheduled_jobs (
                    id uuid primary key default gen_random_uuid(),
                    job_type text not null,
                    status text not null default 'pending',
                    job_metadata jsonb not null,
                    created_at timestamptz not null default now()
                )
                """);
    }

    /** The application wants an email sent; it does so whether the poller runs or not. */
    void schedule(UUID user, String emailType, String key) {
        execute(
                database,
                """
                insert into public.scheduled_jobs (job_type, job_metadata)
                values ('email_send', jsonb_build_object(
                    'email_type', '%s', 'user_id', '%s', 'dedupe_key', '%s'))
                """
                        .formatted(emailType, user, key));
    }

    /** Takes every pending job: sends it, unless its key is taken or the recipient had enough. */
    void runJobs() {
        for (String job :
                column(
                        database,
                        "select id from public.scheduled_jobs where job_type = 'email_send'"
                                + " and status = 'pending' order by created_at, id")) {
            execute(
                    database,
                    """
                    update public.scheduled_jobs j
                    set status = case
                        when exists (
                            select from public.email_deliveries d
                            where d.dedupe_key = j.job_metadata ->> 'dedupe_key')
                            then 'duplicate'
                        when j.job_metadata ->> 'email_type' in (%s) and exists (
                            select from public.email_deliveries d
                            where d.user_id = (j.job_metadata ->> 'user_id')::uuid
                                and d.email_type in (%s) and d.status = 'sent'
                                and d.sent_at > now() - interval '24 hours')
                            then 'capped'
                        else 'running'
                    end
                    where j.id = '%s'
                    """
                            .formatted(MARKETING, MARKETING, job));
            execute(
                    database,
                    """
                    insert into public.email_deliveries (user_id, email_type, dedupe_key, status)
                    select (job_metadata ->> 'user_id')::uuid, job_metadata ->> 'email_type',
                        job_metadata ->> 'dedupe_key', 'queued'
                    from public.scheduled_jobs where id = '%s' and status = 'running'
                    """
                            .formatted(job));
        }
        sendQueued();
        execute(
                database,
                "update public.scheduled_jobs set status = 'done' where status = 'running'");
    }

    /** Also what an earlier run of it left queued: whatever row says so, it takes for its own. */
    private void sendQueued() {
        sent.addAll(
                column(
                        database,
                        "update public.email_deliveries set status = 'sent', sent_at = now()"
                                + " where status = 'queued' returning dedupe_key"));
    }

    /** The keys it has sent, in order. */
    List<String> sent() {
        return List.copyOf(sent);
    }

    /** What became of its jobs: key and status. */
    List<String> jobs() {
        return column(
                database,
                "select (job_metadata ->> 'dedupe_key') || ' ' || status"
                        + " from public.scheduled_jobs order by created_at, id");
    }
}
