package io.seqpulse.connector.email;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether sending makes sense at all. Closed by a failure that would meet every mail, such as a
 * refused login; opened again when the server proves otherwise. Thread-safe.
 */
final class SenderGate {

    private static final Logger LOG = LoggerFactory.getLogger(SenderGate.class);
    private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

    private boolean open = true;
    private boolean needsMail;
    private int failures;

    /** Whether mails may be sent. */
    synchronized boolean isOpen() {
        return open;
    }

    /** Whether only a mail can tell if it works again, because connecting worked all along. */
    synchronized boolean needsMail() {
        return needsMail;
    }

    /**
     * No mail would get through.
     *
     * @param stage where it was noticed
     * @param detail what the server or the network said
     */
    synchronized void stop(Stage stage, String detail) {
        needsMail = stage != Stage.CONNECT;
        if (open) {
            open = false;
            failures = 1;
            LOG.error(
                    "Sending stopped at {}: {}. Mail stays queued; check host, login and sender"
                            + " address of the mail server. Trying again with growing pauses.",
                    stage,
                    detail);
        }
    }

    /** It was tried again, in vain: the next pause is longer. */
    synchronized void triedInVain() {
        failures++;
    }

    /** The server works again. */
    synchronized void resume() {
        failures = 0;
        needsMail = false;
        if (!open) {
            open = true;
            LOG.info("Sending resumed");
        }
    }

    /** How long to wait before trying again. */
    synchronized Duration pause() {
        long millis = FIRST_WAIT.toMillis() << Math.min(Math.max(failures, 1) - 1, 10);
        return Duration.ofMillis(Math.min(millis, LONGEST_WAIT.toMillis()));
    }
}
