package io.seqpulse.lifecycle.story;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.fact.DeploymentSignal;
import io.seqpulse.lifecycle.fact.EmailSignal;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactTexts;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.fact.OwnedProject;
import io.seqpulse.lifecycle.fact.OwnershipSignal;
import io.seqpulse.lifecycle.fact.ProjectSignal;
import io.seqpulse.lifecycle.fact.Row;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.Source;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Facts as the change log tells them, for stories. A fact is committed at its business time, at the
 * position its time implies, unless the story says otherwise.
 */
public final class Facts<F extends Fact> {

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

    private final String key;
    private final String id;
    private final Function<Facts<F>, F> making;
    private final Map<String, String> values = new HashMap<>();
    private long atMicros;
    private long committedAt;
    private int committedMicros;
    private LogPosition position;
    private Origin origin = Origin.INSERTED;

    private Facts(String key, String id, long at, Function<Facts<F>, F> making) {
        this.key = key;
        this.id = id;
        this.atMicros = at * 1_000;
        this.committedAt = at;
        this.position = LogPosition.at(at);
        this.making = making;
    }

    /** A time, in milliseconds since the epoch. */
    public static long at(String iso) {
        return Instant.parse(iso).toEpochMilli();
    }

    /** An event of that type about {@code key}. */
    public static Facts<Event> of(EventType type, String key, String id, long at) {
        return new Facts<>(
                key,
                id,
                at,
                made -> {
                    String[] values =
                            type.attributes().stream().map(made.values::get).toArray(String[]::new);
                    if (!type.attributes().containsAll(made.values.keySet())) {
                        throw new IllegalArgumentException(type + " has not all of " + made.values);
                    }
                    boolean empty = made.values.isEmpty();
                    return Event.of(
                            type,
                            key,
                            id,
                            made.atMicros,
                            made.source(),
                            empty ? new String[0] : values);
                });
    }

    /** What the row {@code id} of a table says of {@code key}. */
    public static Facts<RowChange> row(CapturedTable table, String key, String id, long at) {
        return new Facts<>(
                key,
                id,
                at,
                made -> {
                    Row row = RowChange.deletion(table, key, id, made.source()).row();
                    for (Map.Entry<String, String> value : made.values.entrySet()) {
                        row = FactTexts.with(row, value.getKey(), value.getValue());
                    }
                    return new RowChange(false, key, id, made.atMicros, made.source(), row);
                });
    }

    /** The row {@code id} of a table, which is about {@code key}, was deleted. */
    public static Facts<RowChange> deletion(CapturedTable table, String key, String id, long at) {
        return new Facts<>(key, id, at, made -> RowChange.deletion(table, key, id, made.source()));
    }

    /** A deployment tells its project something. */
    public static Facts<DeploymentSignal> deployment(
            DeploymentSignal.Kind kind, String project, String deployment, long at) {
        return new Facts<>(
                project,
                deployment,
                at,
                made ->
                        new DeploymentSignal(
                                kind,
                                project,
                                deployment,
                                made.atMicros,
                                made.source(),
                                made.values.get("env"),
                                made.values.get("verdict"),
                                made.values.containsKey("deleted")));
    }

    /** An email tells a project or a user that it was sent, or was not after all. */
    public static Facts<EmailSignal> email(boolean sent, String key, String delivery, long at) {
        return new Facts<>(
                key,
                delivery,
                at,
                made ->
                        new EmailSignal(
                                sent,
                                key,
                                delivery,
                                made.atMicros,
                                made.source(),
                                made.values.get("email_type"),
                                made.values.get("variant")));
    }

    /** A project tells a user whether it is theirs. */
    public static Facts<OwnershipSignal> ownership(
            boolean owned, String user, String project, long createdAt) {
        return new Facts<>(
                user,
                project,
                createdAt,
                made -> new OwnershipSignal(owned, user, project, made.atMicros, made.source()));
    }

    /** A project tells its owner what it is; null: theirs no more. */
    public static Facts<ProjectSignal> summary(
            String user, String project, OwnedProject owned, long at) {
        return new Facts<>(
                user, project, at, made -> new ProjectSignal(user, project, made.source(), owned));
    }

    /** What an insert of an active user says. */
    public static List<Fact> signUp(String user, long at) {
        return List.of(
                account(user, at).fact(),
                of(EventType.USER_CREATED, user, user, at).fact(),
                of(EventType.USER_ACTIVATED, user, user, at).fact());
    }

    /**
     * What an update says of a user that finds them active.
     *
     * @param created when the account was created
     */
    public static List<Fact> updated(String user, long created, long at) {
        return List.of(
                account(user, created).committedAt(at).updated().fact(),
                of(EventType.USER_CREATED, user, user, created).committedAt(at).updated().fact(),
                of(EventType.USER_ACTIVATED, user, user, at).updated().fact());
    }

    /** What a snapshot says of an active user. */
    public static List<Fact> signUpInSnapshot(String user, long at, long snapshotAt) {
        return List.of(
                account(user, at).snapshotAt(snapshotAt).fact(),
                of(EventType.USER_CREATED, user, user, at).snapshotAt(snapshotAt).fact(),
                of(EventType.USER_ACTIVATED, user, user, at).snapshotAt(snapshotAt).fact());
    }

    public static Facts<RowChange> account(String user, long at) {
        return row(CapturedTable.USERS, user, user, at)
                .with("name", "Alice Martin")
                .with("email", "alice@example.org")
                .with("is_active", "true");
    }

    /** A user hears that a project is theirs. */
    public static Facts<Event> projectOf(String user, String project, long at) {
        return of(EventType.PROJECT_CREATED, user, project, at).with("project_id", project);
    }

    /** A project's row on the free plan, owned by Alice. */
    public static Facts<RowChange> project(String project, long at) {
        return row(CapturedTable.PROJECTS, project, project, at)
                .with("name", "shop")
                .with("owner_id", ALICE)
                .with("plan", "free");
    }

    public static Facts<RowChange> member(String project, String row, long at) {
        return row(CapturedTable.PROJECT_MEMBERS, project, row, at).with("on_call", "false");
    }

    public static Facts<Event> started(String project, String deployment, long at) {
        return of(EventType.DEPLOYMENT_STARTED, project, deployment, at)
                .with("deployment_id", deployment)
                .with("env", "production");
    }

    public static Facts<Event> verdict(String project, String deployment, String verdict, long at) {
        return of(EventType.VERDICT_CREATED, project, deployment, at)
                .with("deployment_id", deployment)
                .with("deployment_number", "7")
                .with("env", "production")
                .with("verdict", verdict);
    }

    public static Facts<Event> quotaRefused(String project, String refusal, long at) {
        return of(EventType.QUOTA_REFUSED, project, refusal, at).with("used", "50");
    }

    /** What the journal says of an email. */
    public static Facts<RowChange> delivery(
            String user, String key, String type, String status, long at) {
        return row(CapturedTable.EMAIL_DELIVERIES, user, "journal " + key, at)
                .with("dedupe_key", key)
                .with("email_type", type)
                .with("status", status)
                .with("sent_at", status.equals("sent") ? micros(at) : null);
    }

    /** So many deployments, a minute apart, the first at {@code from}. */
    public static List<Event> deployments(String project, int count, long from) {
        List<Event> facts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            facts.add(started(project, "deployment " + from + " " + i, from + i * MINUTE).fact());
        }
        return facts;
    }

    public Facts<F> with(String attribute, String value) {
        values.put(attribute, value);
        return this;
    }

    public Facts<F> committedAt(long millis) {
        committedAt = millis;
        position = LogPosition.at(millis);
        return this;
    }

    public Facts<F> position(long offset) {
        position = LogPosition.at(offset);
        return this;
    }

    /** Told again at an offset. */
    public Facts<F> position(long told, long offset) {
        position = new LogPosition(told, offset);
        return this;
    }

    public Facts<F> snapshotAt(long millis) {
        origin = Origin.SNAPSHOT;
        return committedAt(millis);
    }

    /** Told by an update of the row. */
    public Facts<F> updated() {
        origin = Origin.CHANGED;
        return this;
    }

    /** At another microsecond than its millisecond. */
    public Facts<F> atMicros(long micros) {
        atMicros = micros;
        return this;
    }

    /** Committed so many microseconds after its millisecond. */
    public Facts<F> committedMicros(int micros) {
        committedMicros = micros;
        return this;
    }

    /** A time as a column's text. */
    public static String micros(long millis) {
        return Long.toString(millis * 1_000);
    }

    private Source source() {
        return new Source(committedAt, committedMicros, position, origin);
    }

    public F fact() {
        return making.apply(this);
    }
}
