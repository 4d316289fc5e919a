package io.seqpulse.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A database that takes connections and never says a word keeps nobody from anything else. */
class SilentDatabaseTest {

    private static final int STRANGERS = 160;

    @Test
    void anyNumberOfCallsLeavesHealthAlone() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
                RunningApi api =
                        new RunningApi(
                                Clock.systemUTC(),
                                Map.of(
                                        "LIFECYCLE_API_DATABASE_URL",
                                        "jdbc:postgresql://127.0.0.1:%s/x"
                                                .formatted(silent.getLocalPort())))) {
            HttpClient http = HttpClient.newHttpClient();
            List<CompletableFuture<HttpResponse<String>>> asked = new ArrayList<>();
            for (int i = 0; i < STRANGERS; i++) {
                asked.add(ask(http, api.url("/ready"), null));
                asked.add(ask(http, api.url("/deliveries"), RunningApi.VIEWER));
            }
            long slowest =
                    IntStream.range(0, 20)
                            .mapToLong(i -> millisOf(ask(http, api.url("/health"), null)))
                            .max()
                            .orElseThrow();
            assertThat(slowest).isLessThan(1_000);
            for (CompletableFuture<HttpResponse<String>> answer : asked) {
                assertThat(answer.get().statusCode()).isEqualTo(503);
            }
        }
    }

    /** A page that hears nothing for 10 s takes its own connection for lost. */
    @Test
    void thePageIsToldOfTheSilenceAsLongAsItLasts() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
                RunningApi api =
                        new RunningApi(
                                Clock.systemUTC(),
                                Map.of(
                                        "LIFECYCLE_API_DATABASE_URL",
                                        "jdbc:postgresql://127.0.0.1:%s/x"
                                                .formatted(silent.getLocalPort())))) {
            HttpRequest request =
                    HttpRequest.newBuilder(api.url("/page/events"))
                            .header("Accept", "text/event-stream")
                            .header("Authorization", "Bearer " + RunningApi.VIEWER)
                            .build();
            List<Instant> heard = new CopyOnWriteArrayList<>();
            var reading =
                    HttpClient.newHttpClient()
                            .sendAsync(request, HttpResponse.BodyHandlers.ofLines())
                            .thenAcceptAsync(
                                    answer ->
                                            answer.body()
                                                    .filter(line -> line.startsWith("data: "))
                                                    .forEach(line -> heard.add(Instant.now())));
            await().atMost(Duration.ofSeconds(30)).until(() -> heard.size() >= 12);
            for (int i = 1; i < heard.size(); i++) {
                assertThat(Duration.between(heard.get(i - 1), heard.get(i)))
                        .isLessThan(Duration.ofSeconds(5));
            }
            assertThat(reading).isNotDone();
        }
    }

    @Test
    void aThousandConnectionsThatSayNothingDoNotKeepOthersOut() throws Exception {
        try (RunningApi api = new RunningApi(Clock.systemUTC())) {
            List<Socket> silent = new ArrayList<>();
            try {
                for (int i = 0; i < 1_000; i++) {
                    silent.add(new Socket("127.0.0.1", api.api().port()));
                }
                assertThat(millisOf(ask(HttpClient.newHttpClient(), api.url("/health"), null)))
                        .isLessThan(8_000);
            } finally {
                for (Socket socket : silent) {
                    socket.close();
                }
            }
        }
    }

    private static long millisOf(CompletableFuture<HttpResponse<String>> answer) {
        long begun = System.nanoTime();
        assertThat(answer.join().statusCode()).isEqualTo(200);
        return Duration.ofNanos(System.nanoTime() - begun).toMillis();
    }

    private static CompletableFuture<HttpResponse<String>> ask(
            HttpClient http, URI url, String token) {
        HttpRequest.Builder request = HttpRequest.newBuilder(url).timeout(Duration.ofSeconds(60));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
