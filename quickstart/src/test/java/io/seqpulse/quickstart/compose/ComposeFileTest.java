package io.seqpulse.quickstart.compose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.quickstart.compose.ComposeFile.Service;
import io.seqpulse.quickstart.compose.ComposeFile.Variable;
import io.seqpulse.quickstart.stack.FlinkSettings;
import io.seqpulse.quickstart.stack.StackNames;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import kafka.server.KafkaConfig;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MetricOptions;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.metrics.prometheus.PrometheusReporterFactory;
import org.apache.kafka.common.config.provider.ConfigProvider;
import org.apache.kafka.common.config.provider.EnvVarConfigProvider;
import org.apache.kafka.connect.runtime.distributed.DistributedConfig;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/**
 * docker-compose.yml and the Dockerfile, without a container engine: that each path, port, topic,
 * variable and setting in them exists and agrees with the embedded stack's.
 */
class ComposeFileTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, String> CALLER = new TreeMap<>();
    private static ComposeFile compose;
    private static Map<String, String> versions;

    @BeforeAll
    static void read() throws Exception {
        compose = ComposeFile.read();
        versions = new HashMap<>();
        NodeList properties = pom().getElementsByTagName("properties").item(0).getChildNodes();
        for (int i = 0; i < properties.getLength(); i++) {
            Node property = properties.item(i);
            versions.put(property.getNodeName(), property.getTextContent().strip());
        }
        for (Variable variable : compose.variables()) {
            if (variable.required()) {
                CALLER.put(variable.name(), "given-" + variable.name());
            }
        }
    }

    private static Document pom() throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(compose.folder().resolve("pom.xml").toFile());
    }

    private static Map<String, String> environment(String service) {
        return compose.service(service).environment(CALLER);
    }

    private static String script(String service) {
        List<String> line = compose.service(service).commandLine(CALLER);
        return line.get(line.size() - 1);
    }

    @Test
    void imagesArePinnedToTheVersionsOfTheBuild() throws Exception {
        String postgres =
                versions.get("embedded.postgres.binaries.version").replaceAll("\\.0$", "");
        Map<String, String> images =
                Map.of(
                        "postgres", "postgres:" + postgres,
                        "product", "postgres:" + postgres,
                        "migrate", "flyway/flyway:" + versions.get("flyway.version"),
                        "kafka", "apache/kafka:" + versions.get("kafka.version"),
                        "topics", "apache/kafka:" + versions.get("kafka.version"),
                        "register", "quay.io/debezium/connect:" + versions.get("debezium.version"));
        images.forEach(
                (service, image) ->
                        assertThat(compose.service(service).image()).as(service).isEqualTo(image));
        assertThat(compose.service("mail").image()).matches("axllent/mailpit:v\\d+\\.\\d+\\.\\d+");
        assertThat(compose.service("prometheus").image())
                .matches("prom/prometheus:v\\d+\\.\\d+\\.\\d+");
        assertThat(compose.service("grafana").image())
                .matches("grafana/grafana:\\d+\\.\\d+\\.\\d+");
        assertThat(compose.service("jobmanager").value("build")).isEqualTo(".");
        assertThat(compose.service("taskmanager").image())
                .isEqualTo(compose.service("jobmanager").image());
        assertThat(compose.service("api").image()).isEqualTo(compose.service("jobmanager").image());
        assertThat(compose.service("connect").value("build"))
                .isEqualTo(Map.of("context", ".", "target", "connect"));
        assertThat(bases())
                .hasSize(3)
                .first()
                .asString()
                .matches(
                        "eclipse-temurin:%s\\.[\\d.]+_\\d+-jdk-\\w+"
                                .formatted(versions.get("maven.compiler.release")));
        assertThat(bases().get(1))
                .isEqualTo("quay.io/debezium/connect:" + versions.get("debezium.version"));
        assertThat(bases().get(2))
                .isEqualTo(
                        "flink:%s-java%s"
                                .formatted(
                                        versions.get("flink.version"),
                                        versions.get("maven.compiler.release")));
    }

    @Test
    void portsAreOpenOnTheLoopbackInterfaceOnly() {
        Set<String> open = new TreeSet<>();
        for (Service service : compose.services()) {
            for (String port : service.texts("ports")) {
                open.add(service.name());
                assertThat(ComposeFile.filledIn(port, CALLER))
                        .as(service.name())
                        .matches("127\\.0\\.0\\.1:\\d+:\\d+");
            }
            assertThat(service.content())
                    .as(service.name())
                    .doesNotContainKeys("network_mode", "privileged", "cap_add", "expose");
        }
        assertThat(open).containsExactly("api", "grafana", "jobmanager", "mail", "postgres");
    }

    @Test
    void secretsHaveNoDefaultAndAMissingOneIsNamed() {
        for (Variable variable : compose.variables()) {
            boolean secret = variable.name().matches(".*(PASSWORD|SECRET|API_KEY).*");
            boolean ofTheMailProvider =
                    Set.of("LIFECYCLE_SMTP_PASSWORD", "GRAFANA_SMTP_PASSWORD", "EMAIL_API_KEY")
                            .contains(variable.name());
            assertThat(variable.required())
                    .as(variable.name())
                    .isEqualTo(secret && !ofTheMailProvider);
            if (ofTheMailProvider) {
                assertThat(variable.text()).as(variable.name()).isEmpty();
            }
        }
        for (Service service : compose.services()) {
            service.environment(CALLER).entrySet().stream()
                    .filter(entry -> entry.getKey().matches(".*(PASSWORD|SECRET|API_KEY)"))
                    .forEach(
                            entry ->
                                    assertThat(entry.getValue())
                                            .as(service.name() + " " + entry.getKey())
                                            .matches("(given-.*|)"));
        }
        assertThatThrownBy(() -> compose.service("postgres").environment(Map.of()))
                .hasMessage("POSTGRES_PASSWORD: set it in .env, see docs/operations.md");
    }

    @Test
    void everyVariableIsExplained() throws Exception {
        String guide = Files.readString(compose.folder().resolve("docs/operations.md"));
        List<String> unexplained = new ArrayList<>();
        for (Variable variable : compose.variables()) {
            if (!guide.contains("`" + variable.name() + "`")) {
                unexplained.add(variable.name());
            }
            if (!variable.required()
                    && !variable.text().isEmpty()
                    && !guide.contains("`" + variable.text() + "`")) {
                unexplained.add(variable.name() + " with default " + variable.text());
            }
        }
        assertThat(unexplained).isEmpty();
    }

    @Test
    void whatIsMountedOrCopiedIsInTheRepository() throws Exception {
        for (Service service : compose.services()) {
            for (String volume : service.volumes(CALLER)) {
                String source = volume.split(":", 2)[0];
                if (source.startsWith("./")) {
                    assertThat(compose.folder().resolve(source)).as(service.name()).isDirectory();
                    assertThat(volume).as(service.name()).endsWith(":ro");
                } else {
                    assertThat(compose.volumes()).as(service.name()).containsKey(source);
                }
            }
        }
        List<String> copied = copiedFromTheRepository();
        assertThat(copied).allSatisfy(path -> assertThat(compose.folder().resolve(path)).exists());
        for (String module : List.of("connectors", "job", "api")) {
            assertThat(copied).contains(module + "/pom.xml", module + "/src/main");
        }
    }

    @Test
    void rulesOfOnesOwnAreUsedByTheJobAndTheApi() {
        Map<String, String> caller = new TreeMap<>(CALLER);
        caller.put("RULES_FOLDER", "/srv/rules");
        caller.put("LIFECYCLE_RULES_DIR", "/etc/seqpulse/rules");
        caller.put("LIFECYCLE_RULES_MODE", "shadow");
        for (String part : List.of("jobmanager", "api")) {
            assertThat(compose.service(part).volumes(caller))
                    .contains("/srv/rules:/etc/seqpulse/rules:ro");
        }
        assertThat(compose.service("jobmanager").environment(caller))
                .containsEntry("LIFECYCLE_RULES_DIR", "/etc/seqpulse/rules")
                .containsEntry("LIFECYCLE_RULES_MODE", "shadow");
        assertThat(compose.service("api").environment(caller))
                .containsEntry("LIFECYCLE_API_RULES_DIR", "/etc/seqpulse/rules");
        // The folder of the default is where the built-in ones come from.
        assertThat(compose.service("jobmanager").volumes(CALLER))
                .contains("./catalogue/src/main/resources:/etc/seqpulse/rules:ro");
    }

    @Test
    void aServiceIsWaitedForInAWayItCanMeet() {
        for (Service service : compose.services()) {
            service.dependsOn()
                    .forEach(
                            (other, condition) -> {
                                Service awaited = compose.service(other);
                                String said = service.name() + " waits for " + other;
                                assertThat(awaited.runsOnce())
                                        .as(said)
                                        .isEqualTo(
                                                condition.equals("service_completed_successfully"));
                                if (condition.equals("service_healthy")) {
                                    assertThat(awaited.value("healthcheck")).as(said).isNotNull();
                                }
                            });
            if (!service.runsOnce()) {
                assertThat(service.value("restart")).as(service.name()).isEqualTo("unless-stopped");
            }
        }
        assertThat(compose.service("product").texts("profiles")).containsExactly("demo");
    }

    @Test
    void partsFindEachOther() {
        String kafka = "kafka:9092";
        assertThat(environment("kafka"))
                .containsEntry("KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://" + kafka);
        assertThat(environment("topics")).containsEntry("BOOTSTRAP_SERVERS", kafka);
        assertThat(environment("connect")).containsEntry("BOOTSTRAP_SERVERS", kafka);
        assertThat(environment("jobmanager"))
                .containsEntry("LIFECYCLE_KAFKA_BOOTSTRAP_SERVERS", kafka);
        assertThat(compose.service("kafka").name()).isEqualTo("kafka");

        String database = "postgres:5432/" + StackNames.DATABASE;
        assertThat(environment("postgres"))
                .containsEntry("POSTGRES_DB", StackNames.DATABASE)
                .containsEntry("POSTGRES_USER", StackNames.SUPERUSER);
        assertThat(compose.service("postgres").texts("ports")).first().asString().endsWith(":5432");
        assertThat(environment("migrate"))
                .containsEntry("FLYWAY_URL", "jdbc:postgresql://" + database)
                .containsEntry("FLYWAY_USER", StackNames.SUPERUSER);
        assertThat(environment("jobmanager"))
                .containsEntry("LIFECYCLE_DATABASE_URL", "jdbc:postgresql://" + database);
        Map<String, String> product = environment("product");
        assertThat(
                        product.get("PGHOST")
                                + ":"
                                + product.get("PGPORT")
                                + "/"
                                + product.get("PGDATABASE"))
                .isEqualTo(database);
        Map<String, String> connect = environment("connect");
        assertThat(
                        connect.get("SEQPULSE_DB_HOST")
                                + ":"
                                + connect.get("SEQPULSE_DB_PORT")
                                + "/"
                                + connect.get("SEQPULSE_DB_NAME"))
                .isEqualTo(database);

        assertThat(environment("register")).containsEntry("CONNECT_URL", "http://connect:8083");
        assertThat(environment("jobmanager"))
                .containsEntry("LIFECYCLE_SMTP_HOST", compose.service("mail").name())
                .containsEntry("LIFECYCLE_SMTP_PORT", "1025");
        assertThat(compose.service("jobmanager").flinkProperties())
                .containsEntry("jobmanager.rpc.address", "jobmanager")
                .isEqualTo(compose.service("taskmanager").flinkProperties());
    }

    @Test
    void rolesLogInWithThePasswordsTheyWereGiven() throws Exception {
        Map<String, String> migrate = environment("migrate");
        assertThat(environment("jobmanager"))
                .containsEntry("LIFECYCLE_DATABASE_USER", "lifecycle_job")
                .containsEntry(
                        "LIFECYCLE_DATABASE_PASSWORD",
                        migrate.get("FLYWAY_PLACEHOLDERS_JOB_PASSWORD"));
        assertThat(environment("connect"))
                .containsEntry("SEQPULSE_DB_USER", "lifecycle_connect")
                .containsEntry(
                        "SEQPULSE_DB_PASSWORD",
                        migrate.get("FLYWAY_PLACEHOLDERS_CONNECT_PASSWORD"));
        assertThat(environment("api"))
                .containsEntry("LIFECYCLE_API_DATABASE_USER", "lifecycle_readonly")
                .containsEntry(
                        "LIFECYCLE_API_DATABASE_PASSWORD",
                        migrate.get("FLYWAY_PLACEHOLDERS_READONLY_PASSWORD"))
                .containsEntry("LIFECYCLE_API_SUPPORT_USER", "lifecycle_support")
                .containsEntry(
                        "LIFECYCLE_API_SUPPORT_PASSWORD",
                        migrate.get("FLYWAY_PLACEHOLDERS_SUPPORT_PASSWORD"));
        String owner = environment("postgres").get("POSTGRES_PASSWORD");
        assertThat(migrate).containsEntry("FLYWAY_PASSWORD", owner);
        assertThat(environment("product")).containsEntry("PGPASSWORD", owner);

        Set<String> asked = new TreeSet<>();
        for (String sql : migrations()) {
            Matcher placeholder = Pattern.compile("\\$\\{(\\w+)}").matcher(sql);
            while (placeholder.find()) {
                asked.add(placeholder.group(1));
            }
        }
        String prefix = "FLYWAY_PLACEHOLDERS_";
        assertThat(asked)
                .isEqualTo(
                        migrate.keySet().stream()
                                .filter(name -> name.startsWith(prefix))
                                .map(
                                        name ->
                                                name.substring(prefix.length())
                                                        .toLowerCase(Locale.ROOT))
                                .collect(Collectors.toCollection(TreeSet::new)));
    }

    @Test
    void topicsSlotAndPublicationAreThoseOfTheStack() throws Exception {
        assertThat(script("topics"))
                .contains(
                        "for topic in " + StackNames.CHANGES + " " + StackNames.DEAD_LETTERS + ";")
                .contains("--partitions 1 ");
        assertThat(environment("jobmanager"))
                .containsEntry("LIFECYCLE_KAFKA_TOPIC", StackNames.CHANGES)
                .containsEntry("LIFECYCLE_KAFKA_DEAD_LETTER_TOPIC", StackNames.DEAD_LETTERS);
        JsonNode registration = registration();
        assertThat(registration.path("transforms.onelog.topic.replacement").asText())
                .isEqualTo(StackNames.CHANGES);
        assertThat(script("register"))
                .contains("/connectors/" + StackNames.CONNECTOR + "/config")
                .contains("@/connectors/debezium/seqpulse.json");
        String publication = registration.path("publication.name").asText();
        assertThat(registration.path("publication.autocreate.mode").asText()).isEqualTo("disabled");
        assertThat(migrations())
                .anyMatch(sql -> sql.contains("create publication " + publication + " "));
        assertThat(environment("migrate"))
                .containsEntry("FLYWAY_LOCATIONS", "filesystem:/sql/migrations")
                .containsEntry("FLYWAY_DEFAULT_SCHEMA", "lifecycle");
        long largest = Long.parseLong(environment("kafka").get("KAFKA_MESSAGE_MAX_BYTES"));
        assertThat(script("topics")).contains("max.message.bytes=" + largest + "\n");
        assertThat(registration.path("producer.override.max.request.size").asLong())
                .isEqualTo(largest);
    }

    @Test
    void theRegistrationIsGivenEachVariableItAsksFor() throws Exception {
        Map<String, String> connect = environment("connect");
        Pattern allowed =
                Pattern.compile(
                        connect.get("CONNECT_CONFIG_PROVIDERS_ENV_PARAM_ALLOWLIST_PATTERN"));
        Set<String> asked = new TreeSet<>();
        for (JsonNode setting : registration()) {
            Matcher reference = Pattern.compile("\\$\\{env:(\\w+)}").matcher(setting.asText());
            while (reference.find()) {
                asked.add(reference.group(1));
            }
        }
        assertThat(asked)
                .isEqualTo(
                        connect.keySet().stream()
                                .filter(name -> allowed.matcher(name).matches())
                                .collect(Collectors.toCollection(TreeSet::new)));
        try (ConfigProvider provider = new EnvVarConfigProvider(connect)) {
            assertThat(connect)
                    .containsEntry("CONNECT_CONFIG_PROVIDERS", "env")
                    .containsEntry(
                            "CONNECT_CONFIG_PROVIDERS_ENV_CLASS", provider.getClass().getName());
            provider.configure(
                    Map.of(EnvVarConfigProvider.ALLOWLIST_PATTERN_CONFIG, allowed.pattern()));
            assertThat(provider.get("").data().keySet()).isEqualTo(asked);
        }
    }

    @Test
    void everySettingIsOneThatItsPartKnows() throws Exception {
        Properties broker = new Properties();
        environment("kafka")
                .forEach(
                        (name, value) -> {
                            if (name.startsWith("KAFKA_") && !name.equals("KAFKA_HEAP_OPTS")) {
                                broker.put(property(name, "KAFKA_"), value);
                            }
                        });
        Set<String> unknown = new TreeSet<>(broker.stringPropertyNames());
        unknown.removeAll(KafkaConfig.fromProps(broker, false).values().keySet());
        assertThat(unknown).isEmpty();

        Map<String, String> worker = new HashMap<>();
        environment("connect")
                .forEach(
                        (name, value) -> {
                            if (name.startsWith("CONNECT_")) {
                                worker.put(property(name, "CONNECT_"), value);
                            } else if (!name.startsWith("SEQPULSE_") && !name.equals("HEAP_OPTS")) {
                                worker.put(property(name, ""), value);
                            }
                        });
        worker.put("key.converter", "org.apache.kafka.connect.json.JsonConverter");
        worker.put("value.converter", "org.apache.kafka.connect.json.JsonConverter");
        Set<String> given = new TreeSet<>(worker.keySet());
        given.removeIf(name -> name.startsWith("config.providers."));
        assertThat(new DistributedConfig(worker).values().keySet()).containsAll(given);

        Map<String, ConfigOption<?>> flink = flinkOptions();
        Map<String, String> properties =
                new TreeMap<>(compose.service("jobmanager").flinkProperties());
        String reporter = "metrics.reporter." + properties.get("metrics.reporters") + ".";
        assertThat(properties.remove(reporter + "factory.class"))
                .isEqualTo(PrometheusReporterFactory.class.getName());
        assertThat(properties.remove(reporter + "port"))
                .isEqualTo(Integer.toString(FlinkSettings.METRICS_PORT));
        properties.forEach(
                (key, value) -> {
                    assertThat(flink).containsKey(key);
                    Configuration.fromMap(Map.of(key, value)).get(flink.get(key));
                });
    }

    @Test
    void grafanaIsGivenWhatItsProvisioningAsksFor() throws Exception {
        Map<String, String> grafana = environment("grafana");
        Set<String> asked = new TreeSet<>();
        for (Path file : filesBelow(compose.folder().resolve("grafana/provisioning"))) {
            Matcher variable =
                    Pattern.compile("\\$__env\\{(\\w+)}").matcher(Files.readString(file));
            while (variable.find()) {
                asked.add(variable.group(1));
            }
        }
        assertThat(asked)
                .isEqualTo(
                        grafana.keySet().stream()
                                .filter(name -> name.startsWith("GRAFANA_"))
                                .collect(Collectors.toCollection(TreeSet::new)));
        assertThat(grafana)
                .containsEntry("GRAFANA_SQL_HOST", "postgres:5432")
                .containsEntry("GRAFANA_SQL_DATABASE", StackNames.DATABASE)
                .containsEntry("GRAFANA_SQL_USER", "lifecycle_readonly")
                .containsEntry(
                        "GRAFANA_SQL_PASSWORD",
                        environment("migrate").get("FLYWAY_PLACEHOLDERS_READONLY_PASSWORD"))
                .containsEntry("GRAFANA_PROMETHEUS_URL", "http://prometheus:9090");
        assertThat(compose.service("grafana").texts("ports"))
                .containsExactly("127.0.0.1:${GRAFANA_PORT:-3002}:3000");
        String dashboards = "/etc/seqpulse/dashboards";
        assertThat(compose.service("grafana").texts("volumes"))
                .contains(
                        "./grafana/provisioning:/etc/grafana/provisioning:ro",
                        "./grafana/dashboards:" + dashboards + ":ro");
        assertThat(
                        Files.readString(
                                compose.folder()
                                        .resolve(
                                                "grafana/provisioning/dashboards/dashboards.yaml")))
                .contains("path: " + dashboards + "\n");
        assertThat(grafana.get("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"))
                .isEqualTo(dashboards + "/seqpulse-kpi-mvp-lifecycle.json");
    }

    @Test
    void prometheusAsksThePartsOfFlink() throws Exception {
        String text =
                Files.readString(compose.folder().resolve("grafana/prometheus/prometheus.yml"));
        for (String part : List.of("jobmanager", "taskmanager")) {
            assertThat(text).contains("\"%s:%s\"".formatted(part, FlinkSettings.METRICS_PORT));
        }
        assertThat(script("prometheus")).isNotEmpty();
        assertThat(compose.service("prometheus").texts("volumes"))
                .contains("./grafana/prometheus:/etc/prometheus:ro");
    }

    private static List<Path> filesBelow(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void flinkTakesNoJarsAndKeepsItsStateInTheVolume() {
        assertThat(compose.service("jobmanager").flinkProperties())
                .containsEntry("web.submit.enable", "false")
                .containsEntry("web.cancel.enable", "false")
                .containsEntry("execution.checkpointing.dir", "file:///state/checkpoints")
                .containsEntry("execution.checkpointing.savepoint-dir", "file:///state/savepoints");
        for (String part : List.of("jobmanager", "taskmanager")) {
            assertThat(compose.service(part).texts("volumes")).contains("state:/state");
        }
    }

    @Test
    void flinkRunsTheJobAsTheStackDoes() throws Exception {
        Map<String, String> ours = compose.service("jobmanager").flinkProperties();
        Map<String, ConfigOption<?>> options = flinkOptions();
        Map<String, String> stack = new TreeMap<>(FlinkSettings.of(Path.of("/state")));
        // Of one JVM: its folders and its memory.
        stack.keySet()
                .removeIf(
                        key ->
                                key.matches(
                                        "web\\.tmpdir|io\\.tmp\\.dirs|blob\\..*|metrics\\..*|.*\\.memory\\..*"));
        stack.forEach(
                (key, value) -> {
                    assertThat(ours).containsKey(key);
                    ConfigOption<?> option = options.get(key);
                    assertThat(option).as(key).isNotNull();
                    if (value.startsWith("file:")) {
                        assertThat(new org.apache.flink.core.fs.Path(ours.get(key)))
                                .as(key)
                                .isEqualTo(new org.apache.flink.core.fs.Path(value));
                    } else {
                        assertThat(Configuration.fromMap(ours).get(option))
                                .as(key)
                                .isEqualTo(Configuration.fromMap(stack).get(option));
                    }
                });
        assertThat(ours)
                .containsEntry(
                        "taskmanager.numberOfTaskSlots",
                        Integer.toString(FlinkSettings.PARALLELISM));
    }

    @Test
    void theJobIsGivenKeysThatItKnowsAndEachItNeeds() throws Exception {
        Map<String, Boolean> known = new TreeMap<>();
        Pattern row = Pattern.compile("\\| `[a-z.-]+` \\| `([A-Z_]+)` \\| (.*?) \\|.*");
        for (String line : Files.readAllLines(compose.folder().resolve("docs/configuration.md"))) {
            Matcher key = row.matcher(line);
            if (key.matches()) {
                known.put(key.group(1), key.group(2).equals("**required**"));
            }
        }
        Map<String, String> job = environment("jobmanager");
        Set<String> given = new TreeSet<>(job.keySet());
        given.removeAll(Set.of("FLINK_PROPERTIES", "RESTORE_FROM"));
        assertThat(known.keySet()).containsAll(given);
        assertThat(known).hasSizeGreaterThan(20);
        known.forEach(
                (name, required) -> {
                    if (required) {
                        assertThat(job.get(name)).as(name).isNotBlank();
                    }
                });
        assertThat(script("jobmanager"))
                .contains("--job-classname io.seqpulse.lifecycle.LifecycleJob ");
    }

    @Test
    void theJobBeginsWithTheNewestOrWithWhatItIsTold(@TempDir Path scratch) throws Exception {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "needs find -printf");
        Path state;
        try (PlainProcesses job = new PlainProcesses(compose, CALLER, scratch)) {
            job.withProgram("/docker-entrypoint.sh", "echo \"$@\" > started\nexit 3\n");
            state = job.volume("state");
            assertThat(started(job))
                    .isEqualTo("standalone-job --job-classname io.seqpulse.lifecycle.LifecycleJob");

            Path older = snapshot(state.resolve("checkpoints/0a/chk-7"), 100);
            Path newer = snapshot(state.resolve("checkpoints/0b/chk-3"), 300);
            Files.createDirectories(state.resolve("checkpoints/0b/shared"));
            Path savepoint = snapshot(state.resolve("savepoints/savepoint-0c"), 200);
            assertThat(started(job)).endsWith("LifecycleJob --fromSavepoint file://" + newer);
            assertThat(older.getParent()).as("the new run has no checkpoint of its own").exists();
            assertThat(newer.resolveSibling("shared")).exists();
            assertThat(savepoint).exists();

            snapshot(savepoint, 400);
            assertThat(started(job)).endsWith("LifecycleJob --fromSavepoint file://" + savepoint);
            snapshot(newer, 500);
        }
        for (String told : List.of("none", "/state/savepoints/savepoint-0c")) {
            Map<String, String> caller = new HashMap<>(CALLER);
            caller.put("RESTORE_FROM", told);
            try (PlainProcesses job = new PlainProcesses(compose, caller, scratch)) {
                job.withProgram("/docker-entrypoint.sh", "echo \"$@\" > started\nexit 3\n");
                assertThat(started(job))
                        .endsWith(
                                told.equals("none")
                                        ? "LifecycleJob"
                                        : "--fromSavepoint file://"
                                                + state
                                                + "/savepoints/savepoint-0c");
            }
        }
        assertThat(state.resolve("checkpoints/0b/chk-3")).exists();
    }

    /** With what Flink's entry point was called; its failure ends the service. */
    private static String started(PlainProcesses job) throws Exception {
        assertThat(job.run("jobmanager")).as(job.printed("jobmanager")).isEqualTo(3);
        return Files.readString(job.workingFolder("jobmanager").resolve("started")).strip();
    }

    private static Path snapshot(Path folder, long second) throws IOException {
        Files.createDirectories(folder);
        Path metadata = folder.resolve("_metadata");
        if (!Files.exists(metadata)) {
            Files.createFile(metadata);
        }
        Files.setLastModifiedTime(metadata, FileTime.from(Instant.ofEpochSecond(second)));
        return folder;
    }

    /** By the rule of the Kafka and Debezium images. */
    private static String property(String variable, String prefix) {
        return variable.substring(prefix.length()).toLowerCase(Locale.ROOT).replace('_', '.');
    }

    private static Map<String, ConfigOption<?>> flinkOptions() throws ReflectiveOperationException {
        Map<String, ConfigOption<?>> options = new HashMap<>();
        for (Class<?> holder :
                List.of(
                        CheckpointingOptions.class,
                        CoreOptions.class,
                        ExecutionOptions.class,
                        JobManagerOptions.class,
                        MetricOptions.class,
                        PipelineOptions.class,
                        RestartStrategyOptions.class,
                        Class.forName("org.apache.flink.state.rocksdb.RocksDBConfigurableOptions"),
                        StateBackendOptions.class,
                        TaskManagerOptions.class,
                        WebOptions.class)) {
            for (Field field : holder.getFields()) {
                if (Modifier.isStatic(field.getModifiers())
                        && field.get(null) instanceof ConfigOption<?> option) {
                    options.put(option.key(), option);
                }
            }
        }
        return options;
    }

    private static JsonNode registration() throws Exception {
        Path file = compose.folder().resolve("connectors/debezium/seqpulse.json");
        return JSON.readTree(Files.readString(file));
    }

    private static Collection<String> migrations() throws Exception {
        Collection<String> scripts = new ArrayList<>();
        try (Stream<Path> files = Files.list(compose.folder().resolve("sql/migrations"))) {
            for (Path file : files.toList()) {
                scripts.add(Files.readString(file));
            }
        }
        return scripts;
    }

    /** The images that the stages of the Dockerfile begin with. */
    private static List<String> bases() throws Exception {
        return dockerfile()
                .filter(line -> line.startsWith("FROM "))
                .map(line -> line.split(" ")[1])
                .toList();
    }

    private static List<String> copiedFromTheRepository() throws Exception {
        return dockerfile()
                .filter(line -> line.startsWith("COPY ") && !line.contains("--from="))
                .map(line -> line.split(" "))
                .flatMap(words -> Arrays.stream(words, 1, words.length - 1))
                .toList();
    }

    private static Stream<String> dockerfile() throws Exception {
        return Files.readAllLines(compose.folder().resolve("Dockerfile")).stream();
    }
}
