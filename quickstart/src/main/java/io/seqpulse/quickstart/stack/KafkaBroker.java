package io.seqpulse.quickstart.stack;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * A real Kafka broker with its own controller (KRaft) on the loopback interface, and our topics.
 */
final class KafkaBroker implements AutoCloseable {

    static final String CHANGES = "seqpulse.changes";
    static final String DEAD_LETTERS = "seqpulse.dead-letters";
    private static final int NODE = 1;
    private static final String LARGEST_RECORD = Integer.toString(16 * 1024 * 1024);
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final Duration KEPT = Duration.ofDays(120);

    private final KafkaRaftServer server;
    private final int port;
    private final int controllerPort;
    private final String bootstrapServers;
    private final KafkaLogin login;

    private KafkaBroker(KafkaRaftServer server, int port, int controllerPort, KafkaLogin login) {
        this.server = server;
        this.login = login;
        this.port = port;
        this.controllerPort = controllerPort;
        this.bootstrapServers = "127.0.0.1:" + port;
    }

    static KafkaBroker start(Path folder, int port, int controllerPort, KafkaLogin login)
            throws Exception {
        format(folder);
        Properties settings = new Properties();
        settings.putAll(
                Map.ofEntries(
                        Map.entry("process.roles", "broker,controller"),
                        Map.entry("node.id", Integer.toString(NODE)),
                        Map.entry(
                                "listeners",
                                "BROKER://127.0.0.1:%s,CONTROLLER://127.0.0.1:%s"
                                        .formatted(port, controllerPort)),
                        Map.entry("advertised.listeners", "BROKER://127.0.0.1:" + port),
                        Map.entry("inter.broker.listener.name", "BROKER"),
                        Map.entry("controller.listener.names", "CONTROLLER"),
                        Map.entry(
                                "listener.security.protocol.map",
                                "BROKER:%1$s,CONTROLLER:%1$s".formatted(KafkaLogin.PROTOCOL)),
                        Map.entry("sasl.enabled.mechanisms", KafkaLogin.MECHANISM),
                        Map.entry("sasl.mechanism.inter.broker.protocol", KafkaLogin.MECHANISM),
                        Map.entry("sasl.mechanism.controller.protocol", KafkaLogin.MECHANISM),
                        Map.entry("listener.name.broker.plain.sasl.jaas.config", login.server()),
                        Map.entry(
                                "listener.name.controller.plain.sasl.jaas.config", login.server()),
                        Map.entry(
                                "controller.quorum.voters", NODE + "@127.0.0.1:" + controllerPort),
                        Map.entry("log.dirs", folder.toString()),
                        Map.entry("auto.create.topics.enable", "false"),
                        Map.entry("message.max.bytes", LARGEST_RECORD),
                        Map.entry("offsets.topic.num.partitions", "1"),
                        Map.entry("offsets.topic.replication.factor", "1"),
                        Map.entry("transaction.state.log.num.partitions", "1"),
                        Map.entry("transaction.state.log.replication.factor", "1"),
                        Map.entry("transaction.state.log.min.isr", "1"),
                        Map.entry("group.initial.rebalance.delay.ms", "0"),
                        Map.entry("controlled.shutdown.enable", "false"),
                        Map.entry(
                                "initial.broker.registration.timeout.ms",
                                Long.toString(PATIENCE.toMillis())),
                        // One user, one machine: a broker's defaults are for many.
                        Map.entry("num.network.threads", "2"),
                        Map.entry("num.io.threads", "2"),
                        Map.entry("background.threads", "2"),
                        Map.entry("num.recovery.threads.per.data.dir", "2"),
                        Map.entry("log.cleaner.dedupe.buffer.size", "2097152"),
                        Map.entry("log.index.size.max.bytes", "1048576")));
        KafkaRaftServer server =
                new KafkaRaftServer(KafkaConfig.fromProps(settings, false), Time.SYSTEM);
        KafkaBroker broker = new KafkaBroker(server, port, controllerPort, login);
        boolean started = false;
        try {
            server.startup();
            broker.createTopics();
            started = true;
            return broker;
        } finally {
            if (!started) {
                broker.close();
            }
        }
    }

    private static void format(Path folder) throws Exception {
        if (Files.exists(folder.resolve("meta.properties"))) {
            return;
        }
        new Formatter()
                .setPrintStream(
                        new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8))
                .setClusterId(Uuid.randomUuid().toString())
                .setNodeId(NODE)
                .setControllerListenerName("CONTROLLER")
                .addDirectory(folder.toString())
                .setMetadataLogDirectory(folder.toString())
                .setIgnoreFormatted(true)
                .run();
    }

    /** Making them again changes nothing, so a broker that is busy starting is asked again. */
    private void createTopics() throws ExecutionException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        try (Admin admin = Admin.create(new HashMap<>(client()))) {
            while (true) {
                try {
                    createMissing(admin);
                    return;
                } catch (ExecutionException e) {
                    boolean passing =
                            e.getCause() instanceof RetriableException
                                    || e.getCause() instanceof TopicExistsException;
                    if (!passing || System.nanoTime() > end) {
                        throw e;
                    }
                    TimeUnit.MILLISECONDS.sleep(200);
                }
            }
        }
    }

    private static void createMissing(Admin admin) throws ExecutionException, InterruptedException {
        Map<String, String> keptLong =
                Map.of(
                        TopicConfig.RETENTION_MS_CONFIG,
                        Long.toString(KEPT.toMillis()),
                        TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                        LARGEST_RECORD);
        Set<String> known = admin.listTopics().names().get();
        List<NewTopic> missing =
                List.of(CHANGES, DEAD_LETTERS).stream()
                        .filter(topic -> !known.contains(topic))
                        .map(topic -> new NewTopic(topic, 1, (short) 1).configs(keptLong))
                        .toList();
        admin.createTopics(missing).all().get();
    }

    /** What a client needs. */
    Map<String, String> client() {
        Map<String, String> client = new HashMap<>(login.client());
        client.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        return client;
    }

    List<Integer> ports() {
        return List.of(port, controllerPort);
    }

    String bootstrapServers() {
        return bootstrapServers;
    }

    @Override
    public void close() {
        server.shutdown();
        server.awaitShutdown();
    }
}
