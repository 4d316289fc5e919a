package io.seqpulse.quickstart.traffic;

import java.sql.SQLException;

/** What people do with their mail. */
final class Readers implements Story {

    private final ProductRows rows;
    private final People people;
    private final Agenda agenda;

    Readers(Stage stage) {
        this.rows = stage.rows();
        this.people = stage.people();
        this.agenda = stage.agenda();
    }

    @Override
    public void plan() {
        agenda.repeat(10_000, 1_000, this::read);
        agenda.repeat(15_000, 8_000, this::lookAtTheVerdict);
    }

    /** Somebody opens one of the last mails; some then follow its link. */
    private int read() throws SQLException {
        return rows.write(
                """
                insert into public.email_events (email_delivery_id, event_type, machine)
                select d.id, case when opened then 'clicked' else 'opened' end, ? and not opened
                from (
                    select d.id, exists (
                        select from public.email_events e where e.email_delivery_id = d.id) as opened
                    from public.email_deliveries d
                    where d.managed_by = 'lifecycle' and d.status = 'sent'
                        and d.created_at > now() - interval '2 minutes'
                    order by random()
                    limit 1) d
                """,
                people.oneIn(6));
    }

    /** Somebody who was alerted looks at the deployment. */
    private int lookAtTheVerdict() throws SQLException {
        return rows.write(
                """
                insert into public.usage_events (user_id, kind, deployment_id)
                select d.user_id, 'verdict_viewed', v.deployment_id
                from public.email_deliveries d
                join public.email_events e
                    on e.email_delivery_id = d.id and e.event_type = 'opened' and not e.machine
                join public.deployment_verdicts v
                    on v.deployment_id::text = split_part(d.dedupe_key, ':', 2)
                where d.managed_by = 'lifecycle' and d.status = 'sent'
                    and d.email_type = 'E-ACT-05'
                    and d.created_at > now() - interval '2 minutes'
                order by random()
                limit 1
                """);
    }
}
