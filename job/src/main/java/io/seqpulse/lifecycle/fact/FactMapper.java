package io.seqpulse.lifecycle.fact;

import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.ChangeEvent.Operation;
import io.seqpulse.connector.debezium.UnusableChangeException;
import io.seqpulse.lifecycle.codec.Compact;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a change of one of the product's tables says, in facts. Other tables say nothing.
 *
 * <p>The columns read here are those of DESIGN §4; the connector captures no others.
 */
public final class FactMapper {

    private static final long MICROS_PER_MILLI = 1_000;

    private FactMapper() {}

    /**
     * The facts of a change, on the streams of {@link #streamOf}.
     *
     * @throws UnusableChangeException if the row does not say what it must
     */
    public static List<Fact> facts(ChangeEvent change) {
        if (change.operation() == Operation.TRUNCATE) {
            return List.of();
        }
        return switch (change.table()) {
            case "users" -> user(change);
            case "email_preferences" -> preferences(change);
            case "email_deliveries" -> delivery(change);
            case "email_events" -> emailEvent(change);
            case "projects" -> project(change);
            case "project_members" -> member(change);
            case "quota_refusals" -> quotaRefusal(change);
            case "deployments" -> deployment(change);
            case "deployment_verdicts" -> verdict(change);
            case "sdh_hints" -> hint(change);
            case "metric_samples" -> sample(change);
            default -> List.of();
        };
    }

    /** Which stream a fact read from the log goes to. */
    public static Subject streamOf(Fact fact) {
        return fact.kind().subjects().contains(Subject.PROJECT)
                ? Subject.PROJECT
                : fact.kind().subjects().iterator().next();
    }

    private static List<Fact> user(ChangeEvent change) {
        String id = change.required("id");
        if (change.operation() == Operation.DELETE) {
            return List.of(fact(FactKind.ACCOUNT_DELETED, change, id, id, change.commitMillis()));
        }
        long createdMicros = change.requiredMicros("created_at");
        long createdAt = Math.floorDiv(createdMicros, MICROS_PER_MILLI);
        List<Fact> facts = new ArrayList<>();
        facts.add(exact(FactKind.ACCOUNT, change, id, id, createdMicros));
        facts.add(exact(FactKind.USER_CREATED, change, id, id, createdMicros));
        facts.add(userStanding(change, id, createdMicros));
        if (!Boolean.FALSE.equals(change.bool("is_active"))) {
            // an update that finds the account active may have made it so; the first one counts
            long activeAt =
                    change.operation() == Operation.UPDATE
                            ? Math.max(createdAt, change.commitMillis())
                            : createdAt;
            facts.add(fact(FactKind.USER_ACTIVATED, change, id, id, activeAt));
        }
        return facts;
    }

    private static Fact userStanding(ChangeEvent change, String id, long createdMicros) {
        Fact standing = exact(FactKind.USER_STANDING, change, id, id, createdMicros);
        Long changedAt = change.millis("twofa_enabled_at");
        standing.values()
                .put("twofa_enabled_at", changedAt == null ? null : Long.toString(changedAt));
        return standing;
    }

    private static List<Fact> preferences(ChangeEvent change) {
        String user = change.required("user_id");
        FactKind kind =
                change.operation() == Operation.DELETE
                        ? FactKind.PREFERENCES_DELETED
                        : FactKind.PREFERENCES;
        return List.of(fact(kind, change, user, user, change.commitMillis()));
    }

    /** To the policy a deleted line of the journal unsends nothing. */
    private static List<Fact> delivery(ChangeEvent change) {
        String id = change.required("id");
        if (change.operation() == Operation.DELETE) {
            return List.of(fact(FactKind.EMAIL_DELETED, change, id, id, change.commitMillis()));
        }
        List<Fact> facts = new ArrayList<>();
        if (change.text("user_id") != null) {
            facts.add(deliveryToUser(change, id));
        }
        if (change.text("email_type") != null && change.text("status") != null) {
            facts.add(email(change, id));
        }
        return facts;
    }

    private static Fact email(ChangeEvent change, String id) {
        long createdAt = change.requiredMicros("created_at");
        Fact email = exact(FactKind.EMAIL, change, id, id, createdAt);
        for (String time : List.of("sent_at", "caused_at", "decided_at")) {
            Long micros = change.micros(time);
            email.values().put(time, micros == null ? null : Long.toString(micros));
        }
        return email;
    }

    private static List<Fact> emailEvent(ChangeEvent change) {
        if (change.operation() == Operation.DELETE) {
            return deletedById(FactKind.EMAIL_EVENT_DELETED, change);
        }
        return unlessDeleted(FactKind.EMAIL_EVENT, change, "email_delivery_id", "occurred_at");
    }

    /** A row of which only its own id is known: whose it was is found by that. */
    private static List<Fact> deletedById(FactKind kind, ChangeEvent change) {
        String id = change.required("id");
        return List.of(fact(kind, change, id, id, change.commitMillis()));
    }

    private static Fact deliveryToUser(ChangeEvent change, String id) {
        Long sentAt = change.millis("sent_at");
        Map<String, String> values = values(FactKind.DELIVERY, change);
        values.put("sent_at", sentAt == null ? null : Long.toString(sentAt));
        return new Fact(
                FactKind.DELIVERY,
                change.required("user_id"),
                id,
                change.requiredMillis("created_at"),
                change.commitMillis(),
                change.offset(),
                change.fromSnapshot(),
                values);
    }

    private static List<Fact> project(ChangeEvent change) {
        String id = change.required("id");
        if (change.operation() == Operation.DELETE) {
            return List.of(fact(FactKind.PROJECT_DELETED, change, id, id, change.commitMillis()));
        }
        change.required("owner_id");
        long createdAt = change.requiredMicros("created_at");
        Fact row = exact(FactKind.PROJECT, change, id, id, createdAt);
        Long updatedAt = change.fromSnapshot() ? change.micros("updated_at") : null;
        if (updatedAt != null) {
            row.values().put("updated_at", Long.toString(updatedAt));
        }
        return List.of(row, exact(FactKind.PROJECT_CREATED, change, id, id, createdAt));
    }

    private static List<Fact> member(ChangeEvent change) {
        String id = change.required("id");
        boolean removed = change.operation() == Operation.DELETE;
        String project =
                removed ? change.before().get("project_id") : change.required("project_id");
        if (project == null || project.isEmpty()) {
            throw new UnusableChangeException(
                    change.table(),
                    "a deleted project_members row does not say of which project; set its replica"
                            + " identity to full");
        }
        FactKind kind = removed ? FactKind.MEMBER_REMOVED : FactKind.MEMBER;
        List<Fact> facts = new ArrayList<>();
        facts.add(fact(kind, change, project, id, change.commitMillis()));
        String before = change.before().get("user_id");
        String now = removed ? null : change.text("user_id");
        if (before != null && !before.isEmpty() && !before.equals(now)) {
            facts.add(fact(FactKind.MEMBERSHIP_ENDED, change, before, id, change.commitMillis()));
        }
        if (now != null) {
            facts.add(fact(FactKind.MEMBERSHIP, change, now, id, change.commitMillis()));
        }
        return facts;
    }

    private static List<Fact> quotaRefusal(ChangeEvent change) {
        return unlessDeleted(FactKind.QUOTA_REFUSED, change, "project_id", "attempted_at");
    }

    private static List<Fact> deployment(ChangeEvent change) {
        String id = change.required("id");
        if (change.operation() == Operation.DELETE) {
            return List.of(
                    fact(FactKind.DEPLOYMENT_DELETED, change, id, id, change.commitMillis()));
        }
        change.required("project_id");
        Map<String, String> values = values(FactKind.DEPLOYMENT, change);
        putTime(values, "started_at", "started_micros", change.micros("started_at"));
        putTime(values, "finished_at", "finished_micros", change.micros("finished_at"));
        Long startedAt = change.micros("started_at");
        return List.of(
                new Fact(
                                FactKind.DEPLOYMENT,
                                id,
                                id,
                                change.commitMillis(),
                                change.commitMillis(),
                                change.offset(),
                                change.fromSnapshot(),
                                values)
                        .atMicros(startedAt == null ? change.commitMicros() : startedAt));
    }

    /** The time in milliseconds, and apart what that leaves of the microsecond; null where none. */
    private static void putTime(
            Map<String, String> values, String millis, String rest, Long micros) {
        values.put(
                millis,
                micros == null ? null : Long.toString(Math.floorDiv(micros, MICROS_PER_MILLI)));
        long left = micros == null ? 0 : Math.floorMod(micros, MICROS_PER_MILLI);
        values.put(rest, left == 0 ? null : Long.toString(left));
    }

    private static List<Fact> verdict(ChangeEvent change) {
        if (change.operation() == Operation.DELETE) {
            return deletedById(FactKind.VERDICT_DELETED, change);
        }
        return unlessDeleted(FactKind.VERDICT, change, "deployment_id", "created_at");
    }

    private static List<Fact> hint(ChangeEvent change) {
        return unlessDeleted(FactKind.HINT, change, "deployment_id", "created_at");
    }

    /** Samples have no id of their own: a phase has one at a time. */
    private static List<Fact> sample(ChangeEvent change) {
        if (change.operation() == Operation.DELETE) {
            return List.of();
        }
        long collectedAt = change.requiredMillis("collected_at");
        return List.of(
                fact(
                        FactKind.METRIC_SAMPLE,
                        change,
                        change.required("deployment_id"),
                        change.required("phase") + " " + collectedAt,
                        collectedAt));
    }

    private static List<Fact> unlessDeleted(
            FactKind kind, ChangeEvent change, String keyColumn, String timeColumn) {
        if (change.operation() == Operation.DELETE) {
            return List.of();
        }
        return List.of(
                exact(
                        kind,
                        change,
                        change.required(keyColumn),
                        change.required("id"),
                        change.requiredMicros(timeColumn)));
    }

    private static Fact fact(FactKind kind, ChangeEvent change, String key, String id, long at) {
        return new Fact(
                kind,
                key,
                id,
                at,
                change.commitMillis(),
                change.offset(),
                change.fromSnapshot(),
                values(kind, change));
    }

    /** One whose time is in microseconds. */
    private static Fact exact(
            FactKind kind, ChangeEvent change, String key, String id, long atMicros) {
        return fact(kind, change, key, id, 0).atMicros(atMicros);
    }

    /** The kind's attributes that the log tells, nulls included. */
    private static Map<String, String> values(FactKind kind, ChangeEvent change) {
        if (kind.attributes().isEmpty()) {
            return Map.of();
        }
        Map<String, String> values = Compact.mapOf(kind.attributes().size());
        for (String attribute : kind.attributes()) {
            if (change.knows(attribute)) {
                values.put(attribute, change.text(attribute));
            }
        }
        return values;
    }
}
