package io.seqpulse.api.mail;

import io.seqpulse.api.Database;
import java.util.Optional;
import java.util.UUID;

/**
 * Reads mails as sent, as role {@code lifecycle_support}. An address leaves the database with its
 * first letter only.
 */
public final class SentMails {

    private static final String ONE =
            """
            select left(m.address, 1) || '***' || substring(m.address from '@.*$') as recipient,
                m.payload_json ->> 'language' as language,
                m.payload_json ->> 'subject' as subject,
                m.payload_json ->> 'html' as html,
                m.payload_json ->> 'text' as text
            from (
                select coalesce(e.recipient_address, u.email) as address, e.payload_json
                from public.email_deliveries e
                left join public.users u on u.id = e.user_id
                where e.id = ? and e.managed_by = 'lifecycle') as m
            """;

    private final Database database;

    /** Reads them as a role that may. */
    public SentMails(Database database) {
        this.database = database;
    }

    /** One of them; empty: no such line of the journal. Without content its texts are null. */
    public Optional<SentMail> find(UUID id) {
        return database
                .query(
                        ONE,
                        row ->
                                new SentMail(
                                        row.getString("recipient"),
                                        row.getString("language"),
                                        row.getString("subject"),
                                        row.getString("html"),
                                        row.getString("text")),
                        id)
                .stream()
                .findFirst();
    }
}
