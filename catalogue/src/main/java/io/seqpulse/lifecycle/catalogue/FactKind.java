package io.seqpulse.lifecycle.catalogue;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Everything the job can know, in the words a rule uses.
 *
 * <p>An <em>event</em> happened once, at a business time, and has an id: it can be counted, be the
 * first of its kind, be missing. The others describe the present (a name, a plan, an opt-out) or an
 * end; a rule cannot be triggered by them.
 */
@SuppressWarnings("ImmutableEnumChecker") // Set.of is immutable; the type cannot say so
public enum FactKind {
    /** A user row was created, at {@code users.created_at}. */
    USER_CREATED(0, "users", true, Set.of(Subject.USER)),
    /** An account became active for the first time. */
    USER_ACTIVATED(1, "users", true, Set.of(Subject.USER)),
    /** What the user's row says now. */
    ACCOUNT(
            2,
            "users",
            false,
            Set.of(Subject.USER),
            "name",
            "first_name",
            "email",
            "is_active",
            "locale",
            "timezone"),
    ACCOUNT_DELETED(3, "users", false, Set.of(Subject.USER)),
    /** What the user agreed to receive. */
    PREFERENCES(
            4,
            "email_preferences",
            false,
            Set.of(Subject.USER),
            "marketing_opt_in",
            "product_updates_opt_in"),
    PREFERENCES_DELETED(5, "email_preferences", false, Set.of(Subject.USER)),
    /** What the journal says of an email to the user, or to a bare address. */
    DELIVERY(
            6,
            "email_deliveries",
            false,
            Set.of(Subject.USER),
            "dedupe_key",
            "email_type",
            "project_id",
            "status",
            "reason",
            "sent_at"),

    /**
     * What the project's row says now; where a snapshot says it, also when the row was last changed
     * ({@code updated_at}), in microseconds since the epoch.
     */
    PROJECT(7, "projects", false, Set.of(Subject.PROJECT), "name", "owner_id", "plan"),
    PROJECT_DELETED(8, "projects", false, Set.of(Subject.PROJECT)),
    /** A project was created; its owner hears of it too. */
    PROJECT_CREATED(
            9,
            "projects",
            true,
            Set.of(Subject.PROJECT, Subject.USER),
            "project_id",
            "project_name"),
    /** Somebody belongs to a project. */
    MEMBER(
            10,
            "project_members",
            false,
            Set.of(Subject.PROJECT),
            "user_id",
            "email",
            "role",
            "on_call"),
    /** Somebody no longer belongs to one; {@code id} is the membership's. */
    MEMBER_REMOVED(11, "project_members", false, Set.of(Subject.PROJECT)),
    /** A deployment attempt was refused because the plan's quota was used up. */
    QUOTA_REFUSED(12, "quota_refusals", true, Set.of(Subject.PROJECT), "used"),

    /** What the deployment's row says now. */
    DEPLOYMENT(
            13,
            "deployments",
            false,
            Set.of(Subject.DEPLOYMENT),
            "project_id",
            "deployment_number",
            "env",
            "branch",
            "state",
            "started_at",
            "started_micros",
            "finished_at",
            "finished_micros"),
    DEPLOYMENT_DELETED(14, "deployments", false, Set.of(Subject.DEPLOYMENT)),
    /** What a verdict's row says, before its project is known. */
    VERDICT(
            15,
            "deployment_verdicts",
            false,
            Set.of(Subject.DEPLOYMENT),
            "verdict",
            "confidence",
            "summary"),
    HINT(
            16,
            "sdh_hints",
            false,
            Set.of(Subject.DEPLOYMENT),
            "metric",
            "severity",
            "title",
            "diagnosis",
            "suggested_actions"),
    METRIC_SAMPLE(
            17,
            "metric_samples",
            false,
            Set.of(Subject.DEPLOYMENT),
            "phase",
            "latency_p95",
            "error_rate"),

    /** A deployment started, at {@code deployments.started_at}. */
    DEPLOYMENT_STARTED(18, "deployments", true, Set.of(Subject.PROJECT), "deployment_id", "env"),
    /** A deployment was seen finished (state {@code finished} or {@code analyzed}). */
    DEPLOYMENT_FINISHED(19, "deployments", true, Set.of(Subject.PROJECT), "deployment_id", "env"),
    /** A deployment got its verdict. */
    VERDICT_CREATED(
            20,
            "deployment_verdicts",
            true,
            Set.of(Subject.PROJECT),
            "deployment_id",
            "deployment_number",
            "env",
            "branch",
            "verdict",
            "confidence",
            "summary",
            "latency_delta",
            "error_rate_delta",
            "actions"),
    /** A deployment got a hint. */
    HINT_CREATED(
            21, "sdh_hints", true, Set.of(Subject.PROJECT), "deployment_id", "severity", "title"),

    /** A user owns a project now; {@code at} is when it was created, {@code id} which it is. */
    PROJECT_OWNED(22, "projects", false, Set.of(Subject.USER)),
    /** A user lost a project: it was deleted or has another owner. */
    PROJECT_LEFT(23, "projects", false, Set.of(Subject.USER)),
    /** A deployment was deleted ({@code deleted}), or moved to another project. */
    DEPLOYMENT_GONE(24, "deployments", false, Set.of(Subject.PROJECT), "env", "deleted"),
    /** A verdict was deleted ({@code deleted}), or its environment or time changed. */
    VERDICT_GONE(25, "deployment_verdicts", false, Set.of(Subject.PROJECT), "env", "deleted"),
    /** A deployment that came from another project or environment has a verdict. */
    VERDICT_KEPT(26, "deployment_verdicts", false, Set.of(Subject.PROJECT), "env", "verdict"),
    /** A verdict's row was deleted; {@code id} is the verdict's. */
    VERDICT_DELETED(27, "deployment_verdicts", false, Set.of(Subject.DEPLOYMENT)),
    /** The journal says that an email was sent, at {@code sent_at}; {@code id} is its line's. */
    EMAIL_SENT(28, "email_deliveries", false, Set.of(Subject.PROJECT, Subject.USER), "email_type"),
    /** A line of the journal is no more, or no longer says that it was sent, or about whom. */
    EMAIL_UNSENT(
            29, "email_deliveries", false, Set.of(Subject.PROJECT, Subject.USER), "email_type"),
    /** What the journal's row says; its times are in microseconds since the epoch. */
    EMAIL(
            30,
            "email_deliveries",
            false,
            Set.of(Subject.EMAIL),
            "user_id",
            "project_id",
            "email_type",
            "status",
            "reason",
            "sent_at",
            "caused_at",
            "decided_at"),
    EMAIL_DELETED(31, "email_deliveries", false, Set.of(Subject.EMAIL)),
    /** Somebody, or a machine, opened an email or did something else with it. */
    EMAIL_EVENT(32, "email_events", false, Set.of(Subject.EMAIL), "event_type", "machine"),
    /** An event's row was deleted; {@code id} is the event's. */
    EMAIL_EVENT_DELETED(33, "email_events", false, Set.of(Subject.EMAIL)),
    /** What the user's row says that makes segments. */
    USER_STANDING(
            34,
            "users",
            false,
            Set.of(Subject.USER),
            "is_active",
            "twofa_enabled",
            "twofa_enabled_at"),
    /** What a project is to the segments of its owner; {@code at} is when it was created. */
    PROJECT_STANDING(
            35,
            "projects",
            false,
            Set.of(Subject.USER),
            "plan",
            "deployed_at",
            "near_limit_in",
            "drops"),
    /** A project is its owner's no more: it is another's, or deleted. */
    PROJECT_STANDING_ENDED(36, "projects", false, Set.of(Subject.USER)),
    /** A user belongs to a project; {@code id} is the membership's. */
    MEMBERSHIP(37, "project_members", false, Set.of(Subject.USER)),
    MEMBERSHIP_ENDED(38, "project_members", false, Set.of(Subject.USER));

    private static final Map<String, FactKind> BY_LABEL =
            Arrays.stream(values()).collect(Collectors.toMap(FactKind::label, kind -> kind));

    private static final FactKind[] BY_ID = new FactKind[Byte.MAX_VALUE];

    static {
        for (FactKind kind : values()) {
            if (BY_ID[kind.id] != null) {
                throw new IllegalStateException("an id is given twice: " + kind);
            }
            BY_ID[kind.id] = kind;
        }
    }

    private final int id;
    private final String table;
    private final boolean event;
    private final Set<Subject> subjects;
    private final Set<String> attributes;
    private final String label = name().toLowerCase(Locale.ROOT).intern();

    FactKind(int id, String table, boolean event, Set<Subject> subjects, String... attributes) {
        this.id = id;
        this.table = table;
        this.event = event;
        this.subjects = subjects;
        this.attributes = Set.of(attributes);
    }

    /** The number by which messages know it; never reused. */
    public int id() {
        return id;
    }

    /** The kind of a number. */
    public static FactKind byId(int id) {
        return BY_ID[id];
    }

    /** The kind of a label. */
    public static Optional<FactKind> of(String label) {
        return Optional.ofNullable(BY_LABEL.get(label));
    }

    /** The name as it stands in {@code lifecycle.yaml}. */
    public String label() {
        return label;
    }

    /** The product table it is read from; while that is missing, rules about it are inert. */
    public String table() {
        return table;
    }

    /** Whether it happened at a time and can trigger a rule. */
    public boolean isEvent() {
        return event;
    }

    /** Whose state it reaches. */
    public Set<Subject> subjects() {
        return subjects;
    }

    /**
     * Of the values an event carries those that are never missing: the ids by which it was found.
     * The others are columns that a row may leave null.
     */
    public Set<String> certainAttributes() {
        return attributes.stream()
                .filter(attribute -> event && attribute.endsWith("_id"))
                .collect(Collectors.toSet());
    }

    /** The names of the values it carries. */
    public Set<String> attributes() {
        return attributes;
    }
}
