package io.seqpulse.lifecycle.delivery;

import io.seqpulse.lifecycle.catalogue.FactKind;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.fact.SubjectState;
import io.seqpulse.lifecycle.fact.Tombstone;
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
public class Delivery extends SubjectState {

    private static final int ALIKE = 32;

    /** The row's columns; empty until it is known. */
    public Map<String, String> values = new HashMap<>();

    /** Event id → event, of those that count for something. */
    public Map<String, EmailEvent> events = new HashMap<>();

    /** Event id → its deletion, while the event may still be on its way. */
    public Map<String, Tombstone> eventsGone = new HashMap<>();

    /** What it counts for at present. */
    public Contributions contributed = new Contributions();

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
                if (!row.outlived(fact.position())) {
                    return delete(id, Tombstone.of(fact));
                }
            }
            case EMAIL_EVENT -> takeEvent(fact);
            case EMAIL_EVENT_DELETED -> takeEventsEnd(fact);
            default -> throw new IllegalArgumentException(fact.kind() + " is not about an email");
        }
        return List.of();
    }

    private List<Signal> takeRow(String id, Fact fact) {
        if (!row.accepts(fact)) {
            return List.of();
        }
        Sending before = sending();
        boolean news = !row.present || !values.entrySet().containsAll(fact.values().entrySet());
        values.putAll(fact.values());
        values.put("created_at", Long.toString(fact.atMicros()));
        row.put(fact);
        Origin origin = fact.origin();
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
                    Tombstone.of(fact),
                    origin,
                    told);
        }
        if (now != null && (!news || !now.equals(before))) {
            Tombstone at = Tombstone.of(fact);
            tell(FactKind.EMAIL_SENT, id, now, now.projectId, now.userId, at, origin, told);
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
                        fact.position());
        EmailEvent before = events.get(fact.id());
        if (before != null && event.position().isBefore(before.position())) {
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
        Tombstone gone = eventsGone.get(event.id());
        return gone != null && !gone.precedes(event);
    }

    private void takeEventsEnd(Fact deletion) {
        EmailEvent event = events.get(deletion.id());
        Tombstone end = Tombstone.of(deletion);
        if (event != null && event.position().isAfter(end.position())) {
            return; // it was inserted again since
        }
        events.remove(deletion.id());
        eventsGone.merge(
                deletion.id(),
                end,
                (one, other) -> one.position().isAfter(other.position()) ? one : other);
    }

    /** An event waits for the row while that is absent. */
    void awaitRow(Fact fact, long now) {
        if (!row.present && fact.kind() == FactKind.EMAIL_EVENT && !isEventOver(fact)) {
            row.await(fact, now);
        }
    }

    /** Forgets the row, and tells those who heard of it; what it counted for is still there. */
    List<Signal> delete(String id, Tombstone end) {
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
                    Origin.CHANGED,
                    told);
        }
        values.clear();
        events.clear();
        row.delete(end);
        return told;
    }

    /** The clock has reached a time: forgets deletions that nothing can follow any more. */
    void advanceTo(long now) {
        eventsGone.values().removeIf(gone -> now >= gone.expiresAt());
    }

    @Override
    public long nextDeadline() {
        long next = super.nextDeadline();
        for (Tombstone gone : eventsGone.values()) {
            next = Deadlines.earliest(next, gone.expiresAt());
        }
        return next;
    }

    @Override
    public boolean isEmpty() {
        return row.isEmpty() && events.isEmpty() && eventsGone.isEmpty() && contributed.isEmpty();
    }

    /** A point in time of the row, in microseconds since the epoch, or null. */
    Long micros(String column) {
        String value = values.get(column);
        return value == null ? null : Long.valueOf(value);
    }

    /** Null while the journal does not say that it was sent. */
    Sending sending() {
        Long sentAt = micros("sent_at");
        return sentAt != null && "sent".equals(values.get("status"))
                ? new Sending(
                        values.get("email_type"),
                        values.get("project_id"),
                        values.get("user_id"),
                        sentAt)
                : null;
    }

    /** To the project and the user, where there is one. */
    private static void tell(
            FactKind kind,
            String id,
            Sending sending,
            String projectId,
            String userId,
            Tombstone when,
            Origin origin,
            List<Signal> told) {
        if (projectId != null) {
            Fact fact = fact(kind, projectId, id, sending, when, origin);
            told.add(new Signal(Subject.PROJECT, fact));
        }
        if (userId != null) {
            Fact fact = fact(kind, userId, id, sending, when, origin);
            told.add(new Signal(Subject.USER, fact));
        }
    }

    private static Fact fact(
            FactKind kind, String key, String id, Sending sending, Tombstone when, Origin origin) {
        Map<String, String> values = Map.of("email_type", sending.code);
        return new Fact(kind, key, id, 0, when.at(), when.position(), origin, values)
                .atMicros(sending.at);
    }
}
