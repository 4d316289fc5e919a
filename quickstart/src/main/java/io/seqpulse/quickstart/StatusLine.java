package io.seqpulse.quickstart;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** One line on how a run goes: what became of the emails, and how far behind the log is. */
final class StatusLine {

    private StatusLine() {}

    /**
     * The line.
     *
     * @param changesPerSecond of the demo traffic
     */
    static String of(EmbeddedStack stack, Instant begun, double changesPerSecond)
            throws SQLException, IOException, InterruptedException {
        return String.format(
                Locale.ROOT,
                "-- %d s: %.0f changes/s, %s",
                Duration.between(begun, Instant.now()).toSeconds(),
                changesPerSecond,
                outcomes(stack));
    }

    /** The line of a run without traffic. */
    static String of(EmbeddedStack stack, Instant begun)
            throws SQLException, IOException, InterruptedException {
        return String.format(
                Locale.ROOT,
                "-- %d s: %s",
                Duration.between(begun, Instant.now()).toSeconds(),
                outcomes(stack));
    }

    private static String outcomes(EmbeddedStack stack)
            throws SQLException, IOException, InterruptedException {
        long sent = 0;
        long waiting = 0;
        Map<String, Long> suppressed = new TreeMap<>();
        for (Map<String, Long> outcomes : stack.journal().outcomes().values()) {
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
        String lag =
                stack.watermark()
                        .map(time -> Duration.between(time, Instant.now()).toMillis())
                        .map(lagMs -> String.format(Locale.ROOT, "%.1f s", lagMs / 1000.0))
                        .orElse("unknown");
        return String.format(
                Locale.ROOT,
                "%d sent, %d queued, %d not sent %s, log lag %s",
                sent,
                waiting,
                suppressed.values().stream().mapToLong(Long::longValue).sum(),
                suppressed,
                lag);
    }
}
