package io.seqpulse.quickstart.compose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.FlinkSettings;
import io.seqpulse.quickstart.stack.Ports;
import io.seqpulse.quickstart.stack.StackNames;
import java.io.IOException;
import java.io.Reader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.config.ConfigResource;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What docker-compose.yml has its services do, as plain processes with the environment it gives
 * them, beside the embedded stack's PostgreSQL, Kafka, Kafka Connect and SMTP server. Only the
 * images are not there.
 */
class ComposeServicesIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Ports PORTS = new Ports(notice -> {});
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Duration START = Duration.ofMinutes(3);
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String OPERATOR = "an-operators-token-of-a-test";

    private static EmbeddedStack stack;
    private static ComposeFile compose;
    private static Properties secrets;

    @TempDir private Path scratch;
    private PlainProcesses processes;
    private int metricsPort;

    @BeforeAll
    static void startStack() throws Exception {
        compose = ComposeFile.read();
        stack = EmbeddedStack.builder().home(compose.folder()).withoutJob().start();
        secrets = new Properties();
        try (Reader file = Files.newBufferedReader(stack.folder().resolve("secrets.properties"))) {
            secrets.load(file);
        }
    }

    @AfterAll
    static void stopStack() {
        if (stack != null) {
            stack.close();
        }
    }

    @BeforeEach
    void aMachine() {
        processes = new PlainProcesses(compose, variables(), scratch);
        place();
    }

    private static Map<String, String> variables() {
        Map<String, String> variables =
                new HashMap<>(
                        Map.of(
                                "LIFECYCLE_SMTP_USER",
                                "lifecycle",
                                "LIFECYCLE_SMTP_PASSWORD",
                                secrets.getProperty("smtp")));
        variables.putAll(
                Map.of(
                        "POSTGRES_PASSWORD", secrets.getProperty("postgres"),
                        "JOB_DATABASE_PASSWORD", secrets.getProperty("job"),
                        "CONNECT_DATABASE_PASSWORD", secrets.getProperty("connect"),
                        "READONLY_DATABASE_PASSWORD", secrets.getProperty("readonly"),
                        "SUPPORT_DATABASE_PASSWORD", secrets.getProperty("support"),
                        "OPERATOR_TOKEN_SECRET", OPERATOR,
                        "LIFECYCLE_LINK_SECRET", secrets.getProperty("link"),
                        "LIFECYCLE_SMTP_HOST", "127.0.0.1",
                        "LIFECYCLE_SMTP_PORT", Integer.toString(stack.mails().port())));
        return variables;
    }

    private void place() {
        processes
                .with("kafka:9092", stack.bootstrapServers())
                .with("http://connect:8083", stack.connectUrl())
                .with("postgres:5432", "127.0.0.1:" + stack.postgresPort());
    }

    @AfterEach
    void endProcesses() {
        processes.close();
    }

    @Test
    void productAndMigrateMakeTheSchemaOfTheStack() throws Exception {
        assumeThereIs("psql");
        String database = "compose";
        execute(stack.jdbcUrl(), "create database " + database);
        String url = stack.jdbcUrl().replaceFirst(StackNames.DATABASE + "$", database);
        processes
                .with("postgres:5432/" + StackNames.DATABASE, url.replaceFirst(".*//", ""))
                .withProgram(
                        "psql",
                        "exec %s --host=127.0.0.1 --port=%s --dbname=%s \"$@\"\n"
                                .formatted(whereIs("psql"), stack.postgresPort(), database))
                .withEntryPoint(
                        "migrate",
                        "exec "
                                + processes.java("", MigrateFromEnvironment.class.getName())
                                + " \"$@\"\n");

        assertThat(processes.run("migrate")).isNotZero();
        assertThat(processes.printed("migrate")).contains("public.users and public.projects");

        for (int time = 0; time < 2; time++) {
            assertThat(processes.run("product")).as(processes.printed("product")).isZero();
            assertThat(processes.run("migrate")).as(processes.printed("migrate")).isZero();
        }

        for (String asked :
                List.of(
                        """
                        select table_schema, table_name, column_name, data_type, column_default
                        from information_schema.columns
                        where table_schema in ('public', 'lifecycle') order by 1, 2, 3
                        """,
                        "select tablename, attnames::text from pg_publication_tables order by 1",
                        """
                        select grantee, table_schema, table_name, column_name, privilege_type
                        from information_schema.column_privileges
                        where grantee like 'lifecycle%' order by 1, 2, 3, 4, 5
                        """,
                        "select indexdef from pg_indexes where schemaname = 'public' order by 1",
                        "select script from lifecycle.flyway_schema_history where success"
                                + " group by script order by 1")) {
            assertThat(rows(url, asked)).isNotEmpty().isEqualTo(rows(stack.jdbcUrl(), asked));
        }
        try (Connection job =
                DriverManager.getConnection(url, "lifecycle_job", secrets.getProperty("job"))) {
            assertThat(job.isValid(5)).isTrue();
        }
    }

    @Test
    void topicsAreMadeAsTheStackMakesThem() throws Exception {
        List<String> names = List.of(StackNames.CHANGES, StackNames.DEAD_LETTERS);
        processes.withProgram(
                "/opt/kafka/bin/kafka-topics.sh",
                "exec %s --command-config '%s' \"$@\"\n"
                        .formatted(
                                processes.java("", "org.apache.kafka.tools.TopicCommand"),
                                stack.kafkaFile()));
        assertThat(processes.run("topics")).as(processes.printed("topics")).isZero();
        names.forEach(name -> processes.with(name, "another." + name));
        for (int time = 0; time < 2; time++) {
            assertThat(processes.run("topics")).as(processes.printed("topics")).isZero();
        }
        try (Admin admin = Admin.create(new HashMap<>(stack.kafkaClient()))) {
            for (String name : names) {
                assertThat(settings(admin, "another." + name))
                        .isNotEmpty()
                        .isEqualTo(settings(admin, name));
                TopicDescription made =
                        admin.describeTopics(List.of("another." + name))
                                .allTopicNames()
                                .get()
                                .get("another." + name);
                assertThat(made.partitions()).hasSize(1);
            }
        }
    }

    @Test
    void registeringAgainChangesNothing() throws Exception {
        assumeThereIs("curl");
        URI connector = stack.connectUrl().resolve("/connectors/" + StackNames.CONNECTOR);
        JsonNode before = ofConnect(connector);
        processes.withProgram(
                "curl",
                "exec %s --netrc-file %s \"$@\"\n".formatted(whereIs("curl"), stack.netrc()));
        assertThat(processes.run("register")).as(processes.printed("register")).isZero();
        assertThat(ofConnect(connector)).isEqualTo(before);
        Awaitility.await().atMost(SOON).until(stack::runs);
    }

    @Test
    void theJobRunsInApplicationModeAndBeginsWhereItWas() throws Exception {
        int port = PORTS.free();
        placeFlink(port);
        URI flink = URI.create("http://127.0.0.1:" + port);

        Process jobManager = processes.start("jobmanager");
        processes.start("taskmanager");
        awaitRunning(flink, jobManager);
        assertThat(processes.printed("jobmanager")).startsWith("Starting from nothing\n");
        // What the health check looks for.
        assertThat(answer("GET", flink.resolve("/jobs/overview"), "").body())
                .contains("\"state\":\"RUNNING\"");
        UUID first = signUp();
        assertThat(stack.mails().await(mail -> isTo(mail.recipient(), first), SOON)).isPresent();
        theApiTellsOfTheJob(flink);

        assertThat(
                        get(flink.resolve("/config"))
                                .path("features")
                                .path("web-submit")
                                .asBoolean(true))
                .isFalse();
        assertThat(
                        get(flink.resolve("/config"))
                                .path("features")
                                .path("web-cancel")
                                .asBoolean(true))
                .isFalse();
        assertThat(answer("POST", flink.resolve("/jars/upload"), "").statusCode()).isEqualTo(404);
        Awaitility.await()
                .atMost(SOON)
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(
                        () -> {
                            String measured = measured(0) + measured(1);
                            return measured.contains("flink_jobmanager_job_runningState{")
                                    && measured.contains("_cdcClock_clockAgeMillis{");
                        });

        String job = job(flink);
        Awaitility.await()
                .atMost(SOON)
                .until(
                        () ->
                                get(flink.resolve("/jobs/" + job + "/checkpoints"))
                                                .path("counts")
                                                .path("completed")
                                                .asInt()
                                        > 0);
        PlainProcesses.kill(jobManager);
        jobManager = processes.start("jobmanager");
        awaitRunning(flink, jobManager);
        assertThat(processes.printed("jobmanager"))
                .startsWith("Starting from " + processes.volume("state") + "/checkpoints/")
                .contains("/chk-");
        Path earlier = processes.volume("state").resolve("checkpoints").resolve(job);
        assertThat(earlier).as("not before the new run has its own").exists();
        UUID second = signUp();
        assertThat(stack.mails().await(mail -> isTo(mail.recipient(), second), SOON)).isPresent();

        Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> !Files.exists(earlier));

        String again = job(flink);
        HttpResponse<String> stopping =
                answer("POST", flink.resolve("/jobs/" + again + "/stop"), "{\"drain\": false}");
        assertThat(stopping.statusCode()).as(stopping.body()).isEqualTo(202);
        URI stopped =
                flink.resolve(
                        "/jobs/%s/savepoints/%s"
                                .formatted(
                                        again,
                                        JSON.readTree(stopping.body())
                                                .path("request-id")
                                                .asText()));
        Awaitility.await()
                .atMost(SOON)
                .until(() -> "COMPLETED".equals(get(stopped).path("status").path("id").asText()));
        // It waits to be replaced: started again at once, it would not be the new version.
        Awaitility.await()
                .atMost(SOON)
                .until(() -> processes.printed("jobmanager").contains("The job was stopped"));
        assertThat(jobManager.isAlive()).isTrue();
        PlainProcesses.kill(jobManager);
        jobManager = processes.start("jobmanager");
        awaitRunning(flink, jobManager);
        assertThat(processes.printed("jobmanager"))
                .startsWith(
                        "Starting from " + processes.volume("state") + "/savepoints/savepoint-");
        UUID third = signUp();
        assertThat(stack.mails().await(mail -> isTo(mail.recipient(), third), SOON)).isPresent();
        List<ProcessHandle> own = jobManager.descendants().toList();
        jobManager.destroy();
        assertThat(jobManager.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(own).isNotEmpty().noneMatch(ProcessHandle::isAlive);

        for (UUID user : List.of(first, second, third)) {
            assertThat(stack.mails().received(mail -> isTo(mail.recipient(), user))).hasSize(1);
        }
    }

    /** Asked as its health check asks, and as an operator does. */
    private void theApiTellsOfTheJob(URI flink) throws Exception {
        int port = PORTS.free();
        processes
                .with("0.0.0.0", "127.0.0.1")
                .with("8090", port)
                .with("http://jobmanager:8081", flink)
                .with("/opt/seqpulse/api.jar", jar("api"));
        URI address = URI.create("http://127.0.0.1:" + port);
        Process api = processes.start("api");
        Awaitility.await()
                .atMost(START)
                .ignoreExceptionsInstanceOf(IOException.class)
                .failFast(() -> assertThat(api.isAlive()).as(processes.printed("api")).isTrue())
                .until(() -> "up".equals(get(address.resolve("/health")).path("status").asText()));
        assertThat(answer("GET", address.resolve("/status"), "").statusCode()).isEqualTo(401);
        Awaitility.await()
                .atMost(SOON)
                .untilAsserted(
                        () -> {
                            JsonNode status = asOperator(address.resolve("/status"));
                            assertThat(status.path("problems")).as(status.toString()).isEmpty();
                            assertThat(status.at("/job/state").asText()).isEqualTo("RUNNING");
                        });
        assertThat(
                        asOperator(address.resolve("/analytics/kpi/lifecycle"))
                                .at("/kpis/signup_to_project_24h")
                                .has("denominator"))
                .isTrue();
    }

    private static JsonNode asOperator(URI uri) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(uri)
                        .timeout(SOON)
                        .header("Authorization", "Bearer " + OPERATOR)
                        .build();
        return JSON.readTree(HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body());
    }

    @Test
    void aJobThatCannotStartSaysWhyAndEnds() throws Exception {
        Map<String, String> variables = variables();
        variables.put("LIFECYCLE_LINK_SECRET", "short");
        variables.put("LIFECYCLE_SMTP_PORT", "none");
        processes = new PlainProcesses(compose, variables, scratch);
        place();
        placeFlink(PORTS.free());
        assertThat(processes.run("jobmanager")).isNotZero();
        assertThat(processes.printed("jobmanager"))
                .contains("smtp.port: 'none' is not a whole number", "link.secret");
    }

    /** What one part of Flink shows to Prometheus; here they share a machine, so two ports. */
    private String measured(int part) throws IOException, InterruptedException {
        URI address = URI.create("http://127.0.0.1:%s/metrics".formatted(metricsPort + part));
        return answer("GET", address, "").body();
    }

    private void placeFlink(int port) throws IOException {
        metricsPort = PORTS.free();
        Path usrlib = Files.createDirectories(scratch.resolve("flink/usrlib"));
        Files.createDirectories(scratch.resolve("flink/lib"));
        Files.copy(jar("job"), usrlib.resolve("lifecycle.jar"));
        String entryPoint = entryPoint(port);
        processes
                .withProgram("/docker-entrypoint.sh", entryPoint)
                .withEntryPoint("taskmanager", entryPoint)
                .with("jobmanager.rpc.address: jobmanager", "jobmanager.rpc.address: 127.0.0.1")
                .with(
                        "metrics.reporter.prometheus.port: " + FlinkSettings.METRICS_PORT,
                        "metrics.reporter.prometheus.port: %s-%s"
                                .formatted(metricsPort, metricsPort + 1));
    }

    /** What the image's own does: its configuration from FLINK_PROPERTIES, memory, then a part. */
    private String entryPoint(int port) throws IOException {
        String opens =
                "--add-opens=java.base/java.lang=ALL-UNNAMED"
                        + " --add-opens=java.base/java.util=ALL-UNNAMED"
                        + " --add-opens=java.base/java.time=ALL-UNNAMED";
        return """
        mkdir -p conf tmp
        export LIFECYCLE_KAFKA_PROPERTIES_FILE='%8$s'
        printf '%%s\\n' "$FLINK_PROPERTIES" 'rest.port: %1$s' 'rest.bind-port: %1$s' \\
            'rest.address: 127.0.0.1' 'rest.bind-address: 127.0.0.1' \\
            'jobmanager.rpc.port: %2$s' 'jobmanager.bind-host: 127.0.0.1' \\
            'taskmanager.host: 127.0.0.1' 'taskmanager.bind-host: 127.0.0.1' \\
            "io.tmp.dirs: $PWD/tmp" > conf/config.yaml
        export FLINK_LIB_DIR=%3$s
        part=$1
        shift
        case $part in
            standalone-job) ask=GET_JM_RESOURCE_PARAMS run=%5$s ;;
            taskmanager) ask=GET_TM_RESOURCE_PARAMS run=%6$s ;;
        esac
        memory=$(%4$s $ask --configDir conf | sed -n 's/^BASH_JAVA_UTILS_EXEC_RESULT://p')
        exec %7$s $(head -n 1 <<< "$memory") $run --configDir conf $(tail -n 1 <<< "$memory") "$@"
        """
                .formatted(
                        port,
                        PORTS.free(),
                        scratch.resolve("flink/lib"),
                        processes.java("", "org.apache.flink.runtime.util.bash.BashJavaUtils"),
                        "org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint",
                        "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
                        processes.java(opens, ""),
                        stack.kafkaFile());
    }

    private void awaitRunning(URI flink, Process jobManager) throws IOException {
        Awaitility.await()
                .atMost(START)
                .ignoreExceptionsInstanceOf(IOException.class)
                .failFast(
                        () ->
                                assertThat(jobManager.isAlive())
                                        .as(processes.printed("jobmanager"))
                                        .isTrue())
                .until(() -> "RUNNING".equals(state(flink)) && allTasksRun(flink));
    }

    private static boolean allTasksRun(URI flink) throws IOException, InterruptedException {
        JsonNode tasks = newest(flink).path("tasks");
        return tasks.path("running").asInt() == tasks.path("total").asInt(-1);
    }

    private static String state(URI flink) throws IOException, InterruptedException {
        return newest(flink).path("state").asText();
    }

    private static String job(URI flink) throws IOException, InterruptedException {
        return newest(flink).path("jid").asText();
    }

    private static JsonNode newest(URI flink) throws IOException, InterruptedException {
        return get(flink.resolve("/jobs/overview")).path("jobs").path(0);
    }

    private static UUID signUp() throws SQLException {
        UUID user = UUID.randomUUID();
        execute(
                stack.jdbcUrl(),
                "insert into public.users (id, name, email) values ('%s', 'Somebody', '%s')"
                        .formatted(user, address(user)));
        return user;
    }

    private static String address(UUID user) {
        return user + "@live.example";
    }

    private static boolean isTo(String recipient, UUID user) {
        return recipient.equals(address(user));
    }

    /** The program that a module builds. */
    private static Path jar(String module) throws IOException {
        try (Stream<Path> files = Files.list(compose.folder().resolve(module + "/target"))) {
            return files.filter(
                            file ->
                                    file.getFileName()
                                            .toString()
                                            .matches(module + "-[0-9].*\\.jar"))
                    .filter(file -> !file.getFileName().toString().endsWith("-tests.jar"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static List<String> settings(Admin admin, String topic) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Config config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
        return config.entries().stream()
                .filter(entry -> entry.source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG)
                .map(entry -> entry.name() + "=" + entry.value())
                .sorted()
                .toList();
    }

    private static void execute(String url, String sql) throws SQLException {
        try (Connection owner = connect(url);
                Statement statement = owner.createStatement()) {
            statement.execute(sql);
        }
    }

    private static List<List<String>> rows(String url, String sql) throws SQLException {
        List<List<String>> rows = new ArrayList<>();
        try (Connection owner = connect(url);
                Statement statement = owner.createStatement();
                ResultSet found = statement.executeQuery(sql)) {
            while (found.next()) {
                List<String> row = new ArrayList<>();
                for (int i = 1; i <= found.getMetaData().getColumnCount(); i++) {
                    row.add(found.getString(i));
                }
                rows.add(row);
            }
        }
        return rows;
    }

    private static Connection connect(String url) throws SQLException {
        return DriverManager.getConnection(
                url, StackNames.SUPERUSER, secrets.getProperty("postgres"));
    }

    private static JsonNode ofConnect(URI uri) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(uri).build();
        return JSON.readTree(
                stack.access().client().send(request, HttpResponse.BodyHandlers.ofString()).body());
    }

    private static JsonNode get(URI uri) throws IOException, InterruptedException {
        return JSON.readTree(answer("GET", uri, "").body());
    }

    private static HttpResponse<String> answer(String method, URI uri, String body)
            throws IOException, InterruptedException {
        return HTTP.send(
                HttpRequest.newBuilder(uri)
                        .timeout(SOON)
                        .header("Content-Type", "application/json")
                        .method(
                                method,
                                body.isEmpty()
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static void assumeThereIs(String program) throws Exception {
        assumeTrue(!whereIs(program).isEmpty(), program + " is not on this machine");
    }

    private static String whereIs(String program) throws Exception {
        Process which = new ProcessBuilder("sh", "-c", "command -v " + program).start();
        return new String(which.getInputStream().readAllBytes()).strip();
    }
}
