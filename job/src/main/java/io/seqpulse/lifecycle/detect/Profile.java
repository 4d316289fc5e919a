package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import io.seqpulse.lifecycle.fact.Columns.Projects;
import io.seqpulse.lifecycle.fact.Columns.Users;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SpillStore;
import io.seqpulse.lifecycle.fact.SubjectState;
import io.seqpulse.lifecycle.fact.Tombstone;
import io.seqpulse.lifecycle.kpi.CohortState;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What is remembered of one user or project: a fixed set of facts whatever the rules are, so that
 * adding or retuning a rule never migrates state. Facts arrive in any order and any number of times
 * and leave the same profile: firsts are minima, counts are of ids, changeable values belong to
 * their last writer.
 *
 * <p>State, as {@link ProfileCodec} writes it.
 */
public class Profile extends SubjectState {

    /** A project's name; null where unknown. */
    String name;

    /** Id of a project's owner; null where unknown. */
    String ownerId;

    /** A project's plan; null where unknown. */
    String plan;

    /** Whether a user's account is not active, as far as the row says. */
    boolean inactive;

    /** A user's time zone, as the row says it; null where unknown. */
    String timezone;

    /**
     * Whether a user's account is protected by two factors; null where the log has never told. A
     * null in the row says that it is not.
     */
    Boolean twoFactor;

    /**
     * Whether all that has happened to the subject was told: the log told of its insertion, or a
     * snapshot showed it. Otherwise there may have been events that nobody has heard of, and
     * neither "the first" nor "none" nor "so many" can be said.
     */
    public boolean toldWhole;

    /** When the row says that the subject was created, epoch milliseconds; 0: unknown. */
    public long createdAt;

    /**
     * When a user who has never been active was last seen so, epoch milliseconds; 0: they never
     * were.
     */
    public long seenInactiveAt;

    /** When {@link #plan} last changed while we watched; 0: it has always been so. */
    public long planSince;

    /** When a project's owner last changed while we watched; 0: it has always been theirs. */
    public long ownerSince;

    /** What happened, by kind. */
    public Map<EventType, EventHistory> happened = new EnumMap<>(EventType.class);

    /** Member row id → member; projects only. */
    public Map<String, Member> members = new HashMap<>();

    /** Rule and trigger instance → what is still to be asked or watched. */
    public Map<String, ScheduledTrigger> pending = new HashMap<>();

    /** Rule and trigger instance that is over → when that may be forgotten. */
    public Map<String, Long> handled = new HashMap<>();

    /** When an unknown subject may be forgotten, epoch milliseconds; 0: it is known, or empty. */
    public long strangerUntil;

    /** Up to when detectors were asked without a fact, on the log's clock; 0: never. */
    public long askedAt;

    /** When a detector wants to be asked without a fact, on the log's clock; or none. */
    public long nextAskAt = Deadlines.NONE;

    /** What is counted of it; null: nothing. */
    public CohortState cohortState;

    /** What a project's owner was told last, whether it is still so or not; null: nothing. */
    public ProjectSummary told;

    /** A project's name; null where unknown. */
    public String name() {
        return name;
    }

    /** Id of a project's owner; null where unknown. */
    public String ownerId() {
        return ownerId;
    }

    /** A user's time zone, as the row says it; null where unknown. */
    public String timezone() {
        return timezone;
    }

    @Override
    public boolean isEmpty() {
        return row.isEmpty()
                && happened.isEmpty()
                && members.isEmpty()
                && pending.isEmpty()
                && handled.isEmpty()
                && cohortState == null;
    }

    /** Forgets everything but what only the host knows. */
    void forget() {
        name = null;
        ownerId = null;
        plan = null;
        inactive = false;
        timezone = null;
        twoFactor = null;
        row.clear();
        toldWhole = false;
        createdAt = 0;
        seenInactiveAt = 0;
        planSince = 0;
        ownerSince = 0;
        happened.clear();
        members.clear();
        pending.clear();
        handled.clear();
        strangerUntil = 0;
        askedAt = 0;
        nextAskAt = Deadlines.NONE;
        cohortState = null;
    }

    /** Forgets everything but what only the host knows, and that the subject was there. */
    public void delete(Tombstone deletion) {
        forget();
        row.delete(deletion);
    }

    /** The first event of a kind, or null where none is known. */
    EventRecord first(EventType type) {
        EventHistory all = happened.get(type);
        return all == null ? null : all.first;
    }

    /** How many distinct events of a kind there were in a UTC period, by its number. */
    int countIn(Period period, EventType type, int number) {
        EventHistory all = happened.get(type);
        return all == null ? 0 : all.countIn(period, number);
    }

    /** Whether the subject has events that are not at hand. */
    public boolean hasOlderEvents() {
        for (EventHistory all : happened.values()) {
            if (all.olderElsewhere) {
                return true;
            }
        }
        return false;
    }

    /**
     * Takes the subject's row, unless a later version is remembered; returns whether it says
     * anything new.
     */
    boolean describe(RowChange change) {
        toldWhole |= change.origin().tellsAll();
        if (!row.accepts(change)) {
            return false;
        }
        boolean changed =
                change.table() == CapturedTable.PROJECTS
                        ? describeProject(change)
                        : describeUser(change);
        boolean news = !row.present || changed;
        createdAt = change.at();
        row.put(change);
        return news;
    }

    private boolean describeUser(RowChange change) {
        boolean before = inactive;
        inactive = change.row().isFalse(Users.IS_ACTIVE);
        if (inactive && !happened.containsKey(EventType.USER_ACTIVATED)) {
            seenInactiveAt = change.committedAt();
        }
        String zoneBefore = timezone;
        timezone = change.row().get(Users.TIMEZONE, timezone);
        if (change.row().knows(Users.TWOFA_ENABLED)) {
            twoFactor = change.row().isTrue(Users.TWOFA_ENABLED);
        }
        return inactive != before || !Objects.equals(zoneBefore, timezone);
    }

    private boolean describeProject(RowChange change) {
        String nameBefore = name;
        String ownerBefore = ownerId;
        String planBefore = plan;
        name = change.row().get(Projects.NAME, name);
        ownerId = change.row().get(Projects.OWNER_ID, ownerId);
        plan = change.row().get(Projects.PLAN, plan);
        long changedAt = changedAt(change);
        boolean replanned = !Objects.equals(planBefore, plan);
        if (planBefore != null && replanned) {
            planSince = changedAt;
        }
        boolean moved = !Objects.equals(ownerBefore, ownerId);
        if (ownerBefore != null && moved) {
            ownerSince = changedAt;
        }
        return replanned || moved || !Objects.equals(nameBefore, name);
    }

    /**
     * When what the row says became so: of a row that a snapshot shows when it was changed last,
     * where that is later than what was known, or at the latest when the snapshot was taken.
     */
    private long changedAt(RowChange change) {
        Long updatedMicros = change.snapshot() ? change.row().get(Projects.UPDATED_AT) : null;
        if (updatedMicros == null) {
            return change.committedAt();
        }
        long updatedAt = Math.floorDiv(updatedMicros, Fact.MICROS_PER_MILLI);
        return updatedAt > row.committedAt && updatedAt < change.committedAt()
                ? updatedAt
                : change.committedAt();
    }

    /** Takes an event; returns whether it is a new one, or an earlier first than was known. */
    boolean observe(Event event, SpillStore older) {
        EventRecord first = first(event.type());
        if (event.type() == EventType.USER_ACTIVATED && first != null && event.at() >= first.at()) {
            return false; // it is active still
        }
        return happened.computeIfAbsent(event.type(), type -> new EventHistory())
                .take(event, older);
    }

    /** An event at the time at which it happened, as far as that is known here better. */
    Event timed(Event event) {
        return event.type() == EventType.USER_ACTIVATED && row.present
                ? event.atMillis(activatedAt(event))
                : event;
    }

    /**
     * Since when an account is active that is found so. One that was never seen otherwise has been
     * since it was created, as far as anybody knows, whichever change of its row is the first that
     * is heard of.
     */
    private long activatedAt(Event event) {
        if (seenInactiveAt == 0 || event.origin() == Origin.INSERTED) {
            return createdAt;
        }
        boolean known = event.at() > seenInactiveAt && event.at() < event.committedAt();
        return known ? event.at() : Math.max(createdAt, event.committedAt());
    }

    /** Business times of the events of a kind in {@code [from, to)}, ascending. */
    List<Long> times(EventType type, long from, long to, SpillStore older) {
        EventHistory all = happened.get(type);
        return all == null ? List.of() : all.times(type, from, to, older);
    }
}
