package io.seqpulse.lifecycle.fact;

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
    USER_CREATED("users", true, Set.of(Subject.USER)),
    /** An account became active for the first time. */
    USER_ACTIVATED("users", true, Set.of(Subject.USER)),
    /** What the user's row says now. */
    ACCOUNT(
            "users",
            false,
            Set.of(Subject.USER),
            "name",
            "first_name",
            "email",
            "is_active",
            "locale",
            "timezone"),
    ACCOUNT_DELETED("users", false, Set.of(Subject.USER)),
    /** What the user agreed to receive. */
    PREFERENCES(
            "email_preferences",
            false,
            Set.of(Subject.USER),
            "marketing_opt_in",
            "product_updates_opt_in"),
    PREFERENCES_DELETED("email_preferences", false, Set.of(Subject.USER)),
    /** What the journal says of an email to the user. */
    DELIVERY(
            "email_deliveries",
            false,
            Set.of(Subject.USER),
            "dedupe_key",
            "email_type",
            "status",
            "reason",
            "sent_at"),

    /**
     * What the project's row says now; where a snapshot says it, also when the row was last changed
     * ({@code updated_at}), in microseconds since the epoch.
     */
    PROJECT("projects", false, Set.of(Subject.PROJECT), "name", "owner_id", "plan"),
    PROJECT_DELETED("projects", false, Set.of(Subject.PROJECT)),
    /** A project was created; its owner hears of it too. */
    PROJECT_CREATED(
            "projects", true, Set.of(Subject.PROJECT, Subject.USER), "project_id", "project_name"),
    /** Somebody belongs to a project. */
    MEMBER(
            "project_members",
            false,
            Set.of(Subject.PROJECT),
            "user_id",
            "email",
            "role",
            "on_call"),
    MEMBER_REMOVED("project_members", false, Set.of(Subject.PROJECT)),
    /** A deployment attempt was refused because the plan's quota was used up. */
    QUOTA_REFUSED("quota_refusals", true, Set.of(Subject.PROJECT), "used"),

    /** What the deployment's row says now. */
    DEPLOYMENT(
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
    DEPLOYMENT_DELETED("deployments", false, Set.of(Subject.DEPLOYMENT)),
    /** What a verdict's row says, before its project is known. */
    VERDICT(
            "deployment_verdicts",
            false,
            Set.of(Subject.DEPLOYMENT),
            "verdict",
            "confidence",
            "summary"),
    HINT(
            "sdh_hints",
            false,
            Set.of(Subject.DEPLOYMENT),
            "metric",
            "severity",
            "title",
            "diagnosis",
            "suggested_actions"),
    METRIC_SAMPLE(
            "metric_samples",
            false,
            Set.of(Subject.DEPLOYMENT),
            "phase",
            "latency_p95",
            "error_rate"),

    /** A deployment started, at {@code deployments.started_at}. */
    DEPLOYMENT_STARTED("deployments", true, Set.of(Subject.PROJECT), "deployment_id", "env"),
    /** A deployment was seen finished (state {@code finished} or {@code analyzed}). */
    DEPLOYMENT_FINISHED("deployments", true, Set.of(Subject.PROJECT), "deployment_id", "env"),
    /** A deployment got its verdict. */
    VERDICT_CREATED(
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
    HINT_CREATED("sdh_hints", true, Set.of(Subject.PROJECT), "deployment_id", "severity", "title"),

    /** A user owns a project now; {@code at} is when it was created, {@code id} which it is. */
    PROJECT_OWNED("projects", false, Set.of(Subject.USER)),
    /** A user owns a project no more: it is another's, or deleted. */
    PROJECT_LEFT("projects", false, Set.of(Subject.USER)),
    /** A deployment's row is no more, or of another project. */
    DEPLOYMENT_GONE("deployments", false, Set.of(Subject.PROJECT), "env"),
    /** A verdict is no more, or no more what it was: its environment or its time is another. */
    VERDICT_GONE("deployment_verdicts", false, Set.of(Subject.PROJECT), "env"),
    /** A deployment that came from another project or environment has a verdict. */
    VERDICT_KEPT("deployment_verdicts", false, Set.of(Subject.PROJECT), "env", "verdict"),
    /** A verdict's row was deleted; {@code id} is the verdict's. */
    VERDICT_DELETED("deployment_verdicts", false, Set.of(Subject.DEPLOYMENT)),
    /** The journal says that an email was sent, at {@code sent_at}; {@code id} is its line's. */
    EMAIL_SENT("email_deliveries", false, Set.of(Subject.PROJECT, Subject.USER), "email_type"),
    /** A line of the journal is no more, or no longer says that it was sent, or about whom. */
    EMAIL_UNSENT("email_deliveries", false, Set.of(Subject.PROJECT, Subject.USER), "email_type"),
    /** What the journal's row says; its times are in microseconds since the epoch. */
    EMAIL(
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
    EMAIL_DELETED("email_deliveries", false, Set.of(Subject.EMAIL)),
    /** Somebody, or a machine, opened an email or did something else with it. */
    EMAIL_EVENT("email_events", false, Set.of(Subject.EMAIL), "event_type", "machine"),
    /** An event's row was deleted; {@code id} is the event's. */
    EMAIL_EVENT_DELETED("email_events", false, Set.of(Subject.EMAIL)),
    /** What the user's row says that makes segments. */
    USER_STANDING(
            "users", false, Set.of(Subject.USER), "is_active", "twofa_enabled", "twofa_enabled_at"),
    /** What a project is to the segments of its owner; {@code at} is when it was created. */
    PROJECT_STANDING(
            "projects",
            false,
            Set.of(Subject.USER),
            "plan",
            "deployed_at",
            "near_limit_in",
            "drops"),
    /** A project is its owner's no more: it is another's, or deleted. */
    PROJECT_STANDING_ENDED("projects", false, Set.of(Subject.USER)),
    /** A user belongs to a project; {@code id} is the membership's. */
    MEMBERSHIP("project_members", false, Set.of(Subject.USER)),
    MEMBERSHIP_ENDED("project_members", false, Set.of(Subject.USER));

    private static final Map<String, FactKind> BY_LABEL =
            Arrays.stream(values()).collect(Collectors.toMap(FactKind::label, kind -> kind));

    private final String table;
    private final boolean event;
    private final Set<Subject> subjects;
    private final Set<String> attributes;
    private final String label = name().toLowerCase(Locale.ROOT).intern();

    FactKind(String table, boolean event, Set<Subject> subjects, String... attributes) {
        this.table = table;
        this.event = event;
        this.subjects = subjects;
        this.attributes = Set.of(attributes);
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

    /** The names of the values it carries. */
    public Set<String> attributes() {
        return attributes;
    }
}
