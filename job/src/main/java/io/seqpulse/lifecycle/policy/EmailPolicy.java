package io.seqpulse.lifecycle.policy;

import io.seqpulse.connector.email.EmailCategory;
import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Rule.Mode;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.detect.Retraction;
import io.seqpulse.lifecycle.fact.Columns.Deliveries;
import io.seqpulse.lifecycle.fact.Columns.Preferences;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.Field;
import io.seqpulse.lifecycle.fact.Row;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.fact.Tombstone;
import io.seqpulse.lifecycle.kpi.Count;
import io.seqpulse.lifecycle.kpi.Figure;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Decides about all emails of one person (DESIGN D7). Security, alert, transactional and service
 * mail passes; marketing respects the opt-out, quiet hours and the cap: the most important of those
 * that wait goes when the window opens, the others go on waiting until they expire. What has a
 * local time waits for it where the recipient lives. Pure: times are arguments, what it remembers
 * is the {@link Recipient}.
 */
public final class EmailPolicy {

    /** Longer than any email's life, so that a repetition of its facts finds its key decided. */
    private static final Duration KEYS_KEPT = Duration.ofDays(40);

    private final Map<String, Rule> rules;
    private final Duration cooldown;
    private final ZoneId zone;
    private final QuietHours quietHours;
    private final AlertDigests digests = new AlertDigests();

    /**
     * @param cooldown least time between two marketing emails to one person
     */
    public EmailPolicy(List<Rule> rules, Duration cooldown) {
        this(rules, cooldown, ZoneOffset.UTC, QuietHours.NONE);
    }

    /**
     * @param cooldown least time between two marketing emails to one person
     * @param zone where people live of whom that is not known
     * @param quietHours when nobody gets marketing mail
     */
    public EmailPolicy(List<Rule> rules, Duration cooldown, ZoneId zone, QuietHours quietHours) {
        this.rules = rules.stream().collect(Collectors.toMap(Rule::code, Function.identity()));
        this.cooldown = cooldown;
        this.zone = zone;
        this.quietHours = quietHours;
    }

    /** Takes what the log says of the person; returns whether the person is gone. */
    public boolean take(Recipient recipient, RowChange change) {
        switch (change.table()) {
            case USERS -> {
                if (change.deleted()) {
                    return !recipient.row.outlived(change.position());
                }
                if (recipient.row.accepts(change)) {
                    recipient.account = Account.after(change, recipient.account);
                    recipient.row.put(change);
                }
            }
            case EMAIL_PREFERENCES -> takePreferences(recipient, change);
            case EMAIL_DELIVERIES -> takeDelivery(recipient, change);
            default ->
                    throw new IllegalArgumentException(
                            change.table() + " says nothing of a recipient");
        }
        return false;
    }

    /** What was refused stays so while the log does not say otherwise. */
    private static void takePreferences(Recipient recipient, RowChange change) {
        if (change.deleted()) {
            if (!recipient.preferencesRow.outlived(change.position())) {
                deletePreferences(recipient, Tombstone.of(change));
            }
        } else if (recipient.preferencesRow.accepts(change)) {
            Row row = change.row();
            recipient.optedOutOfMarketing =
                    isRefused(row, Preferences.MARKETING, recipient.optedOutOfMarketing);
            recipient.optedOutOfProductUpdates =
                    isRefused(row, Preferences.PRODUCT_UPDATES, recipient.optedOutOfProductUpdates);
            recipient.preferencesRow.put(change);
        }
    }

    private static boolean isRefused(Row row, Field<Boolean> optIn, boolean before) {
        return row.knows(optIn) ? row.isFalse(optIn) : before;
    }

    /** Takes what a new snapshot lacks as deleted; returns whether the person is gone. */
    public boolean reconcile(Recipient recipient, SnapshotBoundary boundary) {
        if (recipient.preferencesRow.isMissingFrom(
                boundary, CapturedTable.EMAIL_PREFERENCES.label())) {
            deletePreferences(recipient, boundary.tombstone());
        }
        return recipient.row.isMissingFrom(boundary, CapturedTable.USERS.label());
    }

    private static void deletePreferences(Recipient recipient, Tombstone tombstone) {
        if (!recipient.preferencesRow.isLaterDeleted(tombstone)) {
            recipient.clearPreferences();
            recipient.preferencesRow.delete(tombstone);
        }
    }

    /** The journal tells what was sent, also before this state existed and by others. */
    private void takeDelivery(Recipient recipient, RowChange change) {
        Row line = change.row();
        String key = line.get(Deliveries.DEDUPE_KEY);
        String status = line.get(Deliveries.STATUS);
        if (key == null || status == null) {
            return;
        }
        if (!Reasons.MOVED.equals(line.get(Deliveries.REASON))) {
            take(recipient, key, change);
        }
        takeQueued(recipient, key, status, change);
        boolean sent = status.equals("sent");
        if (sent
                && isCapped(line.get(Deliveries.EMAIL_TYPE))
                && line.get(Deliveries.SENT_AT) != null) {
            // nothing was sent after its row says so, whatever time stands there
            long sentAt = Math.min(line.millisOrZero(Deliveries.SENT_AT), change.committedAt());
            recipient.marketingSentAt = Math.max(recipient.marketingSentAt, sentAt);
        }
        boolean ended = sent || status.equals("failed") || status.equals("suppressed");
        if (ended && Reasons.dedupeKey(key).equals(recipient.reservedKey)) {
            if (!key.equals(recipient.reservedKey)) {
                recipient.decided.remove(recipient.reservedKey); // its own key is free again
            }
            recipient.reservedKey = null;
            recipient.releasedAt = change.committedAt();
        }
    }

    /**
     * What is in the queue, until it has its end. One that ended under its key and a reason was not
     * sent for a reason that may pass, so that its own key is free again.
     */
    private static void takeQueued(
            Recipient recipient, String key, String status, RowChange change) {
        String code = change.row().get(Deliveries.EMAIL_TYPE);
        if (status.equals("queued")) {
            if (code == null) {
                return; // somebody else's, of no rule
            }
            recipient.queued.putIfAbsent(
                    key,
                    new Recipient.Queued(
                            code,
                            change.row().get(Deliveries.PROJECT_ID),
                            change.at() + KEYS_KEPT.toMillis()));
            return;
        }
        String dedupeKey = Reasons.dedupeKey(key);
        boolean freed = recipient.queued.remove(dedupeKey) != null && !dedupeKey.equals(key);
        if (freed && !change.snapshot()) {
            recipient.decided.remove(dedupeKey);
        }
    }

    /** What has its line in the journal waits no longer; old lines are not worth remembering. */
    private void take(Recipient recipient, String key, RowChange change) {
        long forgetAt = change.at() + KEYS_KEPT.toMillis();
        if (forgetAt > change.committedAt()) {
            recipient.decided.merge(key, forgetAt, Math::max);
        }
        recipient.waiting.remove(key);
        digests.release(recipient, key);
    }

    private boolean isCapped(String emailType) {
        Rule rule = rules.get(emailType);
        return rule != null && rule.category().capped();
    }

    /** Takes what detection says. Alerts and security mail are decided at once. */
    public void take(Recipient recipient, Message message, long wall, Consumer<Decision> out) {
        if (message.retraction() != null) {
            retract(recipient, message.retraction(), out);
            return;
        }
        Candidate candidate = message.candidate();
        if (recipient.decided.containsKey(candidate.key())) {
            return;
        }
        Recipient.Waiting waiting = recipient.waiting.get(candidate.key());
        if (waiting != null) {
            waiting.candidate = candidate;
            return;
        }
        waiting = new Recipient.Waiting();
        waiting.candidate = candidate;
        recipient.waiting.put(candidate.key(), waiting);
        if (isUrgent(candidate) && isKnown(recipient, candidate)) {
            decide(recipient, waiting, candidate.decidedAt(), wall, out);
        }
    }

    /** Not if its rule has left the catalogue while it was under way. */
    private boolean isUrgent(Candidate candidate) {
        Rule rule = rules.get(candidate.rule());
        return rule != null
                && candidate.localDue() == null
                && (rule.category() == EmailCategory.ALERT
                        || rule.category() == EmailCategory.SECURITY);
    }

    private void retract(Recipient recipient, Retraction retraction, Consumer<Decision> out) {
        Recipient.Waiting waiting = recipient.waiting.remove(retraction.key());
        Optional<Candidate> held =
                waiting != null
                        ? Optional.of(waiting.candidate)
                        : digests.release(recipient, retraction.key());
        boolean moved = retraction.reason().equals(Retraction.MOVED);
        if (held.isEmpty()) {
            out.accept(Decision.withdraw(retraction));
        } else if (!moved) {
            end(recipient, held.get(), retraction.reason(), out);
        }
        recipient.queued.remove(retraction.key());
        if (moved) {
            recipient.decided.remove(retraction.key());
        }
    }

    /** Decides what the log's clock has passed, and what the window lets through. */
    public void advanceTo(Recipient recipient, long now, long wall, Consumer<Decision> out) {
        List<Recipient.Waiting> due =
                recipient.waiting.values().stream()
                        .filter(w -> !w.capped && askAt(recipient, w.candidate) <= now)
                        .sorted(Comparator.comparing(w -> w.candidate.key()))
                        .toList();
        for (Recipient.Waiting waiting : due) {
            // one before it may have superseded it
            if (recipient.waiting.get(waiting.candidate.key()) == waiting) {
                decide(recipient, waiting, now, wall, out);
            }
        }
        expireCapped(recipient, now, wall, out);
        boolean quiet = noteQuiet(recipient, Math.max(now, wall));
        while (!quiet
                && now >= windowOpensAt(recipient)
                && letOneThrough(recipient, now, wall, out)) {
            // the next one, if the one before turned out not to be wanted any more
        }
        tellDigests(recipient, now, wall, out);
        recipient.decided.values().removeIf(forgetAt -> now >= forgetAt);
        recipient.queued.values().removeIf(queued -> now >= queued.until());
    }

    /** Whether there is nothing to remember of the person at a time. */
    public boolean isForgettable(Recipient recipient, long now) {
        return recipient.isEmpty() && windowOpensAt(recipient) <= Math.max(now, 0);
    }

    /** The emails of the person that are held back: decided, and not in the journal yet. */
    Map<Figure, Count> held(Recipient recipient) {
        if (recipient.waiting.isEmpty() && recipient.alertHours.isEmpty()) {
            return Map.of();
        }
        return HeldEmails.of(recipient, waiting -> hold(recipient, waiting));
    }

    /** When {@link #advanceTo} has something to do next, on the log's clock. */
    public long nextDeadline(Recipient recipient) {
        LongStream waiting =
                recipient.waiting.values().stream().mapToLong(w -> nextDeadline(recipient, w));
        LongStream forgotten = recipient.decided.values().stream().mapToLong(Long::longValue);
        LongStream told = digests.times(recipient);
        return LongStream.concat(LongStream.concat(waiting, told), forgotten)
                .min()
                .orElse(Deadlines.NONE);
    }

    private long nextDeadline(Recipient recipient, Recipient.Waiting waiting) {
        return waiting.capped
                ? Math.min(
                        placed(recipient, waiting.candidate).expiresAt(),
                        Math.max(localDue(recipient, waiting.candidate), opensAt(recipient)))
                : askAt(recipient, waiting.candidate);
    }

    /** What holds back one that waits, and how long; null where the log's clock alone does. */
    private HeldEmails.Hold hold(Recipient recipient, Recipient.Waiting waiting) {
        long localDue = localDue(recipient, waiting.candidate);
        if (!waiting.capped) {
            return localDue > waiting.candidate.decidedAt()
                    ? HeldEmails.Hold.localTime(localDue)
                    : null;
        }
        long windowOpensAt = windowOpensAt(recipient);
        long opensAt = opensAt(recipient);
        long expiresAt = placed(recipient, waiting.candidate).expiresAt();
        if (expiresAt <= Math.max(localDue, opensAt)) {
            return HeldEmails.Hold.expiry(expiresAt);
        }
        if (localDue > opensAt) {
            return HeldEmails.Hold.localTime(localDue);
        }
        return opensAt > windowOpensAt
                ? HeldEmails.Hold.quietHours(opensAt)
                : HeldEmails.Hold.cap(opensAt);
    }

    /**
     * When it is asked whether it goes: when the log's clock has passed what it stands on, and its
     * local time has come.
     */
    private long askAt(Recipient recipient, Candidate candidate) {
        return Math.max(candidate.decidedAt(), localDue(recipient, candidate));
    }

    /** When its local time has come where the recipient lives now; of none, always. */
    private long localDue(Recipient recipient, Candidate candidate) {
        return candidate.localDue() == null ? Long.MIN_VALUE : placed(recipient, candidate).dueAt();
    }

    /**
     * The candidate at its place in time: due at its local time where the recipient lives, if that
     * is later. A local time that the clocks jump over is as much later, one that they show twice
     * the first of the two.
     */
    private Candidate placed(Recipient recipient, Candidate candidate) {
        if (candidate.localDue() == null) {
            return candidate;
        }
        long localDue =
                ZonedDateTime.of(candidate.localDue(), zone(recipient)).toInstant().toEpochMilli();
        return candidate.dueFrom(Math.max(candidate.dueAt(), localDue));
    }

    private ZoneId zone(Recipient recipient) {
        return recipient.account == null ? zone : recipient.account.zone(zone);
    }

    /** Whether it is quiet where the recipient lives, which is remembered while something waits. */
    private boolean noteQuiet(Recipient recipient, long now) {
        boolean waits = recipient.waiting.values().stream().anyMatch(w -> w.capped);
        boolean quiet = waits && outsideQuietHours(recipient, now) > now;
        recipient.quietAt = quiet ? now : 0;
        return quiet;
    }

    /** The first moment at or after a time at which it is not quiet where the recipient lives. */
    private long outsideQuietHours(Recipient recipient, long time) {
        return quietHours.equals(QuietHours.NONE)
                ? time
                : quietHours.endFrom(time, zone(recipient));
    }

    private void decide(
            Recipient recipient,
            Recipient.Waiting waiting,
            long now,
            long wall,
            Consumer<Decision> out) {
        Candidate candidate = placed(recipient, waiting.candidate);
        Optional<String> obstacle = obstacle(recipient, candidate, now, wall);
        if (obstacle.isPresent()) {
            recipient.waiting.remove(candidate.key());
            end(recipient, candidate, obstacle.get(), out);
            return;
        }
        Rule rule = rules.get(candidate.rule());
        supersede(recipient, candidate, rule, out);
        if (rule.category().capped()) {
            waiting.capped = true;
            return;
        }
        recipient.waiting.remove(candidate.key());
        settle(recipient, candidate);
        if (rule.category() == EmailCategory.ALERT) {
            // one whose hour is over may still wait for its timer, while a backlog is worked off
            tellDigests(recipient, now, wall, out);
            if (digests.absorbs(recipient, candidate, now)) {
                return;
            }
        }
        noteQueued(recipient, candidate);
        out.accept(Decision.send(candidate, known(recipient)));
    }

    /** An alert that waits for a digest has its outcome only with it: it may yet be moved. */
    private void tellDigests(Recipient recipient, long now, long wall, Consumer<Decision> out) {
        for (AlertDigests.Digest digest : digests.due(recipient, now)) {
            digest.alerts().forEach(alert -> end(recipient, alert, Reasons.SUPERSEDED, out));
            Candidate candidate = digest.candidate();
            Optional<String> obstacle = obstacle(recipient, candidate, now, wall);
            if (obstacle.isPresent()) {
                end(recipient, candidate, obstacle.get(), out);
                continue;
            }
            settle(recipient, candidate);
            noteQueued(recipient, candidate);
            out.accept(new Decision(candidate, AlertDigests.VARIANT, null, known(recipient), null));
        }
    }

    /** What keeps an email from being sent. A rule that has left the catalogue is off. */
    private Optional<String> obstacle(
            Recipient recipient, Candidate candidate, long now, long wall) {
        Rule rule = rules.get(candidate.rule());
        if (rule == null || rule.mode() == Mode.DISABLED) {
            return Optional.of(Reasons.DISABLED);
        }
        if (candidate.expiresAt() <= Math.max(now, wall)) {
            return Optional.of(Reasons.STALE);
        }
        if (rule.category() != EmailCategory.SECURITY
                && recipient.account != null
                && recipient.account.isInactive()) {
            return Optional.of(Reasons.INACTIVE);
        }
        if (rule.accountYoungerThan() != null
                && recipient.account != null
                && recipient.account.ageAt(candidate.dueAt()).compareTo(rule.accountYoungerThan())
                        >= 0) {
            return Optional.of(Reasons.NOT_NEW);
        }
        if (optedOut(recipient, rule.category())) {
            return Optional.of(Reasons.OPTED_OUT);
        }
        if (rule.mode() == Mode.SHADOW) {
            return Optional.of(Reasons.SHADOW);
        }
        return Optional.empty();
    }

    private static boolean optedOut(Recipient recipient, EmailCategory category) {
        return switch (category) {
            case MARKETING -> recipient.optedOutOfMarketing;
            case REPORT -> recipient.optedOutOfProductUpdates;
            case SECURITY, ALERT, TRANSACTIONAL, SERVICE -> false;
        };
    }

    /** What waits and says less about the same project than this one ends here. */
    private void supersede(
            Recipient recipient, Candidate stronger, Rule rule, Consumer<Decision> out) {
        List<Candidate> weaker =
                recipient.waiting.values().stream()
                        .map(w -> w.candidate)
                        .filter(c -> rule.supersedes().contains(c.rule()))
                        .filter(c -> Objects.equals(c.projectId(), stronger.projectId()))
                        .sorted(Comparator.comparing(Candidate::key))
                        .toList();
        for (Candidate candidate : weaker) {
            recipient.waiting.remove(candidate.key());
            end(recipient, candidate, Reasons.SUPERSEDED, out);
        }
        supersedeQueued(recipient, stronger, rule, out);
    }

    /** What is queued already is taken back, unless it has passed the fence. */
    private static void supersedeQueued(
            Recipient recipient, Candidate stronger, Rule rule, Consumer<Decision> out) {
        List<String> weaker =
                recipient.queued.entrySet().stream()
                        .filter(q -> rule.supersedes().contains(q.getValue().rule()))
                        .filter(q -> Objects.equals(q.getValue().projectId(), stronger.projectId()))
                        .map(Map.Entry::getKey)
                        .sorted()
                        .toList();
        for (String key : weaker) {
            recipient.queued.remove(key);
            out.accept(
                    Decision.withdraw(
                            new Retraction(
                                    key,
                                    stronger.recipient(),
                                    stronger.userId(),
                                    Reasons.SUPERSEDED)));
        }
    }

    private void expireCapped(Recipient recipient, long now, long wall, Consumer<Decision> out) {
        List<Candidate> expired =
                recipient.waiting.values().stream()
                        .filter(w -> w.capped)
                        .map(w -> placed(recipient, w.candidate))
                        .filter(candidate -> candidate.expiresAt() <= Math.max(now, wall))
                        .sorted(Comparator.comparing(Candidate::key))
                        .toList();
        for (Candidate candidate : expired) {
            recipient.waiting.remove(candidate.key());
            end(recipient, candidate, expiredFor(recipient, candidate), out);
        }
    }

    /** The cap would have let it through in time, and quiet hours did not. */
    private String expiredFor(Recipient recipient, Candidate expired) {
        boolean quiet =
                windowOpensAt(recipient) < expired.expiresAt()
                        && opensAt(recipient) >= expired.expiresAt();
        return quiet ? Reasons.QUIET_HOURS : Reasons.CAPPED;
    }

    /**
     * The person may have opted out, or become inactive, while it waited. Who is held out is held
     * out only now, so that those who get no email are in all else like those who get it; it takes
     * no other one's place.
     */
    private boolean letOneThrough(
            Recipient recipient, long now, long wall, Consumer<Decision> out) {
        Optional<Candidate> next = mostImportant(recipient, now);
        if (next.isEmpty()) {
            return false;
        }
        Candidate candidate = next.get();
        recipient.waiting.remove(candidate.key());
        Optional<String> obstacle = obstacle(recipient, candidate, now, wall);
        if (obstacle.isPresent()) {
            end(recipient, candidate, obstacle.get(), out);
            return true;
        }
        if (isHeldOut(candidate)) {
            end(recipient, candidate, Reasons.HOLDOUT, out);
            return true;
        }
        settle(recipient, candidate);
        recipient.reservedKey = candidate.key();
        recipient.reservedAt = now;
        noteQueued(recipient, candidate);
        out.accept(Decision.send(candidate, known(recipient)));
        return false;
    }

    private boolean isHeldOut(Candidate candidate) {
        Rule rule = rules.get(candidate.rule());
        return rule.experiment().holdsOut(rule.code(), candidate.recipient());
    }

    private Optional<Candidate> mostImportant(Recipient recipient, long now) {
        return recipient.waiting.values().stream()
                .filter(w -> w.capped && localDue(recipient, w.candidate) <= now)
                .map(w -> placed(recipient, w.candidate))
                .min(
                        Comparator.comparingInt(this::priority)
                                .thenComparingLong(Candidate::dueAt)
                                .thenComparing(Candidate::key));
    }

    /** When the next marketing email may go, as far as that is known. */
    private long opensAt(Recipient recipient) {
        return outsideQuietHours(recipient, Math.max(windowOpensAt(recipient), recipient.quietAt));
    }

    /** When the cap lets the next marketing email through. */
    private long windowOpensAt(Recipient recipient) {
        long last = recipient.marketingSentAt;
        if (recipient.reservedKey != null) {
            last = Math.max(last, recipient.reservedAt);
        }
        long opensAt = last == 0 ? 0 : last + cooldown.toMillis();
        return Math.max(opensAt, recipient.releasedAt);
    }

    private void end(Recipient recipient, Candidate ended, String reason, Consumer<Decision> out) {
        Candidate candidate = placed(recipient, ended);
        if (Reasons.takesKey(reason)) {
            settle(recipient, candidate);
        }
        out.accept(Decision.suppress(candidate, reason, known(recipient)));
    }

    private static void settle(Recipient recipient, Candidate candidate) {
        long forgetAt =
                Math.max(candidate.expiresAt(), candidate.decidedAt()) + KEYS_KEPT.toMillis();
        recipient.decided.put(candidate.key(), forgetAt);
    }

    private static void noteQueued(Recipient recipient, Candidate candidate) {
        recipient.queued.put(
                candidate.key(),
                new Recipient.Queued(
                        candidate.rule(), candidate.projectId(), candidate.expiresAt()));
    }

    private static boolean isKnown(Recipient recipient, Candidate candidate) {
        return candidate.address() != null || recipient.account != null;
    }

    private static Map<String, String> known(Recipient recipient) {
        return recipient.account == null ? Map.of() : recipient.account.text();
    }

    private int priority(Candidate candidate) {
        Rule rule = rules.get(candidate.rule());
        return rule == null ? Integer.MAX_VALUE : rule.priority();
    }
}
