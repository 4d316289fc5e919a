package org.apache.flink.metrics.prometheus;

import io.prometheus.client.exporter.HTTPServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Properties;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/**
 * Flink's metrics for Prometheus as its own reporter gives them, on the loopback interface only:
 * Flink's listens on every interface and cannot be told otherwise. In Flink's package because the
 * registry that its reporter fills is seen from nowhere else.
 *
 * <p>The property {@code port} says where; it is required.
 */
public final class LoopbackReporterFactory implements MetricReporterFactory {

    @Override
    public MetricReporter createMetricReporter(Properties properties) {
        return new LoopbackReporter(Integer.parseInt(properties.getProperty("port")));
    }

    private static final class LoopbackReporter extends AbstractPrometheusReporter {

        private final HTTPServer server;

        LoopbackReporter(int port) {
            try {
                server =
                        new HTTPServer(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                                registry,
                                true);
            } catch (IOException e) {
                throw new UncheckedIOException("metrics cannot be served on port " + port, e);
            }
        }

        @Override
        public void close() {
            server.stop();
            super.close();
        }
    }
}
