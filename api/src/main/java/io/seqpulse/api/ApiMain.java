package io.seqpulse.api;

import io.seqpulse.lifecycle.catalogue.InvalidCatalogueException;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;

/** Runs the service by itself, until it is asked to stop. */
public final class ApiMain {

    private static final String LOG_SETTINGS = "log4j2.configurationFile";

    private ApiMain() {}

    /** Starts it with the settings of the environment; 2 when they are wrong. */
    public static void main(String[] arguments) throws InterruptedException {
        // However it is started: libraries compare and print by the default locale.
        Locale.setDefault(Locale.US);
        // Before anything logs. In somebody else's JVM the log is theirs.
        if (System.getProperty(LOG_SETTINGS) == null) {
            System.setProperty(LOG_SETTINGS, "log4j2-api.xml");
        }
        Api api;
        try {
            api = Api.start(System.getenv());
        } catch (InvalidConfigurationException | InvalidCatalogueException e) {
            System.err.println(e.getMessage());
            System.exit(2);
            return;
        }
        CountDownLatch asked = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    api.close();
                                    asked.countDown();
                                },
                                "stop"));
        asked.await();
    }
}
