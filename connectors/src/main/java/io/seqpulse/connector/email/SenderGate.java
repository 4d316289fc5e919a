package io.seqpulse.connector.email;

import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether sending makes sense at all. Closed by a failure that would meet every mail, such as a
 * refused login; opened again when the server proves otherwise. Thread-safe.
 *
 * <p>It says so in the log once, however often the server changes its mind: what closes within a
 * minute of opening is the same outage, waits longer, and is told again once a minute.
 *
 * <p>It also knows a server that lets everybody in and takes nothing: see {@link #halt()}. A server
 * that takes mail and confirms none of it closes the gate, too. Then only an answer to a message's
 * end opens it, whatever else happens to the server meanwhile.
 */
final class SenderGate {

    /** What would meet every mail. */
    enum Cause {
        /** The server is out of reach, or refuses the connection or the login. */
        CONNECTION("no connection"),
        /** It refuses our own address. */
        SENDER("our address is refused"),
        /** It refuses one recipient after the other, for no reason of theirs. */
        REFUSALS("every recipient is refused"),
        /** It takes one mail after the other and does not say that it did. */
        UNCONFIRMED("no mail is confirmed");

        private final String words;

        Cause(String words) {
            this.words = words;
        }
    }

    /**
     * No mail leaves.
     *
     * @param lasts since it began
     * @param because what the server or the network said, without addresses
     */
    record Halt(Duration lasts, String because) {}

    private static final Logger LOG = LoggerFactory.getLogger(SenderGate.class);
    private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

    /** The same where each attempt puts a mail in doubt. */
    private static final Duration LONGEST_WAIT_IN_DOUBT = Duration.ofMinutes(5);

    /** Open for that long, the outage is over. */
    private static final Duration STEADY = Duration.ofMinutes(1);

    /** For how long no more connections are made than the server took. */
    private static final Duration LIMITED = Duration.ofMinutes(1);

    /** A server that answers may still take nothing: so long the outage is not called over. */
    private static final Duration DOUBTFUL = Duration.ofSeconds(10);

    /** So many recipients put off, and none taken, are not about one of them. */
    private static final int SEVERAL = 3;

    /** For that long. */
    private static final Duration LONG_ENOUGH = Duration.ofMinutes(1);

    /** Longer than the longest pause until a mail is tried again: it has had its end since. */
    private static final Duration ENDED = Duration.ofHours(6);

    /** So many recipients are remembered, the latest. */
    private static final int MOST = 100;

    /** So many mails in a row that were not confirmed are not about one of them. */
    private static final int SEVERAL_UNCONFIRMED = 3;

    /** If they went to that many mailboxes: the server may choke on what one of them gets. */
    private static final int SEVERAL_MAILBOXES = 2;

    private static final int LONGEST_WORDS = 200;

    private final LongSupplier nanoTime;

    /** Recipient → when their mail was put off last, the earliest first. */
    private final Map<String, Long> putOff = new LinkedHashMap<>();

    /** When they became several. */
    private long severalSince;

    private String putOffBecause = "";
    private long outageSince;
    private String outage = "";
    private boolean over = true;

    /** Mails not confirmed since a message's end was last answered. */
    private int unconfirmed;

    /** Their mailboxes, until they are several. */
    private final Set<String> unconfirmedMailboxes = new HashSet<>();

    /** Closed for that, and no message's end has been answered since. */
    private boolean inDoubt;

    private Cause cause;
    private int failures;
    private boolean opened;
    private long openedAt;
    private boolean told;
    private long toldAt;
    private int limit = Integer.MAX_VALUE;
    private int toldLimit = Integer.MAX_VALUE;
    private long limitedAt;

    SenderGate() {
        this(System::nanoTime);
    }

    /** A gate on a clock of its own, as {@link System#nanoTime} counts. */
    SenderGate(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Whether mails may be sent. */
    synchronized boolean isOpen() {
        return cause == null;
    }

    /** Whether only a mail can tell if it works again, because connecting worked all along. */
    synchronized boolean needsMail() {
        return cause == Cause.SENDER || cause == Cause.REFUSALS || inDoubt;
    }

    /** Whether it is closed because recipients are refused. */
    synchronized boolean refusesRecipients() {
        return cause == Cause.REFUSALS;
    }

    /** Whether the server confirms nothing, so that every mail handed to it is one in doubt. */
    synchronized boolean confirmsNothing() {
        return inDoubt;
    }

    /**
     * A message was ended and no answer came. Several in a row mean the server, and not the mails.
     *
     * @param recipient whose mail it was
     * @param detail what the server or the network said
     */
    synchronized void unconfirmed(String recipient, String detail) {
        unconfirmed++;
        if (unconfirmedMailboxes.size() < SEVERAL_MAILBOXES) {
            unconfirmedMailboxes.add(recipient.toLowerCase(Locale.ROOT));
        }
        inDoubt |=
                unconfirmed >= SEVERAL_UNCONFIRMED
                        && unconfirmedMailboxes.size() >= SEVERAL_MAILBOXES;
        if (inDoubt) {
            stop(Cause.UNCONFIRMED, detail);
        }
    }

    /**
     * No mail would get through.
     *
     * @param detail what the server or the network said
     */
    synchronized void stop(Cause why, String detail) {
        boolean wasOpen = cause == null;
        boolean another = cause != why;
        cause = why;
        long now = nanoTime.getAsLong();
        boolean sameOutage = !wasOpen || (opened && now - openedAt < STEADY.toNanos());
        if (wasOpen) {
            failures = sameOutage ? failures + 1 : 1;
            outageSince = sameOutage ? outageSince : now;
        }
        over = false;
        outage = why.words + ": " + shown(detail);
        if (another && (!sameOutage || !told || now - toldAt >= STEADY.toNanos())) {
            told = true;
            toldAt = now;
            LOG.error(
                    "Sending stopped, {}: {}. Mail stays queued; check host, login and sender"
                            + " address of the mail server and what it lets us send. Trying again"
                            + " with growing pauses.",
                    why.words,
                    shown(detail));
        }
    }

    /** A mail was put off, for no reason that is only its own as far as one can tell. */
    synchronized void putOff(String recipient, String detail) {
        long now = nanoTime.getAsLong();
        forgetEnded(now);
        boolean few = putOff.size() < SEVERAL;
        String key = recipient.toLowerCase(Locale.ROOT);
        putOff.remove(key);
        putOff.put(key, now);
        if (putOff.size() > MOST) {
            putOff.remove(putOff.keySet().iterator().next());
        }
        if (few) {
            severalSince = now;
        }
        putOffBecause = shown(detail);
    }

    /** A recipient's mail has had its end, for a reason of its own. */
    synchronized void ended(String recipient) {
        putOff.remove(recipient.toLowerCase(Locale.ROOT));
    }

    private void forgetEnded(long now) {
        putOff.values().removeIf(at -> now - at >= ENDED.toNanos());
    }

    /**
     * Why no mail leaves, and for how long; empty while it does, or nobody knows otherwise: the
     * gate is closed or has only just opened, or several recipients' mails were put off for a
     * minute and none was taken.
     */
    synchronized Optional<Halt> halt() {
        long now = nanoTime.getAsLong();
        if (cause == null && !over && now - openedAt >= DOUBTFUL.toNanos()) {
            over = true;
        }
        if (!over) {
            return Optional.of(new Halt(Duration.ofNanos(now - outageSince), outage));
        }
        forgetEnded(now);
        if (putOff.size() >= SEVERAL && now - severalSince >= LONG_ENOUGH.toNanos()) {
            return Optional.of(
                    new Halt(
                            Duration.ofNanos(now - severalSince),
                            "no mail is taken: " + putOffBecause));
        }
        return Optional.empty();
    }

    /** On one line of bounded length, as it is shown in many places. */
    static String shown(String detail) {
        // Format characters as well: they, too, steer terminals.
        String line =
                withoutAddresses(detail)
                        .replaceAll("[\\s\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+", " ")
                        .strip();
        return line.length() <= LONGEST_WORDS ? line : line.substring(0, LONGEST_WORDS) + " …";
    }

    private static String withoutAddresses(String detail) {
        return detail.replaceAll("[^\\s<>]+@[^\\s<>:,;]+", "…");
    }

    /** It was tried again, in vain: the next pause is longer. */
    synchronized void triedInVain() {
        failures++;
    }

    /**
     * A mail got so far, which may prove that the server works again.
     *
     * @return whether that opened the gate
     */
    synchronized boolean heard(Attempt attempt) {
        if (attempt.reply() == ReplyClass.ACCEPTED) {
            putOff.clear();
            over = true;
        }
        boolean answered =
                attempt.stage() == Stage.END_OF_MESSAGE
                        && attempt.reply() != ReplyClass.UNCONFIRMED;
        boolean confirms = answered || !inDoubt;
        // Before it is closed by such mails, only a mail that is taken ends their row.
        if (attempt.reply() == ReplyClass.ACCEPTED || (answered && inDoubt)) {
            unconfirmed = 0;
            unconfirmedMailboxes.clear();
            inDoubt = false;
        }
        boolean proves =
                attempt.reply() == ReplyClass.ACCEPTED
                        || (cause != Cause.REFUSALS
                                && confirms
                                && attempt.stage().compareTo(Stage.SENDER) > 0
                                && attempt.reply() != ReplyClass.UNCONFIRMED);
        return proves && resume();
    }

    /**
     * The server works again.
     *
     * @return whether it was thought not to
     */
    synchronized boolean resume() {
        if (cause == null) {
            return false;
        }
        cause = null;
        opened = true;
        openedAt = nanoTime.getAsLong();
        if (told && openedAt - toldAt < STEADY.toNanos() && failures > 1) {
            LOG.debug("Sending resumed");
        } else {
            LOG.info("Sending resumed");
        }
        return true;
    }

    /** How long to wait before trying again. */
    synchronized Duration pause() {
        long millis = FIRST_WAIT.toMillis() << Math.min(Math.max(failures, 1) - 1, 10);
        Duration longest = inDoubt ? LONGEST_WAIT_IN_DOUBT : LONGEST_WAIT;
        return Duration.ofMillis(Math.min(millis, longest.toMillis()));
    }

    /** The server takes that many connections and no more. */
    synchronized void limitTo(int connections) {
        if (toldLimit != connections) {
            toldLimit = connections;
            LOG.warn("The mail server takes {} connections of ours and no more", connections);
        }
        limit = connections;
        limitedAt = nanoTime.getAsLong();
    }

    /** How many mails may be under way at a time, of the number asked for. */
    synchronized int limit(int connections) {
        if (limit != Integer.MAX_VALUE && nanoTime.getAsLong() - limitedAt >= LIMITED.toNanos()) {
            limit = Integer.MAX_VALUE;
        }
        return Math.min(limit, connections);
    }
}
