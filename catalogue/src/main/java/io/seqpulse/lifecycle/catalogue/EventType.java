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
            8, CapturedTable.FEATURE_GATE_EVENTS, Set.of(Subject.PROJECT), "user_id", "feature"),
    /** Two-factor authentication was switched: {@code state} is {@code on} or {@code off}. */
    TWOFA_CHANGED(9, CapturedTable.USERS, Set.of(Subject.USER), "state", "changed_at"),
    /** Somebody logged in. */
    LOGGED_IN(
            10,
            CapturedTable.LOGIN_EVENTS,
            Set.of(Subject.USER),
            "login_id",
            "country",
            "city",
            "device"),
    /** Somebody was invited to a project; the event's id is the invitation's. */
    INVITATION_SENT(
            11,
            CapturedTable.PROJECT_INVITATIONS,
            Set.of(Subject.PROJECT),
            "invitation_id",
            "inviter_id",
            "invitee_email",
            "expires_at"),
    /** An invitation was accepted; the event's id is the invitation's. */
    INVITATION_ACCEPTED(
            12, CapturedTable.PROJECT_INVITATIONS, Set.of(Subject.PROJECT), "invitation_id"),
    /** An invitation was declined; the event's id is the invitation's. */
    INVITATION_DECLINED(
            13, CapturedTable.PROJECT_INVITATIONS, Set.of(Subject.PROJECT), "invitation_id"),
    /** An invitation was revoked, or its row deleted; the event's id is the invitation's. */
    INVITATION_REVOKED(
            14, CapturedTable.PROJECT_INVITATIONS, Set.of(Subject.PROJECT), "invitation_id"),
    /** A payment failed; the event's id is the invoice's, so that a second try is no other one. */
    PAYMENT_FAILED(
            15,
            CapturedTable.PAYMENT_EVENTS,
            Set.of(Subject.PROJECT),
            "subscription_id",
            "invoice_id",
            "amount_cents",
            "currency",
            "invoice_url"),
    /** An invoice was paid; the event's id is the invoice's. */
    PAYMENT_SUCCEEDED(
            16,
            CapturedTable.PAYMENT_EVENTS,
            Set.of(Subject.PROJECT),
            "subscription_id",
            "invoice_id",
            "amount_cents",
            "currency",
            "invoice_url"),
    /** An invoice was cancelled; the event's id is the invoice's. */
    PAYMENT_CANCELLED(
            17,
            CapturedTable.PAYMENT_EVENTS,
            Set.of(Subject.PROJECT),
            "subscription_id",
            "invoice_id"),
    /** Somebody answered the question how likely they are to recommend the product. */
    NPS_ANSWERED(18, CapturedTable.NPS_RESPONSES, Set.of(Subject.USER), "score"),
    /** Somebody looked at a verdict. */
    VERDICT_VIEWED(19, CapturedTable.USAGE_EVENTS, Set.of(Subject.USER), "deployment"),
    /** Somebody used the product. */
    SESSION_STARTED(20, CapturedTable.USAGE_EVENTS, Set.of(Subject.USER)),
    /** Somebody who was asked whether they stay said yes. */
    STAYED(21, CapturedTable.USAGE_EVENTS, Set.of(Subject.USER));

    /**
     * Attribute of a verdict: {@code true} where hints were committed with it, else unknown. Then
     * nothing is waited for that would come after it.
     */
    public static final String HINTED = "hinted";

    private static final Map<String, EventType> BY_LABEL =
            Arrays.stream(values()).collect(Collectors.toMap(EventType::label, type -> type));

    private static final EventType[] BY_ID = values();

    /** Beside ids: without these the job makes no event. */
    private static final Set<String> ALWAYS_KNOWN = Set.of("state", "changed_at", "feature");

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
     * Of its attributes those that are never missing: the ids by which it was found, and what it
     * would be no event without. The others are columns that a row may leave null.
     */
    public Set<String> certainAttributes() {
        return attributes.stream()
                .filter(name -> name.endsWith("_id") || ALWAYS_KNOWN.contains(name))
                .collect(Collectors.toSet());
    }

    /** The names of the values it carries, in the order in which messages carry them. */
    public List<String> attributes() {
        return attributes;
    }
}
