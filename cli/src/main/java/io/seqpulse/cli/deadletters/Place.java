package io.seqpulse.cli.deadletters;

import io.seqpulse.cli.CommandException;
import io.seqpulse.cli.StateFolder;
import io.seqpulse.cli.UsageException;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.CommonClientConfigs;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Which dead letters are meant: those of a stack on this machine, or of any Kafka. */
final class Place {

    /** Of dead letters, unless the job was told another one. */
    static final String TOPIC = "seqpulse.dead-letters";

    /** Written into its state folder by a stack that is up. */
    private static final String CLIENT_FILE = "kafka.properties";

    @ArgGroup(multiplicity = "1")
    private Where where;

    @Option(
            names = "--topic",
            paramLabel = "NAME",
            defaultValue = TOPIC,
            description = "The job's kafka.dead-letter-topic (default: ${DEFAULT-VALUE}).")
    private String topic;

    @Option(
            names = "--command-config",
            paramLabel = "FILE",
            description =
                    "With --bootstrap-servers: what Kafka's clients need over that, such as a login,"
                            + " as its own tools take it.")
    private Path commandConfig;

    private static final class Where {
        @Option(
                names = "--state",
                paramLabel = "DIR",
                description = "The folder of a `./lifecycle up --state DIR` that is running.")
        private Path state;

        @Option(
                names = "--bootstrap-servers",
                paramLabel = "HOST:PORT",
                description = "Kafka's address.")
        private String bootstrapServers;
    }

    /** The letters; close them. */
    LetterTopic open() {
        Map<String, String> client = new HashMap<>();
        if (where.state != null && commandConfig != null) {
            throw new UsageException(
                    "--command-config goes with --bootstrap-servers; --state knows its login");
        }
        if (where.state != null) {
            client.putAll(ofStack(where.state));
        } else if (commandConfig != null) {
            client.putAll(commandConfig());
        }
        if (where.bootstrapServers != null) {
            client.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, where.bootstrapServers);
        }
        return new LetterTopic(client, topic);
    }

    private Map<String, String> commandConfig() {
        if (!Files.isReadable(commandConfig)) {
            throw new UsageException(
                    "--command-config: %s cannot be read".formatted(commandConfig));
        }
        return read(commandConfig);
    }

    /** What a client needs of the Kafka of a stack that is up with a folder. */
    static Map<String, String> ofStack(Path state) {
        Path file = state.resolve(CLIENT_FILE);
        if (!Files.isRegularFile(file) || !StateFolder.isInUse(state)) {
            throw new CommandException(
                    "no stack is up with %s: start it with ./lifecycle up --state %s"
                            .formatted(state, state));
        }
        return read(file);
    }

    private static Map<String, String> read(Path file) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw new CommandException(
                    file + " cannot be read as properties: " + e.getMessage(), e);
        }
        Map<String, String> read = new HashMap<>();
        properties.stringPropertyNames().forEach(key -> read.put(key, properties.getProperty(key)));
        return read;
    }
}
