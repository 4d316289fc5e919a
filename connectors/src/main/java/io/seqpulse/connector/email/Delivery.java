package io.seqpulse.connector.email;

import io.seqpulse.connector.email.DeliveryPolicy.Disposition;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes one leased mail to its outcome and into the journal. Thread-safe. */
final class Delivery {

    private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);

    /** Pauses between attempts to note an outcome, while the database does not answer. */
    private static final int[] NOTE_PAUSES_MILLIS = {100, 200, 500, 1_000, 2_000, 5_000};

    private final Outbox outbox;
    private final MimeMessages messages;
    private final MailRoute route;
    private final SenderGate gate;
    private final Refusals refusals = new Refusals();
    private final SinkMetrics metrics;
    private final CountDownLatch closing;

    /**
     * Deliveries of one sender.
     *
     * @param closing reaches zero when the sender is closed, so that nothing waits any longer
     */
    Delivery(
            Outbox outbox,
            MimeMessages messages,
            MailRoute route,
            SenderGate gate,
            SinkMetrics metrics,
            CountDownLatch closing) {
        this.outbox = outbox;
        this.messages = messages;
        this.route = route;
        this.gate = gate;
        this.metrics = metrics;
        this.closing = closing;
    }

    /** Sends a mail and notes what became of it; if it cannot be noted, its lease runs out. */
    void deliver(QueuedMail mail) {
        deliver(
                mail,
                passed -> gate.confirmsNothing() ? Fence.Verdict.STOPPED : fence(mail, passed));
    }

    /** The same with a mail that asks the server whether it works again. */
    void ask(QueuedMail mail) {
        deliver(mail, passed -> fence(mail, passed));
    }

    private void deliver(QueuedMail mail, Function<AtomicBoolean, Fence.Verdict> fence) {
        Optional<InternetAddress> recipient = RecipientAddress.parse(mail.address());
        if (recipient.isEmpty()) {
            fail(mail, Reasons.INVALID_ADDRESS, Disposition.FAIL, "not one mailbox");
            metrics.count(SinkMetrics.INVALID_ADDRESS);
            return;
        }
        MimeMessage message;
        try {
            message = messages.message(mail, recipient.get());
        } catch (MimeMessages.InvalidContent invalid) {
            fail(mail, Reasons.INVALID_CONTENT, Disposition.FAIL, invalid.getMessage());
            metrics.count(SinkMetrics.INVALID_CONTENT);
            return;
        }
        AtomicBoolean passed = new AtomicBoolean();
        Attempt attempt;
        try {
            attempt = route.send(message, recipient.get(), () -> fence.apply(passed));
        } catch (RuntimeException | StackOverflowError bug) {
            LOG.error("A mail could not be handled; it is tried again later", bug);
            attempt = broken(bug, passed.get());
        }
        if (attempt.fencedOff()) {
            fencedOff(mail, attempt.fence());
        } else {
            settle(mail, attempt);
        }
    }

    private static Attempt broken(Throwable bug, boolean passed) {
        return passed
                ? new Attempt(
                        ReplyClass.UNCONFIRMED,
                        Stage.END_OF_MESSAGE,
                        Fence.Verdict.OPEN,
                        bug.toString())
                : new Attempt(ReplyClass.TRANSIENT, Stage.SENDER, null, bug.toString());
    }

    private Fence.Verdict fence(QueuedMail mail, AtomicBoolean passed) {
        try {
            Fence.Verdict verdict = outbox.fence(mail);
            passed.set(verdict == Fence.Verdict.OPEN);
            return verdict;
        } catch (SQLException unanswered) {
            LOG.warn("A mail was held back because the database did not answer", unanswered);
            metrics.count(SinkMetrics.DATABASE_ERRORS);
            return Fence.Verdict.UNKNOWN;
        }
    }

    private void fencedOff(QueuedMail mail, Fence.Verdict verdict) {
        switch (verdict) {
            case LEASE_LOST -> metrics.count(SinkMetrics.LEASE_LOST);
            case CAPPED -> {
                note(() -> outbox.putOff(mail));
                metrics.count(SinkMetrics.CAPPED);
            }
            case UNKNOWN, STOPPED -> note(() -> outbox.release(mail));
            case OPEN -> throw new IllegalArgumentException("an open fence holds nothing off");
        }
    }

    private void settle(QueuedMail mail, Attempt attempt) {
        boolean reopened = gate.heard(attempt);
        if (attempt.reply() == ReplyClass.UNCONFIRMED && !isClosed()) {
            gate.unconfirmed(mail.address(), attempt.detail());
        }
        Disposition disposition =
                DeliveryPolicy.disposition(attempt.reply(), mail.category(), mail.unconfirmed());
        switch (disposition) {
            case SENT -> {
                boolean marked =
                        note(() -> outbox.sent(mail, messages.messageId(mail.dedupeKey())));
                metrics.count(marked ? SinkMetrics.SENT : SinkMetrics.UNMARKED);
                List<UUID> refused = refusals.accepted();
                List<UUID> again = reopened ? refusals.forgives(refused) : List.of();
                if (!again.isEmpty()) {
                    note(() -> outbox.forgive(again));
                }
            }
            case RETRY -> retry(mail, attempt);
            case REFUSED, REFUSED_WITH_ADDRESS -> refused(mail, attempt, disposition);
            case FAIL -> {
                fail(mail, Reasons.INVALID_ADDRESS, disposition, attempt.detail());
                metrics.count(SinkMetrics.INVALID_ADDRESS);
            }
            case FAIL_UNCONFIRMED -> {
                fail(mail, Reasons.UNCONFIRMED, disposition, attempt.detail());
                metrics.count(SinkMetrics.UNCONFIRMED);
            }
            case STOP_SENDING -> {
                if (!isClosed()) {
                    stop(attempt);
                }
                note(() -> outbox.release(mail));
            }
        }
    }

    /** A refusal ends a mail only where it is certain whom it is about. */
    private void refused(QueuedMail mail, Attempt attempt, Disposition disposition) {
        switch (refusals.refused(mail, attempt.reply(), attempt.detail())) {
            case THEIRS -> {
                boolean address = disposition == Disposition.REFUSED_WITH_ADDRESS;
                fail(
                        mail,
                        address ? Reasons.ADDRESS_REFUSED : Reasons.MESSAGE_REFUSED,
                        disposition,
                        attempt.detail());
                metrics.count(address ? SinkMetrics.ADDRESS_REFUSED : SinkMetrics.MESSAGE_REFUSED);
            }
            case UNCLEAR -> retry(mail, attempt);
            case OURS -> {
                gate.stop(SenderGate.Cause.REFUSALS, attempt.detail());
                retry(mail, attempt);
            }
        }
    }

    /** A server that keeps other connections of ours open just takes no more of them. */
    private void stop(Attempt attempt) {
        if (attempt.stage() != Stage.CONNECT) {
            gate.stop(SenderGate.Cause.SENDER, attempt.detail());
            return;
        }
        int open = route.connections();
        if (open > 0) {
            gate.limitTo(open);
        } else {
            gate.stop(SenderGate.Cause.CONNECTION, attempt.detail());
        }
    }

    /** A mail cut off because we close has not failed; it goes back as it came. */
    private void retry(QueuedMail mail, Attempt attempt) {
        boolean unconfirmed = attempt.reply() == ReplyClass.UNCONFIRMED;
        if (isClosed() && !unconfirmed) {
            note(() -> outbox.release(mail));
            return;
        }
        Duration backoff =
                DeliveryPolicy.backoff(
                        mail.failures() + 1, gate.refusesRecipients(), ThreadLocalRandom.current());
        gate.putOff(mail.address(), attempt.detail());
        note(() -> outbox.retry(mail, backoff, unconfirmed, attempt.detail()));
        metrics.count(SinkMetrics.RETRIED);
    }

    private boolean isClosed() {
        return closing.getCount() == 0;
    }

    private void fail(QueuedMail mail, String reason, Disposition how, String detail) {
        gate.ended(mail.address());
        note(() -> outbox.failed(mail, reason, how, detail));
    }

    /** Something to be written to the journal. */
    @FunctionalInterface
    private interface Note {
        void write() throws SQLException;
    }

    /**
     * Writes an outcome. A database that is away is waited for until this is closed, as nobody else
     * knows the outcome; one that refuses it is asked a few times.
     *
     * @return whether it was written; if not, the row stays as it is until its lease runs out
     */
    private boolean note(Note note) {
        for (int attempt = 0; ; attempt++) {
            try {
                note.write();
                return true;
            } catch (SQLException failed) {
                metrics.count(SinkMetrics.DATABASE_ERRORS);
                boolean refused = DatabaseTrouble.of(failed) == DatabaseTrouble.REFUSED;
                if ((refused && attempt >= NOTE_PAUSES_MILLIS.length) || isClosing(attempt)) {
                    LOG.error("The outcome of a mail could not be noted in the journal", failed);
                    return false;
                }
            }
        }
    }

    private boolean isClosing(int attempt) {
        int pause = NOTE_PAUSES_MILLIS[Math.min(attempt, NOTE_PAUSES_MILLIS.length - 1)];
        try {
            return closing.await(pause, TimeUnit.MILLISECONDS);
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
            return true;
        }
    }
}
