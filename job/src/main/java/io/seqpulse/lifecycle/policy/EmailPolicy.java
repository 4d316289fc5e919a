package io.seqpulse.lifecycle.policy;

import io.seqpulse.connector.email.EmailCategory;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Rule.Mode;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.detect.Retraction;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Resnapshot;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Decides about all emails of one person (DESIGN D7). Security, alert, transactional and service
 * mail passes; marketing respects the opt-out and the cap: the most important of those that wait
 * goes when the window opens, the others go on waiting until they expire. Pure: times are
 * arguments, what it remembers is the {@link Recipient}.
 */
public final class EmailPolicy {

    /** Longer than any email's life, so that a repetition of its facts finds its key decided. */
    private static final Duration KEYS_KEPT = Duration.ofDays(40);

    private final Map<String, Rule> rules;
    private final Duration cooldown;
    private final AlertDigests digests = new AlertDigests();

    /**
     * @param cooldown least time between two marketing emails to one person
     */
    public EmailPolicy(List<Rule> rules, Duration cooldown) {
        this.rules = rules.stream().collect(Collectors.toMap(Rule::code, Function.identity()));
        this.cooldown = cooldown;
    }

    /** Takes what the log says of the person; returns whether the person is gone. */
    public boolean take(Recipient recipient, Fact fact) {
        switch (fact.kind()) {
            case ACCOUNT -> {
                recipient.accountSeen = Math.max(recipient.accountSeen, fact.position());
                if (isAfter(fact, recipient.accountCommittedAt, recipient.accountPosition)) {
                    recipient.account.putAll(fact.values());
                    recipient.accountCommittedAt = fact.committedAt();
                    recipient.accountPosition = fact.position();
                }
            }
            case PREFERENCES, PREFERENCES_DELETED -> {
                recipient.preferencesSeen = Math.max(recipient.preferencesSeen, fact.position());
                if (isAfter(
                        fact, recipient.preferencesCommittedAt, recipient.preferencesPosition)) {
                    recipient.preferences.clear();
                    recipient.preferences.putAll(fact.values());
                    recipient.preferencesCommittedAt = fact.committedAt();
                    recipient.preferencesPosition = fact.position();
                }
            }
            case DELIVERY -> takeDelivery(recipient, fact);
            case ACCOUNT_DELETED -> {
                return true;
            }
            default -> {
                // an event: detection's business
            }
        }
        return false;
    }

    /** Takes what a new snapshot lacks as deleted; returns whether the person is gone. */
    public boolean sweep(Recipient recipient, Resnapshot resnapshot) {
        if (!recipient.preferences.isEmpty()
                && resnapshot.lacks(FactKind.PREFERENCES.table(), recipient.preferencesSeen)) {
            recipient.preferences.clear();
            recipient.preferencesCommittedAt = resnapshot.at();
            recipient.preferencesPosition = resnapshot.toOffset();
        }
        return !recipient.account.isEmpty()
                && resnapshot.lacks(FactKind.ACCOUNT.table(), recipient.accountSeen);
    }

    private static boolean isAfter(Fact fact, long committedAt, long position) {
        return fact.committedAt() > committedAt
                || (fact.committedAt() == committedAt && fact.position() > position);
    }

    /** The journal tells what was sent, also before this state existed and by others. */
    private void takeDelivery(Recipient recipient, Fact fact) {
        String key = fact.value("dedupe_key");
        String status = fact.value("status");
        if (key == null || status == null) {
            return;
        }
        if (!Reasons.MOVED.equals(fact.value("reason"))) {
            take(recipient, key, fact);
        }
        boolean sent = status.equals("sent");
        if (sent && isCapped(fact.value("email_type")) && fact.value("sent_at") != null) {
            long sentAt = Long.parseLong(fact.value("sent_at"));
            recipient.marketingSentAt = Math.max(recipient.marketingSentAt, sentAt);
        }
        boolean ended = sent || status.equals("failed") || status.equals("suppressed");
        if (ended && Reasons.dedupeKey(key).equals(recipient.reservedKey)) {
            if (!key.equals(recipient.reservedKey)) {
                recipient.decided.remove(recipient.reservedKey); // its own key is free again
            }
            recipient.reservedKey = null;
            recipient.releasedAt = fact.committedAt();
        }
    }

    /** What has its line in the journal waits no longer; old lines are not worth remembering. */
    private static void take(Recipient recipient, String key, Fact fact) {
        long forgetAt = fact.at() + KEYS_KEPT.toMillis();
        if (forgetAt > fact.committedAt()) {
            recipient.decided.merge(key, forgetAt, Math::max);
        }
        recipient.waiting.remove(key);
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
        if (moved) {
            recipient.decided.remove(retraction.key());
        }
    }

    /** Decides what the log's clock has passed, and what the window lets through. */
    public void passTime(Recipient recipient, long now, long wall, Consumer<Decision> out) {
        List<Recipient.Waiting> due =
                recipient.waiting.values().stream()
                        .filter(w -> !w.capped && w.candidate.decidedAt() <= now)
                        .sorted(Comparator.comparing(w -> w.candidate.key()))
                        .toList();
        for (Recipient.Waiting waiting : due) {
            // one before it may have superseded it
            if (recipient.waiting.get(waiting.candidate.key()) == waiting) {
                decide(recipient, waiting, now, wall, out);
            }
        }
        expireCapped(recipient, now, wall, out);
        while (now >= windowOpensAt(recipient) && letOneThrough(recipient, now, wall, out)) {
            // the next one, if the one before turned out not to be wanted any more
        }
        tellDigests(recipient, now, wall, out);
        recipient.decided.values().removeIf(forgetAt -> now >= forgetAt);
    }

    /** Whether there is nothing to remember of the person at a time. */
    public boolean isForgettable(Recipient recipient, long now) {
        return recipient.account.isEmpty()
                && recipient.preferences.isEmpty()
                && recipient.waiting.isEmpty()
                && recipient.decided.isEmpty()
                && recipient.alertHours.isEmpty()
                && windowOpensAt(recipient) <= Math.max(now, 0);
    }

    /** When {@link #passTime} has something to do next, on the log's clock. */
    public OptionalLong nextTime(Recipient recipient) {
        LongStream waiting =
                recipient.waiting.values().stream()
                        .mapToLong(
                                w ->
                                        w.capped
                                                ? Math.min(
                                                        w.candidate.expiresAt(),
                                                        windowOpensAt(recipient))
                                                : w.candidate.decidedAt());
        LongStream forgotten = recipient.decided.values().stream().mapToLong(Long::longValue);
        LongStream told = digests.times(recipient);
        return LongStream.concat(LongStream.concat(waiting, told), forgotten).min();
    }

    private void decide(
            Recipient recipient,
            Recipient.Waiting waiting,
            long now,
            long wall,
            Consumer<Decision> out) {
        Candidate candidate = waiting.candidate;
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
                && "false".equals(recipient.account.get("is_active"))) {
            return Optional.of(Reasons.INACTIVE);
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
            case MARKETING -> "false".equals(recipient.preferences.get("marketing_opt_in"));
            case REPORT -> "false".equals(recipient.preferences.get("product_updates_opt_in"));
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
    }

    private void expireCapped(Recipient recipient, long now, long wall, Consumer<Decision> out) {
        List<Candidate> expired =
                recipient.waiting.values().stream()
                        .filter(w -> w.capped && w.candidate.expiresAt() <= Math.max(now, wall))
                        .map(w -> w.candidate)
                        .sorted(Comparator.comparing(Candidate::key))
                        .toList();
        for (Candidate candidate : expired) {
            recipient.waiting.remove(candidate.key());
            end(recipient, candidate, Reasons.CAPPED, out);
        }
    }

    /** The person may have opted out, or become inactive, while it waited. */
    private boolean letOneThrough(
            Recipient recipient, long now, long wall, Consumer<Decision> out) {
        Optional<Candidate> next = mostImportant(recipient);
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
        settle(recipient, candidate);
        recipient.reservedKey = candidate.key();
        recipient.reservedAt = now;
        out.accept(Decision.send(candidate, known(recipient)));
        return false;
    }

    private Optional<Candidate> mostImportant(Recipient recipient) {
        return recipient.waiting.values().stream()
                .filter(w -> w.capped)
                .map(w -> w.candidate)
                .min(
                        Comparator.comparingInt(this::priority)
                                .thenComparingLong(Candidate::dueAt)
                                .thenComparing(Candidate::key));
    }

    private long windowOpensAt(Recipient recipient) {
        long last = recipient.marketingSentAt;
        if (recipient.reservedKey != null) {
            last = Math.max(last, recipient.reservedAt);
        }
        long opensAt = last == 0 ? 0 : last + cooldown.toMillis();
        return Math.max(opensAt, recipient.releasedAt);
    }

    private void end(
            Recipient recipient, Candidate candidate, String reason, Consumer<Decision> out) {
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

    private static boolean isKnown(Recipient recipient, Candidate candidate) {
        return candidate.address() != null || !recipient.account.isEmpty();
    }

    private static Map<String, String> known(Recipient recipient) {
        return recipient.account.entrySet().stream()
                .filter(entry -> entry.getValue() != null)
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private int priority(Candidate candidate) {
        Rule rule = rules.get(candidate.rule());
        return rule == null ? Integer.MAX_VALUE : rule.priority();
    }
}
