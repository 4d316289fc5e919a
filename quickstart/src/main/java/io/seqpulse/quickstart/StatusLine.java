package io.seqpulse.quickstart;

import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.JournalLock;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * One line on how a run goes: what became of the emails, and how far behind the log is. A database
 * that does not answer is told in it, and ends no run.
 */
final class StatusLine {

    /** SQLSTATE of a lock that was not to be had in time. */
    private static final String LOCKED = "55P03";

    private StatusLine() {}

    /**
     * The line.
     *
     * @param changesPerSecond of the demo traffic
     */
    static String of(EmbeddedStack stack, Instant begun, double changesPerSecond)
            throws InterruptedException {
        return String.format(
                Locale.ROOT,
                "-- %d s: %.0f changes/s, %s",
                Duration.between(begun, Instant.now()).toSeconds(),
                changesPerSecond,
                outcomes(stack));
    }

    /** The line of a run without traffic. */
    static String of(EmbeddedStack stack, Instant begun) throws InterruptedException {
        return String.format(
                Locale.ROOT,
                "-- %d s: %s",
                Duration.between(begun, Instant.now()).toSeconds(),
                outcomes(stack));
    }

    private static String outcomes(EmbeddedStack stack) throws InterruptedException {
        return "%s, log lag %s".formatted(mails(stack), lag(stack));
    }

    private static String mails(EmbeddedStack stack) {
        Map<String, Map<String, Long>> journal;
        try {
            journal = stack.journal().outcomes();
        } catch (SQLException e) {
            if (LOCKED.equals(e.getSQLState())) {
                return "the journal is "
                        + JournalLock.inWords(stack::connect).orElse("locked by somebody");
            }
            return "the database does not answer (%s)".formatted(e.getMessage());
        }
        long sent = 0;
        long waiting = 0;
        Map<String, Long> suppressed = new TreeMap<>();
        for (Map<String, Long> outcomes : journal.values()) {
            for (Map.Entry<String, Long> outcome : outcomes.entrySet()) {
                String[] parts = outcome.getKey().split(":", 2);
                switch (parts[0]) {
                    case "sent" -> sent += outcome.getValue();
                    case "queued" -> waiting += outcome.getValue();
                    default ->
                            suppressed.merge(
                                    parts.length > 1 ? parts[1] : parts[0],
                                    outcome.getValue(),
                                    Long::sum);
                }
            }
        }
        return "%s sent, %s queued, %s not sent %s"
                .formatted(
                        sent,
                        waiting,
                        suppressed.values().stream().mapToLong(Long::longValue).sum(),
                        suppressed);
    }

    private static String lag(EmbeddedStack stack) throws InterruptedException {
        try {
            return stack.watermark()
                    .map(time -> Duration.between(time, Instant.now()).toMillis())
                    .map(lagMs -> String.format(Locale.ROOT, "%.1f s", lagMs / 1000.0))
                    .orElse("unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }
}
