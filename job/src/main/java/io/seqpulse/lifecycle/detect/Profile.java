package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.fact.Departure;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Orphans;
import java.util.HashMap;
import java.util.Map;

/**
 * What is remembered of one user or project: a fixed set of facts whatever the rules are, so that
 * adding or retuning a rule never migrates state. Facts arrive in any order and any number of times
 * and leave the same profile: firsts are minima, counts are of ids, changeable values belong to
 * their last writer.
 *
 * <p>State: fields may be added, never renamed or retyped.
 */
public class Profile {

    /** Calendar periods kept of each count: the current one, the one before, and one in reserve. */
    private static final int PERIODS_KEPT = 3;

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

    /** Event kind → the first of it. */
    public Map<String, Happening> firsts = new HashMap<>();

    /** Event kind → the last of it, epoch milliseconds. */
    public Map<String, Long> lasts = new HashMap<>();

    /** Event kind and UTC month ({@code deployment_started 2026-11}) → distinct events. */
    public Map<String, Integer> monthCounts = new HashMap<>();

    /** Event kind and ISO week ({@code deployment_started 2026-W47}) → distinct events. */
    public Map<String, Integer> weekCounts = new HashMap<>();

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

    /** The one registered timer, epoch milliseconds; 0: none. */
    public long timerAt;

    /** A current value, or null where unknown. */
    public String value(String attribute) {
        return values.get(attribute);
    }

    /** Whether there is nothing to remember. */
    public boolean isEmpty() {
        return !known
                && firsts.isEmpty()
                && members.isEmpty()
                && pending.isEmpty()
                && handled.isEmpty()
                && orphans == null
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
        firsts.clear();
        lasts.clear();
        monthCounts.clear();
        weekCounts.clear();
        members.clear();
        pending.clear();
        handled.clear();
        strangerUntil = 0;
        orphans = null;
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

    /** Whether the row was written after this deletion of it, which is told again. */
    public boolean outlived(Fact deletion) {
        return known && committedAt > deletion.committedAt();
    }

    /** The first event of a kind, or null where none is known. */
    Happening first(FactKind kind) {
        return firsts.get(kind.label());
    }

    /** How many distinct events of a kind a UTC month has seen. */
    int countInMonth(FactKind kind, String month) {
        return monthCounts.getOrDefault(kind.label() + " " + month, 0);
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
        boolean news = !known || !values.entrySet().containsAll(fact.values().entrySet());
        values.putAll(fact.values());
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

    private boolean isAfterRemembered(Fact fact) {
        return fact.committedAt() > committedAt
                || (fact.committedAt() == committedAt && fact.position() > position);
    }

    /** Takes an event; returns whether it is a new one, or an earlier first than was known. */
    boolean observe(Fact fact, Events events) {
        String kind = fact.kind().label();
        Happening first = firsts.get(kind);
        boolean onlyOne = first != null && lasts.get(kind) == first.at();
        lasts.merge(kind, fact.at(), Math::max);
        boolean news = false;
        if (first == null || isBefore(fact, first)) {
            firsts.put(kind, Happening.of(fact));
            news = true;
        } else if (sameButRicher(first, fact)) {
            firsts.put(kind, Happening.of(fact)); // what is told again in other words is not new
        }
        if (first == null) {
            events.add(fact.kind(), fact.id(), fact.at());
            count(kind, fact.at(), 1);
            return true;
        }
        if (onlyOne && first.isTold(fact)) {
            return false; // as every change of a user's row tells again that the user was created
        }
        Long before = events.put(fact.kind(), fact.id(), fact.at());
        if (before == null || before != fact.at()) {
            if (before != null) {
                count(kind, before, -1);
            }
            count(kind, fact.at(), 1);
        }
        return news || before == null;
    }

    /** Rows of one transaction share their time: the smaller id is first then, in any order. */
    private static boolean isBefore(Fact fact, Happening first) {
        return fact.at() < first.at()
                || (fact.at() == first.at() && fact.id().compareTo(first.id()) < 0);
    }

    private static boolean sameButRicher(Happening first, Fact fact) {
        return first.id().equals(fact.id())
                && first.at() == fact.at()
                && !first.values().equals(fact.values());
    }

    private void count(String kind, long at, int change) {
        bump(monthCounts, kind + " " + Periods.month(at), change);
        bump(weekCounts, kind + " " + Periods.week(at), change);
    }

    /**
     * Counts of one kind sort by period, so the smallest key beyond the kept ones is the oldest.
     */
    private static void bump(Map<String, Integer> counts, String key, int change) {
        counts.merge(key, change, Integer::sum);
        String kind = key.substring(0, key.indexOf(' ') + 1);
        if (counts.keySet().stream().filter(k -> k.startsWith(kind)).count() > PERIODS_KEPT) {
            counts.keySet().stream()
                    .filter(k -> k.startsWith(kind))
                    .min(String::compareTo)
                    .ifPresent(counts::remove);
        }
    }
}
