package io.seqpulse.cli.deadletters;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.ReceivedMail;
import io.seqpulse.quickstart.stack.StackNames;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;

/** A product at work on a stack, and what comes of it there. */
final class Product {

    static final Duration SOON = Duration.ofSeconds(40);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final EmbeddedStack stack;
    private final HttpClient http;

    Product(EmbeddedStack stack) {
        this.stack = stack;
        this.http = stack.access().client();
    }

    /** Runs a statement with parameters. */
    void execute(String sql, Object... values) throws SQLException {
        try (Connection connection = stack.connect();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                Object value = values[i];
                statement.setObject(
                        i + 1, value instanceof Instant at ? at.atOffset(ZoneOffset.UTC) : value);
            }
            statement.execute();
        }
    }

    /** The first column of the first row, or null. */
    String query(String sql, Object... values) throws SQLException {
        try (Connection connection = stack.connect();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            try (ResultSet found = statement.executeQuery()) {
                return found.next() ? found.getString(1) : null;
            }
        }
    }

    /** Somebody signs up; the address is {@link #addressOf}. */
    UUID signUp() throws SQLException {
        UUID user = UUID.randomUUID();
        signUp(user, "Camille", addressOf(user));
        return user;
    }

    void signUp(UUID user, String name, String email) throws SQLException {
        execute("insert into users (id, name, email) values (?, ?, ?)", user, name, email);
    }

    UUID project(UUID owner, String name) throws SQLException {
        UUID project = UUID.randomUUID();
        execute("insert into projects (id, name, owner_id) values (?, ?, ?)", project, name, owner);
        return project;
    }

    UUID deployment(UUID project) throws SQLException {
        UUID deployment = UUID.randomUUID();
        execute(
                """
                insert into deployments (id, deployment_number, project_id, state, started_at)
                values (?, 7, ?, 'finished', now())
                """,
                deployment,
                project);
        return deployment;
    }

    void verdict(UUID deployment, String verdict, String summary) throws SQLException {
        execute(
                """
                insert into deployment_verdicts (deployment_id, verdict, summary)
                values (?, ?, ?)
                """,
                deployment,
                verdict,
                summary);
    }

    static String addressOf(UUID user) {
        return user + "@live.example";
    }

    /** The mail of that code to that user, which must come. */
    ReceivedMail mail(String code, UUID user) throws InterruptedException {
        return stack.mails()
                .await(
                        mail ->
                                mail.code().equals(code)
                                        && mail.recipient().equals(addressOf(user)),
                        SOON)
                .orElseThrow(() -> new AssertionError("no " + code + " came to " + user));
    }

    List<ReceivedMail> mailsTo(UUID user) {
        return stack.mails().received(mail -> mail.recipient().equals(addressOf(user)));
    }

    /**
     * Shows that everything before is decided and nothing broke: somebody who signs up now gets the
     * welcome, the job and the connector never stopped.
     */
    void assertGoesOn() throws Exception {
        mail("E-TRX-01", signUp());
        assertThat(stack.alarms()).noneMatch(alarm -> alarm.contains("failed"));
        assertThat(stack.runs()).isTrue();
        assertThat(job().path("restarts").asInt()).as("restarts of the job").isZero();
    }

    private JsonNode job() throws IOException, InterruptedException {
        String id = get("/jobs").path("jobs").path(0).path("id").asText();
        JsonNode restarts = get("/jobs/" + id + "/metrics?get=numRestarts");
        return JSON.createObjectNode().put("restarts", restarts.path(0).path("value").asInt(-1));
    }

    /** A metric of the job, summed over operators and subtasks that have it; 0 where none has. */
    long metric(String suffix) throws IOException, InterruptedException {
        String id = get("/jobs").path("jobs").path(0).path("id").asText();
        long sum = 0;
        for (JsonNode vertex : get("/jobs/" + id).path("vertices")) {
            String metrics =
                    "/jobs/%s/vertices/%s/subtasks/metrics"
                            .formatted(id, vertex.path("id").asText());
            for (JsonNode metric : get(metrics)) {
                String name = metric.path("id").asText();
                if (name.endsWith(suffix)) {
                    sum += get(metrics + "?get=" + name).path(0).path("sum").asLong();
                }
            }
        }
        return sum;
    }

    private JsonNode get(String path) throws IOException, InterruptedException {
        URI uri = stack.flinkUrl().orElseThrow().resolve(path);
        HttpResponse<String> answer =
                http.send(
                        HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        return JSON.readTree(answer.body());
    }

    /** Lets the connector be silent while something happens: the log is whoever writes it. */
    void whileTheConnectorPauses(Callable<Void> work) throws Exception {
        connector("pause", "PAUSED");
        try {
            work.call();
        } finally {
            connector("resume", "RUNNING");
        }
    }

    private void connector(String action, String state) throws IOException, InterruptedException {
        URI connector = stack.connectUrl().resolve("/connectors/" + StackNames.CONNECTOR + "/");
        http.send(
                HttpRequest.newBuilder(connector.resolve(action))
                        .PUT(HttpRequest.BodyPublishers.noBody())
                        .build(),
                HttpResponse.BodyHandlers.discarding());
        HttpRequest status = HttpRequest.newBuilder(connector.resolve("status")).build();
        Awaitility.await()
                .atMost(SOON)
                .until(
                        () ->
                                JSON.readTree(
                                                http.send(
                                                                status,
                                                                HttpResponse.BodyHandlers
                                                                        .ofString())
                                                        .body())
                                        .path("tasks")
                                        .path(0)
                                        .path("state")
                                        .asText()
                                        .equals(state));
    }
}
