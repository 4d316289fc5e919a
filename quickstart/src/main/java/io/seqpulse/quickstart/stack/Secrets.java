package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.StateFolder;
import io.seqpulse.quickstart.access.HttpAccess;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Properties;

/**
 * Passwords and keys of one stack: random, kept beside its state in a file of mode 0600, never
 * printed.
 */
record Secrets(
        String postgres,
        String job,
        String connect,
        String readonly,
        String support,
        String link,
        String api,
        String http,
        String metrics,
        String keys,
        String kafka,
        String smtp) {

    /** Opens Flink's and Kafka Connect's HTTP interfaces. */
    static final String HTTP_PASSWORD = "http.password";

    /** Opens the metrics, and nothing else: a Prometheus reads it. */
    static final String METRICS_PASSWORD = "metrics.password";

    /** The first of them for curl. */
    static final String NETRC = "netrc";

    private static final SecureRandom RANDOM = new SecureRandom();

    /** Those of an earlier run of this folder, or new ones. */
    static Secrets of(StateFolder state) {
        Path file = state.root().resolve("secrets.properties");
        Properties known = new Properties();
        try {
            if (Files.exists(file)) {
                try (Reader reader = Files.newBufferedReader(file)) {
                    known.load(reader);
                }
            }
            Secrets secrets =
                    new Secrets(
                            knownOrNew(known, "postgres"),
                            knownOrNew(known, "job"),
                            knownOrNew(known, "connect"),
                            knownOrNew(known, "readonly"),
                            knownOrNew(known, "support"),
                            knownOrNew(known, "link"),
                            knownOrNew(known, "api"),
                            knownOrNew(known, "http"),
                            knownOrNew(known, "metrics"),
                            knownOrNew(known, "keys"),
                            knownOrNew(known, "kafka"),
                            knownOrNew(known, "smtp"));
            StringWriter text = new StringWriter();
            known.store(text, "Passwords of this stack");
            StateFolder.writePrivately(file, text.toString());
            secrets.writePasswordFiles(state);
            return secrets;
        } catch (IOException e) {
            throw new StackException("%s cannot be read or written".formatted(file), e);
        }
    }

    private void writePasswordFiles(StateFolder state) throws IOException {
        StateFolder.writePrivately(state.root().resolve(HTTP_PASSWORD), http + "\n");
        StateFolder.writePrivately(state.root().resolve(METRICS_PASSWORD), metrics + "\n");
        StringBuilder netrc = new StringBuilder();
        for (String host : new String[] {"127.0.0.1", "localhost"}) {
            netrc.append(
                    "machine %s login %s password %s%n".formatted(host, HttpAccess.USER, http));
        }
        StateFolder.writePrivately(state.root().resolve(NETRC), netrc.toString());
    }

    private static String knownOrNew(Properties known, String name) {
        return (String)
                known.computeIfAbsent(
                        name,
                        unknown -> {
                            byte[] random = new byte[24];
                            RANDOM.nextBytes(random);
                            return HexFormat.of().formatHex(random);
                        });
    }

    @Override
    public String toString() {
        return "Secrets[***]";
    }
}
