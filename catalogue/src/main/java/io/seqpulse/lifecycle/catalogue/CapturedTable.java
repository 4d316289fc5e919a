package io.seqpulse.lifecycle.catalogue;

import io.seqpulse.lifecycle.catalogue.CapturedTable.Column.Type;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The product's tables that are captured, in the order in which a snapshot reads them, parents
 * first, and of each the columns that leave the database. This is the one declaration: the SQL that
 * publishes them and checks their types and the lists of the connector are written from it ({@code
 * CapturedTableTest}), and the job's mapper is held to read these columns and no others. No secret
 * is on it and no payload.
 */
public enum CapturedTable {
    USERS(
            0,
            key("id"),
            text("name"),
            text("first_name"),
            word("email"),
            flag("is_active"),
            text("locale"),
            text("timezone"),
            flag("twofa_enabled"),
            time("twofa_enabled_at"),
            time("created_at"),
            time("updated_at").dispensable()),
    PROJECTS(
            1,
            key("id"),
            text("name"),
            key("owner_id"),
            word("plan"),
            time("created_at"),
            time("updated_at").dispensable()),
    PROJECT_MEMBERS(
            2,
            id("id"),
            id("project_id"),
            id("user_id"),
            word("email"),
            word("role").dispensable(),
            flag("on_call")),
    EMAIL_PREFERENCES(3, key("user_id"), flag("marketing_opt_in"), flag("product_updates_opt_in")),
    DEPLOYMENTS(
            4,
            id("id"),
            number("deployment_number"),
            id("project_id"),
            word("env"),
            text("branch"),
            word("state"),
            time("started_at"),
            time("finished_at")),
    METRIC_SAMPLES(
            5,
            id("id"),
            id("deployment_id"),
            word("phase"),
            number("latency_p95"),
            number("error_rate"),
            time("collected_at")),
    SDH_HINTS(
            6,
            id("id"),
            id("deployment_id"),
            word("severity"),
            text("title"),
            list("suggested_actions"),
            time("created_at")),
    DEPLOYMENT_VERDICTS(
            7,
            id("id"),
            id("deployment_id"),
            word("verdict"),
            number("confidence"),
            text("summary"),
            time("created_at")),
    QUOTA_REFUSALS(8, id("id"), id("project_id"), time("attempted_at"), number("used")),
    FEATURE_GATE_EVENTS(9, id("id"), id("user_id"), id("project_id"), text("feature"), time("at")),
    EMAIL_DELIVERIES(
            10,
            key("id"),
            key("user_id"),
            key("project_id"),
            word("email_type"),
            word("dedupe_key"),
            word("status"),
            word("reason").dispensable(),
            time("sent_at"),
            time("caused_at"),
            time("decided_at"),
            time("created_at"),
            text("recipient_address")),
    EMAIL_EVENTS(
            11,
            id("id"),
            id("email_delivery_id"),
            word("event_type"),
            time("occurred_at"),
            flag("machine"));

    private static final Map<String, CapturedTable> BY_NAME =
            Arrays.stream(values()).collect(Collectors.toMap(CapturedTable::label, t -> t));

    /**
     * A captured column.
     *
     * @param name as the product has it
     * @param type how the job reads it
     * @param needed whether the job refuses to start where the log never holds the column, as one
     *     that the database computes
     */
    public record Column(String name, Type type, boolean needed) {

        /** How a column is read, and so which of the database's types it may have. */
        public enum Type {
            /** A uuid that our own tables refer to. */
            KEY,
            TIME,
            FLAG,
            /** Text that is compared; text of fixed length has blanks at its end. */
            WORD,
            LIST,
            NUMBER,
            ID,
            TEXT;

            /** The name as it stands in the SQL. */
            String label() {
                return name().toLowerCase(Locale.ROOT);
            }
        }

        private Column dispensable() {
            return new Column(name, type, false);
        }
    }

    private static final CapturedTable[] BY_ID = values();

    static {
        for (int id = 0; id < BY_ID.length; id++) {
            if (BY_ID[id].id != id) {
                throw new IllegalStateException("ids are in order: " + BY_ID[id]);
            }
        }
    }

    private static final Set<String> LABELS = Set.copyOf(BY_NAME.keySet());

    private final String label = name().toLowerCase(Locale.ROOT).intern();
    private final int id;
    private final List<Column> columns;

    CapturedTable(int id, Column... columns) {
        this.id = id;
        this.columns = List.of(columns);
    }

    /** The table of a name, in schema {@code public}; none where it is not captured. */
    public static Optional<CapturedTable> of(String name) {
        return Optional.ofNullable(name == null ? null : BY_NAME.get(name));
    }

    /** The table of a number. */
    public static CapturedTable byId(int id) {
        return BY_ID[id];
    }

    /** The number by which messages know it; never reused. */
    public int id() {
        return id;
    }

    /** The names of all of them. */
    public static Set<String> labels() {
        return LABELS;
    }

    /** The name in the database. */
    public String label() {
        return label;
    }

    /**
     * Where a column stands among {@link #columns}.
     *
     * @throws IllegalArgumentException if it is not captured
     */
    public int position(String column) {
        for (int position = 0; position < columns.size(); position++) {
            if (columns.get(position).name().equals(column)) {
                return position;
            }
        }
        throw new IllegalArgumentException(label + "." + column + " is not captured");
    }

    /** Its captured columns; the first is the primary key. */
    public List<Column> columns() {
        return columns;
    }

    private static Column key(String name) {
        return new Column(name, Type.KEY, true);
    }

    private static Column time(String name) {
        return new Column(name, Type.TIME, true);
    }

    private static Column flag(String name) {
        return new Column(name, Type.FLAG, true);
    }

    private static Column word(String name) {
        return new Column(name, Type.WORD, true);
    }

    private static Column list(String name) {
        return new Column(name, Type.LIST, false);
    }

    private static Column number(String name) {
        return new Column(name, Type.NUMBER, false);
    }

    private static Column id(String name) {
        return new Column(name, Type.ID, true);
    }

    private static Column text(String name) {
        return new Column(name, Type.TEXT, false);
    }
}
