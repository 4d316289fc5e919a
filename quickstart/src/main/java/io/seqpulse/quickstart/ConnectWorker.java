package io.seqpulse.quickstart;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.connect.cli.ConnectDistributed;
import org.apache.kafka.connect.runtime.Connect;

/**
 * A Kafka Connect worker in distributed mode with Debezium; its REST interface listens on the
 * loopback interface.
 */
final class ConnectWorker implements AutoCloseable {

    static final String CONNECTOR = "seqpulse";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration ANSWER = Duration.ofSeconds(30);

    private final Connect<?> worker;
    private final URI rest;
    private final String stack;
    private final HttpClient http = HttpClient.newHttpClient();

    private ConnectWorker(Connect<?> worker, URI rest, String stack) {
        this.worker = worker;
        this.rest = rest;
        this.stack = stack;
    }

    /**
     * Starts a worker.
     *
     * @param stack names the values served
     * @param values what the connector's registration refers to as <code>${env:NAME}</code>
     */
    static ConnectWorker start(
            String bootstrapServers, int port, String stack, Map<String, String> values) {
        MemoryConfigProvider.serve(stack, values);
        Map<String, String> settings =
                Map.ofEntries(
                        Map.entry("bootstrap.servers", bootstrapServers),
                        Map.entry("group.id", "seqpulse-connect"),
                        Map.entry("listeners", "http://127.0.0.1:" + port),
                        Map.entry("rest.advertised.host.name", "127.0.0.1"),
                        Map.entry("config.storage.topic", "seqpulse.connect-configs"),
                        Map.entry("offset.storage.topic", "seqpulse.connect-offsets"),
                        Map.entry("status.storage.topic", "seqpulse.connect-status"),
                        Map.entry("config.storage.replication.factor", "1"),
                        Map.entry("offset.storage.replication.factor", "1"),
                        Map.entry("offset.storage.partitions", "1"),
                        Map.entry("status.storage.replication.factor", "1"),
                        Map.entry("status.storage.partitions", "1"),
                        Map.entry("key.converter", "org.apache.kafka.connect.json.JsonConverter"),
                        Map.entry("value.converter", "org.apache.kafka.connect.json.JsonConverter"),
                        Map.entry("plugin.discovery", "service_load"),
                        Map.entry("topic.creation.enable", "false"),
                        Map.entry("offset.flush.interval.ms", "5000"),
                        Map.entry("scheduled.rebalance.max.delay.ms", "0"),
                        Map.entry("config.providers", "env"),
                        Map.entry(
                                "config.providers.env.class", MemoryConfigProvider.class.getName()),
                        Map.entry(
                                "config.providers.env.param." + MemoryConfigProvider.STACK, stack));
        Connect<?> worker = new ConnectDistributed().startConnect(settings);
        return new ConnectWorker(worker, URI.create("http://127.0.0.1:" + port), stack);
    }

    /**
     * Registers the connector exactly as the file says; registering it again changes nothing.
     *
     * @param more what the database needs over what the file says, mostly nothing
     * @throws StackException if the worker refuses it; its reason is in the message
     */
    void register(Path file, Map<String, String> more) throws IOException, InterruptedException {
        if (!Files.isRegularFile(file)) {
            throw new StackException(
                    "%s is missing: run from a complete clone of the repository".formatted(file));
        }
        String registration = Files.readString(file);
        if (!more.isEmpty()) {
            ObjectNode settings = (ObjectNode) JSON.readTree(registration);
            more.forEach(settings::put);
            registration = settings.toString();
        }
        HttpResponse<String> answer =
                send("PUT", "/connectors/" + CONNECTOR + "/config", registration);
        if (answer.statusCode() >= 300) {
            throw new StackException("Kafka Connect refuses %s: %s".formatted(file, answer.body()));
        }
    }

    /** How the connector and its task are. */
    Status status() throws IOException, InterruptedException {
        HttpResponse<String> answer = send("GET", "/connectors/" + CONNECTOR + "/status", "");
        if (answer.statusCode() >= 300) {
            return new Status("UNASSIGNED", "");
        }
        JsonNode status = JSON.readTree(answer.body());
        JsonNode connector = status.path("connector");
        if ("FAILED".equals(connector.path("state").asText())) {
            return new Status("FAILED", connector.path("trace").asText());
        }
        JsonNode task = status.path("tasks").path(0);
        return new Status(task.path("state").asText("UNASSIGNED"), task.path("trace").asText());
    }

    /** Starts failed parts of the connector again. */
    void restart() throws IOException, InterruptedException {
        send("POST", "/connectors/" + CONNECTOR + "/restart?includeTasks=true&onlyFailed=true", "");
    }

    /** What to type to forget where the log was read and read every captured row again. */
    String resnapshotCommand() {
        return resnapshotCommand("");
    }

    /**
     * The same with something else to do while the connector is stopped.
     *
     * @param meanwhile a command that ends with a semicolon and a space, or empty
     */
    String resnapshotCommand(String meanwhile) {
        String connector = rest.resolve("/connectors/" + CONNECTOR).toString();
        return "curl -X PUT %s/stop; sleep 5; %scurl -X DELETE %s/offsets; curl -X PUT %s/resume"
                .formatted(connector, meanwhile, connector, connector);
    }

    URI rest() {
        return rest;
    }

    private HttpResponse<String> send(String method, String path, String body)
            throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(rest.resolve(path))
                        .timeout(ANSWER)
                        .header("Content-Type", "application/json")
                        .method(
                                method,
                                body.isEmpty()
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofString(body))
                        .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        worker.stop();
        worker.awaitStop();
        MemoryConfigProvider.forget(stack);
    }

    /**
     * How the connector's task is.
     *
     * @param state Kafka Connect's word, such as {@code RUNNING} or {@code FAILED}
     * @param trace why it failed, or empty
     */
    record Status(String state, String trace) {

        boolean isRunning() {
            return "RUNNING".equals(state);
        }

        boolean hasFailed() {
            return "FAILED".equals(state);
        }
    }
}
