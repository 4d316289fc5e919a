package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.fact.Departure;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Orphans;
import io.seqpulse.lifecycle.kpi.Ledger;
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
public class Profile {

    /** What the subject's row says now. */
    public Map<String, String> values = new HashMap<>();

    public boolean known;
    public long committedAt = Long.MIN_VALUE;
    public long position = Long.MIN_VALUE;

    /** Where the log told of the row last, be it nothing new. */
    public long seen = Long.MIN_VALUE;

    /** When {@link #values}' plan last changed while we watched; 0: it has always been so. */
    public long planSince;

    /** When a project's owner last changed while we watched; 0: it has always been theirs. */
    public long ownerSince;

    /** What happened, by kind. */
    public Map<FactKind, Occurrences> happened = new EnumMap<>(FactKind.class);

    /** Member row id → member; projects only. */
    public Map<String, Member> members = new HashMap<>();

    /** Rule and occasion → what is still to be asked or watched. */
    public Map<String, Pending> pending = new HashMap<>();

    /** Rule and occasion that is over → when that may be forgotten. */
    public Map<String, Long> handled = new HashMap<>();

    /** When an unknown subject may be forgotten, epoch milliseconds; 0: it is known, or empty. */
    public long strangerUntil;

    /** What waits for the subject's row; null: nothing does. */
    public Orphans orphans;

    /** The deletion of the row remembered last, or null. */
    public Departure departure;

    /** What is counted of it; null: nothing. */
    public Ledger ledger;

    /** What a project's owner was told last, whether it is still so or not; null: nothing. */
    public Standing told;

    /** The one registered timer, epoch milliseconds; 0: none. */
    public long timerAt;

    /** A current value, or null where unknown. */
    public String value(String attribute) {
        return values.get(attribute);
    }

    /** Whether there is nothing to remember. */
    public boolean isEmpty() {
        return !known
                && happened.isEmpty()
                && members.isEmpty()
                && pending.isEmpty()
                && handled.isEmpty()
                && orphans == null
                && ledger == null
                && departure == null;
    }

    /** Forgets everything but what only the host knows. */
    void forget() {
        values.clear();
        known = false;
        committedAt = Long.MIN_VALUE;
        position = Long.MIN_VALUE;
        seen = Long.MIN_VALUE;
        planSince = 0;
        ownerSince = 0;
        happened.clear();
        members.clear();
        pending.clear();
        handled.clear();
        strangerUntil = 0;
        orphans = null;
        ledger = null;
        departure = null;
    }

    /** Forgets everything but what only the host knows, and that the subject was there. */
    public void depart(Departure last) {
        forget();
        departure = last;
    }

    /** Whether the subject was deleted before and the fact is about what it was. */
    public boolean isOver(Fact fact) {
        return departure != null && !departure.precedes(fact);
    }

    /** Whether what the row says now was said by this fact. */
    public boolean isSaidBy(Fact fact) {
        return known && committedAt == fact.committedAt() && position == fact.position();
    }

    /** Whether the row was written after this deletion of it, which is told again. */
    public boolean outlived(Fact deletion) {
        return known && committedAt > deletion.committedAt();
    }

    /** The first event of a kind, or null where none is known. */
    Happening first(FactKind kind) {
        Occurrences all = happened.get(kind);
        return all == null ? null : all.first;
    }

    /** How many distinct events of a kind there were in the UTC month of a time. */
    int countInMonth(FactKind kind, int month) {
        Occurrences all = happened.get(kind);
        return all == null ? 0 : all.countInMonth(month);
    }

    /** Whether the subject has events that are not at hand. */
    public boolean hasOlderEvents() {
        for (Occurrences all : happened.values()) {
            if (all.olderElsewhere) {
                return true;
            }
        }
        return false;
    }

    /**
     * Takes the subject's row, unless a later version is remembered; returns whether it says
     * anything new. A repetition comes at a later position of the log.
     */
    boolean describe(Fact fact) {
        seen = Math.max(seen, fact.position());
        if (known && !isAfterRemembered(fact)) {
            return false;
        }
        String planBefore = value("plan");
        String ownerBefore = value("owner_id");
        boolean news = !known || saysNew(fact);
        values.putAll(fact.values());
        values.remove("updated_at"); // of a snapshot's row, for the ledger
        boolean watched = known && !fact.snapshot();
        if (watched && planBefore != null && !planBefore.equals(value("plan"))) {
            planSince = fact.committedAt();
        }
        if (watched && ownerBefore != null && !ownerBefore.equals(value("owner_id"))) {
            ownerSince = fact.committedAt();
        }
        known = true;
        committedAt = fact.committedAt();
        position = fact.position();
        return news;
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

    private boolean isAfterRemembered(Fact fact) {
        return fact.committedAt() > committedAt
                || (fact.committedAt() == committedAt && fact.position() > position);
    }

    /** Takes an event; returns whether it is a new one, or an earlier first than was known. */
    boolean observe(Fact fact, Events older) {
        if (fact.kind() == FactKind.USER_ACTIVATED
                && fact.snapshot()
                && happened.containsKey(FactKind.USER_ACTIVATED)) {
            return false; // a snapshot does not know since when; what was seen before does
        }
        return happened.computeIfAbsent(fact.kind(), kind -> new Occurrences()).take(fact, older);
    }

    /** Business times of the events of a kind in {@code [from, to)}, ascending. */
    List<Long> times(FactKind kind, long from, long to, Events older) {
        Occurrences all = happened.get(kind);
        return all == null ? List.of() : all.times(kind, from, to, older);
    }
}
