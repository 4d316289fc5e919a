package io.seqpulse.cli.database;

import io.seqpulse.cli.database.Inventory.Column;
import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.CapturedTable.Column.Presence;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether someone's own database can be used as it is. Reads only, and names everything that is
 * missing at once, each with what to do.
 */
public final class Requirements {

    private static final int OLDEST = 140_000;

    /** Senders, journal, Debezium and we. */
    private static final int CONNECTIONS = 20;

    private final DatabaseAddress address;
    private final Connection connection;
    private final Inventory inventory;
    private final Path home;
    private final CaptureScripts capture;
    private final List<String> missing = new ArrayList<>();

    private Requirements(DatabaseAddress address, Connection connection, Path home) {
        this.address = address;
        this.connection = connection;
        this.inventory = new Inventory(connection);
        this.home = home;
        this.capture = CaptureScripts.of(home);
    }

    /** Makes a connection unable to write, whatever is asked of it. */
    public static void onlyRead(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("set default_transaction_read_only = on");
        }
    }

    /**
     * What is missing, a paragraph each; empty when the database can be used.
     *
     * @param slotIsOurs whether a replication slot of our name is one that this run continues from
     */
    public static List<String> missing(
            DatabaseAddress address, Connection connection, Path home, boolean slotIsOurs)
            throws SQLException {
        return new Requirements(address, connection, home).missing(slotIsOurs);
    }

    private List<String> missing(boolean slotIsOurs) throws SQLException {
        if (inventory.number("select current_setting('server_version_num')::integer") < OLDEST) {
            need(
                    "the server is PostgreSQL %s; 14 or newer is needed"
                            .formatted(inventory.text("show server_version").orElse("?")),
                    "upgrade it");
            return missing;
        }
        if (inventory.holds("select pg_is_in_recovery()")) {
            need(
                    "the server is a standby, which cannot be written to",
                    "give the primary's address");
            return missing;
        }
        server(slotIsOurs);
        rights();
        product();
        ours();
        return missing;
    }

    private void need(String what, String todo) {
        missing.add(what + "\n    -> " + todo);
    }

    private void server(boolean slotIsOurs) throws SQLException {
        String level = inventory.text("show wal_level").orElse("?");
        if (!level.equals("logical")) {
            need(
                    "wal_level is %s; reading changes needs logical".formatted(level),
                    "alter system set wal_level = 'logical'; then restart the server (managed ones have"
                            + " a setting of their own, such as rds.logical_replication = 1)");
        }
        Optional<ReplicationSlot> slot = ReplicationSlot.find(connection);
        if (slot.isEmpty()) {
            room(
                    "replication slots",
                    "max_replication_slots",
                    "select count(*) from pg_replication_slots");
        } else {
            slot(slot.get(), slotIsOurs);
        }
        room("WAL senders", "max_wal_senders", "select count(*) from pg_stat_replication");
        long free =
                inventory.number(
                        """
                        select current_setting('max_connections')::integer
                            - current_setting('superuser_reserved_connections')::integer
                            - count(*)
                        from pg_stat_activity where backend_type = 'client backend'
                        """);
        if (free < CONNECTIONS) {
            need(
                    "%s connections are free; %s are needed".formatted(free, CONNECTIONS),
                    "alter system set max_connections = …; then restart the server");
        }
    }

    private void room(String what, String setting, String used) throws SQLException {
        long most = inventory.number("select current_setting('" + setting + "')");
        long taken = inventory.number(used);
        if (taken >= most) {
            need(
                    "all %s %s are in use; one more is needed".formatted(most, what),
                    "alter system set %s = %s; then restart the server"
                            .formatted(setting, most + 4));
        }
    }

    private void slot(ReplicationSlot slot, boolean slotIsOurs) {
        String name = "replication slot " + ReplicationSlot.NAME;
        if (!address.name().equals(slot.database())) {
            need(
                    "%s is there for database %s; a server can have it once"
                            .formatted(name, slot.database()),
                    "stop using it there, or use another server");
        } else if (slot.isActive()) {
            need(
                    "%s is being read by another ./lifecycle (server process %s)"
                            .formatted(name, slot.activePid()),
                    "stop that one first");
        } else if (!slotIsOurs) {
            need(
                    name + " is there already, left by a run whose state is not given",
                    "continue that run with its --state DIR, or, if its folder is gone: "
                            + ReplicationSlot.DROP
                            + ";");
        } else if (slot.isLost()) {
            need(
                    name
                            + " is lost: it fell further behind than max_slot_wal_keep_size, and the"
                            + " changes since may be missing",
                    ReplicationSlot.DROP
                            + "; then start with a new --state folder: what was sent is remembered in"
                            + " the database");
        }
    }

    private void rights() throws SQLException {
        boolean replicates =
                inventory.holds(
                        """
                        select rolsuper or rolreplication
                            or exists (
                                select from pg_roles g
                                where g.rolname in ('rds_replication', 'rds_superuser')
                                    and pg_has_role(r.rolname, g.oid, 'member'))
                        from pg_roles r where r.rolname = current_user
                        """);
        String user = quoted(address.user());
        if (!replicates) {
            need(
                    "user %s may not replicate".formatted(address.user()),
                    "alter role %s replication; (on Amazon RDS: grant rds_replication to %s;)"
                            .formatted(user, user));
        } else if (missing.isEmpty()) {
            tryReplication();
        }
        if (!inventory.holds("select has_database_privilege(current_database(), 'create')")) {
            need(
                    "user %s may not create our schema and publication".formatted(address.user()),
                    "grant create on database %s to %s;".formatted(quoted(address.name()), user));
        }
        boolean tablesToMake =
                !inventory.hasRelation(Installation.JOURNAL)
                        || !inventory.hasRelation(Installation.PREFERENCES);
        if (tablesToMake && !inventory.holds("select has_schema_privilege('public', 'create')")) {
            need(
                    "user %s may not create tables in schema public".formatted(address.user()),
                    "grant create on schema public to %s;".formatted(user));
        }
        for (CapturedTable table : CapturedTable.values()) {
            Optional<String> owner =
                    inventory.text(
                            """
                            select r.rolname
                            from pg_class k join pg_roles r on r.oid = k.relowner
                            where k.oid = to_regclass(?)
                                and not pg_has_role(current_user, k.relowner, 'usage')
                            """,
                            table.qualifiedName());
            if (owner.isPresent()) {
                need(
                        "user %s does not own table %s, and only its owner can publish it"
                                .formatted(address.user(), table.qualifiedName()),
                        "connect as its owner, or: grant %s to %s;"
                                .formatted(quoted(owner.get()), user));
            }
        }
    }

    /** Asks for nothing but a greeting, over the protocol that Debezium will use. */
    private void tryReplication() {
        try (Connection replication = address.connectForReplication();
                Statement statement = replication.createStatement()) {
            statement.execute("IDENTIFY_SYSTEM");
        } catch (SQLException refused) {
            need(
                    "the server refuses a replication connection: " + refused.getMessage(),
                    "let user %s in by pg_hba.conf (a pooler in between cannot pass replication on:"
                                    .formatted(address.user())
                            + " give the server's own address)");
        }
    }

    private void product() throws SQLException {
        for (CapturedTable table : List.of(CapturedTable.USERS, CapturedTable.PROJECTS)) {
            String name = table.qualifiedName();
            if (!inventory.hasRelation(name)) {
                need(
                        "table %s is missing from database %s".formatted(name, address.name()),
                        "give the product's database");
            } else {
                columns(table);
                primaryKey(name);
            }
        }
        if (inventory.hasRelation(Installation.PREFERENCES)) {
            columns(CapturedTable.EMAIL_PREFERENCES);
        }
        if (inventory.hasRelation(Installation.JOURNAL)) {
            journal();
        }
        capture();
    }

    /** Whether what is captured can be read, and all of it be seen. */
    private void capture() throws SQLException {
        for (Map.Entry<String, String> table : inventory.uncapturable(capture).entrySet()) {
            if (!required(table.getKey()).isEmpty()
                    && inventory.identity(table.getKey()).isUsable()) {
                need(
                        "changes of table %s cannot be captured: %s"
                                .formatted(table.getKey(), table.getValue()),
                        "let %s be a plain or a partitioned table".formatted(table.getKey()));
            }
        }
        String together =
                inventory.hasPublication()
                        ? "; in one transaction between select lifecycle.release_table(…); and select lifecycle.publish_table(…);"
                        : ";";
        for (Inventory.Unreadable column : inventory.unreadable(capture)) {
            if (column.stops() && !required(column.table()).contains(column.column())) {
                need(
                        "column %s.%s %s"
                                .formatted(column.table(), column.column(), column.problem()),
                        column.remedy() + together);
            }
        }
        for (String table :
                inventory.texts(
                        "select name from (%s) h (name, role) where role = current_user"
                                .formatted(capture.body("hidden_rows")))) {
            need(
                    "row level security hides rows of table public.%s from user %s, and what is not seen would pass for deleted"
                            .formatted(table, address.user()),
                    "alter table public.%s no force row level security; (or, as a superuser: alter role %s bypassrls;)"
                            .formatted(table, quoted(address.user())));
        }
    }

    /** The columns of a table that {@link #columns} looks at. */
    private static Set<String> required(String table) {
        return Arrays.stream(CapturedTable.values())
                .filter(captured -> captured.qualifiedName().equals(table))
                .flatMap(captured -> captured.required().stream())
                .map(CapturedTable.Column::name)
                .collect(Collectors.toSet());
    }

    private void columns(CapturedTable captured) throws SQLException {
        String table = captured.qualifiedName();
        Map<String, Column> found = inventory.columns(table);
        List<Inventory.Unreadable> unreadable = inventory.unreadable(capture);
        for (CapturedTable.Column required : captured.required()) {
            String name = required.name();
            String type = required.type().sqlType();
            Column column = found.get(name);
            if (column == null) {
                need(
                        "table %s has no column %s".formatted(table, name),
                        "alter table %s add column %s %s;".formatted(table, name, type));
            } else if (!fits(column.type(), type)
                    && (required.presence() == Presence.WRITTEN
                            || unreadable.stream().anyMatch(u -> u.isOf(table, name)))) {
                need(
                        "column %s.%s is %s; it must be %s"
                                .formatted(table, name, column.type(), type),
                        "alter table %s alter column %s type %s using %s::%s;"
                                .formatted(table, name, type, name, type));
            }
        }
    }

    private void primaryKey(String table) throws SQLException {
        if (!inventory.identity(table).isUsable()) {
            need(
                    "table %s has no primary key, so its changes cannot be captured"
                            .formatted(table),
                    "alter table %s add primary key (id);".formatted(table));
        }
    }

    private static boolean fits(String actual, String wanted) {
        return actual.equals(wanted)
                || (wanted.equals("text")
                        && (actual.startsWith("character varying") || actual.equals("citext")));
    }

    /** The journal is the product's own: our rows must fit beside its. */
    private void journal() throws SQLException {
        String table = Installation.JOURNAL;
        columns(CapturedTable.EMAIL_DELIVERIES);
        primaryKey(table);
        boolean keyIsUnique =
                inventory.holds(
                        """
                        select exists (
                            select from pg_index i
                            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
                            where i.indrelid = to_regclass(?) and i.indisunique and i.indisvalid
                                and i.indnkeyatts = 1 and i.indpred is null
                                and a.attname = 'dedupe_key')
                        """,
                        table);
        if (!keyIsUnique) {
            need(
                    "column %s.dedupe_key is not unique".formatted(table),
                    "alter table %s add unique (dedupe_key);".formatted(table));
        }
        Map<String, String> added = Installation.columnsAdded(home, table);
        List<String> made = inventory.created().getOrDefault("column", List.of());
        Map<String, Column> unknown = new LinkedHashMap<>(inventory.columns(table));
        unknown.keySet().removeAll(required(table));
        unknown.forEach(
                (name, column) -> {
                    String type = added.get(name);
                    if (type == null) {
                        if (column.required()) {
                            need(
                                    "column %s.%s is not null and has no default, and we know nothing of it"
                                            .formatted(table, name),
                                    "alter table %s alter column %s set default …;"
                                            .formatted(table, name));
                        }
                    } else if (!made.contains(table + "." + name)
                            && (!fits(column.type(), type) || column.notNull())) {
                        need(
                                "column %s.%s is there already as %s%s; ours of that name is %s, and nullable"
                                        .formatted(
                                                table,
                                                name,
                                                column.type(),
                                                column.notNull() ? " not null" : "",
                                                type),
                                "alter table %s rename column %s to …;".formatted(table, name));
                    }
                });
        for (String check :
                inventory.texts(
                        "select conname || ': ' || pg_get_constraintdef(oid) from pg_constraint"
                                + " where conrelid = to_regclass(?) and contype = 'c'"
                                + " and pg_get_constraintdef(oid) ~ '\\mstatus\\M'",
                        table)) {
            for (String status : List.of("queued", "sent", "failed", "suppressed")) {
                if (!check.contains("'" + status + "'")) {
                    need(
                            "table %s does not let a status be '%s' (%s)"
                                    .formatted(table, status, check),
                            "add it to that constraint");
                }
            }
        }
    }

    /** What has our names must be ours, made by an earlier run. */
    private void ours() throws SQLException {
        boolean installed = inventory.hasRelation(Inventory.CREATED);
        if (!installed
                && inventory.holds(
                        "select exists (select from pg_class where relnamespace ="
                                + " (select oid from pg_namespace where nspname = 'lifecycle'))")) {
            need(
                    "schema lifecycle is there, but was not made by ./lifecycle up --database",
                    "if it comes from sql/migrations, that installation keeps the database; use one"
                            + " without it");
        }
        if (inventory.hasSchema("kpi")
                && !inventory.created().getOrDefault("schema", List.of()).contains("kpi")) {
            need(
                    "schema kpi is there, but was not made by ./lifecycle up --database",
                    "alter schema kpi rename to …; if it is the product's");
        }
        if (inventory.hasPublication()
                && !inventory
                        .created()
                        .getOrDefault("publication", List.of())
                        .contains(Inventory.PUBLICATION)) {
            need(
                    "publication %s is there, but was not made by ./lifecycle up --database"
                            .formatted(Inventory.PUBLICATION),
                    "drop publication %s; if nobody needs it".formatted(Inventory.PUBLICATION));
        }
    }

    private static String quoted(String name) {
        return name.matches("[a-z_][a-z0-9_]*") ? name : '"' + name.replace("\"", "\"\"") + '"';
    }
}
