package io.seqpulse.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who may see what. */
class AccessTest {

    private static final Set<String> OPEN =
            Set.of(
                    "GET /health",
                    "GET /ready",
                    "GET /openapi.json",
                    "GET /",
                    "POST /session",
                    "DELETE /session");

    private static RunningApi api;

    @BeforeAll
    static void start() {
        api = new RunningApi(Clock.systemUTC());
        api.complete();
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    @Test
    void nothingButTheEmptyPageIsOpen() throws Exception {
        for (String route : api.api().routes()) {
            String[] parts = route.split(" ");
            if (OPEN.contains(route.replace("HEAD ", "GET "))
                    || parts[1].startsWith("/assets/")
                    || !parts[1].startsWith("/")) {
                continue;
            }
            String path =
                    parts[1].replace("{id}", UUID.randomUUID().toString()).replace("{name}", "x");
            for (String token : new String[] {null, "wrong", RunningApi.VIEWER + "x"}) {
                HttpResponse<String> answer = api.send(parts[0], path, token);
                assertThat(answer.statusCode()).as(route).isEqualTo(401);
                assertThat(answer.headers().firstValue("WWW-Authenticate")).contains("Bearer");
            }
        }
    }

    @Test
    void aRoleSeesWhatIsItsOwnAndNoMore() throws Exception {
        UUID mail = api.delivery("E-ACT-01", "sent", null, "<p>Hello</p>");
        assertThat(api.get("/deliveries/" + mail, RunningApi.VIEWER).statusCode()).isEqualTo(200);
        HttpResponse<String> refused =
                api.get("/deliveries/%s/mail".formatted(mail), RunningApi.VIEWER);
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(refused.body()).contains("This takes the role support").doesNotContain("Hello");
        assertThat(
                        api.get("/deliveries/%s/mail/body".formatted(mail), RunningApi.VIEWER)
                                .statusCode())
                .isEqualTo(403);
        assertThat(api.get("/status", RunningApi.SUPPORT).statusCode()).isEqualTo(403);
        assertThat(api.get("/status", RunningApi.OPERATOR).statusCode()).isEqualTo(200);
    }

    @Test
    void supportSeesAMailWithoutItsAddress() throws Exception {
        UUID mail =
                api.delivery("E-ACT-01", "sent", null, "<p>Hello é</p><script>steal()</script>");
        JsonNode content = api.json("/deliveries/%s/mail".formatted(mail), RunningApi.SUPPORT);
        assertThat(content.path("recipient").asText()).isEqualTo("j***@example.com");
        assertThat(content.path("subject").asText()).isEqualTo("Hello Jane");
        HttpResponse<String> body =
                api.get("/deliveries/%s/mail/body".formatted(mail), RunningApi.SUPPORT);
        assertThat(body.body()).contains("Hello é");
        assertThat(body.headers().firstValue("Content-Security-Policy"))
                .hasValueSatisfying(
                        policy -> assertThat(policy).contains("default-src 'none'", "sandbox"));
        assertThat(api.get("/deliveries", RunningApi.SUPPORT).body())
                .contains(mail.toString())
                .doesNotContain("jane.doe", "example.com");
    }

    @Test
    void explainsInBothLanguagesWhyAMailWasNotSent() throws Exception {
        UUID mail = api.delivery("E-ACT-01", "suppressed", "resolved", null);
        JsonNode why = api.json("/deliveries/" + mail, RunningApi.VIEWER);
        assertThat(why.path("reason_text").path("en").asText()).contains("settled");
        assertThat(why.path("reason_text").path("fr").asText()).contains("réglé");
        assertThat(why.path("rule").path("trigger_text").path("en").asText())
                .isEqualTo("When “project created” has not followed “sign-up” within 2 h.");
    }

    @Test
    void namesTheVariantThatAMailIs() throws Exception {
        UUID mail = api.delivery("E-ACT-01", "sent", null, "<p>Hello</p>");
        assertThat(api.json("/deliveries/" + mail, RunningApi.VIEWER).path("variant_text").isNull())
                .isTrue();
        api.database.execute("update public.email_deliveries set variant = 'b' where id = ?", mail);
        JsonNode sent = api.json("/deliveries/" + mail, RunningApi.VIEWER);
        assertThat(sent.path("variant").asText()).isEqualTo("b");
        assertThat(sent.path("variant_text").path("en").asText()).startsWith("Subject b of those");
        assertThat(sent.path("variant_text").path("fr").asText()).startsWith("Objet b parmi ceux");

        UUID heldOut = api.delivery("E-ACT-01", "suppressed", "holdout", null);
        api.database.execute(
                "update public.email_deliveries set variant = 'holdout' where id = ?", heldOut);
        assertThat(
                        api.json("/deliveries/" + heldOut, RunningApi.VIEWER)
                                .path("variant_text")
                                .path("en")
                                .asText())
                .startsWith("Comparison group");
    }

    @Test
    void aTokenIsExchangedForACookieThatScriptsCannotRead() throws Exception {
        HttpResponse<String> begun = api.send("POST", "/session", RunningApi.VIEWER);
        String cookie = begun.headers().firstValue("Set-Cookie").orElseThrow();
        assertThat(cookie)
                .contains("HttpOnly", "SameSite=Strict", "Path=/")
                .doesNotContain(RunningApi.VIEWER);
        String pair = cookie.substring(0, cookie.indexOf(';'));
        assertThat(api.get("/session", null, "Cookie", pair).body())
                .contains("\"vera\"", "\"viewer\"");
        assertThat(api.send("DELETE", "/session", null, "Cookie", pair).statusCode())
                .isEqualTo(204);
        assertThat(api.get("/session", null, "Cookie", pair).statusCode()).isEqualTo(401);
        assertThat(api.send("POST", "/session", "wrong").statusCode()).isEqualTo(401);
    }

    /** Monitors and caches ask so. */
    @Test
    void headIsAnsweredAsGetIsButWithoutTheBody() throws Exception {
        Set<String> routes = api.api().routes();
        for (String route : routes) {
            if (!route.startsWith("GET /") || route.equals("GET /page/events")) {
                continue;
            }
            String path =
                    route.substring("GET ".length())
                            .replace(
                                    "{id}",
                                    api.delivery("E-ACT-01", "sent", null, "<p>Hello</p>")
                                            .toString())
                            .replace("{name}", "signup_to_project_24h");
            for (String token : new String[] {null, RunningApi.VIEWER, RunningApi.OPERATOR}) {
                HttpResponse<String> got = api.get(path, token);
                HttpResponse<String> head = api.send("HEAD", path, token);
                assertThat(head.statusCode()).as("%s", route).isEqualTo(got.statusCode());
                assertThat(head.body()).as(route).isEmpty();
                assertThat(headers(head)).as(route).isEqualTo(headers(got));
            }
        }
        assertThat(api.send("HEAD", "/health", null).statusCode()).isEqualTo(200);
        HttpResponse<String> events =
                api.send("HEAD", "/page/events", RunningApi.VIEWER, "Accept", "text/event-stream");
        assertThat(events.statusCode()).isEqualTo(200);
        assertThat(events.headers().firstValue("Content-Type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/event-stream"));
        assertThat(api.api().listeners()).isZero();
    }

    /** Two answers of one second or the next may differ in what they say, hence in their length. */
    private static Map<String, List<String>> headers(HttpResponse<String> answer) {
        Map<String, List<String>> headers = new TreeMap<>(answer.headers().map());
        List.of("date", "content-length").forEach(headers::remove);
        return headers;
    }

    @Test
    void aTicketOpensThePageOnceWithinAMinute() throws Exception {
        MovableClock clock = new MovableClock(Instant.now());
        try (RunningApi ticketed = new RunningApi(clock)) {
            String ticket = ticket(ticketed, "?role=support");
            HttpResponse<String> begun = exchange(ticketed, ticket);
            assertThat(begun.statusCode()).isEqualTo(200);
            assertThat(begun.body()).contains("\"olga\"", "\"support\"");
            HttpResponse<String> again = exchange(ticketed, ticket);
            assertThat(again.statusCode()).isEqualTo(401);
            assertThat(again.body()).contains("This ticket was used, or is older than 60 s");
            String late = ticket(ticketed, "");
            clock.move(Duration.ofSeconds(60));
            assertThat(exchange(ticketed, late).statusCode()).isEqualTo(401);
        }
    }

    private static String ticket(RunningApi api, String query) throws Exception {
        HttpResponse<String> answer = api.send("POST", "/tickets" + query, RunningApi.OPERATOR);
        assertThat(answer.statusCode()).isEqualTo(201);
        return RunningApi.read(answer.body()).path("ticket").asText();
    }

    private static HttpResponse<String> exchange(RunningApi api, String ticket) throws Exception {
        return api.send("POST", "/session", null, "Authorization", "Ticket " + ticket);
    }

    @Test
    void aTicketLendsNoHigherRoleAndProlongsNoSession() throws Exception {
        assertThat(api.send("POST", "/tickets?role=operator", RunningApi.VIEWER).statusCode())
                .isEqualTo(422);
        String cookie = api.session(RunningApi.OPERATOR);
        assertThat(api.send("POST", "/tickets", null, "Cookie", cookie).statusCode())
                .isEqualTo(403);
    }

    @Test
    void aSessionOutlivesARestartAndNotItsToken() throws Exception {
        String cookie;
        int port;
        try (RunningApi first = new RunningApi(Clock.systemUTC())) {
            cookie = first.session(RunningApi.VIEWER);
            port = first.api().port();
        }
        Map<String, String> samePort = Map.of("LIFECYCLE_API_PORT", Integer.toString(port));
        try (RunningApi second = new RunningApi(Clock.systemUTC(), samePort)) {
            assertThat(second.get("/session", null, "Cookie", cookie).body()).contains("\"vera\"");
            String forged = cookie.replace(".viewer.", ".operator.");
            assertThat(forged).isNotEqualTo(cookie);
            assertThat(second.get("/session", null, "Cookie", forged).statusCode()).isEqualTo(401);
        }
        Map<String, String> otherToken =
                Map.of(
                        "LIFECYCLE_API_PORT",
                        Integer.toString(port),
                        "LIFECYCLE_API_TOKENS",
                        "vera:viewer:another-token-of-a-test-001");
        try (RunningApi third = new RunningApi(Clock.systemUTC(), otherToken)) {
            assertThat(third.get("/session", null, "Cookie", cookie).statusCode()).isEqualTo(401);
        }
    }

    @Test
    void whatIsNoSessionIsRefusedWithoutAFailure() throws Exception {
        String cookie = api.session(RunningApi.VIEWER);
        String name = cookie.substring(0, cookie.indexOf('=') + 1);
        for (String value :
                new String[] {
                    "",
                    ".",
                    ".....",
                    "1.dmVyYQ.viewer.9.x.y",
                    "1.!.viewer.1.x.y",
                    "1.dmVyYQ.viewer.99999999999999999999.x.y",
                    "1.dmVyYQ.viewer.9223372036854775807.x.y",
                    "1.dmVyYQ.anyone.1.x.y",
                    cookie.substring(name.length()) + "x"
                }) {
            assertThat(api.get("/session", null, "Cookie", name + value).statusCode())
                    .as(value)
                    .isEqualTo(401);
        }
    }

    @Test
    void everyAnswerCarriesTheHeadersThatProtectIt() throws Exception {
        for (String path : new String[] {"/", "/health", "/nothing", "/deliveries"}) {
            HttpResponse<String> answer = api.get(path, null);
            assertThat(answer.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
            assertThat(answer.headers().firstValue("X-Frame-Options")).contains("DENY");
            assertThat(answer.headers().firstValue("Referrer-Policy")).contains("no-referrer");
            assertThat(answer.headers().firstValue("Content-Security-Policy"))
                    .hasValueSatisfying(
                            policy ->
                                    assertThat(policy)
                                            .startsWith("default-src 'none'")
                                            .doesNotContain("unsafe"));
            assertThat(answer.headers().firstValue("Server")).isEmpty();
        }
    }
}
