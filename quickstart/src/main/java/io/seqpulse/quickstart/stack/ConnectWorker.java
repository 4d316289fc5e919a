package io.seqpulse.quickstart.stack;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.seqpulse.quickstart.access.ConnectGate;
import io.seqpulse.quickstart.access.HttpAccess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.apache.kafka.connect.cli.ConnectDistributed;
import org.apache.kafka.connect.runtime.Connect;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Kafka Connect worker in distributed mode with Debezium; its REST interface listens on the
 * loopback interface.
 */
final class ConnectWorker implements AutoCloseable, ConnectSupervisor.Supervised {

    static final String CONNECTOR = "seqpulse";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Logger LOG = LoggerFactory.getLogger(ConnectWorker.class);
    private static final Duration ANSWER = Duration.ofSeconds(30);
    private static final Duration AGAIN = Duration.ofMillis(500);
    private static final Pattern BUSY =
            Pattern.compile("timed? ?out|rebalanc", Pattern.CASE_INSENSITIVE);

    private final Connect<?> worker;
    private final URI rest;
    private final String stack;
    private final Path folder;
    private final HttpAccess access;
    private final HttpClient http = HttpClient.newHttpClient();

    private ConnectWorker(
            Connect<?> worker, URI rest, String stack, Path folder, HttpAccess access) {
        this.worker = worker;
        this.rest = rest;
        this.stack = stack;
        this.folder = folder;
        this.access = access;
    }

    /**
     * Starts a worker.
     *
     * @param folder holds the password that its REST interface asks for
     * @param stack names the values served
     * @param values what the connector's registration refers to as <code>${env:NAME}</code>
     */
    static ConnectWorker start(
            Path folder,
            String bootstrapServers,
            KafkaLogin login,
            int port,
            String stack,
            Map<String, String> values)
            throws IOException {
        Path passwordFile = folder.resolve(Secrets.HTTP_PASSWORD);
        HttpAccess access = HttpAccess.of(passwordFile);
        MemoryConfigProvider.serve(stack, values);
        Map<String, String> settings = new HashMap<>();
        for (String client : new String[] {"", "producer.", "consumer.", "admin."}) {
            settings.putAll(login.client(client));
        }
        settings.putAll(
                Map.ofEntries(
                        Map.entry("bootstrap.servers", bootstrapServers),
                        Map.entry("group.id", "seqpulse-connect"),
                        Map.entry("listeners", "http://127.0.0.1:" + port),
                        Map.entry("rest.advertised.host.name", "127.0.0.1"),
                        Map.entry("rest.extension.classes", ConnectGate.class.getName()),
                        Map.entry(ConnectGate.PASSWORD_FILE, passwordFile.toString()),
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
                                "config.providers.env.param." + MemoryConfigProvider.STACK,
                                stack)));
        Connect<?> worker = new ConnectDistributed().startConnect(settings);
        return new ConnectWorker(
                worker, URI.create("http://127.0.0.1:" + port), stack, folder, access);
    }

    /**
     * Registers the connector exactly as the file says; registering it again changes nothing, so a
     * worker that is busy, or has no answer in time, is asked again.
     *
     * @param more what the database needs over what the file says, mostly nothing
     * @param patience to go on asking for
     * @param givenUp whether nobody waits for it any more
     * @throws StackException if the worker refuses it or never answers; its reason is in the
     *     message
     */
    void register(Path file, Map<String, String> more, Duration patience, BooleanSupplier givenUp)
            throws IOException, InterruptedException {
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
        long end = System.nanoTime() + patience.toNanos();
        while (true) {
            String busy;
            try {
                HttpResponse<String> answer =
                        send("PUT", "/connectors/" + CONNECTOR + "/config", registration);
                if (answer.statusCode() < 300) {
                    return;
                }
                if (!isBusy(answer)) {
                    throw new StackException(
                            "Kafka Connect refuses %s: %s".formatted(file, answer.body()));
                }
                busy = answer.body();
            } catch (IOException unanswered) {
                busy = String.valueOf(unanswered.getMessage());
            }
            if (givenUp.getAsBoolean() || System.nanoTime() > end) {
                throw new StackException(
                        "Kafka Connect has not taken the connector within %s s: %s"
                                .formatted(patience.toSeconds(), busy));
            }
            LOG.info("Kafka Connect is busy, and asked again to take the connector: {}", busy);
            TimeUnit.MILLISECONDS.sleep(AGAIN.toMillis());
        }
    }

    /** Rebalancing, starting, or slower than its own patience with itself. */
    private static boolean isBusy(HttpResponse<String> answer) {
        int code = answer.statusCode();
        return code == 409
                || code == 503
                || code == 504
                || (code == 500 && BUSY.matcher(answer.body()).find());
    }

    /** How the connector and its task are. */
    @Override
    public Status status() throws IOException, InterruptedException {
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
    @Override
    public void restart() throws IOException, InterruptedException {
        send("POST", "/connectors/" + CONNECTOR + "/restart?includeTasks=true&onlyFailed=true", "");
    }

    /** What to type to forget where the log was read and read every captured row again. */
    @Override
    public String resnapshotCommand() {
        return resnapshotCommand("");
    }

    /**
     * The same with something else to do while the connector is stopped.
     *
     * @param meanwhile a command that ends with a semicolon and a space, or empty
     */
    String resnapshotCommand(String meanwhile) {
        String connector = rest.resolve("/connectors/" + CONNECTOR).toString();
        String curl = curl();
        return "%s -X PUT %s/stop; sleep 5; %s%s -X DELETE %s/offsets; %s -X PUT %s/resume"
                .formatted(curl, connector, meanwhile, curl, connector, curl, connector);
    }

    /**
     * How curl asks here: with the password from a file, which neither histories nor others see.
     */
    private String curl() {
        String file = folder.resolve(Secrets.NETRC).toString().replace("'", "'\\''");
        return "curl --netrc-file '%s'".formatted(file);
    }

    /** What to type to see how the connector is. */
    String statusCommand() {
        return "%s %s".formatted(curl(), rest.resolve("/connectors/" + CONNECTOR + "/status"));
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
                        .header("Authorization", access.authorization())
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
