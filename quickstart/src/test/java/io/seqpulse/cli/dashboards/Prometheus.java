package io.seqpulse.cli.dashboards;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.quickstart.access.HttpAccess;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A Prometheus of this machine that scrapes one address every second. */
final class Prometheus implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http = HttpClient.newHttpClient();
    private final Process process;
    private final URI address;

    private Prometheus(Process process, URI address) {
        this.process = process;
        this.address = address;
    }

    /** Whether the program is there. */
    static boolean isInstalled() throws IOException, InterruptedException {
        return new ProcessBuilder("sh", "-c", "command -v prometheus")
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor()
                == 0;
    }

    /**
     * Starts it and waits until it answers.
     *
     * @param folder for its configuration and data
     * @param passwordFile what the address asks for
     */
    static Prometheus start(Path folder, int port, URI scraped, Path passwordFile)
            throws IOException {
        Path configuration = folder.resolve("prometheus.yml");
        Files.writeString(
                configuration,
                """
                global: {scrape_interval: 1s, scrape_timeout: 1s}
                scrape_configs:
                  - job_name: flink
                    metrics_path: %s
                    basic_auth: {username: %s, password_file: "%s"}
                    static_configs: [{targets: ["%s"]}]
                """
                        .formatted(
                                scraped.getPath(),
                                HttpAccess.USER,
                                passwordFile,
                                scraped.getAuthority()));
        String at = "127.0.0.1:" + port;
        Process process =
                new ProcessBuilder(
                                "prometheus",
                                "--config.file=" + configuration,
                                "--storage.tsdb.path=" + folder.resolve("data"),
                                "--web.listen-address=" + at)
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("prometheus.log").toFile())
                        .start();
        Prometheus prometheus = new Prometheus(process, URI.create("http://" + at));
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> prometheus.get("/-/ready").statusCode() == 200);
        return prometheus;
    }

    /** The result of a query now, as Prometheus gives it: a list of series with a value each. */
    JsonNode query(String promql) throws IOException, InterruptedException {
        return result("/api/v1/query?query=" + encoded(promql), promql);
    }

    /** The result of a query over the last minutes. */
    JsonNode queryRange(String promql, Duration length) throws IOException, InterruptedException {
        Instant end = Instant.now();
        return result(
                "/api/v1/query_range?query=%s&start=%s&end=%s&step=5s"
                        .formatted(encoded(promql), end.minus(length), end),
                promql);
    }

    /** The one number of an instant query, or nothing. */
    OptionalDouble value(String promql) throws IOException, InterruptedException {
        JsonNode series = query(promql);
        if (series.isEmpty()) {
            return OptionalDouble.empty();
        }
        if (series.size() != 1) {
            throw new AssertionError("not one number: " + promql + " gives " + series);
        }
        double value = Double.parseDouble(series.path(0).path("value").path(1).asText());
        return Double.isNaN(value) ? OptionalDouble.empty() : OptionalDouble.of(value);
    }

    private JsonNode result(String path, String promql) throws IOException, InterruptedException {
        JsonNode answer = JSON.readTree(get(path).body());
        if (!answer.path("status").asText().equals("success")) {
            throw new AssertionError(promql + ": " + answer.path("error").asText());
        }
        return answer.at("/data/result");
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(address.resolve(path)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }
}
