package io.seqpulse.api.status;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Asks Flink's REST interface how the job is. */
public final class Flink {

    private static final Duration PATIENCE = Duration.ofSeconds(3);

    /** As the job names them. */
    private static final String HALTED = ".email.haltedSeconds";

    private static final String HALTED_BECAUSE = ".email.haltedBecause";
    private static final String JOURNAL_WAITING = ".email.journalWaitingSeconds";
    private static final String UNJOURNALLED = ".email.unjournalled";
    private static final String SENDER_STOPPED = ".email.senderStopped";
    private static final List<String> EMAIL_SINK =
            List.of(HALTED, HALTED_BECAUSE, JOURNAL_WAITING, UNJOURNALLED, SENDER_STOPPED);
    private static final String DEAD_LETTERS = ".deadLetters";
    private static final Pattern OF_A_TABLE = Pattern.compile("\\.table\\.(.+)\\.deadLetters$");

    private final URI rest;
    private final Optional<String> authorization;
    private final ObjectMapper json;
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();

    /**
     * Asks there.
     *
     * @param user with its password, where the interface asks for one; empty: it does not
     */
    public Flink(URI rest, String user, String password, ObjectMapper json) {
        this.rest = rest;
        this.authorization =
                Optional.of(user + ":" + password)
                        .filter(login -> !user.isEmpty())
                        .map(login -> login.getBytes(StandardCharsets.UTF_8))
                        .map(login -> "Basic " + Base64.getEncoder().encodeToString(login));
        this.json = json;
    }

    /**
     * How the job is.
     *
     * @param id Flink's
     * @param state RUNNING only while every task runs; STARTING while Flink calls the job running
     *     and some of its tasks are not; else as Flink calls it
     * @param tasks how many it has
     * @param tasksRunning how many of them run, or have come to their end
     * @param taskManagers how many the cluster has
     * @param checkpointAt when the last complete checkpoint was; null: none yet
     * @param restarts how often it was restarted after a failure
     */
    record Job(
            String id,
            String state,
            long tasks,
            long tasksRunning,
            long taskManagers,
            Instant startedAt,
            Instant checkpointAt,
            Long checkpointMillis,
            Long checkpointBytes,
            long failedCheckpoints,
            long restarts) {}

    /** The job that was started last; empty where there is none or Flink does not answer. */
    Optional<Job> job() throws InterruptedException {
        try {
            JsonNode newest = null;
            for (JsonNode job : get("/jobs/overview").path("jobs")) {
                if (newest == null
                        || job.path("start-time").asLong() > newest.path("start-time").asLong()) {
                    newest = job;
                }
            }
            if (newest == null) {
                return Optional.empty();
            }
            String id = newest.path("jid").asText();
            JsonNode checkpoints = get("/jobs/" + id + "/checkpoints");
            JsonNode last = checkpoints.path("latest").path("completed");
            JsonNode restarts = get("/jobs/" + id + "/metrics?get=numRestarts");
            JsonNode tasks = newest.path("tasks");
            long running =
                    tasks.path("running").asLong(); // none ever finishes but in a job that ends
            long all = tasks.path("total").asLong();
            String state = newest.path("state").asText();
            boolean none = !last.hasNonNull("latest_ack_timestamp");
            return Optional.of(
                    new Job(
                            id,
                            state.equals("RUNNING") && running < all ? "STARTING" : state,
                            all,
                            running,
                            get("/overview").path("taskmanagers").asLong(),
                            Instant.ofEpochMilli(newest.path("start-time").asLong()),
                            none
                                    ? null
                                    : Instant.ofEpochMilli(
                                            last.path("latest_ack_timestamp").asLong()),
                            none ? null : last.path("end_to_end_duration").asLong(),
                            none ? null : last.path("state_size").asLong(),
                            checkpoints.path("counts").path("failed").asLong(),
                            restarts.path(0).path("value").asLong()));
        } catch (IOException silent) {
            return Optional.empty();
        }
    }

    /**
     * What the job's email sink says of itself.
     *
     * @param sends whether it sends at all, and does not only journal
     * @param haltedSeconds for how long no mail has left; 0: it does; null: nobody knows, as it
     *     does not send, or has not heard the mail server yet
     * @param haltedBecause what the mail server or the network says to that, without addresses
     * @param journalWaitingSeconds for how long the journal could not be written; 0: it can
     * @param unjournalled emails that the journal took nothing of, since the job began to run
     */
    record EmailSink(
            boolean sends,
            Long haltedSeconds,
            String haltedBecause,
            long journalWaitingSeconds,
            long unjournalled) {}

    /** The email sink of a job; empty where it does not run or Flink does not answer. */
    Optional<EmailSink> emailSink(Job job) throws InterruptedException {
        try {
            for (JsonNode vertex : get("/jobs/" + job.id()).path("vertices")) {
                String metrics =
                        "/jobs/%s/vertices/%s/metrics"
                                .formatted(job.id(), vertex.path("id").asText());
                JsonNode found =
                        values(metrics, name -> EMAIL_SINK.stream().anyMatch(name::endsWith));
                if (!found.isEmpty()) {
                    return Optional.of(emailSink(found));
                }
            }
            return Optional.empty();
        } catch (IOException silent) {
            return Optional.empty();
        }
    }

    /** Of its subtasks the one that is worst off; what they count, together. */
    private static EmailSink emailSink(JsonNode metrics) {
        boolean sends = false;
        Long halted = null;
        String because = "";
        long waiting = 0;
        long unjournalled = 0;
        for (JsonNode metric : metrics) {
            String name = metric.path("id").asText();
            String value = metric.path("value").asText();
            if (name.endsWith(HALTED)) {
                long seconds = metric.path("value").asLong();
                halted = halted == null ? seconds : Math.max(halted, seconds);
            } else if (name.endsWith(HALTED_BECAUSE)) {
                because = value.isEmpty() ? because : value;
            } else if (name.endsWith(JOURNAL_WAITING)) {
                waiting = Math.max(waiting, metric.path("value").asLong());
            } else if (name.endsWith(SENDER_STOPPED)) {
                sends = true;
            } else if (name.endsWith(UNJOURNALLED)) {
                unjournalled += metric.path("value").asLong();
            }
        }
        return new EmailSink(sends, halted, because, waiting, unjournalled);
    }

    /**
     * Changes that the job could not use.
     *
     * @param count since its tasks last started: then they begin to count anew
     * @param tables table → how many of them were of it
     */
    record DeadLetters(long count, Map<String, Long> tables) {}

    /** The dead letters of a job; empty where it does not run or Flink does not answer. */
    Optional<DeadLetters> deadLetters(Job job) throws InterruptedException {
        try {
            boolean known = false;
            long count = 0;
            Map<String, Long> tables = new TreeMap<>();
            for (JsonNode vertex : get("/jobs/" + job.id()).path("vertices")) {
                String metrics =
                        "/jobs/%s/vertices/%s/metrics"
                                .formatted(job.id(), vertex.path("id").asText());
                for (JsonNode metric : values(metrics, name -> name.endsWith(DEAD_LETTERS))) {
                    known = true;
                    long letters = metric.path("value").asLong();
                    Matcher table = OF_A_TABLE.matcher(metric.path("id").asText());
                    if (!table.find()) {
                        count += letters;
                    } else if (letters > 0) {
                        tables.merge(table.group(1), letters, Long::sum);
                    }
                }
            }
            return known ? Optional.of(new DeadLetters(count, tables)) : Optional.empty();
        } catch (IOException silent) {
            return Optional.empty();
        }
    }

    /** The metrics at a path whose names match, with their values. */
    private JsonNode values(String metrics, Predicate<String> wanted)
            throws IOException, InterruptedException {
        List<String> names = new ArrayList<>();
        for (JsonNode metric : get(metrics)) {
            String name = metric.path("id").asText();
            if (wanted.test(name)) {
                names.add(name);
            }
        }
        return names.isEmpty()
                ? json.createArrayNode()
                : get(
                        metrics
                                + "?get="
                                + URLEncoder.encode(
                                        String.join(",", names), StandardCharsets.UTF_8));
    }

    private JsonNode get(String path) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(rest.resolve(path)).timeout(PATIENCE);
        authorization.ifPresent(login -> request.header("Authorization", login));
        HttpResponse<String> answer =
                http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException("Flink answers " + answer.statusCode());
        }
        return json.readTree(answer.body());
    }
}
