package io.seqpulse.cli.dashboards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.quickstart.e2e.SmtpDoor;
import io.seqpulse.quickstart.restarts.Connector;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.Ports;
import io.seqpulse.quickstart.stack.StackNames;
import java.io.IOException;
import java.io.Reader;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The live job, scraped by a real Prometheus: every PromQL of every panel answers, every SQL on the
 * tables that the job filled, as the role that Grafana logs in as; and every rule that watches the
 * pipeline fires by a fault and is quiet before it. How long a rule waits before it tells somebody
 * is Grafana's; here it is whether its condition is met.
 */
class AlertRulesIT {

    private static final Duration SOON = Duration.ofMinutes(2);

    /** Panels with nothing to show of a stack on which everything goes well. */
    private static final Set<String> EMPTY =
            Set.of("Not available", "Not sent, by reason", "Oldest waiting");

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir private Path scratch;

    private EmbeddedStack stack;
    private Prometheus prometheus;
    private final List<String> fired = new ArrayList<>();

    @Test
    void everyRuleOfThePipelineFiresByItsFault() throws Exception {
        assumeFalse(
                "skip".equals(System.getProperty("grafana.prometheus")),
                "left out by -Dgrafana.prometheus=skip");
        assertThat(Prometheus.isInstalled())
                .as(
                        "Prometheus is not on this machine: apt-get install prometheus, or leave this"
                                + " test out with -Dgrafana.prometheus=skip")
                .isTrue();
        try (SmtpDoor door = SmtpDoor.open();
                EmbeddedStack running =
                        EmbeddedStack.builder()
                                .jobSetting("smtp.port", Integer.toString(door.port()))
                                // No checkpoint comes by itself: the first fault.
                                .flinkSetting("execution.checkpointing.interval", "1 h")
                                .start();
                Prometheus asked =
                        Prometheus.start(
                                scratch,
                                new Ports(notice -> {}).free(),
                                running.metricsUrl().orElseThrow(),
                                running.metricsPasswordFile())) {
            stack = running;
            prometheus = asked;
            door.leadTo(stack.mails().port());
            signUp(1, "%s@live.example");
            assertThat(stack.mails().await(mail -> true, SOON)).isPresent();

            awaitFiring("seqpulse-no-checkpoint");
            checkpoint();
            for (AlertRule rule : AlertRule.all()) {
                if (rule.asksPrometheus() || rule.uid().equals("seqpulse-slot-lag")) {
                    awaitQuiet(rule.uid());
                }
            }
            everyPromqlAnswers();
            everyMarkAnswers();
            reachTheQuota();
            everySqlAnswers();

            producer(
                    kafka ->
                            kafka.send(
                                    new ProducerRecord<>(
                                            StackNames.CHANGES,
                                            "no change event".getBytes(StandardCharsets.UTF_8))));
            awaitFiring("seqpulse-dead-letters");

            signUp(6, "%1$s@live.example, %1$s@other.example");
            awaitFiring("seqpulse-email-failures");

            execute(
                    "alter table public.email_deliveries add constraint none check (false) not valid");
            signUp(1, "%s@live.example");
            awaitFiring("seqpulse-unjournalled");
            execute("alter table public.email_deliveries drop constraint none");

            execute("revoke insert on public.email_deliveries from lifecycle_job");
            signUp(1, "%s@live.example");
            awaitFiring("seqpulse-journal-waits");
            execute("grant insert on public.email_deliveries to lifecycle_job");
            awaitQuiet("seqpulse-journal-waits");

            door.shut();
            signUp(1, "%s@live.example");
            awaitFiring("seqpulse-sender-stopped");
            door.reopen();
            awaitQuiet("seqpulse-sender-stopped");

            Connector connector = Connector.of(stack);
            connector.stop();
            writeLog();
            awaitFiring("seqpulse-slot-lag");
            awaitFiring("seqpulse-log-lag");
            awaitFiring("seqpulse-clock-old");
            connector.resume();
            awaitQuiet("seqpulse-clock-old");
            awaitQuiet("seqpulse-log-lag");
            awaitQuiet("seqpulse-slot-lag");

            awaitQuiet("seqpulse-job-not-running");
            stack.stopJob();
            awaitFiring("seqpulse-job-not-running");
        }
        List<String> watched =
                AlertRule.all().stream()
                        .filter(
                                rule ->
                                        rule.asksPrometheus()
                                                || rule.uid().equals("seqpulse-slot-lag"))
                        .map(AlertRule::uid)
                        // Nothing that is away fails the job: RestartAlertTest tells of one.
                        .filter(uid -> !uid.equals("seqpulse-job-restarted"))
                        .toList();
        assertThat(fired).containsExactlyInAnyOrderElementsOf(watched);
    }

    /**
     * Of each KPI something to count: a project, deployments enough for E-CONV-01, a warning, an
     * ok.
     */
    private void reachTheQuota() throws SQLException {
        UUID owner = UUID.randomUUID();
        UUID project = UUID.randomUUID();
        try (Connection product = stack.connect();
                Statement statement = product.createStatement()) {
            statement.execute(
                    "insert into users (id, name, email) values ('%s', 'Ada', '%s@live.example')"
                            .formatted(owner, owner));
            statement.execute(
                    "insert into projects (id, name, owner_id) values ('%s', 'Pulse', '%s')"
                            .formatted(project, owner));
            statement.execute(
                    """
                    insert into deployments
                        (deployment_number, project_id, state, started_at, finished_at)
                    select n, '%s', 'finished', now(), now() from generate_series(1, 40) n
                    """
                            .formatted(project));
            statement.execute(
                    """
                    insert into deployment_verdicts (deployment_id, verdict)
                    select id, case deployment_number when 1 then 'warning' else 'ok' end
                    from deployments
                    where project_id = '%s' and deployment_number <= 2
                    """
                            .formatted(project));
        }
    }

    /** Columns as the panel draws them, and rows in every panel that has something to show. */
    private void everySqlAnswers() throws Exception {
        int queries = 0;
        try (Connection reader = reader()) {
            for (Panel panel : Panel.all()) {
                for (JsonNode target : panel.sqlTargets()) {
                    queries++;
                    Awaitility.await(panel + " has rows")
                            .atMost(SOON)
                            .until(
                                    () ->
                                            hasRows(reader, panel, target)
                                                    != EMPTY.contains(panel.title()));
                }
            }
        }
        assertThat(queries).isGreaterThan(25);
        try (Connection reader = reader();
                Statement statement = reader.createStatement()) {
            Instant now = Instant.now();
            Macros day = new Macros(now.minus(Duration.ofDays(1)), now, Duration.ofMinutes(1));
            for (String sql : Panel.annotations("rawSql")) {
                try (ResultSet marks = statement.executeQuery(day.expand(sql))) {
                    assertThat(marks.next()).as(sql).isTrue();
                    assertThat(marks.getTimestamp("time")).isNotNull();
                    assertThat(marks.getString("text")).isNotBlank();
                }
            }
        }
    }

    /**
     * Whether anything but times and nulls comes of the last hour, the minute that runs included.
     */
    private static boolean hasRows(Connection reader, Panel panel, JsonNode target)
            throws SQLException {
        Instant end = Instant.now().plus(Duration.ofMinutes(1));
        Macros hour = new Macros(end.minus(Duration.ofHours(1)), end, Duration.ofMinutes(1));
        try (Statement statement = reader.createStatement();
                ResultSet found =
                        statement.executeQuery(hour.expand(target.path("rawSql").asText()))) {
            Map<String, Integer> columns = Panel.columns(found.getMetaData());
            assertThat(panel.problems(target, columns)).as(panel.toString()).isEmpty();
            while (found.next()) {
                for (String column : columns.keySet()) {
                    if (!column.equals("time") && found.getObject(column) != null) {
                        return true;
                    }
                }
            }
            return false;
        }
    }

    /** As Grafana logs in. */
    private Connection reader() throws SQLException, IOException {
        Properties secrets = new Properties();
        try (Reader file = Files.newBufferedReader(stack.folder().resolve("secrets.properties"))) {
            secrets.load(file);
        }
        return DriverManager.getConnection(
                stack.jdbcUrl(), "lifecycle_readonly", secrets.getProperty("readonly"));
    }

    private void everyPromqlAnswers() throws IOException {
        for (Panel panel : Panel.all()) {
            for (JsonNode target : panel.prometheusTargets()) {
                String promql =
                        target.path("expr")
                                .asText()
                                .replace("$__range", "600s")
                                .replace("$__rate_interval", "20s");
                assertThat(promql).as(panel.toString()).doesNotContain("$");
                Awaitility.await(panel + ": " + promql)
                        .atMost(SOON)
                        .until(
                                () ->
                                        !prometheus.query(promql).isEmpty()
                                                && !prometheus
                                                        .queryRange(promql, Duration.ofMinutes(1))
                                                        .isEmpty());
            }
        }
    }

    /** The job has just been started, so there is a mark of that, and none of a restart. */
    private void everyMarkAnswers() throws IOException, InterruptedException {
        for (String promql : Panel.annotations("expr")) {
            assertThat(prometheus.queryRange(promql, Duration.ofMinutes(10)).isEmpty())
                    .as(promql)
                    .isEqualTo(promql.contains("numRestarts"));
        }
    }

    private OptionalDouble value(AlertRule rule) throws Exception {
        if (rule.asksPrometheus()) {
            return prometheus.value(rule.query());
        }
        try (Connection reader = reader()) {
            return rule.value(reader);
        }
    }

    private void awaitFiring(String uid) throws IOException {
        AlertRule rule = AlertRule.of(uid);
        Awaitility.await(uid + " fires").atMost(SOON).until(() -> rule.firesOn(value(rule)));
        fired.add(uid);
    }

    private void awaitQuiet(String uid) throws IOException {
        AlertRule rule = AlertRule.of(uid);
        Awaitility.await(uid + " is quiet").atMost(SOON).until(() -> !rule.firesOn(value(rule)));
    }

    private void signUp(int people, String address) throws SQLException {
        try (Connection product = stack.connect();
                Statement statement = product.createStatement()) {
            for (int i = 0; i < people; i++) {
                UUID user = UUID.randomUUID();
                statement.execute(
                        "insert into public.users (id, name, email) values ('%s', 'Ada', '%s')"
                                .formatted(user, address.formatted(user)));
            }
        }
    }

    private void execute(String sql) throws SQLException {
        try (Connection product = stack.connect();
                Statement statement = product.createStatement()) {
            statement.execute(sql);
        }
    }

    /** More than the server's log may grow before somebody is told, a file at a time. */
    private void writeLog() throws SQLException {
        try (Connection owner = stack.connect();
                Statement statement = owner.createStatement()) {
            for (int file = 0; file < 66; file++) {
                statement.execute("select pg_logical_emit_message(false, 'test', 'x')");
                statement.execute("select pg_switch_wal()");
            }
        }
    }

    /** Takes a checkpoint, and asks how it went: until somebody has, the cluster would not stop. */
    private void checkpoint() throws IOException, InterruptedException {
        URI flink = stack.flinkUrl().orElseThrow();
        String job = get(flink.resolve("/jobs")).at("/jobs/0/id").asText();
        URI checkpoints = flink.resolve("/jobs/" + job + "/checkpoints");
        HttpResponse<String> answer =
                stack.access()
                        .client()
                        .send(
                                HttpRequest.newBuilder(checkpoints)
                                        .header("Content-Type", "application/json")
                                        .POST(HttpRequest.BodyPublishers.ofString("{}"))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        String request = JSON.readTree(answer.body()).path("request-id").asText();
        Awaitility.await()
                .atMost(SOON)
                .until(
                        () ->
                                get(URI.create(checkpoints + "/" + request))
                                        .at("/status/id")
                                        .asText()
                                        .equals("COMPLETED"));
    }

    private JsonNode get(URI uri) throws IOException, InterruptedException {
        return JSON.readTree(
                stack.access()
                        .client()
                        .send(
                                HttpRequest.newBuilder(uri).build(),
                                HttpResponse.BodyHandlers.ofString())
                        .body());
    }

    private interface Work {
        void with(KafkaProducer<byte[], byte[]> kafka);
    }

    private void producer(Work work) {
        try (KafkaProducer<byte[], byte[]> kafka =
                new KafkaProducer<>(
                        new HashMap<>(stack.kafkaClient()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            work.with(kafka);
        }
    }
}
