package io.seqpulse.lifecycle.catalogue;

import io.seqpulse.lifecycle.catalogue.CapturedTable.Column.Presence;
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
 * publishes them and checks their types, the lists of the connector and the table of {@code
 * docs/operations.md} are written from it ({@code CapturedTableTest}), the check of somebody's own
 * database and the KPIs ask it, and the job's mapper is held to read these columns and no others.
 * No secret is captured and no payload.
 */
public enum CapturedTable {
    USERS(
            0,
            key("id").forKpis(),
            text("name"),
            text("first_name"),
            word("email").required(),
            flag("is_active").required(),
            text("locale"),
            text("timezone"),
            flag("twofa_enabled"),
            time("twofa_enabled_at"),
            time("created_at").forKpis(),
            time("updated_at").optional()),
    PROJECTS(
            1,
            key("id").forKpis(),
            text("name"),
            key("owner_id").forKpis(),
            word("plan").required().forKpis(),
            time("created_at").forKpis(),
            time("updated_at").optional()),
    PROJECT_MEMBERS(
            2,
            id("id"),
            id("project_id"),
            id("user_id"),
            word("email"),
            word("role").optional(),
            flag("on_call")),
    EMAIL_PREFERENCES(
            3,
            key("user_id"),
            flag("marketing_opt_in").required(),
            flag("product_updates_opt_in").required()),
    DEPLOYMENTS(
            4,
            id("id").forKpis(),
            number("deployment_number"),
            id("project_id").forKpis(),
            word("env"),
            text("branch"),
            word("state").forKpis(),
            time("started_at").forKpis(),
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
            id("id").forKpis(),
            id("deployment_id").forKpis(),
            word("verdict"),
            number("confidence"),
            text("summary"),
            time("created_at").forKpis()),
    QUOTA_REFUSALS(8, id("id"), id("project_id"), time("attempted_at"), number("used")),
    FEATURE_GATE_EVENTS(9, id("id"), id("user_id"), id("project_id"), text("feature"), time("at")),
    EMAIL_DELIVERIES(
            10,
            key("id").forKpis(),
            key("user_id"),
            key("project_id").forKpis(),
            word("email_type").required().forKpis(),
            word("dedupe_key").required(),
            word("status").required().forKpis(),
            word("reason").optional(),
            time("sent_at").required().forKpis(),
            time("caused_at"),
            time("decided_at"),
            time("created_at").required(),
            text("recipient_address"),
            word("variant").optional(),
            written("provider_message_id", Type.TEXT),
            written("payload_json", Type.JSON),
            written("error_message", Type.TEXT)),
    EMAIL_EVENTS(
            11,
            id("id").forKpis(),
            id("email_delivery_id").forKpis(),
            word("event_type").forKpis(),
            time("occurred_at"),
            flag("machine")),
    PROJECT_INVITATIONS(
            12,
            id("id"),
            id("project_id"),
            id("inviter_id"),
            text("email"),
            time("created_at"),
            time("accepted_at"),
            time("declined_at"),
            time("revoked_at"),
            time("expires_at")),
    LOGIN_EVENTS(
            13, id("id"), id("user_id"), time("at"), text("country"), text("city"), text("device")),
    PAYMENT_EVENTS(
            14,
            id("id"),
            id("subscription_id"),
            id("project_id"),
            id("invoice_id"),
            word("kind"),
            number("amount_cents"),
            text("currency"),
            text("invoice_url"),
            time("at")),
    NPS_RESPONSES(15, id("id"), id("user_id"), number("score"), time("at")),
    USAGE_EVENTS(16, id("id"), id("user_id"), word("kind"), id("deployment_id"), time("at"));

    private static final Map<String, CapturedTable> BY_NAME =
            Arrays.stream(values()).collect(Collectors.toMap(CapturedTable::label, t -> t));

    private static final Set<String> LABELS = Set.copyOf(BY_NAME.keySet());

    private static final CapturedTable[] BY_ID = values();

    static {
        for (int id = 0; id < BY_ID.length; id++) {
            if (BY_ID[id].id != id) {
                throw new IllegalStateException("ids are in order: " + BY_ID[id]);
            }
        }
    }

    /**
     * A column.
     *
     * @param name as the product has it
     * @param type how the job reads it
     * @param presence what depends on it being there
     * @param counted whether the KPIs of its table are counted from it
     */
    public record Column(String name, Type type, Presence presence, boolean counted) {

        /** How a column is read, and so which of the database's types it may have. */
        public enum Type {
            /** A uuid that our own tables refer to. */
            KEY("uuid"),
            TIME("timestamp with time zone"),
            FLAG("boolean"),
            /** Text that is compared; text of fixed length has blanks at its end. */
            WORD("text"),
            LIST("text[]"),
            NUMBER("numeric"),
            ID("text"),
            TEXT("text"),
            JSON("jsonb");

            private final String sqlType;

            Type(String sqlType) {
                this.sqlType = sqlType;
            }

            /** The name as it stands in the SQL. */
            String label() {
                return name().toLowerCase(Locale.ROOT);
            }

            /** The type that a column gets which is not there, as PostgreSQL writes it. */
            public String sqlType() {
                return sqlType;
            }
        }

        /** What depends on a column being there. */
        public enum Presence {
            /** The table must have it. */
            REQUIRED,
            /** The table must have it for what we write; it is never captured. */
            WRITTEN,
            /**
             * It may be missing. The job refuses to start where the log never holds it though it is
             * there, as one that the database computes.
             */
            LOGGED,
            /** It may be missing from the table, and from the log alone. */
            OPTIONAL
        }

        private Column required() {
            return new Column(name, type, Presence.REQUIRED, counted);
        }

        private Column optional() {
            return new Column(name, type, Presence.OPTIONAL, counted);
        }

        private Column forKpis() {
            return new Column(name, type, presence, true);
        }
    }

    private final String label = name().toLowerCase(Locale.ROOT).intern();
    private final int id;
    private final List<Column> columns;
    private final List<Column> required;

    CapturedTable(int id, Column... declared) {
        this.id = id;
        this.columns =
                Arrays.stream(declared).filter(c -> c.presence() != Presence.WRITTEN).toList();
        this.required =
                Arrays.stream(declared)
                        .filter(
                                c ->
                                        c.presence() == Presence.REQUIRED
                                                || c.presence() == Presence.WRITTEN)
                        .toList();
    }

    /** The table of a name, in schema {@code public}; none where it is not captured. */
    public static Optional<CapturedTable> of(String name) {
        return Optional.ofNullable(name == null ? null : BY_NAME.get(name));
    }

    /** The table of a number. */
    public static CapturedTable byId(int id) {
        return BY_ID[id];
    }

    /** The number by which messages, which no state holds, know it. */
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

    /** The name in the database, with its schema. */
    public String qualifiedName() {
        return "public." + label;
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

    /** Without these, captured or written, nothing starts; none where the job does without it. */
    public List<Column> required() {
        return required;
    }

    /** The names of the columns from which its KPIs are counted. */
    public Set<String> counted() {
        return columns.stream()
                .filter(Column::counted)
                .map(Column::name)
                .collect(Collectors.toSet());
    }

    private static Column key(String name) {
        return column(name, Type.KEY, Presence.REQUIRED);
    }

    private static Column time(String name) {
        return column(name, Type.TIME, Presence.LOGGED);
    }

    private static Column flag(String name) {
        return column(name, Type.FLAG, Presence.LOGGED);
    }

    private static Column word(String name) {
        return column(name, Type.WORD, Presence.LOGGED);
    }

    private static Column list(String name) {
        return column(name, Type.LIST, Presence.OPTIONAL);
    }

    private static Column number(String name) {
        return column(name, Type.NUMBER, Presence.OPTIONAL);
    }

    private static Column id(String name) {
        return column(name, Type.ID, Presence.LOGGED);
    }

    private static Column text(String name) {
        return column(name, Type.TEXT, Presence.OPTIONAL);
    }

    private static Column written(String name, Type type) {
        return column(name, type, Presence.WRITTEN);
    }

    private static Column column(String name, Type type, Presence presence) {
        return new Column(name, type, presence, false);
    }
}
