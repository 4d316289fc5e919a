package io.seqpulse.benchmark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The registered Debezium connector, by Kafka Connect's REST interface. */
final class Connector {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final URI connector;
    private final HttpClient http;

    /** That of a stack. */
    Connector(EmbeddedStack stack) {
        this.connector = stack.connectUrl().resolve("/connectors/seqpulse/");
        this.http = stack.access().client();
    }

    /** Stops it and waits until it has; its slot and its position stay. */
    void stop() throws IOException, InterruptedException {
        send("PUT", "stop");
        await("STOPPED", 0);
    }

    /** Lets it go on where it stopped. */
    void resume() throws IOException, InterruptedException {
        send("PUT", "resume");
        await("RUNNING", 1);
    }

    /** Lets it forget its position while it is stopped: it takes a snapshot when it goes on. */
    void forgetPosition() throws IOException, InterruptedException {
        send("DELETE", "offsets");
    }

    private void await(String state, int tasks) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            JsonNode status = JSON.readTree(send("GET", "status"));
            JsonNode task = status.path("tasks").path(0);
            if (task.path("state").asText().equals("FAILED")) {
                throw new BenchmarkException("Debezium failed: " + task.path("trace").asText());
            }
            if (status.path("connector").path("state").asText().equals(state)
                    && status.path("tasks").size() == tasks
                    && (tasks == 0 || task.path("state").asText().equals(state))) {
                return;
            }
            if (System.nanoTime() > end) {
                throw new BenchmarkException(
                        "the connector is not %s: %s".formatted(state, status));
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private String send(String method, String path) throws IOException, InterruptedException {
        HttpResponse<String> answer =
                http.send(
                        HttpRequest.newBuilder(connector.resolve(path))
                                .timeout(Duration.ofSeconds(60))
                                .method(method, HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() >= 300) {
            throw new BenchmarkException(
                    "Kafka Connect refuses to %s %s: %s".formatted(method, path, answer.body()));
        }
        return answer.body();
    }
}
