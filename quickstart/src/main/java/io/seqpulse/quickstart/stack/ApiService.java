package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.ApiAddress;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;

/**
 * The HTTP service in this JVM, run from its jar as it is elsewhere. Its web server is another than
 * Kafka Connect's, so its classes are loaded apart; only the logging is shared.
 */
final class ApiService implements AutoCloseable {

    private final JarClasses classes;
    private final AutoCloseable service;
    private final ApiAddress address;

    private ApiService(JarClasses classes, AutoCloseable service, ApiAddress address) {
        this.classes = classes;
        this.service = service;
        this.address = address;
    }

    /**
     * Starts it.
     *
     * @param environment its settings
     * @param port one of them
     * @param token of an operator, among its tokens
     * @throws StackException if it does not start
     */
    static ApiService start(Path jar, Map<String, String> environment, int port, String token) {
        JarClasses classes = new JarClasses(jar);
        try {
            Object service = classes.call("io.seqpulse.api.Api", "start", Map.class, environment);
            return new ApiService(
                    classes,
                    (AutoCloseable) service,
                    new ApiAddress(URI.create("http://127.0.0.1:" + port), token));
        } catch (InvocationTargetException e) {
            throw new StackException(
                    "the API did not start: " + RootCause.message(e.getCause()), e);
        }
    }

    ApiAddress address() {
        return address;
    }

    @Override
    public void close() throws Exception {
        try (classes) {
            service.close();
        }
    }
}
