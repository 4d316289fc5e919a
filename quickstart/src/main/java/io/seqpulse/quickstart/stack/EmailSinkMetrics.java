package io.seqpulse.quickstart.stack;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Reads from Flink's REST interface whether a job's email sink sends and can write the journal. The
 * sink is looked for among all tasks only once a job, and one that only journals is left alone for
 * {@link #LATER}.
 */
final class EmailSinkMetrics {

    /** It is the same for as long as the job is; only its metrics may have been incomplete. */
    static final Duration LATER = Duration.ofSeconds(30);

    /** As the job's email sink names them. */
    private static final String HALTED = ".email.haltedSeconds";

    private static final String HALTED_BECAUSE = ".email.haltedBecause";
    private static final String SENDER_STOPPED = ".email.senderStopped";

    /** Shown last of all, whether it sends or not. */
    private static final String JOURNAL_WAITING = ".email.journalWaitingSeconds";

    /** Asks for what is at a path. */
    @FunctionalInterface
    interface Rest {
        /** The answer. */
        JsonNode get(String path) throws IOException, InterruptedException;
    }

    private final Rest rest;
    private final LongSupplier nanoTime;
    private String of = "";

    /** Where they were found; empty: not yet. */
    private String metrics = "";

    /** Each subtask's {@link #JOURNAL_WAITING}; empty: not found yet. */
    private List<String> journalWaiting = List.of();

    private boolean onlyJournals;
    private long lookedAt;

    EmailSinkMetrics(Rest rest, LongSupplier nanoTime) {
        this.rest = rest;
        this.nanoTime = nanoTime;
    }

    /**
     * Whether mail leaves, by the subtask of the sink that is worst off; empty while the sink does
     * not say.
     */
    synchronized Optional<MailWatch.Halt> halt(String job)
            throws IOException, InterruptedException {
        lookAt(job);
        long now = nanoTime.getAsLong();
        if (onlyJournals && now - lookedAt < LATER.toNanos()) {
            return Optional.empty();
        }
        List<String> names = metrics.isEmpty() ? find(job) : names(metrics);
        lookedAt = now;
        onlyJournals = has(names, JOURNAL_WAITING) && !has(names, SENDER_STOPPED);
        if (!has(names, HALTED)) {
            return Optional.empty();
        }
        List<String> asked =
                names.stream()
                        .filter(name -> name.endsWith(HALTED) || name.endsWith(HALTED_BECAUSE))
                        .toList();
        return Optional.of(worst(values(asked)));
    }

    /**
     * For how long the journal could not be written, by the subtask of the sink that is worst off;
     * empty while the sink does not say.
     */
    synchronized Optional<Duration> journalWaits(String job)
            throws IOException, InterruptedException {
        lookAt(job);
        if (journalWaiting.isEmpty()) {
            List<String> names = metrics.isEmpty() ? find(job) : names(metrics);
            journalWaiting = names.stream().filter(name -> name.endsWith(JOURNAL_WAITING)).toList();
        }
        if (journalWaiting.isEmpty()) {
            return Optional.empty();
        }
        long seconds = -1;
        for (JsonNode metric : values(journalWaiting)) {
            seconds = Math.max(seconds, metric.path("value").asLong());
        }
        return seconds < 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(seconds));
    }

    private void lookAt(String job) {
        if (!job.equals(of)) {
            of = job;
            metrics = "";
            journalWaiting = List.of();
            onlyJournals = false;
        }
    }

    private JsonNode values(List<String> names) throws IOException, InterruptedException {
        return rest.get(
                metrics
                        + "?get="
                        + URLEncoder.encode(String.join(",", names), StandardCharsets.UTF_8));
    }

    private List<String> find(String job) throws IOException, InterruptedException {
        for (JsonNode vertex : rest.get("/jobs/" + job).path("vertices")) {
            String path = "/jobs/%s/vertices/%s/metrics".formatted(job, vertex.path("id").asText());
            List<String> names = names(path);
            if (has(names, JOURNAL_WAITING)) {
                metrics = path;
                return names;
            }
        }
        return List.of();
    }

    private List<String> names(String path) throws IOException, InterruptedException {
        List<String> names = new ArrayList<>();
        for (JsonNode metric : rest.get(path)) {
            names.add(metric.path("id").asText());
        }
        return names;
    }

    private static boolean has(List<String> names, String metric) {
        return names.stream().anyMatch(name -> name.endsWith(metric));
    }

    private static MailWatch.Halt worst(JsonNode metrics) {
        long seconds = 0;
        String because = "";
        for (JsonNode metric : metrics) {
            String value = metric.path("value").asText();
            if (metric.path("id").asText().endsWith(HALTED)) {
                seconds = Math.max(seconds, metric.path("value").asLong());
            } else if (!value.isEmpty()) {
                because = value;
            }
        }
        return seconds == 0
                ? MailWatch.Halt.NONE
                : new MailWatch.Halt(Duration.ofSeconds(seconds), because);
    }
}
