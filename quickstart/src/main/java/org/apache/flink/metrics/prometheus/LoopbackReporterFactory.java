package org.apache.flink.metrics.prometheus;

import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.prometheus.client.exporter.common.TextFormat;
import io.seqpulse.quickstart.access.HttpAccess;
import io.seqpulse.quickstart.access.HttpAccess.Refusal;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/**
 * Flink's metrics for Prometheus as its own reporter gives them, on the loopback interface only and
 * for who knows the password: Flink's listens on every interface, answers everybody and cannot be
 * told otherwise. In Flink's package because the registry that its reporter fills is seen from
 * nowhere else.
 *
 * <p>The properties {@code port} and {@code password-file} are required.
 */
public final class LoopbackReporterFactory implements MetricReporterFactory {

    @Override
    public MetricReporter createMetricReporter(Properties properties) {
        int port = Integer.parseInt(properties.getProperty("port"));
        try {
            return new LoopbackReporter(
                    port, HttpAccess.of(Path.of(properties.getProperty("password-file"))));
        } catch (IOException e) {
            throw new UncheckedIOException("metrics cannot be served on port " + port, e);
        }
    }

    private static final class LoopbackReporter extends AbstractPrometheusReporter {

        private static final int ASKED_AT_ONCE = 2;
        private static final String LONGEST_SECONDS = "10";

        private final ExecutorService workers =
                Executors.newFixedThreadPool(ASKED_AT_ONCE, LoopbackReporter::daemon);
        private final HttpServer server;

        LoopbackReporter(int port, HttpAccess access) throws IOException {
            // Read when the first server of a JVM is made: who sends half a request is let go.
            System.setProperty("sun.net.httpserver.maxReqTime", LONGEST_SECONDS);
            System.setProperty("sun.net.httpserver.maxRspTime", LONGEST_SECONDS);
            server =
                    HttpServer.create(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
            server.createContext("/", this::serve).getFilters().add(new Gate(access));
            server.setExecutor(workers);
            server.start();
        }

        private static Thread daemon(Runnable work) {
            Thread thread = new Thread(work, "metrics");
            thread.setDaemon(true);
            return thread;
        }

        private void serve(HttpExchange exchange) throws IOException {
            StringWriter text = new StringWriter();
            TextFormat.write004(text, registry.metricFamilySamples());
            send(exchange, 200, TextFormat.CONTENT_TYPE_004, text.toString());
        }

        @Override
        public void close() {
            server.stop(0);
            workers.shutdownNow();
            super.close();
        }
    }

    private static void send(HttpExchange exchange, int status, String type, String text)
            throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type);
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(status, head ? -1 : body.length);
        if (!head) {
            exchange.getResponseBody().write(body);
        }
        exchange.close();
    }

    private static final class Gate extends Filter {

        private final HttpAccess access;

        Gate(HttpAccess access) {
            this.access = access;
        }

        @Override
        public String description() {
            return "asks for the password";
        }

        @Override
        public void doFilter(HttpExchange exchange, Chain chain) throws IOException {
            Optional<Refusal> refusal =
                    access.refusal(
                            exchange.getRequestMethod(), exchange.getRequestHeaders()::getFirst);
            if (refusal.isEmpty()) {
                chain.doFilter(exchange);
                return;
            }
            if (refusal.get().asksForPassword()) {
                exchange.getResponseHeaders().set("WWW-Authenticate", HttpAccess.CHALLENGE);
            }
            send(
                    exchange,
                    refusal.get().status(),
                    "text/plain; charset=utf-8",
                    refusal.get().reason() + "\n");
        }
    }
}
