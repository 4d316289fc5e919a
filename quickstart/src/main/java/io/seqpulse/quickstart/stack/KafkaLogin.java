package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.StateFolder;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.common.config.SaslConfigs;

/**
 * The one user of the stack's Kafka, for who holds the change log holds the product's data. Client,
 * broker and controller know each other by the same password.
 */
record KafkaLogin(String password) {

    static final String PROTOCOL = "SASL_PLAINTEXT";
    static final String MECHANISM = "PLAIN";

    private static final String USER = "lifecycle";
    private static final String MODULE =
            "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"%s\"";

    /** What a client needs over its broker's address. */
    Map<String, String> client() {
        return Map.of(
                CommonClientConfigs.SECURITY_PROTOCOL_CONFIG,
                PROTOCOL,
                SaslConfigs.SASL_MECHANISM,
                MECHANISM,
                SaslConfigs.SASL_JAAS_CONFIG,
                MODULE.formatted(USER, password) + ";");
    }

    /** The same for a part of Kafka Connect. */
    Map<String, String> client(String prefix) {
        return client().entrySet().stream()
                .collect(Collectors.toMap(entry -> prefix + entry.getKey(), Map.Entry::getValue));
    }

    /** What a listener of the broker asks for, and says of itself to the other one. */
    String server() {
        return MODULE.formatted(USER, password) + " user_%s=\"%s\";".formatted(USER, password);
    }

    /** Writes address and login down, as Kafka's own tools take them. */
    void write(Path file, String bootstrapServers) throws IOException {
        Properties properties = new Properties();
        properties.putAll(new TreeMap<>(client()));
        properties.setProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        StringWriter text = new StringWriter();
        properties.store(text, "How to reach this stack's Kafka");
        StateFolder.writePrivately(file, text.toString());
    }

    @Override
    public String toString() {
        return "KafkaLogin[***]";
    }
}
