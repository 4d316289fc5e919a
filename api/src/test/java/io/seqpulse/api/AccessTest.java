package io.seqpulse.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.util.Set;
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
            if (OPEN.contains(route)
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
