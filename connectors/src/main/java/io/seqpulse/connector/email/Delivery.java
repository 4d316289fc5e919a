package io.seqpulse.connector.email;

import io.seqpulse.connector.email.DeliveryPolicy.Disposition;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes one leased mail to its outcome and into the journal. Thread-safe. */
final class Delivery {

    private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);

    /** Pauses between attempts to note an outcome, while the database does not answer. */
    private static final int[] MARK_PAUSES_MILLIS = {100, 200, 500, 1_000, 2_000, 5_000, 10_000};

    private final Outbox outbox;
    private final MimeMessages messages;
    private final MailRoute route;
    private final SenderGate gate;
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
        Attempt attempt = route.send(message, recipient.get(), () -> fence(mail));
        if (attempt.fencedOff()) {
            fencedOff(mail, attempt.fence());
        } else {
            settle(mail, attempt);
        }
    }

    private Fence.Verdict fence(QueuedMail mail) {
        try {
            return outbox.fence(mail);
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
            case UNKNOWN -> note(() -> outbox.release(mail));
            case OPEN -> throw new IllegalArgumentException("an open fence holds nothing off");
        }
    }

    private void settle(QueuedMail mail, Attempt attempt) {
        Disposition disposition = DeliveryPolicy.disposition(attempt.reply(), mail.category());
        if (disposition != Disposition.STOP_SENDING) {
            gate.resume();
        }
        switch (disposition) {
            case SENT -> {
                boolean marked =
                        note(() -> outbox.sent(mail, messages.messageId(mail.dedupeKey())));
                metrics.count(marked ? SinkMetrics.SENT : SinkMetrics.UNMARKED);
            }
            case RETRY -> retry(mail, attempt);
            case FAIL -> {
                fail(mail, Reasons.MESSAGE_REFUSED, disposition, attempt.detail());
                metrics.count(SinkMetrics.MESSAGE_REFUSED);
            }
            case FAIL_AND_SUPPRESS_ADDRESS -> {
                fail(mail, Reasons.ADDRESS_REFUSED, disposition, attempt.detail());
                metrics.count(SinkMetrics.ADDRESS_REFUSED);
            }
            case FAIL_UNCONFIRMED -> {
                fail(mail, Reasons.UNCONFIRMED, disposition, attempt.detail());
                metrics.count(SinkMetrics.UNCONFIRMED);
            }
            case STOP_SENDING -> {
                if (!isClosed()) {
                    gate.stop(attempt.stage(), attempt.detail());
                }
                note(() -> outbox.release(mail));
            }
        }
    }

    /** A mail cut off because we close has not failed; it goes back as it came. */
    private void retry(QueuedMail mail, Attempt attempt) {
        boolean unconfirmed = attempt.reply() == ReplyClass.UNCONFIRMED;
        if (isClosed() && !unconfirmed) {
            note(() -> outbox.release(mail));
            return;
        }
        Duration wait = DeliveryPolicy.backoff(mail.failures() + 1, ThreadLocalRandom.current());
        note(() -> outbox.retry(mail, wait, unconfirmed, attempt.detail()));
        metrics.count(SinkMetrics.RETRIED);
    }

    private boolean isClosed() {
        return closing.getCount() == 0;
    }

    private void fail(QueuedMail mail, String reason, Disposition how, String detail) {
        note(() -> outbox.failed(mail, reason, how, detail));
    }

    /** Something to be written to the journal. */
    @FunctionalInterface
    private interface Note {
        void write() throws SQLException;
    }

    /**
     * Writes an outcome, patiently while the database does not answer.
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
                if (attempt == MARK_PAUSES_MILLIS.length || isClosing(attempt)) {
                    LOG.error("The outcome of a mail could not be noted in the journal", failed);
                    return false;
                }
            }
        }
    }

    private boolean isClosing(int attempt) {
        try {
            return closing.await(MARK_PAUSES_MILLIS[attempt], TimeUnit.MILLISECONDS);
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
            return true;
        }
    }
}
