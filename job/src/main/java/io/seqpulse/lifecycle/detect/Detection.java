package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.Placeholders;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Trigger;
import io.seqpulse.lifecycle.detect.Detector.Answer;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Resnapshot;
import io.seqpulse.lifecycle.fact.Subject;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * All rules about one kind of subject. A fact changes the profile at once; whether a rule holds is
 * asked when the log's clock has passed the fact, and what was given out is watched until it
 * expires: refreshed, withdrawn, or taken to a new owner. Pure: times are arguments.
 */
public final class Detection {

    /** Kept this long after an occasion has expired, against repetitions of its facts. */
    private static final Duration MEMORY = Duration.ofDays(1);

    /**
     * A subject whose row has not come by then is gone: it was deleted while facts about it were
     * still on another way. Long enough to repair a row that could not be read.
     */
    private static final Duration STRANGERS_KEPT = Duration.ofDays(7);

    private record Hosted(ActiveRule active, Detector detector) {
        Rule rule() {
            return active.rule();
        }
    }

    private final Subject subject;
    private final Map<String, Hosted> hosted = new LinkedHashMap<>();
    private final Map<FactKind, List<Hosted>> movedBy = new EnumMap<>(FactKind.class);

    public Detection(Subject subject, List<ActiveRule> rules) {
        this.subject = subject;
        for (ActiveRule active : rules) {
            if (active.rule().subject() == subject) {
                Detector detector = Detector.of(active.rule().trigger());
                hosted.put(active.rule().code(), new Hosted(active, detector));
            }
        }
        for (FactKind kind : FactKind.values()) {
            movedBy.put(
                    kind,
                    hosted.values().stream().filter(h -> h.detector().isMovedBy(kind)).toList());
        }
    }

    /**
     * Takes a fact.
     *
     * @param wall the wall clock, epoch milliseconds, for expiry
     */
    public void take(
            String id, Profile profile, Fact fact, Events older, long wall, Consumer<Message> out) {
        boolean news;
        if (fact.kind().isEvent()) {
            news = profile.observe(fact, older);
        } else {
            boolean first = !profile.known;
            news = profile.describe(fact);
            if (first) {
                askWhatWaitedForTheSubject(profile, fact.committedAt());
            }
        }
        for (Hosted rule : movedBy.get(fact.kind())) {
            if (appliesTo(rule.rule(), profile) && !isSettled(rule, profile, fact)) {
                for (Occasion occasion : rule.detector().occasions(profile, fact, older)) {
                    consider(rule, profile, occasion, fact, news, wall);
                }
            }
        }
        watch(id, profile, fact, out);
        limitStranger(profile, fact.committedAt());
    }

    /** Somebody belongs to the subject, or no longer does ({@code member} null). */
    public void takeMember(Profile profile, String rowId, Member member) {
        if (member == null) {
            profile.members.remove(rowId);
            return;
        }
        Member before = profile.members.get(rowId);
        if (before == null || before.committedAt() <= member.committedAt()) {
            profile.members.put(rowId, member);
        } else {
            profile.members.put(rowId, before.seenAgain(member.seen()));
        }
        limitStranger(profile, member.committedAt());
    }

    /**
     * Notes from when on a subject whose row has not come may be forgotten.
     *
     * @param now commit time of what was told of it
     */
    public static void limitStranger(Profile profile, long now) {
        if (profile.known) {
            profile.strangerUntil = 0;
        } else if (profile.strangerUntil == 0) {
            profile.strangerUntil = now + STRANGERS_KEPT.toMillis();
        }
    }

    /**
     * Takes what a new snapshot lacks as deleted: members, or the subject itself; returns whether
     * there was any.
     */
    public boolean sweep(Profile profile, Resnapshot resnapshot, Consumer<Message> out) {
        FactKind row = subject == Subject.PROJECT ? FactKind.PROJECT : FactKind.ACCOUNT;
        if (profile.known && resnapshot.lacks(row.table(), profile.seen)) {
            end(profile, out);
            profile.depart(resnapshot.departure());
            return true;
        }
        return profile.members
                .values()
                .removeIf(m -> resnapshot.lacks(FactKind.MEMBER.table(), m.seen()));
    }

    /** Withdraws everything given out, because the subject is gone. */
    public void end(Profile profile, Consumer<Message> out) {
        for (Pending pending : profile.pending.values()) {
            retract(pending, profile, Retraction.RESOLVED, out);
        }
    }

    /** Asks what is due on the log's clock and forgets what is over. */
    public void passTime(String id, Profile profile, long now, Consumer<Message> out) {
        if (profile.departure != null && now >= profile.departure.forgetAt()) {
            profile.departure = null;
        }
        if (profile.strangerUntil != 0 && now >= profile.strangerUntil) {
            profile.forget();
            return;
        }
        for (Iterator<Pending> all = profile.pending.values().iterator(); all.hasNext(); ) {
            Pending pending = all.next();
            Hosted rule = hosted.get(pending.rule);
            if (rule == null || (pending.asked && now >= pending.expiresAt)) {
                all.remove();
                handle(profile, pending);
            } else if (!pending.asked && now >= pending.askAt) {
                if (!profile.known) {
                    pending.askAt = Pending.WHEN_KNOWN;
                } else if (neverApplied(rule.rule(), profile, pending)) {
                    all.remove(); // and may come again with another plan
                } else if (!ask(id, rule, profile, pending, now, out)) {
                    all.remove();
                    handle(profile, pending);
                }
            }
        }
        profile.handled.values().removeIf(forgetAt -> now >= forgetAt);
    }

    /** When {@link #passTime} has something to do next, on the log's clock. */
    public OptionalLong nextTime(Profile profile) {
        long next = profile.strangerUntil == 0 ? Long.MAX_VALUE : profile.strangerUntil;
        if (profile.departure != null) {
            next = Math.min(next, profile.departure.forgetAt());
        }
        if (profile.orphans != null) {
            next = Math.min(next, profile.orphans.nextAt());
        }
        if (profile.told != null) {
            next = Math.min(next, profile.told.outdatedAt(profile));
        }
        for (Pending pending : profile.pending.values()) {
            next = Math.min(next, pending.nextAt()); // WHEN_KNOWN is no time
        }
        for (long forgetAt : profile.handled.values()) {
            next = Math.min(next, forgetAt);
        }
        return next == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(next);
    }

    /** Whether the only occasion that the fact could make is over or given out. */
    private static boolean isSettled(Hosted rule, Profile profile, Fact fact) {
        String occasion = rule.detector().onlyOccasion(fact);
        if (occasion == null) {
            return false;
        }
        String name = name(rule.rule(), occasion);
        Pending pending = profile.pending.get(name);
        return pending != null ? pending.asked : profile.handled.containsKey(name);
    }

    /**
     * Keeps an occasion to be asked, unless it is history or over. Expired ones of a snapshot, or
     * of a repeated fact, end here; those of the stream are asked all the same and end as stale.
     */
    private static void consider(
            Hosted rule, Profile profile, Occasion occasion, Fact fact, boolean news, long wall) {
        String name = name(rule.rule(), occasion.id());
        if (profile.handled.containsKey(name)) {
            return;
        }
        Pending pending = profile.pending.get(name);
        if (pending != null && (pending.asked || occasion.dueAt() > pending.dueAt)) {
            return;
        }
        Pending found = pending(rule.rule(), occasion);
        boolean history = occasion.dueAt() < rule.active().liveSince();
        if (history && isPlanKnown(rule.rule(), profile)) {
            profile.pending.remove(name);
            if (isPeriod(rule.rule())) {
                handle(profile, found);
            }
            return;
        }
        if (!history && found.expiresAt <= wall && (fact.snapshot() || !news)) {
            if (pending != null && occasion.dueAt() < pending.dueAt) {
                profile.pending.remove(name);
            }
            return;
        }
        if (pending != null) {
            // an older fact told again does not mean that it was reached earlier
            boolean repeated = !news && occasion.dueAt() == pending.dueAt;
            found.askAt = repeated ? pending.askAt : Math.min(found.askAt, pending.askAt);
            found.causedAt = earlierCause(found.causedAt, pending.causedAt);
        }
        profile.pending.put(name, found);
    }

    /** Of two causes the one that was enough; 0 is none. */
    private static long earlierCause(long one, long other) {
        return one == 0 || other == 0 ? Math.max(one, other) : Math.min(one, other);
    }

    /** What never applied may yet; what did, but is history, is over. */
    private void askWhatWaitedForTheSubject(Profile profile, long now) {
        for (Iterator<Pending> all = profile.pending.values().iterator(); all.hasNext(); ) {
            Pending pending = all.next();
            Hosted rule = hosted.get(pending.rule);
            if (rule != null && !appliesTo(rule.rule(), profile)) {
                all.remove();
            } else if (rule != null && pending.dueAt < rule.active().liveSince()) {
                all.remove();
                if (isPeriod(rule.rule())) {
                    handle(profile, pending);
                }
            } else if (pending.askAt == Pending.WHEN_KNOWN) {
                pending.askAt = now;
            }
        }
    }

    /** Whether the occasion goes on being watched; otherwise it is over. */
    private boolean ask(
            String id,
            Hosted rule,
            Profile profile,
            Pending pending,
            long now,
            Consumer<Message> out) {
        Answer answer =
                appliesTo(rule.rule(), profile)
                        ? rule.detector().ask(profile, pending)
                        : Answer.RESOLVED;
        if (answer == Answer.VOID) {
            return false;
        }
        giveOut(id, rule, profile, pending, now, out);
        pending.asked = true;
        if (answer == Answer.RESOLVED) {
            retract(pending, profile, Retraction.RESOLVED, out);
            return false;
        }
        return true;
    }

    /**
     * Looks again at what was given out, after the profile has changed: by an event, only for the
     * rules that it can move.
     */
    private void watch(String id, Profile profile, Fact fact, Consumer<Message> out) {
        for (Iterator<Pending> all = profile.pending.values().iterator(); all.hasNext(); ) {
            Pending pending = all.next();
            Hosted rule = hosted.get(pending.rule);
            if (!pending.asked || rule == null) {
                continue;
            }
            if (fact.kind().isEvent() && !rule.detector().isMovedBy(fact.kind())) {
                continue;
            }
            if (!appliesTo(rule.rule(), profile)
                    || rule.detector().ask(profile, pending) != Answer.HOLDS) {
                retract(pending, profile, Retraction.RESOLVED, out);
                all.remove();
                handle(profile, pending);
            } else {
                follow(id, rule, profile, pending, fact.committedAt(), out);
            }
        }
    }

    /** Takes an email to the new main recipient, and newer figures to everybody who gets it. */
    private void follow(
            String id,
            Hosted rule,
            Profile profile,
            Pending pending,
            long now,
            Consumer<Message> out) {
        Map<String, String> figures = rule.detector().figures(profile, pending);
        boolean newFigures = !pending.values.entrySet().containsAll(figures.entrySet());
        pending.values.putAll(figures);
        String moved = moveMain(id, rule.rule(), profile, pending, out);
        pending.out.forEach(
                (recipient, key) -> {
                    if (newFigures || recipient.equals(moved)) {
                        emit(rule.rule(), id, profile, pending, recipient, key, now, out);
                    }
                });
    }

    /** Returns the new main recipient; null if there is none, or they have the email already. */
    private String moveMain(
            String id, Rule rule, Profile profile, Pending pending, Consumer<Message> out) {
        String base = key(rule, id, pending);
        String before =
                pending.out.entrySet().stream()
                        .filter(entry -> entry.getValue().equals(base))
                        .map(Map.Entry::getKey)
                        .findFirst()
                        .orElse(null);
        String now =
                Recipients.of(rule, id, profile).entrySet().stream()
                        .filter(entry -> entry.getValue().isEmpty())
                        .map(Map.Entry::getKey)
                        .findFirst()
                        .orElse(null);
        if (before == null || now == null || now.equals(before)) {
            return null;
        }
        out.accept(Message.of(new Retraction(base, before, before, Retraction.MOVED)));
        pending.out.remove(before);
        return pending.out.putIfAbsent(now, base) == null ? now : null;
    }

    private void giveOut(
            String id,
            Hosted rule,
            Profile profile,
            Pending pending,
            long now,
            Consumer<Message> out) {
        pending.values.putAll(rule.detector().figures(profile, pending));
        String base = key(rule.rule(), id, pending);
        Recipients.of(rule.rule(), id, profile)
                .forEach(
                        (recipient, suffix) -> {
                            pending.out.put(recipient, base + suffix);
                            emit(
                                    rule.rule(),
                                    id,
                                    profile,
                                    pending,
                                    recipient,
                                    base + suffix,
                                    now,
                                    out);
                        });
    }

    private void emit(
            Rule rule,
            String id,
            Profile profile,
            Pending pending,
            String recipient,
            String key,
            long now,
            Consumer<Message> out) {
        boolean aboutProject = subject == Subject.PROJECT;
        Map<String, String> values = new HashMap<>(pending.values);
        if (aboutProject) {
            values.put("project_id", id);
            values.put("project_name", profile.value("name"));
            values.put("plan", profile.value("plan"));
        }
        values.values().removeIf(value -> value == null);
        String owner = aboutProject ? profile.value("owner_id") : id;
        out.accept(
                Message.of(
                        new Candidate(
                                rule.code(),
                                key,
                                key(rule, id, pending),
                                recipient,
                                recipient.startsWith(Candidate.BARE_ADDRESS) ? owner : recipient,
                                aboutProject ? id : null,
                                pending.dueAt,
                                pending.expiresAt,
                                pending.causedAt,
                                now,
                                values)));
    }

    private static void retract(
            Pending pending, Profile profile, String reason, Consumer<Message> out) {
        String owner = profile.value("owner_id");
        pending.out.forEach(
                (recipient, key) ->
                        out.accept(
                                Message.of(
                                        new Retraction(
                                                key,
                                                recipient,
                                                recipient.startsWith(Candidate.BARE_ADDRESS)
                                                        ? owner
                                                        : recipient,
                                                reason))));
    }

    private String key(Rule rule, String id, Pending pending) {
        Map<String, String> values = new HashMap<>(pending.values);
        values.put(subject.idAttribute(), id);
        return Placeholders.fill(rule.dedupeKey(), values);
    }

    private static boolean appliesTo(Rule rule, Profile profile) {
        if (rule.plans().isEmpty() || !profile.known) {
            return true;
        }
        String plan = profile.value("plan");
        return plan != null && rule.plans().contains(plan);
    }

    private static boolean isPlanKnown(Rule rule, Profile profile) {
        return rule.plans().isEmpty() || profile.known;
    }

    /** Whether the plan was another one already when it was due, and the news of it came late. */
    private static boolean neverApplied(Rule rule, Profile profile, Pending pending) {
        return !appliesTo(rule, profile) && profile.planSince <= pending.dueAt;
    }

    private static Pending pending(Rule rule, Occasion occasion) {
        Pending pending = new Pending();
        pending.rule = rule.code();
        pending.occasion = occasion.id();
        pending.dueAt = occasion.dueAt();
        pending.askAt = occasion.askAt();
        pending.causedAt = occasion.causedAt();
        pending.values.putAll(occasion.values());
        long endOfMonth = Periods.endOfMonth(Periods.month(occasion.dueAt()));
        pending.expiresAt =
                rule.expires() == null ? endOfMonth : occasion.dueAt() + rule.expires().toMillis();
        long over = isPeriod(rule) ? Math.max(endOfMonth, pending.expiresAt) : pending.expiresAt;
        pending.forgetAt = over + MEMORY.toMillis();
        return pending;
    }

    /** Whether a rule has at most one occasion a month, also when that one was never mailed. */
    private static boolean isPeriod(Rule rule) {
        return rule.trigger() instanceof Trigger.Reached
                || (rule.trigger() instanceof Trigger.Happened happened
                        && happened.occurrence() == Trigger.Occurrence.FIRST_OF_MONTH);
    }

    private static void handle(Profile profile, Pending pending) {
        profile.handled.put(name(pending.rule, pending.occasion), pending.forgetAt);
    }

    private static String name(Rule rule, String occasion) {
        return name(rule.code(), occasion);
    }

    private static String name(String code, String occasion) {
        return code + "|" + occasion;
    }
}
