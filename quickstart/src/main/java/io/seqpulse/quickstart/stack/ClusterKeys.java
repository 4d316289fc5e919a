package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.StateFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * A key by which the parts of a Flink cluster know each other, so that its ports for jars and data
 * answer nobody else. Made anew at each start by the JDK's {@code keytool}.
 */
final class ClusterKeys {

    private static final String FILE = "flink.p12";
    private static final String ALIAS = "cluster";
    private static final String PASSWORD_VARIABLE = "LIFECYCLE_KEYS_PASSWORD";
    private static final String PREFIX = "security.ssl.internal.";

    private ClusterKeys() {}

    /** Makes the key and says how Flink is told of it. */
    static Map<String, String> settings(StateFolder state, String password)
            throws IOException, InterruptedException {
        Path file = state.root().resolve(FILE);
        Files.deleteIfExists(file);
        make(file, password);
        StateFolder.makePrivate(file);
        return Map.of(
                PREFIX + "enabled",
                "true",
                PREFIX + "keystore",
                file.toString(),
                PREFIX + "keystore-password",
                password,
                PREFIX + "key-password",
                password,
                PREFIX + "truststore",
                file.toString(),
                PREFIX + "truststore-password",
                password,
                "security.ssl.protocol",
                "TLSv1.3",
                "security.ssl.algorithms",
                "TLS_AES_128_GCM_SHA256");
    }

    private static void make(Path file, String password) throws IOException, InterruptedException {
        ProcessBuilder keytool =
                new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                        "-J-XX:TieredStopAtLevel=1",
                        "-J-XX:+UseSerialGC",
                        "-genkeypair",
                        "-alias",
                        ALIAS,
                        "-keyalg",
                        "EC",
                        "-groupname",
                        "secp256r1",
                        "-dname",
                        "CN=" + ALIAS,
                        "-validity",
                        "36500",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        file.toString(),
                        // On the command line others could see it.
                        "-storepass:env",
                        PASSWORD_VARIABLE);
        keytool.environment().put(PASSWORD_VARIABLE, password);
        Process process = keytool.redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (process.waitFor() != 0) {
            throw new StackException("the JDK's keytool makes no key: " + said);
        }
    }
}
