package io.seqpulse.quickstart;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.quickstart.stack.ChangeTopic;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;

/**
 * A line for each email decided and for what became of it, as the journal's changes come on the
 * change log, so that nobody asks the database. Printed on a server it ends in a log file: it names
 * nobody, neither addresses nor subjects, but by the id that finds them in the journal. At most
 * {@link #LINES} in {@link #SPAN_SECONDS} seconds; the rest is counted by outcome.
 */
final class DecisionLines {

    static final int LINES = 20;
    static final long SPAN_SECONDS = 10;

    private static final int REMEMBERED = 10_000;
    private static final Duration PATIENCE = Duration.ofMillis(500);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

    private final Consumer<String> out;

    /** The outcomes told last; a connector that restarts repeats itself. */
    private final Map<String, String> told =
            new LinkedHashMap<>() {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
                    return size() > REMEMBERED;
                }
            };

    private final Map<String, Long> more = new TreeMap<>();
    private Instant span = Instant.MIN;
    private int lines;

    DecisionLines(Consumer<String> out) {
        this.out = out;
    }

    /** Whether a record of the change log may be one of the journal. */
    static boolean isOfJournal(String value) {
        return value.contains("\"table\":\"email_deliveries\"");
    }

    /** Prints what a record tells, if it is news; snapshots, and rows of the product's, are not. */
    void tell(String value, Instant now) {
        JsonNode change;
        try {
            change = JSON.readTree(value);
        } catch (JsonProcessingException unreadable) {
            return;
        }
        JsonNode row = change.path("after");
        String operation = change.path("op").asText();
        boolean inserted = operation.equals("c");
        if (!row.hasNonNull("decided_at") || !(inserted || operation.equals("u"))) {
            return;
        }
        String status = row.path("status").asText();
        boolean queued = status.equals("queued");
        if (queued && !inserted) {
            return;
        }
        String id = row.path("id").asText();
        if (queued && told.containsKey(id)) {
            return; // repeated: what became of it has been told, or follows
        }
        String outcome = outcome(status, row.path("reason"));
        if (outcome.equals(told.put(id, outcome))) {
            return;
        }
        flush(now);
        if (lines >= LINES) {
            more.merge(outcome, 1L, Long::sum);
            return;
        }
        lines++;
        out.accept(
                "%s  %s  %s  -> %s"
                        .formatted(
                                CLOCK.format(now),
                                printable(row.path("email_type")),
                                outcome,
                                row.hasNonNull("user_id")
                                        ? "user " + printable(row.path("user_id"))
                                        : "delivery " + printable(row.path("id"))));
    }

    /** Prints what was only counted, once its time is over. */
    void flush(Instant now) {
        if (!span.equals(Instant.MIN) && now.isBefore(span.plusSeconds(SPAN_SECONDS))) {
            return;
        }
        if (!more.isEmpty()) {
            out.accept(
                    "          and %s more: %s"
                            .formatted(
                                    more.values().stream().mapToLong(Long::longValue).sum(),
                                    more.entrySet().stream()
                                            .map(entry -> entry.getValue() + " " + entry.getKey())
                                            .collect(Collectors.joining(", "))));
            more.clear();
        }
        span = now;
        lines = 0;
    }

    private static String outcome(String status, JsonNode reason) {
        String why = reason.isNull() || reason.isMissingNode() ? "" : printable(reason);
        return switch (status) {
            case "queued" -> "to be sent";
            case "sent" -> "sent";
            case "failed" -> why.isEmpty() ? "failed" : "failed (%s)".formatted(why);
            default -> why.isEmpty() ? "not sent" : "not sent (%s)".formatted(why);
        };
    }

    /** The product's own text as well: nothing of it may steer the terminal, or fill it. */
    private static String printable(JsonNode text) {
        String line = text.asText().replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]", " ");
        return line.length() <= 64 ? line : line.substring(0, 64) + "…";
    }

    /** Prints them from a topic until the thread is interrupted. */
    void follow(Supplier<ChangeTopic> opening) {
        try (ChangeTopic topic = opening.get()) {
            while (!Thread.currentThread().isInterrupted()) {
                topic.next(DecisionLines::isOfJournal, PATIENCE)
                        .ifPresent(value -> tell(value, Instant.now()));
                flush(Instant.now());
            }
        } catch (InterruptException stopped) {
            Thread.currentThread().interrupt();
        } catch (KafkaException failed) {
            out.accept("decisions are no longer printed here: " + failed.getMessage());
        }
    }
}
