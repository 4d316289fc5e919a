package io.seqpulse.connector.email;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;

/**
 * Everything the sink counts, by name, below the group {@value #GROUP}. Counters may be increased
 * by any thread.
 */
final class SinkMetrics {

    static final String GROUP = "email";

    /** Entries journalled to be sent. */
    static final String QUEUED = "queued";

    /** Entries journalled as not to be sent. */
    static final String NOT_SENT = "journalledSuppressed";

    /** Entries journalled as failed, because they could not be written or journalled. */
    static final String FAILED = "journalledFailed";

    /** Entries and withdrawals of which the journal's table takes nothing. */
    static final String UNJOURNALLED = "unjournalled";

    /** Entries whose key was taken. */
    static final String TAKEN = "keyTaken";

    /** Entries whose recipient, or the project they are about, no longer exists. */
    static final String ORPHANED = "recipientGone";

    /** Queued mails withdrawn. */
    static final String WITHDRAWN = "withdrawn";

    /** Mails accepted by the server and marked sent. */
    static final String SENT = "sent";

    /** Attempts put off after a transient failure. */
    static final String RETRIED = "retried";

    /** Mails put off because the recipient's cap is used up. */
    static final String CAPPED = "capped";

    /** Mails refused for good. */
    static final String MESSAGE_REFUSED = "messageRefused";

    /** Mails whose address was refused for good, and suppressed. */
    static final String ADDRESS_REFUSED = "addressRefused";

    /** Mails that the server would not take until they expired. */
    static final String UNDELIVERED = "undelivered";

    /** Mails to addresses that are none. */
    static final String INVALID_ADDRESS = "invalidAddress";

    /** Mails whose content cannot be sent. */
    static final String INVALID_CONTENT = "invalidContent";

    /** Mails that may or may not have been delivered. */
    static final String UNCONFIRMED = "unconfirmed";

    /** Mails not ended because the lease had gone to another sender. */
    static final String LEASE_LOST = "leaseLost";

    /** Mails accepted by the server that could not be marked so. */
    static final String UNMARKED = "sentUnmarked";

    /** Times the sender could not reach the database. */
    static final String DATABASE_ERRORS = "databaseErrors";

    /** Mails not sent, by reason, found at the last check before sending. */
    static final String SUPPRESSED = "suppressed";

    /** 1 while nothing is sent because the server refuses us or is out of reach. */
    static final String SENDER_STOPPED = "senderStopped";

    /**
     * For how many seconds no mail has left, whatever keeps it; 0: it does. Not there before the
     * mail server was asked.
     */
    static final String HALTED = "haltedSeconds";

    /** What the mail server or the network says to that, in words; empty: mail leaves. */
    static final String HALTED_BECAUSE = "haltedBecause";

    /** For how many seconds the journal has not let us write; 0: it does. */
    static final String JOURNAL_WAITING = "journalWaitingSeconds";

    private final MetricGroup group;
    private final Map<String, Counter> counters = new ConcurrentHashMap<>();

    SinkMetrics(MetricGroup parent) {
        group = parent.addGroup(GROUP);
        for (String name :
                new String[] {
                    QUEUED,
                    NOT_SENT,
                    FAILED,
                    UNJOURNALLED,
                    TAKEN,
                    ORPHANED,
                    WITHDRAWN,
                    SENT,
                    RETRIED,
                    CAPPED,
                    MESSAGE_REFUSED,
                    ADDRESS_REFUSED,
                    UNDELIVERED,
                    INVALID_ADDRESS,
                    INVALID_CONTENT,
                    UNCONFIRMED,
                    LEASE_LOST,
                    UNMARKED,
                    DATABASE_ERRORS
                }) {
            counters.put(name, group.counter(name, new ThreadSafeSimpleCounter()));
        }
    }

    /** Counts one. */
    void count(String name) {
        counters.get(name).inc();
    }

    /** Counts what a batch came to. */
    void count(Journal.Outcome outcome) {
        counters.get(QUEUED).inc(outcome.queued());
        counters.get(NOT_SENT).inc(outcome.suppressed());
        counters.get(FAILED).inc(outcome.failed());
        counters.get(UNJOURNALLED).inc(outcome.unjournalled());
        counters.get(TAKEN).inc(outcome.taken());
        counters.get(ORPHANED).inc(outcome.orphaned());
        counters.get(WITHDRAWN).inc(outcome.withdrawn());
    }

    /** Counts what the check before sending came to. */
    void count(Outbox.Leased leased) {
        leased.settled()
                .forEach(
                        (reason, rows) -> {
                            if (reason.equals(Reasons.UNCONFIRMED)
                                    || reason.equals(Reasons.UNDELIVERED)) {
                                counters.get(reason).inc(rows);
                            } else {
                                suppressed(reason).inc(rows);
                            }
                        });
        counters.get(CAPPED).inc(leased.putOff());
    }

    /** Shows that there is a sender, and whether it has stopped. */
    void showSender(SenderGate gate) {
        group.gauge(SENDER_STOPPED, () -> gate.isOpen() ? 0 : 1);
    }

    /** Shows whether mail leaves; before the mail server was asked nobody knows. */
    void showHalt(SenderGate gate) {
        // Never 0 while it lasts.
        group.gauge(
                HALTED,
                () -> gate.halt().map(halt -> Math.max(1, halt.lasts().toSeconds())).orElse(0L));
        group.gauge(HALTED_BECAUSE, () -> gate.halt().map(SenderGate.Halt::because).orElse(""));
    }

    /** Shows for how long the journal has been waited for. */
    void showWaiting(LongSupplier seconds) {
        group.gauge(JOURNAL_WAITING, seconds::getAsLong);
    }

    /** How often it was counted. */
    long value(String name) {
        return counters.get(name).getCount();
    }

    private Counter suppressed(String reason) {
        return counters.computeIfAbsent(
                SUPPRESSED + "." + reason,
                name ->
                        group.addGroup("reason", reason)
                                .counter(SUPPRESSED, new ThreadSafeSimpleCounter()));
    }
}
