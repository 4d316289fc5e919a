package io.seqpulse.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
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
            assertThat(lines).contains("event: kpis.changes");
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

    @Test
    void tellsOfAChangeOnlyWhatChanged() throws Exception {
        try (RunningApi api = new RunningApi(Clock.systemUTC())) {
            api.definition("signup_to_project_24h", null).complete();
            UUID first = api.delivery("E-ACT-01", "queued", null, null);
            List<String> lines = new CopyOnWriteArrayList<>();
            HttpClient.newHttpClient()
                    .sendAsync(pageEvents(api), HttpResponse.BodyHandlers.ofLines())
                    .thenAcceptAsync(answer -> answer.body().forEach(lines::add));
            await().untilAsserted(() -> assertThat(lines).contains("event: deliveries"));
            UUID second = api.delivery("E-ACT-02", "sent", null, null);
            await().untilAsserted(() -> assertThat(lines).contains("event: deliveries.changes"));
            String change = lines.get(lines.indexOf("event: deliveries.changes") + 1);
            JsonNode set = RunningApi.read(change.substring("data: ".length())).path("set");
            assertThat(set.path("deliveries").fieldNames())
                    .toIterable()
                    .containsExactly(second.toString());
            assertThat(change).doesNotContain(first.toString()).hasSizeLessThan(1_000);
            lines.clear();
            api.database.execute(
                    "update public.email_deliveries set status = 'sent', sent_at = now()"
                            + " where id = ?",
                    first);
            await().untilAsserted(() -> assertThat(lines).contains("event: deliveries.changes"));
            JsonNode outcome =
                    RunningApi.read(
                            lines.get(lines.indexOf("event: deliveries.changes") + 1)
                                    .substring("data: ".length()));
            assertThat(outcome.at("/set/deliveries").path(first.toString()).fieldNames())
                    .toIterable()
                    .containsExactlyInAnyOrder("outcome", "sent_at");
        }
    }

    @Test
    void endsWithItsSession() throws Exception {
        try (RunningApi api = new RunningApi(Clock.systemUTC())) {
            api.complete();
            String cookie = api.session(RunningApi.VIEWER);
            CompletableFuture<Void> reading =
                    HttpClient.newHttpClient()
                            .sendAsync(
                                    pageEvents(api, "Cookie", cookie),
                                    HttpResponse.BodyHandlers.ofLines())
                            .thenAcceptAsync(answer -> answer.body().forEach(line -> {}));
            await().until(() -> api.api().listeners() == 1);
            api.send("DELETE", "/session", null, "Cookie", cookie);
            await().atMost(Duration.ofSeconds(2)).until(reading::isDone);
            assertThat(api.api().listeners()).isZero();
        }
    }

    @Test
    void endsWhenItsSessionExpires() throws Exception {
        MovableClock clock = new MovableClock(Instant.now());
        try (RunningApi api = new RunningApi(clock)) {
            api.complete();
            String cookie = api.session(RunningApi.VIEWER);
            CompletableFuture<Void> reading =
                    HttpClient.newHttpClient()
                            .sendAsync(
                                    pageEvents(api, "Cookie", cookie),
                                    HttpResponse.BodyHandlers.ofLines())
                            .thenAcceptAsync(answer -> answer.body().forEach(line -> {}));
            await().until(() -> api.api().listeners() == 1);
            clock.move(Duration.ofHours(12));
            await().atMost(Duration.ofSeconds(5)).until(reading::isDone);
        }
    }

    @Test
    void oneViewerCannotTakeAllPlaces() throws Exception {
        try (RunningApi api = new RunningApi(Clock.systemUTC())) {
            api.complete();
            String cookie = api.session(RunningApi.VIEWER);
            HttpClient http = HttpClient.newHttpClient();
            List<InputStream> open = new ArrayList<>();
            try {
                int refused = 0;
                for (int i = 0; i < 12; i++) {
                    HttpResponse<InputStream> answer =
                            http.send(
                                    pageEvents(api, "Cookie", cookie),
                                    HttpResponse.BodyHandlers.ofInputStream());
                    open.add(answer.body());
                    refused += answer.statusCode() == 429 ? 1 : 0;
                }
                assertThat(refused).isEqualTo(4);
                for (int i = 0; i < 60; i++) {
                    open.add(
                            http.send(pageEvents(api), HttpResponse.BodyHandlers.ofInputStream())
                                    .body());
                }
                assertThat(api.api().listeners()).isEqualTo(50);
                HttpResponse<InputStream> other =
                        http.send(
                                pageEvents(api, "Authorization", "Bearer " + RunningApi.SUPPORT),
                                HttpResponse.BodyHandlers.ofInputStream());
                open.add(other.body());
                assertThat(other.statusCode()).isEqualTo(200);
            } finally {
                for (InputStream stream : open) {
                    stream.close();
                }
            }
        }
    }

    private static HttpRequest pageEvents(RunningApi api, String header, String value) {
        return HttpRequest.newBuilder(api.url("/page/events?days=7"))
                .header(header, value)
                .header("Accept", "text/event-stream")
                .build();
    }

    private static HttpRequest pageEvents(RunningApi api) {
        return HttpRequest.newBuilder(api.url("/page/events?days=7"))
                .header("Authorization", "Bearer " + RunningApi.VIEWER)
                .header("Accept", "text/event-stream")
                .build();
    }
}
