package io.seqpulse.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** An open page is told what changes, soon. */
class LiveEventsTest {

    @Test
    void tellsOpenPagesOfAChangeWithinTwoSeconds() throws Exception {
        try (RunningApi api = new RunningApi(Clock.systemUTC())) {
            api.definition("signup_to_project_24h", null).complete();
            List<String> lines = new CopyOnWriteArrayList<>();
            CompletableFuture<HttpResponse<Stream<String>>> open =
                    HttpClient.newHttpClient()
                            .sendAsync(
                                    HttpRequest.newBuilder(api.url("/page/events?days=7"))
                                            .header("Authorization", "Bearer " + RunningApi.VIEWER)
                                            .header("Accept", "text/event-stream")
                                            .build(),
                                    HttpResponse.BodyHandlers.ofLines());
            var reading = open.thenAcceptAsync(answer -> answer.body().forEach(lines::add));
            await().untilAsserted(
                            () ->
                                    assertThat(lines)
                                            .contains(
                                                    "event: freshness",
                                                    "event: kpis",
                                                    "event: trends",
                                                    "event: deliveries",
                                                    "event: segments",
                                                    "event: funnel",
                                                    "event: activity"));
            api.put(
                    "cohort",
                    List.of("signup_to_project_24h"),
                    Instant.now().truncatedTo(ChronoUnit.MINUTES),
                    3,
                    4);
            await().atMost(Duration.ofSeconds(2))
                    .untilAsserted(
                            () ->
                                    assertThat(lines)
                                            .anyMatch(
                                                    line ->
                                                            line.contains("signup_to_project_24h")
                                                                    && line.contains(
                                                                            "\"value\":75.00")));
            assertThat(api.api().listeners()).isOne();
            assertThat(reading).isNotDone();
        }
    }
}
