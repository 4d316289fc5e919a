package io.seqpulse.quickstart;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.TopicConfig;
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
    private static final Duration KEPT = Duration.ofDays(120);

    private final KafkaRaftServer server;
    private final String bootstrapServers;

    private KafkaBroker(KafkaRaftServer server, String bootstrapServers) {
        this.server = server;
        this.bootstrapServers = bootstrapServers;
    }

    static KafkaBroker start(Path folder, int port, int controllerPort) throws Exception {
        format(folder);
        Properties settings = new Properties();
        settings.putAll(
                Map.ofEntries(
                        Map.entry("process.roles", "broker,controller"),
                        Map.entry("node.id", Integer.toString(NODE)),
                        Map.entry(
                                "listeners",
                                "PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d"
                                        .formatted(port, controllerPort)),
                        Map.entry("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port),
                        Map.entry("controller.listener.names", "CONTROLLER"),
                        Map.entry(
                                "listener.security.protocol.map",
                                "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"),
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
                        // One user, one machine: a broker's defaults are for many.
                        Map.entry("num.network.threads", "2"),
                        Map.entry("num.io.threads", "2"),
                        Map.entry("background.threads", "2"),
                        Map.entry("num.recovery.threads.per.data.dir", "2"),
                        Map.entry("log.cleaner.dedupe.buffer.size", "2097152"),
                        Map.entry("log.index.size.max.bytes", "1048576")));
        KafkaRaftServer server =
                new KafkaRaftServer(KafkaConfig.fromProps(settings, false), Time.SYSTEM);
        server.startup();
        KafkaBroker broker = new KafkaBroker(server, "127.0.0.1:" + port);
        broker.createTopics();
        return broker;
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

    private void createTopics() throws ExecutionException, InterruptedException {
        Map<String, String> keptLong =
                Map.of(
                        TopicConfig.RETENTION_MS_CONFIG,
                        Long.toString(KEPT.toMillis()),
                        TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                        LARGEST_RECORD);
        try (Admin admin =
                Admin.create(
                        Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers))) {
            Set<String> known = admin.listTopics().names().get();
            List<NewTopic> missing =
                    List.of(CHANGES, DEAD_LETTERS).stream()
                            .filter(topic -> !known.contains(topic))
                            .map(topic -> new NewTopic(topic, 1, (short) 1).configs(keptLong))
                            .toList();
            admin.createTopics(missing).all().get();
        }
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
