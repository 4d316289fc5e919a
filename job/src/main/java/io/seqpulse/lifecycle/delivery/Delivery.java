package io.seqpulse.lifecycle.delivery;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.Experiment;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.fact.Columns.EmailEvents;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.EmailSignal;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.Source;
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

    /** What the journal's line says; null until that is known. */
    DeliveryRow line;

    /** Event id → event, of those that count for something. */
    public Map<String, EmailEvent> events = new HashMap<>();

    /** Event id → its deletion, while the event may still be on its way. */
    public Map<String, Tombstone> eventsGone = new HashMap<>();

    /** What it counts for at present. */
    public Contributions contributed = new Contributions();

    /**
     * That it was sent, or not sent to compare, as the subjects it is about hear of it.
     *
     * @param code of the email
     * @param variant of its experiment, or null
     * @param projectId the project, or null
     * @param userId the user, or null
     * @param at when, in microseconds since the epoch
     */
    record Sending(String code, String variant, String projectId, String userId, long at) {
        private EmailSignal signal(boolean sent, String key, String id, Source source) {
            return new EmailSignal(sent, key, id, at, source, code, variant);
        }
    }

    /**
     * What a subject is told.
     *
     * @param to what kind of subject it is
     */
    record Told(Subject to, EmailSignal signal) {}

    /** Takes a change; returns what that means to its project and its user. */
    List<Told> take(String id, RowChange change) {
        switch (change.table()) {
            case EMAIL_DELIVERIES -> {
                if (!change.deleted()) {
                    return takeRow(id, change);
                }
                if (!row.outlived(change.position())) {
                    return delete(id, Tombstone.of(change));
                }
            }
            case EMAIL_EVENTS -> {
                if (change.deleted()) {
                    takeEventsEnd(change);
                } else {
                    takeEvent(change);
                }
            }
            default ->
                    throw new IllegalArgumentException(
                            change.table() + " says nothing of an email");
        }
        return List.of();
    }

    private List<Told> takeRow(String id, RowChange change) {
        if (!row.accepts(change)) {
            return List.of();
        }
        Sending before = sending();
        DeliveryRow said = DeliveryRow.after(change, line);
        boolean news = !said.equals(line);
        line = said;
        row.put(change);
        Source source = change.source();
        Sending now = sending();
        List<Told> told = new ArrayList<>();
        if (before != null && !before.equals(now)) {
            boolean sameProject = now != null && Objects.equals(before.projectId, now.projectId);
            boolean sameUser = now != null && Objects.equals(before.userId, now.userId);
            tell(
                    false,
                    id,
                    before,
                    sameProject ? null : before.projectId,
                    sameUser ? null : before.userId,
                    source,
                    told);
        }
        if (now != null && (!news || !now.equals(before))) {
            tell(true, id, now, now.projectId, now.userId, source, told);
        }
        return told;
    }

    private void takeEvent(RowChange change) {
        if (isEventOver(change)) {
            return;
        }
        String type = change.row().get(EmailEvents.TYPE);
        EmailEvent event =
                new EmailEvent(
                        String.valueOf(type),
                        change.row().isTrue(EmailEvents.MACHINE),
                        change.atMicros(),
                        change.position());
        EmailEvent before = events.get(change.id());
        if (before != null && event.position().isBefore(before.position())) {
            return;
        }
        if (!EmailEvent.OPENED.equals(type) && !EmailEvent.CLICKED.equals(type)) {
            events.remove(change.id());
            return;
        }
        events.put(change.id(), event);
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

    private boolean isEventOver(RowChange event) {
        Tombstone gone = eventsGone.get(event.id());
        return gone != null && !gone.precedes(event);
    }

    private void takeEventsEnd(RowChange deletion) {
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
    void awaitRow(RowChange change, long now) {
        if (!row.present && change.tells(CapturedTable.EMAIL_EVENTS) && !isEventOver(change)) {
            row.await(change, now);
        }
    }

    /** Forgets the row, and tells those who heard of it; what it counted for is still there. */
    List<Told> delete(String id, Tombstone end) {
        List<Told> told = new ArrayList<>();
        Sending before = sending();
        if (before != null) {
            Source source = new Source(end.at(), end.position(), Origin.CHANGED);
            tell(false, id, before, before.projectId, before.userId, source, told);
        }
        line = null;
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

    /** Null while the journal says neither that it was sent nor that its recipient is held out. */
    Sending sending() {
        if (isSent()) {
            return new Sending(
                    line.code(),
                    line.sentVariant(),
                    line.projectId(),
                    line.userId(),
                    line.sentAt());
        }
        return line != null && line.isHeldOut()
                ? new Sending(
                        line.code(),
                        Experiment.HELD_OUT,
                        line.projectId(),
                        line.userId(),
                        line.createdAt())
                : null;
    }

    /** Whether the journal says so. */
    boolean isSent() {
        return line != null && line.sentAt() != null && "sent".equals(line.status());
    }

    /** To the project and the user, where there is one. */
    private static void tell(
            boolean sent,
            String id,
            Sending sending,
            String projectId,
            String userId,
            Source source,
            List<Told> told) {
        if (projectId != null) {
            told.add(new Told(Subject.PROJECT, sending.signal(sent, projectId, id, source)));
        }
        if (userId != null) {
            told.add(new Told(Subject.USER, sending.signal(sent, userId, id, source)));
        }
    }
}
