package io.seqpulse.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What the status says of a job, whatever Flink calls it and whether the database answers or not.
 */
class JobStatusTest {

    private static final String JOB = "6d1d8a3c0f6b4a7d9c0e2f4a6b8c0d1e";
    private static final int CLOSED_PORT = 1;

    private final Map<String, String> answers = new HashMap<>();
    private String wanted;
    private HttpServer flink;

    @BeforeEach
    void start() throws IOException {
        flink = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        flink.createContext(
                "/",
                exchange -> {
                    byte[] body =
                            answers.getOrDefault(exchange.getRequestURI().getPath(), "{}")
                                    .getBytes(StandardCharsets.UTF_8);
                    String given = exchange.getRequestHeaders().getFirst("Authorization");
                    boolean known = wanted == null || wanted.equals(given);
                    exchange.sendResponseHeaders(known ? 200 : 401, body.length);
                    try (OutputStream out = exchange.getResponseBody()) {
                        out.write(body);
                    }
                });
        flink.start();
        long now = System.currentTimeMillis();
        answers.put(
                "/jobs/" + JOB + "/checkpoints",
                """
                {"counts":{"failed":0},"latest":{"completed":{"latest_ack_timestamp":%s,
                 "end_to_end_duration":20,"state_size":1000}}}
                """
                        .formatted(now));
    }

    @AfterEach
    void stop() {
        flink.stop(0);
    }

    private void cluster(int taskManagers, String state, int running) {
        answers.put("/overview", "{\"taskmanagers\":%s}".formatted(taskManagers));
        answers.put(
                "/jobs/overview",
                """
                {"jobs":[{"jid":"%s","state":"%s","start-time":%s,
                 "tasks":{"total":18,"running":%s,"scheduled":%s}}]}
                """
                        .formatted(JOB, state, System.currentTimeMillis(), running, 18 - running));
    }

    @Test
    void isRunningOnlyWhileEveryTaskIs() throws Exception {
        cluster(1, "RUNNING", 18);
        assertThat(job(status(Map.of()))).isEqualTo("RUNNING 18/18 on 1");
        assertThat(problems(status(Map.of()))).doesNotContain("The job does not run");

        cluster(1, "RUNNING", 17);
        assertThat(job(status(Map.of()))).isEqualTo("STARTING 17/18 on 1");
        assertThat(problems(status(Map.of())))
                .contains("The job does not run: 17 of its 18 tasks do");

        cluster(0, "RUNNING", 0);
        assertThat(job(status(Map.of()))).isEqualTo("STARTING 0/18 on 0");
        assertThat(problems(status(Map.of())))
                .contains("The job does not run: Flink has no task manager");

        cluster(1, "FAILED", 0);
        assertThat(problems(status(Map.of()))).contains("The job does not run: it is FAILED");
    }

    @Test
    void isAskedForWithThePasswordWhereFlinkWantsOne() throws Exception {
        cluster(1, "RUNNING", 18);
        wanted = "Basic bGlmZWN5Y2xlOnRoZS1wYXNzd29yZA==";
        assertThat(status(Map.of()).path("job").path("state").asText()).isEqualTo("UNKNOWN");
        assertThat(
                        job(
                                status(
                                        Map.of(
                                                "LIFECYCLE_API_FLINK_USER",
                                                "lifecycle",
                                                "LIFECYCLE_API_FLINK_PASSWORD",
                                                "the-password"))))
                .isEqualTo("RUNNING 18/18 on 1");
    }

    @Test
    void isToldWhileTheDatabaseIsAway() throws Exception {
        cluster(0, "RUNNING", 0);
        JsonNode status =
                status(
                        Map.of(
                                "LIFECYCLE_API_DATABASE_URL",
                                "jdbc:postgresql://127.0.0.1:%s/none".formatted(CLOSED_PORT)));
        assertThat(status.path("healthy").asBoolean(true)).isFalse();
        assertThat(job(status)).isEqualTo("STARTING 0/18 on 0");
        assertThat(problems(status))
                .contains("The job does not run: Flink has no task manager")
                .contains("The KPI tables cannot be read");
    }

    @Test
    void saysSinceWhenNoMailLeavesAndWhatTheServerSaid() throws Exception {
        cluster(1, "RUNNING", 18);
        answers.put("/jobs/" + JOB, "{\"vertices\":[{\"id\":\"a\"},{\"id\":\"b\"}]}");
        answers.put("/jobs/" + JOB + "/vertices/a/metrics", "[{\"id\":\"0.busyTimeMsPerSecond\"}]");
        sink("b", 0, "", 0, 0);
        JsonNode well = status(Map.of());
        assertThat(well.path("sender").path("halted").asBoolean(true)).isFalse();
        assertThat(problems(well))
                .doesNotContain("mail leaves")
                .doesNotContain("cannot be written for");

        sink("b", 75, "no connection: Connection refused", 30, 2);
        JsonNode halted = status(Map.of());
        JsonNode sender = halted.path("sender");
        assertThat(sender.path("halted").asBoolean()).isTrue();
        assertThat(Instant.parse(sender.path("halted_since").asText()))
                .isBetween(Instant.now().minusSeconds(120), Instant.now().minusSeconds(74));
        assertThat(sender.path("unjournalled").asLong()).isEqualTo(4);
        assertThat(halted.path("healthy").asBoolean(true)).isFalse();
        assertThat(problems(halted))
                .contains("No mail leaves since ")
                .contains(": no connection: Connection refused")
                .contains("The journal cannot be written for 30 s");
    }

    @Test
    void aSenderThatHasNotHeardTheServerYetIsNotCalledWell() throws Exception {
        cluster(1, "RUNNING", 18);
        answers.put("/jobs/" + JOB, "{\"vertices\":[{\"id\":\"b\"}]}");
        String journals = "{\"id\":\"0.email_sink__Writer.email.unjournalled\",\"value\":\"0\"}";
        String sends = "{\"id\":\"0.email_sink__Writer.email.senderStopped\",\"value\":\"0\"}";
        String unknown = "Whether mail leaves is not known";

        answers.put(
                "/jobs/%s/vertices/b/metrics".formatted(JOB), "[%s,%s]".formatted(journals, sends));
        JsonNode asking = status(Map.of());
        assertThat(asking.path("sender").path("halted").isNull()).isTrue();
        assertThat(problems(asking)).contains(unknown);

        answers.put("/jobs/%s/vertices/b/metrics".formatted(JOB), "[%s]".formatted(journals));
        JsonNode shadow = status(Map.of());
        assertThat(shadow.path("sender").path("halted").isNull()).isTrue();
        assertThat(problems(shadow)).doesNotContain(unknown);
    }

    /** Two subtasks: all is well with the second one, but for what it counts. */
    private void sink(String vertex, long halted, String because, long waiting, long lost) {
        answers.put(
                "/jobs/%s/vertices/%s/metrics".formatted(JOB, vertex),
                """
                [{"id":"0.email_sink__Writer.email.haltedSeconds","value":"%s"},
                 {"id":"0.email_sink__Writer.email.haltedBecause","value":"%s"},
                 {"id":"0.email_sink__Writer.email.journalWaitingSeconds","value":"%s"},
                 {"id":"0.email_sink__Writer.email.unjournalled","value":"%s"},
                 {"id":"1.email_sink__Writer.email.haltedSeconds","value":"0"},
                 {"id":"1.email_sink__Writer.email.haltedBecause","value":""},
                 {"id":"1.email_sink__Writer.email.journalWaitingSeconds","value":"0"},
                 {"id":"1.email_sink__Writer.email.unjournalled","value":"%s"}]
                """
                        .formatted(halted, because, waiting, lost, lost));
    }

    @Test
    void namesWhoLocksTheJournal() throws Exception {
        cluster(1, "RUNNING", 18);
        answers.put("/jobs/" + JOB, "{\"vertices\":[{\"id\":\"b\"}]}");
        sink("b", 0, "", 30, 0);
        try (RunningApi api = running(Map.of());
                Connection holder = api.database.connect(api.database.superuser());
                Connection job = api.database.connect(api.database.superuser());
                Statement locks = holder.createStatement();
                Statement writes = job.createStatement()) {
            holder.setAutoCommit(false);
            locks.execute("lock table public.email_deliveries in share mode");
            Thread waiting =
                    new Thread(
                            () -> {
                                try {
                                    writes.execute(
                                            "update public.email_deliveries set attempts = 0"
                                                    + " where false");
                                } catch (SQLException e) {
                                    throw new IllegalStateException(e);
                                }
                            });
            waiting.start();
            int pid = pid(locks);
            Awaitility.await()
                    .untilAsserted(
                            () -> {
                                JsonNode held =
                                        api.json("/status", RunningApi.OPERATOR)
                                                .at("/sender/journal_held_by");
                                assertThat(held.size()).isEqualTo(1);
                                assertThat(held.at("/0/pid").asInt()).isEqualTo(pid);
                                assertThat(held.at("/0/query").isNull())
                                        .as("another role's query")
                                        .isTrue();
                            });
            holder.rollback();
            waiting.join();
            assertThat(
                            api.json("/status", RunningApi.OPERATOR)
                                    .at("/sender/journal_held_by")
                                    .size())
                    .isZero();
        }
    }

    private static int pid(Statement statement) throws SQLException {
        try (ResultSet answer = statement.executeQuery("select pg_backend_pid()")) {
            answer.next();
            return answer.getInt(1);
        }
    }

    @Test
    void countsDeadLettersAndIsHealthyAllTheSame() throws Exception {
        cluster(1, "RUNNING", 18);
        answers.put("/jobs/" + JOB, "{\"vertices\":[{\"id\":\"a\"},{\"id\":\"b\"}]}");
        JsonNode none = status(Map.of());
        assertThat(none.path("dead_letters").isNull()).as("no task says").isTrue();

        answers.put(
                "/jobs/" + JOB + "/vertices/a/metrics",
                """
                [{"id":"0.decode.deadLetters","value":"3"},
                 {"id":"0.decode.table.users.deadLetters","value":"2"},
                 {"id":"0.decode.table.projects.deadLetters","value":"1"}]
                """);
        answers.put(
                "/jobs/" + JOB + "/vertices/b/metrics",
                """
                [{"id":"0.attach.deadLetters","value":"0"},
                 {"id":"1.attach.deadLetters","value":"4"},
                 {"id":"1.attach.table.users.deadLetters","value":"4"}]
                """);
        JsonNode some = status(Map.of());
        assertThat(some.path("dead_letters").toString())
                .isEqualTo("{\"count\":7,\"tables\":{\"projects\":1,\"users\":6}}");
        assertThat(problems(some)).isEqualTo(problems(none));
    }

    @Test
    void saysWhichPipelineItIs() throws Exception {
        cluster(1, "RUNNING", 18);
        JsonNode pipeline =
                status(
                                Map.of(
                                        "LIFECYCLE_API_DATABASE_URL",
                                        "jdbc:postgresql://127.0.0.1:%s/none?password=s3cret"
                                                .formatted(CLOSED_PORT),
                                        "LIFECYCLE_API_STATE_DIR",
                                        "/var/lib/lifecycle"))
                        .path("pipeline");
        assertThat(pipeline.path("database").asText())
                .isEqualTo("127.0.0.1:%s/none".formatted(CLOSED_PORT));
        assertThat(pipeline.path("slot").asText()).isEqualTo("seqpulse_lifecycle");
        assertThat(pipeline.path("state").asText()).isEqualTo("/var/lib/lifecycle");
        assertThat(Instant.parse(pipeline.path("running_since").asText()))
                .isBeforeOrEqualTo(Instant.now());
    }

    private RunningApi running(Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(more);
        settings.put("LIFECYCLE_API_FLINK_URL", "http://127.0.0.1:" + flink.getAddress().getPort());
        return new RunningApi(Clock.systemUTC(), settings);
    }

    private JsonNode status(Map<String, String> more) throws Exception {
        try (RunningApi api = running(more)) {
            return api.json("/status", RunningApi.OPERATOR);
        }
    }

    private static String job(JsonNode status) {
        JsonNode job = status.path("job");
        return "%s %s/%s on %s"
                .formatted(
                        job.path("state").asText(),
                        job.path("tasks_running").asLong(),
                        job.path("tasks").asLong(),
                        job.path("task_managers").asLong());
    }

    private static String problems(JsonNode status) {
        return status.path("problems").toString();
    }
}
