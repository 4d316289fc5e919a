package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.FactKind;
import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.Origin;
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

    private static final long MICROS_PER_MILLI = 1_000;

    /** What the subject's row says now. */
    public Map<String, String> values = new HashMap<>();

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

    /** When {@link #values}' plan last changed while we watched; 0: it has always been so. */
    public long planSince;

    /** When a project's owner last changed while we watched; 0: it has always been theirs. */
    public long ownerSince;

    /** What happened, by kind. */
    public Map<FactKind, EventHistory> happened = new EnumMap<>(FactKind.class);

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

    /** A current value, or null where unknown. */
    public String value(String attribute) {
        return values.get(attribute);
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
        values.clear();
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
    EventRecord first(FactKind kind) {
        EventHistory all = happened.get(kind);
        return all == null ? null : all.first;
    }

    /** How many distinct events of a kind there were in a UTC period, by its number. */
    int countIn(Period period, FactKind kind, int number) {
        EventHistory all = happened.get(kind);
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
    boolean describe(Fact fact) {
        toldWhole |= fact.origin().tellsAll();
        if (!row.accepts(fact)) {
            return false;
        }
        String planBefore = value("plan");
        String ownerBefore = value("owner_id");
        boolean news = !row.present || saysNew(fact);
        values.putAll(fact.values());
        values.remove("updated_at"); // of a snapshot's row, for the cohortState
        long changedAt = changedAt(fact);
        if (planBefore != null && !planBefore.equals(value("plan"))) {
            planSince = changedAt;
        }
        if (ownerBefore != null && !ownerBefore.equals(value("owner_id"))) {
            ownerSince = changedAt;
        }
        if ("false".equals(value("is_active")) && !happened.containsKey(FactKind.USER_ACTIVATED)) {
            seenInactiveAt = fact.committedAt();
        }
        createdAt = fact.at();
        row.put(fact);
        return news;
    }

    /**
     * When what the row says became so: of a row that a snapshot shows when it was changed last,
     * where that is later than what was known, or at the latest when the snapshot was taken.
     */
    private long changedAt(Fact fact) {
        String updatedMicros = fact.snapshot() ? fact.value("updated_at") : null;
        if (updatedMicros == null) {
            return fact.committedAt();
        }
        long updatedAt = Math.floorDiv(Long.parseLong(updatedMicros), MICROS_PER_MILLI);
        return updatedAt > row.committedAt && updatedAt < fact.committedAt()
                ? updatedAt
                : fact.committedAt();
    }

    private boolean saysNew(Fact fact) {
        for (Map.Entry<String, String> value : fact.values().entrySet()) {
            String attribute = value.getKey();
            if (!attribute.equals("updated_at")
                    && !(values.containsKey(attribute)
                            && Objects.equals(values.get(attribute), value.getValue()))) {
                return true;
            }
        }
        return false;
    }

    /** Takes an event; returns whether it is a new one, or an earlier first than was known. */
    boolean observe(Fact fact, SpillStore older) {
        EventRecord first = first(fact.kind());
        if (fact.kind() == FactKind.USER_ACTIVATED && first != null && fact.at() >= first.at()) {
            return false; // it is active still
        }
        return happened.computeIfAbsent(fact.kind(), kind -> new EventHistory()).take(fact, older);
    }

    /** An event at the time at which it happened, as far as that is known here better. */
    Fact timed(Fact event) {
        return event.kind() == FactKind.USER_ACTIVATED && row.present
                ? event.atMillis(activatedAt(event))
                : event;
    }

    /**
     * Since when an account is active that is found so. One that was never seen otherwise has been
     * since it was created, as far as anybody knows, whichever change of its row is the first that
     * is heard of.
     */
    private long activatedAt(Fact fact) {
        if (seenInactiveAt == 0 || fact.origin() == Origin.INSERTED) {
            return createdAt;
        }
        boolean known = fact.at() > seenInactiveAt && fact.at() < fact.committedAt();
        return known ? fact.at() : Math.max(createdAt, fact.committedAt());
    }

    /** Business times of the events of a kind in {@code [from, to)}, ascending. */
    List<Long> times(FactKind kind, long from, long to, SpillStore older) {
        EventHistory all = happened.get(kind);
        return all == null ? List.of() : all.times(kind, from, to, older);
    }
}
