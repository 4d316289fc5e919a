package io.seqpulse.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** An open page is told what changes, soon, and nothing that is not known. */
class LiveEventsTest {

    private static final String SENT = "2026-02-18T09:00:00Z";
    private static final Clock NOW = RunningApi.at("2026-02-19T10:00:01Z");

    @Test
    void tellsOpenPagesOfAChangeWithinTwoSeconds() throws Exception {
        try (RunningApi api = new RunningApi(Clock.systemUTC())) {
            api.definition("signup_to_project_24h", null).complete();
            List<String> lines = new CopyOnWriteArrayList<>();
            CompletableFuture<HttpResponse<Stream<String>>> open =
                    HttpClient.newHttpClient()
                            .sendAsync(pageEvents(api), HttpResponse.BodyHandlers.ofLines());
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

    @Test
    void knowsNoOpeningAndNoClickWithoutTheirTable() throws Exception {
        try (RunningApi api = new RunningApi(NOW)) {
            api.definition("signup_to_project_24h", null)
                    .definition("critical_alert_open_rate", "email_events_table_missing");
            sent(api, "E-ACT-04", 0);
            sent(api, "E-TRX-01", 1);
            api.complete();
            JsonNode funnel = topic(api, "funnel");
            assertThat(funnel.path("reason").isNull()).isTrue();
            assertThat(funnel.path("events_reason").asText())
                    .isEqualTo("email_events_table_missing");
            assertThat(figures(funnel))
                    .containsExactly(
                            "E-ACT-04: of 4 opened null, by people null, clicked null, goal null of 4",
                            "E-TRX-01: of 4 opened null, by people null, clicked null, goal 1 of 4");
        }
    }

    @Test
    void knowsOpeningsAndClicksWithTheirTable() throws Exception {
        try (RunningApi api = new RunningApi(NOW)) {
            api.definition("critical_alert_open_rate", "rule_disabled:E-ACT-05");
            sent(api, "E-ACT-04", 0);
            api.complete();
            JsonNode funnel = topic(api, "funnel");
            assertThat(funnel.path("events_reason").isNull()).isTrue();
            assertThat(figures(funnel))
                    .containsExactly(
                            "E-ACT-04: of 4 opened 3, by people 2, clicked 1, goal 0 of 4");
        }
    }

    @Test
    void knowsWithinWhatTimeHalfOfTheCriticalVerdictsWereFollowedByAnOk() throws Exception {
        try (RunningApi api = new RunningApi(NOW)) {
            api.complete();
            assertThat(topic(api, "funnel").path("recovery").toString())
                    .isEqualTo("{\"code\":\"E-ACT-05\",\"count\":0,\"half_within_ms\":null}");
            recovered(api, 300_000, 2);
            recovered(api, 1_800_000, 1);
            recovered(api, Long.MAX_VALUE, 3);
            assertThat(topic(api, "funnel").path("recovery").toString())
                    .isEqualTo("{\"code\":\"E-ACT-05\",\"count\":6,\"half_within_ms\":1800000}");
            recovered(api, Long.MAX_VALUE, 4);
            assertThat(topic(api, "funnel").at("/recovery/half_within_ms").isNull()).isTrue();
        }
    }

    private static void recovered(RunningApi api, long upTo, int times) {
        api.put(
                "duration",
                List.of("critical_alert_mttr", Long.toString(upTo)),
                Instant.parse(SENT),
                times,
                times);
    }

    @Test
    void saysOfEachTopicThatNothingIsKnownBeforeTheFirstReadingIsComplete() throws Exception {
        try (RunningApi api = new RunningApi(NOW)) {
            for (String topic : List.of("segments", "activity", "funnel")) {
                assertThat(topic(api, topic).path("reason").asText()).isEqualTo("not_computed_yet");
            }
            api.complete();
            for (String topic : List.of("segments", "activity", "funnel")) {
                assertThat(topic(api, topic).path("reason").isNull()).isTrue();
            }
        }
    }

    private static void sent(RunningApi api, String code, int goals) {
        api.cohort("email/" + code + "/opened", SENT, 3, 4)
                .cohort("email/" + code + "/opened_by_people", SENT, 2, 4)
                .cohort("email/" + code + "/clicked", SENT, 1, 4)
                .cohort("email/" + code + "/goal", SENT, goals, 4);
    }

    private static List<String> figures(JsonNode funnel) {
        List<String> figures = new ArrayList<>();
        for (JsonNode email : funnel.path("emails")) {
            figures.add(
                    "%s: of %s opened %s, by people %s, clicked %s, goal %s of %s"
                            .formatted(
                                    email.path("code").asText(),
                                    email.path("sent"),
                                    email.path("opened"),
                                    email.path("opened_by_people"),
                                    email.path("clicked"),
                                    email.path("goal"),
                                    email.path("goal_of")));
        }
        return figures;
    }

    /** What a page that is opened is told first of a topic. */
    private static JsonNode topic(RunningApi api, String topic) throws Exception {
        HttpResponse<Stream<String>> answer =
                HttpClient.newHttpClient()
                        .send(pageEvents(api), HttpResponse.BodyHandlers.ofLines());
        try (Stream<String> lines = answer.body()) {
            String data =
                    lines.dropWhile(line -> !line.equals("event: " + topic))
                            .filter(line -> line.startsWith("data: "))
                            .findFirst()
                            .orElseThrow();
            return RunningApi.read(data.substring("data: ".length()));
        }
    }

    private static HttpRequest pageEvents(RunningApi api) {
        return HttpRequest.newBuilder(api.url("/page/events?days=7"))
                .header("Authorization", "Bearer " + RunningApi.VIEWER)
                .header("Accept", "text/event-stream")
                .build();
    }
}
