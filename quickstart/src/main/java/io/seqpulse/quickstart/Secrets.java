package io.seqpulse.quickstart;

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
        String api) {

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
                            knownOrNew(known, "api"));
            StringWriter text = new StringWriter();
            known.store(text, "Passwords of this stack");
            StateFolder.writePrivately(file, text.toString());
            return secrets;
        } catch (IOException e) {
            throw new StackException("%s cannot be read or written".formatted(file), e);
        }
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
