package io.seqpulse.lifecycle.fact;

import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.ChangeEvent.Operation;
import io.seqpulse.connector.debezium.UnusableChangeException;
import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.fact.Columns.Deliveries;
import io.seqpulse.lifecycle.fact.Columns.Deployments;
import io.seqpulse.lifecycle.fact.Columns.EmailEvents;
import io.seqpulse.lifecycle.fact.Columns.Hints;
import io.seqpulse.lifecycle.fact.Columns.Members;
import io.seqpulse.lifecycle.fact.Columns.Preferences;
import io.seqpulse.lifecycle.fact.Columns.Projects;
import io.seqpulse.lifecycle.fact.Columns.Samples;
import io.seqpulse.lifecycle.fact.Columns.Users;
import io.seqpulse.lifecycle.fact.Columns.Verdicts;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What a change of one of the product's tables says, in facts, and where each of them goes. Other
 * tables say nothing.
 *
 * <p>A point in time that a fact needs must be one: a row without it cannot be used. Any other that
 * cannot be read, such as {@code infinity}, is taken for none, a flag for one that the log does not
 * tell, and the rest of the row stands.
 *
 * <p>The columns read here are those of {@link CapturedTable}: no others are captured.
 */
public final class FactMapper {

    /** What marks a recipient who is no user. */
    public static final String BARE_ADDRESS = "mailto:";

    private static final int LONGEST_ID = 200;

    /** By how much the clock that wrote what somebody did may be ahead of the log's. */
    private static final Duration AHEAD_ACCEPTED = Duration.ofMinutes(5);

    private static final int LONGEST_NUMBER = 20;

    /** Told of a column that is taken for unknown. */
    @FunctionalInterface
    public interface Unread {
        /** The reason names table and column. */
        void column(UnusableChangeException reason);
    }

    /** A fact and the way it goes. */
    public record Routed(Stream stream, Fact fact) {}

    private final ChangeEvent change;
    private final CapturedTable table;
    private final Source source;
    private final Unread unread;
    private final List<Routed> facts = new ArrayList<>(4);
    private Set<String> unreadable = Set.of();

    private FactMapper(
            ChangeEvent change, CapturedTable table, LogPosition position, Unread unread) {
        this.change = change;
        this.table = table;
        this.source = Source.committedAt(change.commitMicros(), position, origin(change));
        this.unread = unread;
    }

    /**
     * The facts of a change.
     *
     * @param position its place in the log
     * @param unread told of each column that cannot be read and could be done without
     * @throws UnusableChangeException if the row does not say what it must
     */
    public static List<Routed> facts(ChangeEvent change, LogPosition position, Unread unread) {
        CapturedTable table = CapturedTable.of(change.table()).orElse(null);
        if (table == null || change.operation() == Operation.TRUNCATE) {
            return List.of();
        }
        FactMapper mapper = new FactMapper(change, table, position, unread);
        mapper.map();
        return mapper.facts;
    }

    private void map() {
        switch (table) {
            case USERS -> user();
            case PROJECTS -> project();
            case PROJECT_MEMBERS -> member();
            case EMAIL_PREFERENCES -> preferences();
            case DEPLOYMENTS -> deployment();
            case METRIC_SAMPLES -> sample();
            case SDH_HINTS -> hint();
            case DEPLOYMENT_VERDICTS -> verdict();
            case QUOTA_REFUSALS -> quotaRefusal();
            case FEATURE_GATE_EVENTS -> featureGated();
            case EMAIL_DELIVERIES -> delivery();
            case EMAIL_EVENTS -> emailEvent();
            case PROJECT_INVITATIONS -> invitation();
            case LOGIN_EVENTS -> login();
            case PAYMENT_EVENTS -> payment();
            case NPS_RESPONSES -> npsResponse();
            case USAGE_EVENTS -> usage();
        }
    }

    private void user() {
        String id = id("id");
        if (isDeletion()) {
            RowChange deletion = RowChange.deletion(table, id, id, source);
            tell(Stream.USERS, deletion);
            tell(Stream.RECIPIENTS, deletion);
            tell(Stream.SEGMENTS, deletion);
            return;
        }
        long createdAt = change.requiredMicros("created_at");
        boolean active = !Boolean.FALSE.equals(change.bool("is_active"));
        tell(
                Stream.USERS,
                row(
                        id,
                        id,
                        createdAt,
                        Users.IS_ACTIVE,
                        Users.TIMEZONE,
                        Users.TWOFA_ENABLED,
                        Users.TWOFA_ENABLED_AT,
                        Users.UPDATED_AT));
        tell(
                Stream.RECIPIENTS,
                row(
                        id,
                        id,
                        createdAt,
                        Users.NAME,
                        Users.FIRST_NAME,
                        Users.EMAIL,
                        Users.IS_ACTIVE,
                        Users.LOCALE,
                        Users.TIMEZONE));
        tell(
                Stream.SEGMENTS,
                row(
                        id,
                        id,
                        createdAt,
                        Users.IS_ACTIVE,
                        Users.TWOFA_ENABLED,
                        Users.TWOFA_ENABLED_AT));
        tell(Stream.USERS, Event.of(EventType.USER_CREATED, id, id, createdAt, source));
        if (active) {
            long activeAt = activeAt(Math.floorDiv(createdAt, Fact.MICROS_PER_MILLI));
            tell(
                    Stream.USERS,
                    Event.of(EventType.USER_ACTIVATED, id, id, micros(activeAt), source));
        }
    }

    /**
     * Since when the account is active, epoch milliseconds. An update may have made it so, and a
     * row that a snapshot shows may have been made so when it was changed last; whether that is so,
     * only who knew the row before can tell.
     */
    private long activeAt(long createdAt) {
        Long updatedMicros = change.fromSnapshot() ? time("updated_at") : null;
        long updatedAt =
                updatedMicros == null
                        ? createdAt
                        : Math.min(
                                Math.floorDiv(updatedMicros, Fact.MICROS_PER_MILLI),
                                change.commitMillis());
        return switch (change.operation()) {
            case UPDATE -> Math.max(createdAt, change.commitMillis());
            case READ -> Math.max(createdAt, updatedAt);
            case CREATE, DELETE, TRUNCATE -> createdAt;
        };
    }

    private void preferences() {
        String user = id("user_id");
        tell(
                Stream.RECIPIENTS,
                isDeletion()
                        ? RowChange.deletion(table, user, user, source)
                        : row(
                                user,
                                user,
                                committedMicros(),
                                Preferences.MARKETING,
                                Preferences.PRODUCT_UPDATES));
    }

    /** To the policy a deleted line of the journal unsends nothing. */
    private void delivery() {
        String id = id("id");
        if (isDeletion()) {
            tell(Stream.EMAILS, RowChange.deletion(table, id, id, source));
            return;
        }
        idOrNull("project_id");
        boolean toUser = idOrNull("user_id") != null;
        boolean whole = change.text("email_type") != null && change.text("status") != null;
        if (toUser) {
            tell(
                    Stream.RECIPIENTS,
                    row(
                            recipient(),
                            id,
                            change.requiredMicros("created_at"),
                            Deliveries.DEDUPE_KEY,
                            Deliveries.EMAIL_TYPE,
                            Deliveries.PROJECT_ID,
                            Deliveries.STATUS,
                            Deliveries.REASON,
                            Deliveries.SENT_AT));
        }
        if (whole) {
            tell(
                    Stream.EMAILS,
                    row(
                            id,
                            id,
                            change.requiredMicros("created_at"),
                            Deliveries.USER_ID,
                            Deliveries.PROJECT_ID,
                            Deliveries.EMAIL_TYPE,
                            Deliveries.STATUS,
                            Deliveries.REASON,
                            Deliveries.SENT_AT,
                            Deliveries.CAUSED_AT,
                            Deliveries.DECIDED_AT,
                            Deliveries.VARIANT));
        }
    }

    /** As the policy knows recipients: by their user's id, or as {@code mailto:} and an address. */
    private String recipient() {
        String address = change.text("recipient_address");
        return address == null
                ? id("user_id")
                : BARE_ADDRESS + address.strip().toLowerCase(Locale.ROOT);
    }

    private void emailEvent() {
        child(
                Stream.EMAILS,
                "email_delivery_id",
                "occurred_at",
                EmailEvents.TYPE,
                EmailEvents.MACHINE);
    }

    private void project() {
        String id = id("id");
        if (isDeletion()) {
            tell(Stream.PROJECTS, RowChange.deletion(table, id, id, source));
            return;
        }
        id("owner_id");
        long createdAt = change.requiredMicros("created_at");
        RowChange row = row(id, id, createdAt, Projects.NAME, Projects.OWNER_ID, Projects.PLAN);
        if (change.fromSnapshot()) {
            read(row.row(), Projects.UPDATED_AT);
        }
        tell(Stream.PROJECTS, row);
        tell(Stream.PROJECTS, Event.of(EventType.PROJECT_CREATED, id, id, createdAt, source));
    }

    /** A deletion is keyed by the row's own id, as it may tell no more. */
    private void member() {
        String id = id("id");
        long at = committedMicros();
        String now = isDeletion() ? null : idOrNull("user_id");
        tell(
                Stream.MEMBERS,
                isDeletion()
                        ? RowChange.deletion(table, id, id, source)
                        : row(
                                id("project_id"),
                                id,
                                at,
                                Members.USER_ID,
                                Members.EMAIL,
                                Members.ROLE,
                                Members.ON_CALL));
        String before = change.before().get("user_id");
        if (before != null && isId(before) && !before.equals(now)) {
            tell(Stream.SEGMENTS, RowChange.deletion(table, before, id, source));
            tell(Stream.USERS, RowChange.deletion(table, before, id, source));
        }
        if (now != null) {
            tell(Stream.SEGMENTS, row(now, id, at));
            tell(Stream.USERS, row(now, id, at));
        }
    }

    private void quotaRefusal() {
        if (!isDeletion()) {
            event(EventType.QUOTA_REFUSED, "attempted_at", change.text("used"));
        }
    }

    /** Where nobody's project is named, there is nothing to upgrade. */
    private void featureGated() {
        if (!isDeletion() && change.text("project_id") != null) {
            change.required("feature");
            event(EventType.FEATURE_GATED, "at", id("user_id"), word("feature"));
        }
    }

    private void deployment() {
        String id = id("id");
        if (isDeletion()) {
            tell(Stream.DEPLOYMENTS, RowChange.deletion(table, id, id, source));
            return;
        }
        id("project_id");
        Row row = Row.unknown(table);
        read(
                row,
                Deployments.PROJECT_ID,
                Deployments.NUMBER,
                Deployments.ENVIRONMENT,
                Deployments.BRANCH,
                Deployments.STATE,
                Deployments.STARTED_AT,
                Deployments.FINISHED_AT);
        Long startedAt = row.get(Deployments.STARTED_AT);
        long at = startedAt == null ? change.commitMicros() : startedAt;
        tell(Stream.DEPLOYMENTS, new RowChange(false, id, id, at, source, row));
    }

    private void verdict() {
        child(
                Stream.DEPLOYMENTS,
                "deployment_id",
                "created_at",
                Verdicts.VERDICT,
                Verdicts.CONFIDENCE,
                Verdicts.SUMMARY);
    }

    private void hint() {
        if (!isDeletion()) {
            tell(
                    Stream.DEPLOYMENTS,
                    row(
                            id("deployment_id"),
                            id("id"),
                            change.requiredMicros("created_at"),
                            Hints.SEVERITY,
                            Hints.TITLE,
                            Hints.SUGGESTED_ACTIONS));
        }
    }

    /** Samples have no id of their own: a phase has one at a time. */
    private void sample() {
        if (isDeletion()) {
            return;
        }
        long collectedAt = change.requiredMillis("collected_at");
        String deployment = id("deployment_id");
        String id = change.required("phase") + " " + collectedAt;
        tell(
                Stream.DEPLOYMENTS,
                row(
                        deployment,
                        id,
                        micros(collectedAt),
                        Samples.PHASE,
                        Samples.LATENCY_P95,
                        Samples.ERROR_RATE));
    }

    /** A row that belongs to another, and of whose deletion only its own id is known. */
    private void child(Stream stream, String keyColumn, String timeColumn, Field<?>... fields) {
        if (isDeletion()) {
            String id = id("id");
            tell(Stream.FOREIGN_KEYS, RowChange.deletion(table, id, id, source));
            return;
        }
        RowChange row = row(id(keyColumn), id("id"), change.requiredMicros(timeColumn), fields);
        tell(stream, row);
        tell(Stream.FOREIGN_KEYS, row.withoutColumns());
    }

    /** Each change of the row tells again all that has become of the invitation so far. */
    private void invitation() {
        String id = id("id");
        if (isDeletion()) {
            tell(Stream.FOREIGN_KEYS, RowChange.deletion(table, id, id, source));
            return;
        }
        String project = id("project_id");
        long createdAt = change.requiredMicros("created_at");
        tell(
                Stream.PROJECTS,
                Event.of(
                        EventType.INVITATION_SENT,
                        project,
                        id,
                        createdAt,
                        source,
                        id,
                        id("inviter_id"),
                        change.text("email"),
                        instant(time("expires_at"))));
        tellEnd(EventType.INVITATION_ACCEPTED, "accepted_at", project, id);
        tellEnd(EventType.INVITATION_DECLINED, "declined_at", project, id);
        tellEnd(EventType.INVITATION_REVOKED, "revoked_at", project, id);
        tell(Stream.FOREIGN_KEYS, row(project, id, createdAt));
    }

    private void tellEnd(EventType type, String timeColumn, String project, String id) {
        Long at = time(timeColumn);
        if (at != null) {
            tell(Stream.PROJECTS, Event.of(type, project, id, at, source, id));
        }
    }

    private void login() {
        if (!isDeletion()) {
            String id = id("id");
            userEvent(EventType.LOGGED_IN, id, word("country"), word("city"), word("device"));
        }
    }

    /** Of which kinds there are more than these, nothing is known. */
    private void payment() {
        if (isDeletion()) {
            return;
        }
        String kind = word("kind");
        EventType type =
                kind == null
                        ? null
                        : switch (kind) {
                            case "failed" -> EventType.PAYMENT_FAILED;
                            case "succeeded" -> EventType.PAYMENT_SUCCEEDED;
                            case "cancelled" -> EventType.PAYMENT_CANCELLED;
                            default -> null;
                        };
        if (type == null) {
            return;
        }
        String invoice = id("invoice_id");
        String subscription = id("subscription_id");
        String[] values =
                type == EventType.PAYMENT_CANCELLED
                        ? new String[] {subscription, invoice}
                        : new String[] {
                            subscription,
                            invoice,
                            whole("amount_cents"),
                            word("currency"),
                            change.text("invoice_url")
                        };
        tell(
                Stream.PROJECTS,
                Event.of(
                        type,
                        id("project_id"),
                        invoice,
                        change.requiredMicros("at"),
                        source,
                        values));
    }

    private void npsResponse() {
        if (!isDeletion()) {
            userEvent(EventType.NPS_ANSWERED, whole("score"));
        }
    }

    private void usage() {
        String kind = isDeletion() ? null : word("kind");
        if (kind == null) {
            return;
        }
        switch (kind) {
            case "verdict_viewed" -> userEvent(EventType.VERDICT_VIEWED, idOrNull("deployment_id"));
            case "session" -> userEvent(EventType.SESSION_STARTED);
            case "stay" -> userEvent(EventType.STAYED);
            default -> {
                // another kind says nothing
            }
        }
    }

    /** Something that somebody did, of which each row tells one. */
    private void userEvent(EventType type, String... values) {
        long at = change.requiredMicros("at");
        boolean ahead = at > micros(change.commitMillis() + AHEAD_ACCEPTED.toMillis());
        if (ahead && change.fromSnapshot()) {
            return; // nothing tells when it happened
        }
        long happenedAt = ahead ? micros(change.commitMillis()) : at;
        tell(Stream.USERS, Event.of(type, id("user_id"), id("id"), happenedAt, source, values));
    }

    /** Something that happened to a project, of which each row tells one. */
    private void event(EventType type, String timeColumn, String... values) {
        tell(
                Stream.PROJECTS,
                Event.of(
                        type,
                        id("project_id"),
                        id("id"),
                        change.requiredMicros(timeColumn),
                        source,
                        values));
    }

    /** As ISO 8601 writes it; null where unknown. */
    private static String instant(Long micros) {
        return micros == null ? null : Instant.EPOCH.plus(micros, ChronoUnit.MICROS).toString();
    }

    /** Null where unknown; text of fixed length comes padded. */
    private String word(String column) {
        String text = change.text(column);
        return text == null ? null : text.stripTrailing();
    }

    /** A whole number as everybody writes it, whatever type its column has; else as it is. */
    private String whole(String column) {
        String text = word(column);
        if (text == null || text.length() > LONGEST_NUMBER) {
            return text;
        }
        try {
            BigDecimal number = new BigDecimal(text);
            boolean writable = Math.abs((long) number.scale()) <= LONGEST_NUMBER;
            return writable ? number.setScale(0).toPlainString() : text;
        } catch (ArithmeticException | NumberFormatException e) {
            return text;
        }
    }

    private RowChange row(String key, String id, long atMicros, Field<?>... fields) {
        Row row = Row.unknown(table);
        read(row, fields);
        return new RowChange(false, key, id, atMicros, source, row);
    }

    private void tell(Stream stream, Fact fact) {
        facts.add(new Routed(stream, fact));
    }

    /** Reads what the log tells of the columns, nulls included. */
    private void read(Row row, Field<?>... fields) {
        for (Field<?> field : fields) {
            if (change.knows(field.name())) {
                read(row, field);
            }
        }
    }

    private void read(Row row, Field<?> field) {
        Object value = null;
        try {
            value = value(field);
        } catch (UnusableChangeException e) {
            tellUnread(field.name(), e);
            if (field.type() == Boolean.class) {
                return; // what was refused is not granted by what cannot be read
            }
        }
        row.set(field, value);
    }

    private Object value(Field<?> field) {
        return switch (field.column().type()) {
            case TIME -> change.micros(field.name());
            case FLAG -> change.bool(field.name());
            case KEY, ID -> idOrNull(field.name());
            case WORD, LIST, JSON, NUMBER, TEXT -> change.text(field.name());
        };
    }

    /** Once, though several streams are told of the column. */
    private void tellUnread(String column, UnusableChangeException reason) {
        if (unreadable.isEmpty()) {
            unreadable = new HashSet<>();
        }
        if (unreadable.add(column)) {
            unread.column(reason);
        }
    }

    /** Microseconds since the epoch; null where unknown. */
    private Long time(String column) {
        try {
            return change.micros(column);
        } catch (UnusableChangeException e) {
            tellUnread(column, e);
            return null;
        }
    }

    private boolean isDeletion() {
        return change.operation() == Operation.DELETE;
    }

    private long committedMicros() {
        return micros(change.commitMillis());
    }

    private static long micros(long millis) {
        return millis * Fact.MICROS_PER_MILLI;
    }

    /**
     * The id of a row, which must be there and look like one: it becomes a part of keys, whose
     * parts must stay apart and short enough for an index.
     */
    private String id(String column) {
        change.required(column);
        return idOrNull(column);
    }

    private String idOrNull(String column) {
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
}
