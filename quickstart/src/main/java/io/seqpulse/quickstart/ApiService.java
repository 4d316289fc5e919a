package io.seqpulse.quickstart;

import io.seqpulse.cli.ApiAddress;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Map;

/**
 * The HTTP service in this JVM, run from its jar as it is elsewhere. Its web server is another than
 * Kafka Connect's, so its classes are loaded apart; only the logging is shared.
 */
final class ApiService implements AutoCloseable {

    private final URLClassLoader classes;
    private final AutoCloseable service;
    private final ApiAddress address;

    private ApiService(URLClassLoader classes, AutoCloseable service, ApiAddress address) {
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
        URLClassLoader classes = new URLClassLoader(new URL[] {url(jar)}, new SharedLogging());
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(classes);
        try {
            Object service =
                    classes.loadClass("io.seqpulse.api.Api")
                            .getMethod("start", Map.class)
                            .invoke(null, environment);
            return new ApiService(
                    classes,
                    (AutoCloseable) service,
                    new ApiAddress(URI.create("http://127.0.0.1:" + port), token));
        } catch (InvocationTargetException e) {
            throw new StackException(
                    "the API did not start: " + FlinkCluster.rootMessage(e.getCause()), e);
        } catch (ReflectiveOperationException e) {
            throw new StackException(jar + " is not the API's jar", e);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static URL url(Path jar) {
        try {
            return jar.toUri().toURL();
        } catch (MalformedURLException impossible) {
            throw new IllegalStateException("every file has a URL", impossible);
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

    /** The JDK, and the logging of this class path. */
    private static final class SharedLogging extends ClassLoader {

        SharedLogging() {
            super(getPlatformClassLoader());
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            if (name.startsWith("org.slf4j.")) {
                return ApiService.class.getClassLoader().loadClass(name);
            }
            throw new ClassNotFoundException(name);
        }

        @Override
        protected URL findResource(String name) {
            return name.startsWith("log4j2")
                    ? ApiService.class.getClassLoader().getResource(name)
                    : null;
        }
    }
}
