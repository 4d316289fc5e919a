package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.catalogue.Trigger;
import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import io.seqpulse.lifecycle.detect.Detector.Answer;
import io.seqpulse.lifecycle.detect.TriggerInstance.Deadline;
import io.seqpulse.lifecycle.fact.ActivitySignal;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.ProjectSignal;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.Signal;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.fact.SpillStore;
import java.time.Duration;
import java.time.ZoneId;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * All rules about one kind of subject. A fact changes the profile at once; whether a rule holds is
 * asked when the log's clock has passed the fact, and what was given out is watched until it
 * expires: refreshed, withdrawn, or taken to a new owner. Pure: times are arguments.
 */
public final class Detection {

    /** Kept this long after an instance has expired, against repetitions of its facts. */
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

        /** Whether the instance is one of its trigger, which may have been edited since. */
        boolean made(ScheduledTrigger pending) {
            return detector.name().equals(pending.trigger);
        }
    }

    private final Subject subject;
    private final Map<String, Hosted> hosted = new LinkedHashMap<>();
    private final Map<EventType, List<Hosted>> movedBy = new EnumMap<>(EventType.class);
    private final List<Hosted> movedByRow;

    /**
     * @param zone of whoever has none
     */
    public Detection(Subject subject, List<ActiveRule> rules, ZoneId zone) {
        this(subject, rules, trigger -> Detector.of(trigger, zone));
    }

    /**
     * @param detectors what notices each trigger
     */
    Detection(Subject subject, List<ActiveRule> rules, Function<Trigger, Detector> detectors) {
        this.subject = subject;
        for (ActiveRule active : rules) {
            if (active.rule().subject() == subject) {
                Detector detector = detectors.apply(active.rule().trigger());
                hosted.put(active.rule().code(), new Hosted(active, detector));
            }
        }
        for (EventType type : EventType.values()) {
            movedBy.put(
                    type,
                    hosted.values().stream().filter(h -> h.detector().isMovedBy(type)).toList());
        }
        movedByRow =
                subject == Subject.PROJECT
                        ? hosted.values().stream().filter(h -> h.detector().isMovedByRow()).toList()
                        : List.of();
    }

    /**
     * Takes an event.
     *
     * @param wall the wall clock, epoch milliseconds, for expiry
     */
    public void take(
            String id,
            Profile profile,
            Event told,
            SpillStore older,
            long wall,
            Consumer<Message> out) {
        Event event = profile.timed(told);
        boolean news = profile.observe(event, older);
        List<Hosted> moved = movedBy.get(event.type());
        for (Hosted rule : moved) {
            find(rule, profile, event, news, older, wall, out);
            deny(rule, profile, event, out);
        }
        watch(id, profile, event, older, out);
        limitStranger(profile, event.committedAt());
        if (moved.stream().anyMatch(rule -> rule.detector().isAskedAnew())) {
            profile.nextAskAt = nextAsk(profile);
        }
    }

    /**
     * Takes the subject's row.
     *
     * @param wall the wall clock, epoch milliseconds, for expiry
     */
    public void take(
            String id,
            Profile profile,
            RowChange row,
            SpillStore older,
            long wall,
            Consumer<Message> out) {
        boolean first = !profile.row.present;
        boolean firstWhole = !profile.toldWhole;
        Optional<Event> switched = TwoFactorSwitch.toldBy(row, profile);
        boolean news = profile.describe(row);
        if (first || (firstWhole && profile.toldWhole)) {
            askWhatWaitedForTheSubject(profile, row.committedAt());
        }
        for (Hosted rule : movedByRow) {
            find(rule, profile, row, news, older, wall, out);
        }
        waitForWhatMoved(profile, row, news, wall, out);
        watch(id, profile, row, older, out);
        limitStranger(profile, row.committedAt());
        profile.nextAskAt = nextAsk(profile);
        switched.ifPresent(event -> take(id, profile, event, older, wall, out));
    }

    private void find(
            Hosted rule,
            Profile profile,
            Fact fact,
            boolean news,
            SpillStore older,
            long wall,
            Consumer<Message> out) {
        boolean applies = appliesTo(rule.rule(), profile);
        boolean mayMove = rule.detector().isMadeByTime(); // while it does not apply as well
        if ((applies || mayMove) && !isSettled(rule, profile, fact)) {
            for (TriggerInstance instance : rule.detector().instances(profile, fact, older)) {
                if (move(rule, profile, instance, out) && applies) {
                    consider(rule, profile, instance, fact.snapshot(), news, wall);
                }
            }
        }
    }

    /** A deadline that moved while a rule did not apply is waited for once it does again. */
    private void waitForWhatMoved(
            Profile profile, RowChange row, boolean news, long wall, Consumer<Message> out) {
        for (Hosted rule : hosted.values()) {
            if (news && rule.detector().isMadeByTime() && appliesTo(rule.rule(), profile)) {
                for (TriggerInstance instance : rule.detector().waiting(profile)) {
                    if (instance.deadline() == Deadline.MOVABLE
                            && move(rule, profile, instance, out)) {
                        consider(rule, profile, instance, row.snapshot(), true, wall);
                    }
                }
            }
        }
    }

    /**
     * What decides which of the things that are known already are waited for, as text: where it is
     * another than when a profile was kept, the profile has to {@link #adopt} the rules.
     */
    public String definition() {
        return hosted.values().stream()
                .filter(rule -> rule.detector().isMadeByTime())
                .map(Hosted::rule)
                .map(r -> r.code() + r.trigger() + r.expires() + new TreeSet<>(r.plans()))
                .sorted()
                .collect(Collectors.joining(" "));
    }

    /**
     * Waits for what a rule that is new, or was retuned, would wait for had it run from the
     * beginning. So nobody's mail depends on whether the log happens to tell of them again.
     *
     * @param now the log's clock: what has expired by then ends here
     */
    public void adopt(Profile profile, long now) {
        for (Hosted rule : hosted.values()) {
            for (TriggerInstance instance : rule.detector().waiting(profile)) {
                ScheduledTrigger pending = profile.pending.get(name(rule.rule(), instance.id()));
                if (pending == null || !pending.asked) {
                    profile.pending.remove(name(rule.rule(), instance.id()));
                    if (appliesTo(rule.rule(), profile)) {
                        consider(rule, profile, instance, true, true, now);
                    }
                }
            }
        }
        profile.nextAskAt = nextAsk(profile);
    }

    /**
     * Asks the detectors that want to be asked by now, without a fact. The log's clock may jump, or
     * be behind the wall clock by as long as the job was down: of all the times that have passed by
     * either clock only the latest makes an instance. One that has expired ends here.
     *
     * @param now the log's clock
     * @param wall the wall clock, epoch milliseconds
     */
    public void askByTime(Profile profile, long now, SpillStore older, long wall) {
        if (now < profile.nextAskAt) {
            return;
        }
        for (Hosted rule : hosted.values()) {
            boolean latest = rule.detector().nextAsk(profile, now) > wall;
            if (nextAsk(rule, profile) <= now && latest && appliesTo(rule.rule(), profile)) {
                for (TriggerInstance instance : rule.detector().instancesAt(profile, now, older)) {
                    consider(rule, profile, instance, false, false, wall);
                }
            }
        }
        profile.askedAt = now;
        profile.nextAskAt = nextAsk(profile);
    }

    private long nextAsk(Profile profile) {
        long next = Deadlines.NONE;
        if (profile.row.present) {
            for (Hosted rule : hosted.values()) {
                next = Deadlines.earliest(next, nextAsk(rule, profile));
            }
        }
        return next;
    }

    /** What lies before the rule ran is history. */
    private static long nextAsk(Hosted rule, Profile profile) {
        return rule.detector()
                .nextAsk(profile, Math.max(profile.askedAt, rule.active().liveSince() - 1));
    }

    /**
     * Takes what one of an owner's projects tells of itself.
     *
     * @param wall the wall clock, epoch milliseconds, for expiry
     */
    public void take(
            String id,
            Profile profile,
            ProjectSignal signal,
            SpillStore older,
            long wall,
            Consumer<Message> out) {
        profile.observeOwned(signal.id(), signal.project());
        if (signal.project() != null) {
            profile.observe(signal.project());
        }
        for (Hosted rule : hosted.values()) {
            if (rule.detector().isMovedBySignals()) {
                find(rule, profile, signal, true, older, wall, out);
            }
        }
        watch(id, profile, signal, older, out);
        limitStranger(profile, signal.committedAt());
    }

    /** Takes by how much the activity of a project has changed: of the subject, or of its user. */
    public void take(Profile profile, ActivitySignal signal) {
        if (subject == Subject.USER) {
            profile.observeOwned(signal);
        } else if (profile.row.present || profile.row.tombstone == null) {
            profile.observe(signal); // what a deleted project's deployments take back is gone
        }
        limitStranger(profile, signal.committedAt());
    }

    /** Somebody belongs to the subject. */
    public void takeMember(Profile profile, String rowId, Member member) {
        Member before = profile.members.get(rowId);
        if (before == null || !member.position().isBefore(before.position())) {
            profile.members.put(rowId, member);
        }
        limitStranger(profile, member.committedAt());
    }

    /** Somebody belongs to the subject no longer. */
    public void takeRemoval(Profile profile, RowChange removal) {
        Member member = profile.members.get(removal.id());
        if (member != null && !member.position().isAfter(removal.position())) {
            profile.members.remove(removal.id());
        }
    }

    /**
     * Notes from when on a subject whose row has not come may be forgotten.
     *
     * @param now commit time of what was told of it
     */
    public static void limitStranger(Profile profile, long now) {
        if (profile.row.present) {
            profile.strangerUntil = 0;
        } else if (profile.strangerUntil == 0) {
            profile.strangerUntil = now + STRANGERS_KEPT.toMillis();
        }
    }

    /** Whether a complete snapshot does not contain the subject. */
    public boolean isMissingFrom(Profile profile, SnapshotBoundary boundary) {
        CapturedTable table =
                subject == Subject.PROJECT ? CapturedTable.PROJECTS : CapturedTable.USERS;
        return profile.row.isMissingFrom(boundary, table.label());
    }

    /** Withdraws everything given out, because the subject is gone. */
    public void end(Profile profile, Consumer<Message> out) {
        for (ScheduledTrigger pending : profile.pending.values()) {
            retract(pending, profile, Retraction.RESOLVED, out);
        }
    }

    /** Asks what is due on the log's clock and forgets what is over. */
    public void advanceTo(
            String id, Profile profile, long now, SpillStore older, Consumer<Message> out) {
        if (profile.strangerUntil != 0 && now >= profile.strangerUntil) {
            profile.forget();
            return;
        }
        for (Iterator<ScheduledTrigger> all = profile.pending.values().iterator();
                all.hasNext(); ) {
            ScheduledTrigger pending = all.next();
            Hosted rule = hosted.get(pending.rule);
            if (rule != null && !rule.made(pending)) {
                all.remove();
                continue;
            }
            boolean held = profile.row.present && pending.askAt == ScheduledTrigger.WHEN_TOLD;
            if (rule == null || ((pending.asked || held) && now >= pending.expiresAt)) {
                all.remove();
                handle(profile, pending);
            } else if (!pending.asked && now >= pending.askAt) {
                if (!profile.row.present || !isTold(rule, profile, pending)) {
                    pending.askAt = ScheduledTrigger.WHEN_TOLD;
                } else if (neverApplied(rule.rule(), profile, pending)) {
                    all.remove(); // and may come again with another plan
                } else if (!ask(id, rule, profile, pending, now, older, out)) {
                    all.remove();
                    if (pending.asked || !rule.detector().isAskedAgain()) {
                        handle(profile, pending);
                    }
                }
            }
        }
        profile.handled.values().removeIf(forgetAt -> now >= forgetAt);
    }

    /** Null where its rule is no more, or has become another that knows nothing of it. */
    private Hosted hostOf(ScheduledTrigger pending) {
        Hosted rule = hosted.get(pending.rule);
        return rule != null && rule.made(pending) ? rule : null;
    }

    /**
     * When {@link #advanceTo} or {@link #askByTime} has something to do next, on the log's clock.
     */
    public static long nextDeadline(Profile profile) {
        long next = Deadlines.earliest(profile.row.nextDeadline(), profile.nextAskAt);
        if (profile.strangerUntil != 0) {
            next = Math.min(next, profile.strangerUntil);
        }
        if (profile.told != null) {
            next = Math.min(next, profile.told.outdatedAt(profile));
        }
        for (ScheduledTrigger pending : profile.pending.values()) {
            boolean held = profile.row.present && pending.askAt == ScheduledTrigger.WHEN_TOLD;
            next = Math.min(next, held ? pending.expiresAt : pending.nextAt());
        }
        for (long forgetAt : profile.handled.values()) {
            next = Math.min(next, forgetAt);
        }
        return next;
    }

    /** Whether enough was told of the subject to decide. */
    private static boolean isTold(Hosted rule, Profile profile, ScheduledTrigger pending) {
        return profile.toldWhole
                || rule.detector().isTold(profile, pending, rule.active().liveSince());
    }

    /** Whether the only instance that the fact could make is over or given out. */
    private static boolean isSettled(Hosted rule, Profile profile, Fact fact) {
        String instance = rule.detector().onlyInstance(fact);
        if (instance == null) {
            return false;
        }
        String name = name(rule.rule(), instance);
        ScheduledTrigger pending = profile.pending.get(name);
        return pending != null ? pending.asked : profile.handled.containsKey(name);
    }

    /** Takes back what an event shows not to be so; an older one, told again, shows nothing. */
    private static void deny(Hosted rule, Profile profile, Event event, Consumer<Message> out) {
        takeBack(rule, rule.detector().deniedInstance(profile, event), profile, event, out);
    }

    /** Takes back what an event caused that was deleted since. */
    public void takeDeletion(Profile profile, Signal deletion, Consumer<Message> out) {
        for (Hosted rule : hosted.values()) {
            takeBack(rule, rule.detector().deletedInstance(deletion), profile, deletion, out);
        }
    }

    private static void takeBack(
            Hosted rule, String denied, Profile profile, Fact fact, Consumer<Message> out) {
        String name = denied == null ? null : name(rule.rule(), denied);
        ScheduledTrigger pending = name == null ? null : profile.pending.get(name);
        if (pending == null || !rule.made(pending) || fact.committedAt() < pending.causedAt) {
            return;
        }
        profile.pending.remove(name);
        if (pending.asked) {
            retract(pending, profile, Retraction.RESOLVED, out);
            handle(profile, pending);
        }
    }

    /**
     * Ends what the instance takes the place of, where its deadline moves; returns whether it is
     * still to be considered. What was given out stays with an earlier deadline: it has been so for
     * as long, and longer.
     */
    private static boolean move(
            Hosted rule, Profile profile, TriggerInstance instance, Consumer<Message> out) {
        String name = name(rule.rule(), instance.id());
        ScheduledTrigger pending = profile.pending.get(name);
        if (instance.deadline() != Deadline.MOVABLE
                || pending == null
                || !rule.made(pending)
                || pending.dueAt == instance.dueAt()) {
            return true;
        }
        if (pending.asked && instance.dueAt() < pending.dueAt) {
            return false;
        }
        profile.pending.remove(name);
        if (pending.asked) {
            retract(pending, profile, Retraction.RESOLVED, out);
            handle(profile, pending);
        }
        return true;
    }

    /**
     * Keeps an instance to be asked, unless it is history or over. Expired ones of a snapshot, or
     * of a repeated fact, end here, and those whose deadline may yet move; others of the stream are
     * asked all the same and end as stale.
     */
    private static void consider(
            Hosted rule,
            Profile profile,
            TriggerInstance instance,
            boolean snapshot,
            boolean news,
            long wall) {
        String name = name(rule.rule(), instance.id());
        ScheduledTrigger found = pending(rule, instance);
        if (profile.handled.containsKey(nameWhenOver(found))) {
            return;
        }
        ScheduledTrigger pending = profile.pending.get(name);
        if (pending != null && !rule.made(pending)) {
            profile.pending.remove(name);
            pending = null;
        }
        if (pending != null && (pending.asked || instance.dueAt() > pending.dueAt)) {
            return;
        }
        boolean history = instance.dueAt() < rule.active().liveSince();
        if (history && isPlanKnown(rule.rule(), profile)) {
            profile.pending.remove(name);
            if (isPeriod(rule.rule())) {
                handle(profile, found);
            }
            return;
        }
        boolean hastened = pending != null && rule.detector().hastens(pending, instance);
        boolean told = snapshot || !news || found.movable;
        if (!history && found.expiresAt <= wall && told && !hastened) {
            if (pending != null && instance.dueAt() < pending.dueAt) {
                profile.pending.remove(name);
            }
            return;
        }
        if (pending != null) {
            // an older fact told again does not mean that it was reached earlier
            boolean repeated = !news && instance.dueAt() == pending.dueAt;
            found.askAt =
                    repeated && !hastened ? pending.askAt : Math.min(found.askAt, pending.askAt);
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
        for (Iterator<ScheduledTrigger> all = profile.pending.values().iterator();
                all.hasNext(); ) {
            ScheduledTrigger pending = all.next();
            Hosted rule = hostOf(pending);
            if (rule != null && !appliesTo(rule.rule(), profile)) {
                all.remove();
            } else if (rule != null && pending.dueAt < rule.active().liveSince()) {
                all.remove();
                if (isPeriod(rule.rule())) {
                    handle(profile, pending);
                }
            } else if (pending.askAt == ScheduledTrigger.WHEN_TOLD) {
                pending.askAt = now;
            }
        }
    }

    /** Whether the instance goes on being watched; otherwise it is over. */
    private boolean ask(
            String id,
            Hosted rule,
            Profile profile,
            ScheduledTrigger pending,
            long now,
            SpillStore older,
            Consumer<Message> out) {
        Answer answer =
                appliesTo(rule.rule(), profile)
                        ? rule.detector().ask(profile, pending, older)
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
    private void watch(
            String id, Profile profile, Fact fact, SpillStore older, Consumer<Message> out) {
        for (Iterator<ScheduledTrigger> all = profile.pending.values().iterator();
                all.hasNext(); ) {
            ScheduledTrigger pending = all.next();
            Hosted rule = hostOf(pending);
            if (!pending.asked || rule == null) {
                continue;
            }
            if (fact instanceof Event event && !rule.detector().isMovedBy(event.type())) {
                continue;
            }
            if (fact instanceof Signal && !rule.detector().isMovedBySignals()) {
                continue;
            }
            if (!appliesTo(rule.rule(), profile)
                    || rule.detector().ask(profile, pending, older) != Answer.HOLDS) {
                retract(pending, profile, Retraction.RESOLVED, out);
                all.remove();
                handle(profile, pending);
            } else {
                follow(id, rule, profile, pending, fact, out);
            }
        }
    }

    /** Takes an email to the new main recipient, and newer figures to everybody who gets it. */
    private void follow(
            String id,
            Hosted rule,
            Profile profile,
            ScheduledTrigger pending,
            Fact fact,
            Consumer<Message> out) {
        Map<String, String> figures = rule.detector().figures(profile, pending);
        if (figures.isEmpty() && fact instanceof Event) {
            return; // which says nothing of who gets it
        }
        boolean newFigures = !pending.values.entrySet().containsAll(figures.entrySet());
        pending.values.putAll(figures);
        String moved = moveMain(id, rule.rule(), profile, pending, out);
        pending.out.forEach(
                (recipient, key) -> {
                    if (newFigures || recipient.equals(moved)) {
                        emit(
                                rule.rule(),
                                id,
                                profile,
                                pending,
                                recipient,
                                key,
                                fact.committedAt(),
                                out);
                    }
                });
    }

    /** Returns the new main recipient; null if there is none, or they have the email already. */
    private String moveMain(
            String id,
            Rule rule,
            Profile profile,
            ScheduledTrigger pending,
            Consumer<Message> out) {
        String base = keyOf(rule, id, pending);
        String before =
                pending.out.entrySet().stream()
                        .filter(entry -> entry.getValue().equals(base))
                        .map(Map.Entry::getKey)
                        .findFirst()
                        .orElse(null);
        String now =
                Recipients.of(rule, id, profile, pending.values).entrySet().stream()
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
            ScheduledTrigger pending,
            long now,
            Consumer<Message> out) {
        pending.values.putAll(rule.detector().figures(profile, pending));
        String base = keyOf(rule.rule(), id, pending);
        Map<String, String> suffixes = Recipients.of(rule.rule(), id, profile, pending.values);
        suffixes.forEach((recipient, suffix) -> pending.out.put(recipient, base + suffix));
        for (String recipient : suffixes.keySet()) {
            String key = pending.out.get(recipient);
            emit(rule.rule(), id, profile, pending, recipient, key, now, out);
        }
    }

    private void emit(
            Rule rule,
            String id,
            Profile profile,
            ScheduledTrigger pending,
            String recipient,
            String key,
            long now,
            Consumer<Message> out) {
        boolean aboutProject = subject == Subject.PROJECT;
        Map<String, String> values = new HashMap<>(pending.values);
        if (aboutProject) {
            values.put("project_id", id);
            values.put("project_name", profile.name);
            values.put("plan", profile.plan);
        }
        values.values().removeIf(value -> value == null);
        String owner = aboutProject ? profile.ownerId : id;
        out.accept(
                decided(
                        Message.of(
                                new Candidate(
                                        rule.code(),
                                        key,
                                        keyOf(rule, id, pending),
                                        recipient,
                                        userOf(recipient, owner, pending),
                                        aboutProject ? id : null,
                                        pending.dueAt,
                                        pending.expiresAt,
                                        pending.causedAt,
                                        now,
                                        values,
                                        alsoTo(recipient, pending),
                                        rule.localDue(pending.dueAt))),
                        pending));
    }

    /** The users who get the same email, one of whom a bare address may belong to. */
    private static List<String> alsoTo(String recipient, ScheduledTrigger pending) {
        if (!recipient.startsWith(Candidate.BARE_ADDRESS)) {
            return List.of();
        }
        return pending.out.keySet().stream()
                .filter(other -> !other.startsWith(Candidate.BARE_ADDRESS))
                .sorted()
                .toList();
    }

    private static void retract(
            ScheduledTrigger pending, Profile profile, String reason, Consumer<Message> out) {
        String owner = profile.ownerId;
        pending.out.forEach(
                (recipient, key) ->
                        out.accept(
                                decided(
                                        Message.of(
                                                new Retraction(
                                                        key,
                                                        recipient,
                                                        userOf(recipient, owner, pending),
                                                        reason)),
                                        pending)));
    }

    /** An invitation is decided with what is known of whoever sent it. */
    private static Message decided(Message message, ScheduledTrigger pending) {
        String inviter = pending.values.get("inviter_id");
        boolean invited = inviter != null && message.recipient().startsWith(Candidate.BARE_ADDRESS);
        return invited ? message.decidedFor(inviter) : message;
    }

    /** The user for whom it is journalled: of a bare address whoever invited it, or the owner. */
    private static String userOf(String recipient, String owner, ScheduledTrigger pending) {
        if (!recipient.startsWith(Candidate.BARE_ADDRESS)) {
            return recipient;
        }
        String inviter = pending.values.get("inviter_id");
        return inviter == null ? owner : inviter;
    }

    private String keyOf(Rule rule, String id, ScheduledTrigger pending) {
        Map<String, String> values = new HashMap<>(pending.values);
        values.put(subject.idAttribute(), id);
        Hosted host = hosted.get(rule.code());
        return DedupeKeys.fill(rule.dedupeKey(), values) + host.detector().keySuffix(pending);
    }

    private static boolean appliesTo(Rule rule, Profile profile) {
        if (rule.plans().isEmpty() || !profile.row.present) {
            return true;
        }
        String plan = profile.plan;
        return plan != null && rule.plans().contains(plan);
    }

    private static boolean isPlanKnown(Rule rule, Profile profile) {
        return rule.plans().isEmpty() || profile.row.present;
    }

    /**
     * Whether the plan was another one already when it was due, and the news of it came late. The
     * rows of a snapshot come in any order: what one of them makes is asked when all are there.
     */
    private static boolean neverApplied(Rule rule, Profile profile, ScheduledTrigger pending) {
        long at = pending.causedAt == 0 ? pending.askAt : pending.dueAt;
        return !appliesTo(rule, profile) && profile.planSince <= Math.max(at, pending.dueAt);
    }

    private static ScheduledTrigger pending(Hosted hosted, TriggerInstance instance) {
        Rule rule = hosted.rule();
        ScheduledTrigger pending = new ScheduledTrigger();
        pending.rule = rule.code();
        pending.trigger = hosted.detector().name();
        pending.instance = instance.id();
        pending.dueAt = instance.dueAt();
        pending.movable = instance.deadline() == Deadline.MOVABLE;
        pending.askAt = instance.askAt();
        pending.causedAt = instance.causedAt();
        pending.values.putAll(instance.values());
        Period period = rule.trigger().period().orElse(Period.MONTH);
        long end = Periods.end(period, instance.dueAt());
        pending.expiresAt =
                rule.expires() == null ? end : instance.dueAt() + rule.expires().toMillis();
        long over = isPeriod(rule) ? Math.max(end, pending.expiresAt) : pending.expiresAt;
        over = Math.max(over, hosted.detector().endOf(instance));
        pending.forgetAt = over + MEMORY.toMillis();
        return pending;
    }

    /** Whether a rule has at most one instance a period, also when that one was never mailed. */
    private static boolean isPeriod(Rule rule) {
        return rule.trigger().period().isPresent();
    }

    private static void handle(Profile profile, ScheduledTrigger pending) {
        profile.handled.put(nameWhenOver(pending), pending.forgetAt);
    }

    /** Where the deadline moves, only this one is over. */
    private static String nameWhenOver(ScheduledTrigger pending) {
        String name = name(pending.rule, pending.instance);
        return pending.movable ? name + "|" + pending.dueAt : name;
    }

    private static String name(Rule rule, String instance) {
        return name(rule.code(), instance);
    }

    private static String name(String code, String instance) {
        return code + "|" + instance;
    }
}
