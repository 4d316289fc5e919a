package io.seqpulse.lifecycle.delivery;

import io.seqpulse.lifecycle.fact.Departure;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Orphans;
import io.seqpulse.lifecycle.fact.Resnapshot;
import io.seqpulse.lifecycle.fact.Subject;
import io.seqpulse.lifecycle.kpi.Contributions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One email, as the journal's row tells it, and what was done with it. Facts arrive in any order
 * and any number of times and leave the same.
 *
 * <p>Of the events that count for the same, the {@value #ALIKE} earliest are remembered: a picture
 * that is fetched a thousand times makes no large state. Further ones are as if they had not been,
 * which is noticed only if all of the remembered ones are deleted and the others are not.
 *
 * <p>State, as {@link DeliveryCodec} writes it.
 */
public class Delivery {

    private static final int ALIKE = 32;

    /** The row; empty until it is known. */
    public Map<String, String> row = new HashMap<>();

    public long committedAt = Long.MIN_VALUE;
    public long position = Long.MIN_VALUE;

    /** Where the log told of the row last, be it nothing new. */
    public long seen = Long.MIN_VALUE;

    /** Event id → event, of those that count for something. */
    public Map<String, EmailEvent> events = new HashMap<>();

    /** Event id → its deletion, while the event may still be on its way. */
    public Map<String, Departure> eventsGone = new HashMap<>();

    /** What it counts for at present. */
    public Contributions contributed = new Contributions();

    /** What waits for the row; null: nothing does. */
    public Orphans orphans;

    /** The deletion of the row remembered last, or null. */
    public Departure departure;

    /** The one registered timer, epoch milliseconds; 0: none. */
    public long timerAt;

    /**
     * That it was sent, as the subjects it is about hear of it.
     *
     * @param code of the email
     * @param projectId the project, or null
     * @param userId the user, or null
     * @param at when, in microseconds since the epoch
     */
    record Sending(String code, String projectId, String userId, long at) {}

    /**
     * What a subject is told.
     *
     * @param to what kind of subject it is
     */
    record Signal(Subject to, Fact fact) {}

    /** Takes a fact about it; returns what that means to its project and its user. */
    List<Signal> take(String id, Fact fact) {
        switch (fact.kind()) {
            case EMAIL -> {
                return takeRow(id, fact);
            }
            case EMAIL_DELETED -> {
                if (!isKnown() || committedAt <= fact.committedAt()) {
                    return depart(id, new Departure(fact.committedAt(), fact.position()));
                }
            }
            case EMAIL_EVENT -> takeEvent(fact);
            case EMAIL_EVENT_DELETED -> takeEventsEnd(fact);
            default -> throw new IllegalArgumentException(fact.kind() + " is not about an email");
        }
        return List.of();
    }

    private List<Signal> takeRow(String id, Fact fact) {
        seen = Math.max(seen, fact.position());
        boolean older =
                fact.committedAt() < committedAt
                        || (fact.committedAt() == committedAt && fact.position() <= position);
        if (isKnown() && older) {
            return List.of();
        }
        Sending before = sending();
        boolean news = !isKnown() || !row.entrySet().containsAll(fact.values().entrySet());
        row.putAll(fact.values());
        row.put("created_at", Long.toString(fact.atMicros()));
        committedAt = fact.committedAt();
        position = fact.position();
        boolean snapshot = fact.snapshot();
        Sending now = sending();
        List<Signal> told = new ArrayList<>();
        if (before != null && !before.equals(now)) {
            boolean sameProject = now != null && Objects.equals(before.projectId, now.projectId);
            boolean sameUser = now != null && Objects.equals(before.userId, now.userId);
            tell(
                    FactKind.EMAIL_UNSENT,
                    id,
                    before,
                    sameProject ? null : before.projectId,
                    sameUser ? null : before.userId,
                    new Departure(committedAt, position),
                    snapshot,
                    told);
        }
        if (now != null && (!news || !now.equals(before))) {
            Departure at = new Departure(committedAt, position);
            tell(FactKind.EMAIL_SENT, id, now, now.projectId, now.userId, at, snapshot, told);
        }
        return told;
    }

    private void takeEvent(Fact fact) {
        if (isEventOver(fact)) {
            return;
        }
        String type = fact.value("event_type");
        EmailEvent event =
                new EmailEvent(
                        String.valueOf(type),
                        "true".equals(fact.value("machine")),
                        fact.atMicros(),
                        fact.committedAt(),
                        fact.position());
        EmailEvent before = events.get(fact.id());
        if (before != null && !event.isAfter(before)) {
            return;
        }
        if (!EmailEvent.OPENED.equals(type) && !EmailEvent.CLICKED.equals(type)) {
            events.remove(fact.id());
            return;
        }
        events.put(fact.id(), event);
        List<Map.Entry<String, EmailEvent>> alike =
                events.entrySet().stream().filter(one -> one.getValue().isLike(event)).toList();
        if (alike.size() > ALIKE) {
            events.remove(
                    alike.stream()
                            .max(
                                    Comparator.<Map.Entry<String, EmailEvent>>comparingLong(
                                                    one -> one.getValue().at())
                                            .thenComparing(Map.Entry::getKey))
                            .orElseThrow()
                            .getKey());
        }
    }

    private boolean isEventOver(Fact event) {
        Departure gone = eventsGone.get(event.id());
        return gone != null && !gone.precedes(event);
    }

    private void takeEventsEnd(Fact deletion) {
        EmailEvent event = events.get(deletion.id());
        Departure end = new Departure(deletion.committedAt(), deletion.position());
        if (event != null
                && (event.committedAt() > end.at()
                        || (event.committedAt() == end.at()
                                && event.position() > end.position()))) {
            return; // it was inserted again since
        }
        events.remove(deletion.id());
        eventsGone.merge(deletion.id(), end, (one, other) -> one.at() > other.at() ? one : other);
    }

    /** Notes a record that waits for the row, or that nothing does. */
    void awaitRow(Fact fact, long now) {
        if (isKnown()) {
            orphans = null;
        } else if (fact.kind() == FactKind.EMAIL_EVENT && !isEventOver(fact)) {
            if (orphans == null) {
                orphans = new Orphans();
            }
            orphans.await(fact, now);
        }
    }

    /** Whether the row was deleted before and the fact is about what it was. */
    boolean isOver(Fact fact) {
        return departure != null && !departure.precedes(fact);
    }

    /** Whether a new snapshot no longer shows the row. */
    boolean isLackedBy(Resnapshot resnapshot) {
        return isKnown() && resnapshot.lacks(FactKind.EMAIL.table(), seen);
    }

    /** Forgets the row, and tells those who heard of it; what it counted for is still there. */
    List<Signal> depart(String id, Departure end) {
        List<Signal> told = new ArrayList<>();
        Sending before = sending();
        if (before != null) {
            tell(
                    FactKind.EMAIL_UNSENT,
                    id,
                    before,
                    before.projectId,
                    before.userId,
                    end,
                    false,
                    told);
        }
        row.clear();
        committedAt = Long.MIN_VALUE;
        position = Long.MIN_VALUE;
        seen = Long.MIN_VALUE;
        events.clear();
        orphans = null;
        departure = end;
        return told;
    }

    /** The clock has reached a time: forgets deletions that nothing can follow any more. */
    void passTime(long now) {
        if (departure != null && now >= departure.forgetAt()) {
            departure = null;
        }
        eventsGone.values().removeIf(gone -> now >= gone.forgetAt());
    }

    /** When something happens to it next, on the log's clock; 0: nothing. */
    long nextTime() {
        long next = orphans == null ? Long.MAX_VALUE : orphans.nextAt();
        if (departure != null) {
            next = Math.min(next, departure.forgetAt());
        }
        for (Departure gone : eventsGone.values()) {
            next = Math.min(next, gone.forgetAt());
        }
        return next == Long.MAX_VALUE ? 0 : next;
    }

    /** Whether there is nothing to remember. */
    boolean isEmpty() {
        return row.isEmpty()
                && events.isEmpty()
                && eventsGone.isEmpty()
                && contributed.isEmpty()
                && orphans == null
                && departure == null;
    }

    boolean isKnown() {
        return !row.isEmpty();
    }

    /** A point in time of the row, in microseconds since the epoch, or null. */
    Long micros(String column) {
        String value = row.get(column);
        return value == null ? null : Long.valueOf(value);
    }

    /** Null while the journal does not say that it was sent. */
    Sending sending() {
        Long sentAt = micros("sent_at");
        return sentAt != null && "sent".equals(row.get("status"))
                ? new Sending(
                        row.get("email_type"), row.get("project_id"), row.get("user_id"), sentAt)
                : null;
    }

    /** To the project and the user, where there is one. */
    private static void tell(
            FactKind kind,
            String id,
            Sending sending,
            String projectId,
            String userId,
            Departure when,
            boolean snapshot,
            List<Signal> told) {
        if (projectId != null) {
            Fact fact = fact(kind, projectId, id, sending, when, snapshot);
            told.add(new Signal(Subject.PROJECT, fact));
        }
        if (userId != null) {
            Fact fact = fact(kind, userId, id, sending, when, snapshot);
            told.add(new Signal(Subject.USER, fact));
        }
    }

    private static Fact fact(
            FactKind kind,
            String key,
            String id,
            Sending sending,
            Departure when,
            boolean snapshot) {
        Map<String, String> values = Map.of("email_type", sending.code);
        return new Fact(kind, key, id, 0, when.at(), when.position(), snapshot, values)
                .atMicros(sending.at);
    }
}
