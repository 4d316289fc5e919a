package io.seqpulse.quickstart.stack;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.quickstart.access.HttpAccess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.apache.flink.api.common.JobID;

/** What Flink's REST interface says of a job. */
final class FlinkRest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration ANSWER = Duration.ofSeconds(10);

    private final URI url;
    private final HttpAccess access;
    private final HttpClient http = HttpClient.newHttpClient();

    FlinkRest(URI url, HttpAccess access) {
        this.url = url;
        this.access = access;
    }

    URI url() {
        return url;
    }

    /** Whether every task of a job runs. */
    boolean runs(JobID job) throws IOException, InterruptedException {
        JsonNode answer = get("/jobs/" + job);
        if (!"RUNNING".equals(answer.path("state").asText())) {
            return false;
        }
        for (JsonNode vertex : answer.path("vertices")) {
            if (!"RUNNING".equals(vertex.path("status").asText())) {
                return false;
            }
        }
        return !answer.path("vertices").isEmpty();
    }

    /** The lowest watermark of all operators of a job, or empty before its first. */
    Optional<Instant> watermark(JobID job) throws IOException, InterruptedException {
        long lowest = Long.MAX_VALUE;
        boolean known = false;
        for (JsonNode vertex : get("/jobs/" + job).path("vertices")) {
            for (JsonNode subtask :
                    get(
                            "/jobs/%s/vertices/%s/watermarks"
                                    .formatted(job, vertex.path("id").asText()))) {
                known = true;
                lowest = Math.min(lowest, subtask.path("value").asLong(Long.MIN_VALUE));
            }
        }
        return known && lowest > 0 ? Optional.of(Instant.ofEpochMilli(lowest)) : Optional.empty();
    }

    /** The answer to a request. */
    JsonNode get(String path) throws IOException, InterruptedException {
        HttpResponse<String> answer =
                http.send(
                        HttpRequest.newBuilder(url.resolve(path))
                                .header("Authorization", access.authorization())
                                .timeout(ANSWER)
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        return JSON.readTree(answer.body());
    }
}
