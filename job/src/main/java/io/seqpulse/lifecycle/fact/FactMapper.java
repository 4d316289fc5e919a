package io.seqpulse.lifecycle.fact;

import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.ChangeEvent.Operation;
import io.seqpulse.connector.debezium.UnusableChangeException;
import io.seqpulse.lifecycle.catalogue.FactKind;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.codec.Compact;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a change of one of the product's tables says, in facts. Other tables say nothing.
 *
 * <p>A point in time that a fact needs must be one: a row without it cannot be used. Any other that
 * cannot be read, such as {@code infinity}, is taken for unknown, and the rest of its row stands.
 *
 * <p>The columns read here are those of DESIGN §4; the connector captures no others.
 */
public final class FactMapper {

    /** What marks a recipient who is no user. */
    public static final String BARE_ADDRESS = "mailto:";

    private static final long MICROS_PER_MILLI = 1_000;
    private static final int LONGEST_ID = 200;

    private FactMapper() {}

    /** Told of a column that is taken for unknown. */
    @FunctionalInterface
    public interface Unread {
        /** The reason names table and column. */
        void column(UnusableChangeException reason);
    }

    /**
     * The facts of a change, on the streams of {@link #streamOf}.
     *
     * @param position its place in the log
     * @param unread told of each column that cannot be read and could be done without
     * @throws UnusableChangeException if the row does not say what it must
     */
    public static List<Fact> facts(ChangeEvent change, LogPosition position, Unread unread) {
        List<Fact> facts = facts(change, unread);
        if (position.told() == change.offset()) {
            return facts;
        }
        return facts.stream().map(fact -> fact.toldAt(position)).toList();
    }

    private static List<Fact> facts(ChangeEvent change, Unread unread) {
        if (change.operation() == Operation.TRUNCATE) {
            return List.of();
        }
        return switch (change.table()) {
            case "users" -> user(change, unread);
            case "email_preferences" -> preferences(change);
            case "email_deliveries" -> delivery(change, unread);
            case "email_events" -> emailEvent(change);
            case "projects" -> project(change, unread);
            case "project_members" -> member(change);
            case "quota_refusals" -> quotaRefusal(change);
            case "deployments" -> deployment(change, unread);
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

    /**
     * The id of a row, which must be there and look like one: it becomes a part of keys, whose
     * parts must stay apart and short enough for an index.
     */
    private static String id(ChangeEvent change, String column) {
        change.required(column);
        return idOrNull(change, column);
    }

    private static String idOrNull(ChangeEvent change, String column) {
        String text = change.text(column);
        String id = text == null ? null : text.stripTrailing(); // char(n) comes padded
        if (id != null && !isId(id)) {
            throw new UnusableChangeException(
                    change.table(), change.table() + "." + column + " is no id");
        }
        return id;
    }

    private static boolean isId(String text) {
        boolean usable = !text.isEmpty() && text.length() <= LONGEST_ID;
        for (int i = 0; usable && i < text.length(); i++) {
            usable = text.charAt(i) > ' ' && text.charAt(i) < 0x7f;
        }
        return usable;
    }

    /** Microseconds since the epoch; null where unknown. */
    private static Long micros(ChangeEvent change, String column, Unread unread) {
        try {
            return change.micros(column);
        } catch (UnusableChangeException e) {
            unread.column(e);
            return null;
        }
    }

    private static String text(Long number) {
        return number == null ? null : Long.toString(number);
    }

    private static String millis(Long micros) {
        return micros == null ? null : Long.toString(Math.floorDiv(micros, MICROS_PER_MILLI));
    }

    private static List<Fact> user(ChangeEvent change, Unread unread) {
        String id = id(change, "id");
        if (change.operation() == Operation.DELETE) {
            return List.of(fact(FactKind.ACCOUNT_DELETED, change, id, id, change.commitMillis()));
        }
        long createdMicros = change.requiredMicros("created_at");
        long createdAt = Math.floorDiv(createdMicros, MICROS_PER_MILLI);
        List<Fact> facts = new ArrayList<>();
        facts.add(exact(FactKind.ACCOUNT, change, id, id, createdMicros));
        facts.add(exact(FactKind.USER_CREATED, change, id, id, createdMicros));
        facts.add(userStanding(change, id, createdMicros, unread));
        if (!Boolean.FALSE.equals(change.bool("is_active"))) {
            facts.add(activation(change, id, createdAt, unread));
        }
        return facts;
    }

    /**
     * That the account is active. An update may have made it so, and a row that a snapshot shows
     * may have been made so when it was changed last; whether that is so, only who knew the row
     * before can tell.
     */
    private static Fact activation(ChangeEvent change, String id, long createdAt, Unread unread) {
        Long updatedMicros = change.fromSnapshot() ? micros(change, "updated_at", unread) : null;
        long updatedAt =
                updatedMicros == null
                        ? createdAt
                        : Math.min(
                                Math.floorDiv(updatedMicros, MICROS_PER_MILLI),
                                change.commitMillis());
        long activeAt =
                switch (change.operation()) {
                    case UPDATE -> Math.max(createdAt, change.commitMillis());
                    case READ -> Math.max(createdAt, updatedAt);
                    case CREATE, DELETE, TRUNCATE -> createdAt;
                };
        return fact(FactKind.USER_ACTIVATED, change, id, id, activeAt);
    }

    private static Fact userStanding(
            ChangeEvent change, String id, long createdMicros, Unread unread) {
        Fact standing = exact(FactKind.USER_STANDING, change, id, id, createdMicros);
        Long changedAt = micros(change, "twofa_enabled_at", unread);
        standing.values().put("twofa_enabled_at", millis(changedAt));
        return standing;
    }

    private static List<Fact> preferences(ChangeEvent change) {
        String user = id(change, "user_id");
        FactKind kind =
                change.operation() == Operation.DELETE
                        ? FactKind.PREFERENCES_DELETED
                        : FactKind.PREFERENCES;
        return List.of(fact(kind, change, user, user, change.commitMillis()));
    }

    /** To the policy a deleted line of the journal unsends nothing. */
    private static List<Fact> delivery(ChangeEvent change, Unread unread) {
        String id = id(change, "id");
        if (change.operation() == Operation.DELETE) {
            return List.of(fact(FactKind.EMAIL_DELETED, change, id, id, change.commitMillis()));
        }
        idOrNull(change, "project_id");
        Long sentAt = micros(change, "sent_at", unread);
        List<Fact> facts = new ArrayList<>();
        if (idOrNull(change, "user_id") != null) {
            facts.add(deliveryToUser(change, id, sentAt));
        }
        if (change.text("email_type") != null && change.text("status") != null) {
            facts.add(email(change, id, sentAt, unread));
        }
        return facts;
    }

    private static Fact email(ChangeEvent change, String id, Long sentAt, Unread unread) {
        long createdAt = change.requiredMicros("created_at");
        Fact email = exact(FactKind.EMAIL, change, id, id, createdAt);
        email.values().put("sent_at", text(sentAt));
        for (String time : List.of("caused_at", "decided_at")) {
            email.values().put(time, text(micros(change, time, unread)));
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
        String id = id(change, "id");
        return List.of(fact(kind, change, id, id, change.commitMillis()));
    }

    private static Fact deliveryToUser(ChangeEvent change, String id, Long sentAt) {
        Map<String, String> values = values(FactKind.DELIVERY, change);
        values.put("sent_at", millis(sentAt));
        return new Fact(
                FactKind.DELIVERY,
                recipient(change),
                id,
                change.requiredMillis("created_at"),
                change.commitMillis(),
                LogPosition.at(change.offset()),
                origin(change),
                values);
    }

    /** As the policy knows recipients: by their user's id, or as {@code mailto:} and an address. */
    private static String recipient(ChangeEvent change) {
        String address = change.text("recipient_address");
        return address == null
                ? id(change, "user_id")
                : BARE_ADDRESS + address.strip().toLowerCase(Locale.ROOT);
    }

    private static List<Fact> project(ChangeEvent change, Unread unread) {
        String id = id(change, "id");
        if (change.operation() == Operation.DELETE) {
            return List.of(fact(FactKind.PROJECT_DELETED, change, id, id, change.commitMillis()));
        }
        id(change, "owner_id");
        long createdAt = change.requiredMicros("created_at");
        Fact row = exact(FactKind.PROJECT, change, id, id, createdAt);
        Long updatedAt = change.fromSnapshot() ? micros(change, "updated_at", unread) : null;
        if (updatedAt != null) {
            row.values().put("updated_at", Long.toString(updatedAt));
        }
        return List.of(row, exact(FactKind.PROJECT_CREATED, change, id, id, createdAt));
    }

    /** A deletion is keyed by the row's own id, as it may tell no more. */
    private static List<Fact> member(ChangeEvent change) {
        String id = id(change, "id");
        boolean removed = change.operation() == Operation.DELETE;
        String project = removed ? id : id(change, "project_id");
        FactKind kind = removed ? FactKind.MEMBER_REMOVED : FactKind.MEMBER;
        List<Fact> facts = new ArrayList<>();
        facts.add(fact(kind, change, project, id, change.commitMillis()));
        String before = change.before().get("user_id");
        String now = removed ? null : idOrNull(change, "user_id");
        if (before != null && isId(before) && !before.equals(now)) {
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

    private static List<Fact> deployment(ChangeEvent change, Unread unread) {
        String id = id(change, "id");
        if (change.operation() == Operation.DELETE) {
            return List.of(
                    fact(FactKind.DEPLOYMENT_DELETED, change, id, id, change.commitMillis()));
        }
        id(change, "project_id");
        Map<String, String> values = values(FactKind.DEPLOYMENT, change);
        Long startedAt = micros(change, "started_at", unread);
        putTime(values, "started_at", "started_micros", startedAt);
        putTime(values, "finished_at", "finished_micros", micros(change, "finished_at", unread));
        return List.of(
                new Fact(
                                FactKind.DEPLOYMENT,
                                id,
                                id,
                                change.commitMillis(),
                                change.commitMillis(),
                                LogPosition.at(change.offset()),
                                origin(change),
                                values)
                        .atMicros(startedAt == null ? change.commitMicros() : startedAt));
    }

    /** The time in milliseconds, and apart what that leaves of the microsecond; null where none. */
    private static void putTime(
            Map<String, String> values, String millis, String rest, Long micros) {
        values.put(millis, millis(micros));
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
                        id(change, "deployment_id"),
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
                        id(change, keyColumn),
                        id(change, "id"),
                        change.requiredMicros(timeColumn)));
    }

    private static Fact fact(FactKind kind, ChangeEvent change, String key, String id, long at) {
        return new Fact(
                kind,
                key,
                id,
                at,
                change.commitMillis(),
                LogPosition.at(change.offset()),
                origin(change),
                values(kind, change));
    }

    private static Origin origin(ChangeEvent change) {
        return switch (change.snapshot()) {
            case NONE ->
                    switch (change.operation()) {
                        case CREATE -> Origin.INSERTED;
                        case READ -> Origin.INCREMENTAL; // told by hand, or by a stranger
                        case UPDATE, DELETE, TRUNCATE -> Origin.CHANGED;
                    };
            case FIRST, MIDDLE, LAST -> Origin.SNAPSHOT;
            case INCREMENTAL -> Origin.INCREMENTAL;
        };
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
