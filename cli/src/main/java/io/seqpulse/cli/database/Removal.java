package io.seqpulse.cli.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What takes our things out of someone's own database again, and what gives the mails we have not
 * sent back to the product.
 */
public final class Removal {

    private static final String OURS = "managed_by = 'lifecycle'";

    /**
     * What certainly was not sent frees its key, so that the product may send it; what may have
     * been sent keeps it.
     */
    private static final List<String> HAND_BACK =
            List.of(
                    """
                    -- May have been sent: nobody knows, so nobody sends it again.
                    update public.email_deliveries
                    set status = 'failed', reason = 'unconfirmed', phase = null, lease_token = null,
                        lease_until = null
                    where managed_by = 'lifecycle' and status = 'queued' and phase = 'final'""",
                    """
                    -- Was not sent: its key is the product's again.
                    update public.email_deliveries d
                    set status = 'suppressed', reason = 'held', phase = null, lease_token = null,
                        lease_until = null,
                        dedupe_key = d.dedupe_key || '#held' || case
                            when exists (
                                select from public.email_deliveries taken
                                where taken.dedupe_key = d.dedupe_key || '#held')
                            then ':' || d.id else '' end
                    where managed_by = 'lifecycle' and status = 'queued'""");

    private final Inventory inventory;
    private final List<String> before = new ArrayList<>();
    private final List<String> statements = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    private Removal(Connection connection) {
        this.inventory = new Inventory(connection);
    }

    /** What keeps us from touching anything there now, or empty. */
    public static Optional<String> obstacle(DatabaseAddress address, Connection connection)
            throws SQLException {
        Optional<ReplicationSlot> slot = ReplicationSlot.find(connection);
        if (slot.isPresent()
                && slot.get().isActive()
                && address.name().equals(slot.get().database())) {
            return Optional.of(
                    "a ./lifecycle is reading this database (server process %s): stop it first"
                            .formatted(slot.get().activePid()));
        }
        long senders =
                new Inventory(connection)
                        .number(
                                "select count(*) from pg_stat_activity where application_name like"
                                        + " 'seqpulse-email-%' and datname = current_database()");
        if (senders > 0) {
            return Optional.of(
                    "senders of a ./lifecycle are connected to this database: stop it first");
        }
        return Optional.empty();
    }

    /** What keeps us from removing everything, or empty. */
    public static Optional<String> obstacleToPurge(Connection connection) throws SQLException {
        boolean othersTrigger =
                new Inventory(connection)
                        .holds(
                                "select exists (select from pg_event_trigger where evtname = ?"
                                        + " and not pg_has_role(evtowner, 'usage'))",
                                Inventory.FOLLOW);
        return othersTrigger
                ? Optional.of(
                        "event trigger %s uses a function of ours and is a superuser's: let one run drop event trigger %s; first"
                                .formatted(Inventory.FOLLOW, Inventory.FOLLOW))
                : Optional.empty();
    }

    /** Removes everything we made, our rows with it. */
    public static SqlPlan purge(DatabaseAddress address, Connection connection)
            throws SQLException {
        Removal removal = new Removal(connection);
        removal.dropSlot(address, connection);
        removal.removeEverything();
        return new SqlPlan(removal.before, removal.statements, removal.notes);
    }

    /** Gives what is still queued back to the product; what was sent stays journalled. */
    public static SqlPlan handBack(DatabaseAddress address, Connection connection)
            throws SQLException {
        Removal removal = new Removal(connection);
        removal.dropSlot(address, connection);
        if (removal.inventory.columns(Installation.JOURNAL).containsKey("managed_by")) {
            boolean queued =
                    removal.inventory.holds(
                            "select exists (select from public.email_deliveries where "
                                    + OURS
                                    + " and status = 'queued')");
            if (queued) {
                removal.statements.addAll(HAND_BACK);
            }
        }
        return new SqlPlan(removal.before, removal.statements, removal.notes);
    }

    private void dropSlot(DatabaseAddress address, Connection connection) throws SQLException {
        Optional<ReplicationSlot> slot = ReplicationSlot.find(connection);
        if (slot.isPresent() && address.name().equals(slot.get().database())) {
            before.add(ReplicationSlot.DROP);
        }
    }

    private void removeEverything() throws SQLException {
        Map<String, List<String>> created = inventory.created();
        if (!inventory.hasRelation(Inventory.CREATED)) {
            return;
        }
        if (inventory.hasEventTrigger()) {
            statements.add("drop event trigger " + Inventory.FOLLOW);
        }
        if (created.containsKey("publication") && inventory.hasPublication()) {
            statements.add("drop publication " + Inventory.PUBLICATION);
        }
        List<String> tables = created.getOrDefault("table", List.of());
        warnOfForgetting();
        removeKpis(created);
        if (tables.contains(Installation.JOURNAL) && isOnlyOurs(Installation.JOURNAL, OURS)) {
            statements.add("drop table " + Installation.JOURNAL);
        } else {
            cleanJournal(created);
        }
        if (tables.contains(Installation.PREFERENCES)
                && isOnlyOurs(Installation.PREFERENCES, "false")) {
            statements.add("drop table " + Installation.PREFERENCES);
        }
        for (String table :
                inventory.texts(
                        "select format('lifecycle.%I', tablename) from pg_tables"
                                + " where schemaname = 'lifecycle' order by tablename")) {
            statements.add("drop table " + table);
        }
        for (String function :
                inventory.texts(
                        "select oid::regprocedure::text from pg_proc"
                                + " where pronamespace = to_regnamespace('lifecycle')"
                                + " order by 1")) {
            statements.add("drop function " + function);
        }
        if (created.getOrDefault("schema", List.of()).contains("lifecycle")) {
            statements.add("drop schema lifecycle");
        }
    }

    /** Views first, since one of them shows the journal; those that others rest on last. */
    private void removeKpis(Map<String, List<String>> created) throws SQLException {
        if (!created.getOrDefault("schema", List.of()).contains("kpi")) {
            return;
        }
        for (String object :
                inventory.texts(
                        """
                        select format(
                            '%s %s', case p.prokind when 'p' then 'procedure' else 'function' end,
                            p.oid::regprocedure)
                        from pg_proc p where p.pronamespace = to_regnamespace('kpi')
                        union all
                        select format(
                            '%s kpi.%I', case k.relkind when 'v' then 'view' else 'table' end,
                            k.relname)
                        from (
                            select c.*,
                                case when c.relname = 'current_generation' then 1
                                    when c.relkind = 'r' then 2 else 0 end as place
                            from pg_class c
                            where c.relnamespace = to_regnamespace('kpi')
                                and c.relkind in ('v', 'r')
                            order by place, c.relname) k
                        """)) {
            statements.add("drop " + object);
        }
        statements.add("drop schema kpi");
    }

    /**
     * Whether a table that we made can go: no row of others in it, and no table of theirs on it.
     */
    private boolean isOnlyOurs(String table, String ours) throws SQLException {
        if (!inventory.hasRelation(table)) {
            return false;
        }
        boolean othersRows =
                inventory.holds(
                        "select exists (select from %s where (%s) is not true)"
                                .formatted(table, ours));
        List<String> dependents =
                inventory.texts(
                        "select distinct conrelid::regclass::text from pg_constraint"
                                + " where contype = 'f' and confrelid = to_regclass(?)"
                                + " and conrelid <> confrelid",
                        table);
        if (othersRows) {
            notes.add("Kept, because it has rows that are not ours: " + table);
        } else if (!dependents.isEmpty()) {
            notes.add(
                    "Kept, because %s refers to it: %s"
                            .formatted(String.join(", ", dependents), table));
        }
        return !othersRows && dependents.isEmpty();
    }

    private void warnOfForgetting() throws SQLException {
        if (!inventory.columns(Installation.JOURNAL).containsKey("managed_by")) {
            return;
        }
        long sent =
                inventory.number(
                        "select count(*) from public.email_deliveries where "
                                + OURS
                                + " and status = 'sent'");
        if (sent > 0) {
            notes.add(
                    "With our rows goes what we remember of %s emails sent: whoever sends next may"
                                    .formatted(sent)
                            + " send them again.");
        }
    }

    private void cleanJournal(Map<String, List<String>> created) throws SQLException {
        Map<String, Inventory.Column> columns = inventory.columns(Installation.JOURNAL);
        if (columns.containsKey("managed_by")) {
            statements.add("delete from %s where %s".formatted(Installation.JOURNAL, OURS));
        }
        for (String index : reversed(created.get("index"))) {
            if (inventory.hasRelation(index)) {
                statements.add("drop index " + index);
            }
        }
        String prefix = Installation.JOURNAL + ".";
        List<String> drops =
                reversed(created.get("column")).stream()
                        .filter(column -> column.startsWith(prefix))
                        .map(column -> column.substring(prefix.length()))
                        .filter(columns::containsKey)
                        .map(column -> "    drop column " + column)
                        .toList();
        if (!drops.isEmpty()) {
            statements.add(
                    "alter table %s\n%s"
                            .formatted(Installation.JOURNAL, String.join(",\n", drops)));
        }
    }

    private static List<String> reversed(List<String> names) {
        List<String> reversed = new ArrayList<>(names == null ? List.of() : names);
        Collections.reverse(reversed);
        return reversed;
    }
}
