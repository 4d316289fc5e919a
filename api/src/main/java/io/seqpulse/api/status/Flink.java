package io.seqpulse.api.status;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Asks Flink's REST interface how the job is. */
public final class Flink {

    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final URI rest;
    private final ObjectMapper json;
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();

    /** Asks there. */
    public Flink(URI rest, ObjectMapper json) {
        this.rest = rest;
        this.json = json;
    }

    /**
     * How the job is.
     *
     * @param state as Flink calls it, such as RUNNING
     * @param checkpointAt when the last complete checkpoint was; null: none yet
     * @param restarts how often it was restarted after a failure
     */
    record Job(
            String state,
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
            boolean none = !last.hasNonNull("latest_ack_timestamp");
            return Optional.of(
                    new Job(
                            newest.path("state").asText(),
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

    private JsonNode get(String path) throws IOException, InterruptedException {
        HttpResponse<String> answer =
                http.send(
                        HttpRequest.newBuilder(rest.resolve(path)).timeout(PATIENCE).build(),
                        HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException("Flink answers " + answer.statusCode());
        }
        return json.readTree(answer.body());
    }
}
