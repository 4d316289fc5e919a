package io.seqpulse.lifecycle.catalogue;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The events that a rule can be about. An event happened once, at a business time, and has an id:
 * it can be counted, be the first of its type, be missing.
 */
@SuppressWarnings(
        "ImmutableEnumChecker") // Set.of and List.of are immutable; the types cannot say so
public enum EventType {
    /** A user row was created, at {@code users.created_at}. */
    USER_CREATED(0, CapturedTable.USERS, Set.of(Subject.USER)),
    /** An account became active for the first time. */
    USER_ACTIVATED(1, CapturedTable.USERS, Set.of(Subject.USER)),
    /** A project was created; its owner hears of it too. */
    PROJECT_CREATED(
            2,
            CapturedTable.PROJECTS,
            Set.of(Subject.PROJECT, Subject.USER),
            "project_id",
            "project_name"),
    /** A deployment attempt was refused because the plan's quota was used up. */
    QUOTA_REFUSED(3, CapturedTable.QUOTA_REFUSALS, Set.of(Subject.PROJECT), "used"),
    /** A deployment started, at {@code deployments.started_at}. */
    DEPLOYMENT_STARTED(
            4, CapturedTable.DEPLOYMENTS, Set.of(Subject.PROJECT), "deployment_id", "env"),
    /** A deployment was seen finished (state {@code finished} or {@code analyzed}). */
    DEPLOYMENT_FINISHED(
            5, CapturedTable.DEPLOYMENTS, Set.of(Subject.PROJECT), "deployment_id", "env"),
    /** A deployment got its verdict. */
    VERDICT_CREATED(
            6,
            CapturedTable.DEPLOYMENT_VERDICTS,
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
            "actions",
            EventType.HINTED),
    /** A deployment got a hint. */
    HINT_CREATED(
            7,
            CapturedTable.SDH_HINTS,
            Set.of(Subject.PROJECT),
            "deployment_id",
            "severity",
            "title"),
    /** Somebody asked for a feature that the project's plan does not have. */
    FEATURE_GATED(
            8, CapturedTable.FEATURE_GATE_EVENTS, Set.of(Subject.PROJECT), "user_id", "feature");

    /**
     * Attribute of a verdict: {@code true} where hints were committed with it, else unknown. Then
     * nothing is waited for that would come after it.
     */
    public static final String HINTED = "hinted";

    private static final Map<String, EventType> BY_LABEL =
            Arrays.stream(values()).collect(Collectors.toMap(EventType::label, type -> type));

    private static final EventType[] BY_ID = values();

    static {
        for (int id = 0; id < BY_ID.length; id++) {
            if (BY_ID[id].id != id) {
                throw new IllegalStateException("ids are in order: " + BY_ID[id]);
            }
        }
    }

    private final int id;
    private final CapturedTable table;
    private final Set<Subject> subjects;
    private final List<String> attributes;
    private final String label = name().toLowerCase(Locale.ROOT).intern();

    EventType(int id, CapturedTable table, Set<Subject> subjects, String... attributes) {
        this.id = id;
        this.table = table;
        this.subjects = subjects;
        this.attributes = List.of(attributes);
    }

    /** The number by which messages, which no state holds, know it. */
    public int id() {
        return id;
    }

    /** The type of a number. */
    public static EventType byId(int id) {
        return BY_ID[id];
    }

    /** The type of a label. */
    public static Optional<EventType> of(String label) {
        return Optional.ofNullable(BY_LABEL.get(label));
    }

    /** The name as it stands in {@code lifecycle.yaml}. */
    public String label() {
        return label;
    }

    /** The product table it is read from; while that is missing, rules about it are inert. */
    public CapturedTable table() {
        return table;
    }

    /** Whose state it reaches. */
    public Set<Subject> subjects() {
        return subjects;
    }

    /**
     * Of its attributes those that are never missing: the ids by which it was found. The others are
     * columns that a row may leave null.
     */
    public Set<String> certainAttributes() {
        return attributes.stream()
                .filter(attribute -> attribute.endsWith("_id"))
                .collect(Collectors.toSet());
    }

    /** The names of the values it carries, in the order in which messages carry them. */
    public List<String> attributes() {
        return attributes;
    }
}
