package io.seqpulse.api.mail;

import io.seqpulse.api.Database;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/**
 * Finds what one person was and was not sent, by us and by the product itself, as role {@code
 * lifecycle_support}: by the address of today, by the one a mail was written to, or by the user's
 * id. Addresses are asked with and never answered.
 */
public final class RecipientSearch {

    /** Most products have an index on the address as it is written; hardly any on another form. */
    private static final String BY_ADDRESS = "select id from public.users where email = any (?)";

    private static final String BY_ANY_CASE =
            "select id from public.users where lower(email::text) = ?";

    private static final String COLUMNS =
            """
            id as delivery_id, email_type as code, status::text as outcome, reason, category,
            project_id, coalesce(created_at, sent_at, 'epoch') as created_at, sent_at,
            next_attempt_at, coalesce(attempts, 0) as attempts, expires_at, caused_at, decided_at,
            variant
            """;

    /**
     * Theirs first, by the indexes of who they are, and then the page: for a page by time alone,
     * the whole journal might have to be read through before enough of theirs were found. Of the
     * product's own rows those that were sent: they hold marketing back, and have an index. Whether
     * those say when they were created is up to the product.
     */
    private static final String OF_JOURNAL =
            """
            with theirs as materialized (
                select 'lifecycle' as managed_by, %1$s
                from public.email_deliveries
                where managed_by = 'lifecycle' and (%2$s)
                union all
                select 'product', %1$s
                from public.email_deliveries
                where managed_by is distinct from 'lifecycle' and status = 'sent' and (%2$s))
            select * from theirs
            """;

    private final Database database;
    private final WaitingEmails waiting;

    /** Reads them as a role that may. */
    public RecipientSearch(Database database) {
        this.database = database;
        this.waiting = new WaitingEmails(database);
    }

    /**
     * Who is searched for.
     *
     * @param users as whom the product knows them now
     * @param address to which mails were written, in lower case; null: nobody asked for one
     */
    record Recipient(List<UUID> users, String address) {

        static Recipient of(UUID user) {
            return new Recipient(List.of(user), null);
        }
    }

    /** Who has an address, in whatever case it is written. */
    Recipient named(String address) {
        return new Recipient(usersOf(address), address.toLowerCase(Locale.ROOT));
    }

    /** What they were and were not sent, as far as a filter lets it pass. */
    List<Delivery> deliveries(Recipient recipient, DeliveryFilter filter) {
        List<String> whose =
                new ArrayList<>(Collections.nCopies(recipient.users.size(), "user_id = ?"));
        List<Object> values = new ArrayList<>(recipient.users);
        if (recipient.address != null) {
            whose.add("lower(recipient_address) = ?");
            values.add(recipient.address);
        }
        return find(String.join(" or ", whose), values, filter);
    }

    /** What is under way to them, or to others about their projects. */
    List<WaitingEmail> waiting(Recipient recipient, DeliveryFilter filter) {
        return waiting.ofUsers(recipient.users, filter);
    }

    private List<UUID> usersOf(String address) {
        String lower = address.toLowerCase(Locale.ROOT);
        Set<String> forms = new TreeSet<>(List.of(address, lower));
        List<UUID> users = users(BY_ADDRESS, (Object) forms.toArray(String[]::new));
        return users.isEmpty() ? users(BY_ANY_CASE, lower) : users;
    }

    private List<UUID> users(String sql, Object value) {
        return database.query(sql, row -> row.getObject("id", UUID.class), value);
    }

    private List<Delivery> find(String whose, List<?> values, DeliveryFilter filter) {
        Deliveries.Conditions conditions = new Deliveries.Conditions(filter);
        List<Object> all = new ArrayList<>(values);
        all.addAll(values);
        all.addAll(conditions.values());
        return database.query(
                OF_JOURNAL.formatted(COLUMNS, whose) + conditions.sql(),
                Deliveries::delivery,
                all.toArray());
    }
}
