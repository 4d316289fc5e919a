package io.seqpulse.lifecycle.story;

import io.seqpulse.lifecycle.catalogue.FactKind;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.Origin;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Facts as the change log tells them, for stories. A fact is committed at its business time, at the
 * position its time implies, unless the story says otherwise.
 */
public final class Facts {

    public static final long SECOND = 1_000;
    public static final long MINUTE = 60 * SECOND;
    public static final long HOUR = 60 * MINUTE;
    public static final long DAY = 24 * HOUR;

    /** The topic they are read from. */
    public static final String LOG = "seqpulse.changes";

    /** Since when the rules of a story run. */
    public static final long LIVE_SINCE = at("2026-11-01T00:00:00Z");

    /** A day in the life of the product, well after that. */
    public static final long MORNING = at("2026-11-10T09:00:00Z");

    public static final String ALICE = "a11ce000-0000-4000-8000-000000000001";
    public static final String BOB = "b0b00000-0000-4000-8000-000000000002";
    public static final String SHOP = "5709e000-0000-4000-8000-000000000003";

    private final FactKind kind;
    private final String key;
    private final String id;
    private final long at;
    private final Map<String, String> values = new HashMap<>();
    private long committedAt;
    private long position;
    private Origin origin = Origin.INSERTED;

    private Facts(FactKind kind, String key, String id, long at) {
        this.kind = kind;
        this.key = key;
        this.id = id;
        this.at = at;
        this.committedAt = at;
        this.position = at;
    }

    /** A time, in milliseconds since the epoch. */
    public static long at(String iso) {
        return Instant.parse(iso).toEpochMilli();
    }

    /** A fact of that kind about {@code key}, of the row or event {@code id}. */
    public static Facts of(FactKind kind, String key, String id, long at) {
        return new Facts(kind, key, id, at);
    }

    /** What an insert of an active user says. */
    public static List<Fact> signUp(String user, long at) {
        return List.of(
                account(user, at).fact(),
                of(FactKind.USER_CREATED, user, user, at).fact(),
                of(FactKind.USER_ACTIVATED, user, user, at).fact());
    }

    /**
     * What an update says of a user that finds them active.
     *
     * @param created when the account was created
     */
    public static List<Fact> updated(String user, long created, long at) {
        return List.of(
                account(user, created).committedAt(at).updated().fact(),
                of(FactKind.USER_CREATED, user, user, created).committedAt(at).updated().fact(),
                of(FactKind.USER_ACTIVATED, user, user, at).updated().fact());
    }

    /** What a snapshot says of an active user. */
    public static List<Fact> signUpInSnapshot(String user, long at, long snapshotAt) {
        return List.of(
                account(user, at).snapshotAt(snapshotAt).fact(),
                of(FactKind.USER_CREATED, user, user, at).snapshotAt(snapshotAt).fact(),
                of(FactKind.USER_ACTIVATED, user, user, at).snapshotAt(snapshotAt).fact());
    }

    public static Facts account(String user, long at) {
        return of(FactKind.ACCOUNT, user, user, at)
                .with("name", "Alice Martin")
                .with("email", "alice@example.org")
                .with("is_active", "true");
    }

    /** A user hears that a project is theirs. */
    public static Facts projectOf(String user, String project, long at) {
        return of(FactKind.PROJECT_CREATED, user, project, at).with("project_id", project);
    }

    /** A project's row on the free plan, owned by Alice. */
    public static Facts project(String project, long at) {
        return of(FactKind.PROJECT, project, project, at)
                .with("name", "shop")
                .with("owner_id", ALICE)
                .with("plan", "free");
    }

    public static Facts member(String project, String row, long at) {
        return of(FactKind.MEMBER, project, row, at).with("on_call", "false");
    }

    public static Facts started(String project, String deployment, long at) {
        return of(FactKind.DEPLOYMENT_STARTED, project, deployment, at)
                .with("deployment_id", deployment)
                .with("env", "production");
    }

    public static Facts verdict(String project, String deployment, String verdict, long at) {
        return of(FactKind.VERDICT_CREATED, project, deployment, at)
                .with("deployment_id", deployment)
                .with("deployment_number", "7")
                .with("env", "production")
                .with("verdict", verdict);
    }

    public static Facts quotaRefused(String project, String refusal, long at) {
        return of(FactKind.QUOTA_REFUSED, project, refusal, at).with("used", "50");
    }

    /** What the journal says of an email. */
    public static Facts delivery(String user, String key, String type, String status, long at) {
        return of(FactKind.DELIVERY, user, "journal " + key, at)
                .with("dedupe_key", key)
                .with("email_type", type)
                .with("status", status)
                .with("sent_at", status.equals("sent") ? Long.toString(at) : null);
    }

    /** So many deployments, a minute apart, the first at {@code from}. */
    public static List<Fact> deployments(String project, int count, long from) {
        List<Fact> facts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            facts.add(started(project, "deployment " + from + " " + i, from + i * MINUTE).fact());
        }
        return facts;
    }

    public Facts with(String attribute, String value) {
        values.put(attribute, value);
        return this;
    }

    public Facts committedAt(long millis) {
        committedAt = millis;
        position = millis;
        return this;
    }

    public Facts position(long offset) {
        position = offset;
        return this;
    }

    public Facts snapshotAt(long millis) {
        origin = Origin.SNAPSHOT;
        return committedAt(millis);
    }

    /** Told by an update of the row. */
    public Facts updated() {
        origin = Origin.CHANGED;
        return this;
    }

    public Fact fact() {
        return new Fact(
                kind,
                key,
                id,
                at,
                committedAt,
                LogPosition.at(position),
                origin,
                new HashMap<>(values));
    }
}
