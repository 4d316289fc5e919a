package io.seqpulse.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is refused is refused in a few clear words, and the service goes on. */
class BadRequestsTest {

    private static RunningApi api;

    @BeforeAll
    static void start() {
        api = new RunningApi(Clock.systemUTC());
        api.definition("signup_to_project_24h", null).complete();
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    @ParameterizedTest
    @CsvSource({
        "/analytics/kpi/lifecycle?window_days=0, 422, window_days must be a whole number from 1 to 90",
        "/analytics/kpi/lifecycle?window_days=91, 422, window_days must be a whole number from 1 to 90",
        "/analytics/kpi/lifecycle?window_days=seven, 422, window_days must be a whole number from 1 to 90",
        "/analytics/kpi/lifecycle?window_days=, 422, window_days must be a whole number from 1 to 90",
        "/analytics/kpi/lifecycle?window_days=-7, 422, window_days must be a whole number from 1 to 90",
        "/analytics/kpi/x'%20or%201=1--, 404, There is no KPI of that name; 'known' lists them",
        "/analytics/kpi/signup_to_project_24h;drop, 404, There is no KPI of that name; 'known' lists them",
        "/analytics/kpi/signup_to_project_24h?grain=year, 422, 'grain must be one of minute, hour, day'",
        "/analytics/kpi/signup_to_project_24h?from=yesterday, 422, 'from must be a time such as 2026-02-12T10:00:00Z, or a day such as 2026-02-12'",
        "/analytics/kpi/signup_to_project_24h?from=2026-02-12&to=2026-02-11, 422, from must be at least a minute before to",
        "/analytics/kpi/signup_to_project_24h?from=2020-01-01&to=2026-01-01, 422, from and to may be 400 days apart at most",
        "/analytics/kpi/signup_to_project_24h?from=2026-01-01&to=2026-02-01&grain=minute, 422, 'this would be more than 3,000 points: choose a coarser grain or a shorter window'",
        "/analytics/kpi/signup_to_project_24h?from=0001-01-01, 422, 'from must be in 2000 or later, and at most 400 days ahead'",
        "/analytics/kpi/signup_to_project_24h?from=0001-01-01&to=0001-02-01, 422, 'to must be in 2000 or later, and at most 400 days ahead'",
        "/analytics/kpi/signup_to_project_24h?to=9999-12-31, 422, 'to must be in 2000 or later, and at most 400 days ahead'",
        "/analytics/kpi/signup_to_project_24h?to=9999-12-31T23:59:59Z, 422, 'to must be in 2000 or later, and at most 400 days ahead'",
        "/analytics/kpi/signup_to_project_24h?form=2026-02-12, 422, There is no such parameter here; 'known' lists them",
        "/analytics/kpi/lifecycle?days=7, 422, There is no such parameter here; 'known' lists them",
        "/analytics/kpi/lifecycle?window_days=7&window_days=30, 422, window_days is there twice",
        "/health?verbose, 422, There are no parameters here",
        "/deliveries?project=shop, 422, project must be a UUID",
        "/deliveries?before=yesterday, 422, before must be what an answer gave as 'next'",
        "/deliveries?from=2026-02-12&to=2026-02-12, 422, from must be before to",
        "/deliveries?from=0001-01-01, 422, 'from must be in 2000 or later, and at most 400 days ahead'",
        "/assets/page.js/, 404, There is nothing here; /openapi.json says what is",
        "/deliveries/, 404, There is nothing here; /openapi.json says what is",
        "/assets/page%2Ejs/, 404, There is nothing here; /openapi.json says what is",
        "/deliveries?limit=1000, 422, limit must be a whole number from 1 to 500",
        "/deliveries?code=x, 422, 'code must be one of the catalogue, such as E-ACT-01'",
        "/deliveries/1, 422, id must be a UUID",
        "/deliveries/00000000-0000-0000-0000-000000000000, 404, There is no delivery of that id",
        "/nothing, 404, There is nothing here; /openapi.json says what is",
    })
    void saysWhatIsWrong(String path, int status, String detail) throws Exception {
        HttpResponse<String> answer = api.get(path, RunningApi.OPERATOR);
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type"))
                .hasValueSatisfying(type -> assertThat(type).contains("application/problem+json"));
        JsonNode body = RunningApi.read(answer.body());
        assertThat(body.path("detail").asText()).isEqualTo(detail);
        assertThat(body.path("status").asInt()).isEqualTo(status);
        assertThat(answer.body()).doesNotContain("Exception", "\tat ", "org.");
    }

    @Test
    void namesTheKnownKpis() throws Exception {
        assertThat(api.json("/analytics/kpi/conversion", RunningApi.VIEWER).path("known"))
                .anySatisfy(name -> assertThat(name.asText()).isEqualTo("signup_to_project_24h"));
    }

    @Test
    void refusesAnotherHostAndWhatIsNoHttp() throws Exception {
        assertThat(
                        api.raw(
                                "GET /health HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 421 ")
                .contains("This service does not go by that name");
        assertThat(api.raw("HELLO\r\n\r\n"))
                .startsWith("HTTP/1.1 400 ")
                .doesNotContain("Exception");
        assertThat(
                        api.raw(
                                "GET / HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n"
                                        .formatted("x".repeat(20_000))))
                .startsWith("HTTP/1.1 431 ");
        assertThat(api.get("/health", null).statusCode()).isEqualTo(200);
    }

    @Test
    void refusesOtherMethods() throws Exception {
        HttpResponse<String> refused = api.send("DELETE", "/deliveries", RunningApi.VIEWER);
        assertThat(refused.statusCode()).isEqualTo(405);
        assertThat(refused.headers().firstValue("Allow"))
                .hasValueSatisfying(allowed -> assertThat(allowed).contains("GET"));
        HttpResponse<String> put = api.send("PUT", "/session", null, "Accept", "text/html,*/*");
        assertThat(put.statusCode()).isEqualTo(405);
        assertThat(put.headers().firstValue("Allow").orElseThrow().split(", "))
                .contains("GET", "POST", "DELETE");
    }

    @Test
    void namesTheKnownParameters() throws Exception {
        JsonNode refused = api.json("/deliveries?recipient=a@example.com", RunningApi.VIEWER);
        assertThat(refused.path("parameter").asText()).isEqualTo("recipient");
        assertThat(refused.path("known").findValuesAsText("x")).isEmpty();
        assertThat(refused.path("known").toString())
                .isEqualTo(
                        "[\"before\",\"code\",\"from\",\"limit\",\"outcome\",\"project\",\"to\"]");
    }

    @ParameterizedTest
    @CsvSource({
        "{\"recipient\":\"jane\"}, 422, recipient must be an email address or a user's UUID",
        "{\"adress\":\"jane@example.com\"}, 422, There is no such member; 'known' lists them",
        "{\"code\":[\"E-ACT-01\"]}, 422, code must be a single value",
        "[], 400, The body must be a JSON object",
        "{, 400, The body must be a JSON object",
    })
    void saysWhatIsWrongWithAQuestion(String body, int status, String detail) throws Exception {
        HttpResponse<String> answer = api.post("/deliveries/search", RunningApi.SUPPORT, body);
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(RunningApi.read(answer.body()).path("detail").asText()).isEqualTo(detail);
    }

    @Test
    void takesNoFormOfAForeignPageForAQuestion() throws Exception {
        assertThat(
                        api.send(
                                        "POST",
                                        "/deliveries/search",
                                        RunningApi.SUPPORT,
                                        "Content-Type",
                                        "text/plain")
                                .statusCode())
                .isEqualTo(415);
    }

    @Test
    void answersATagWhateverAProxyMadeOfIt() throws Exception {
        String tag = api.get("/assets/page.js", null).headers().firstValue("ETag").orElseThrow();
        for (String known :
                new String[] {tag, "W/" + tag, "\"other\", W/" + tag + ", \"more\"", "*"}) {
            assertThat(api.get("/assets/page.js", null, "If-None-Match", known).statusCode())
                    .as(known)
                    .isEqualTo(304);
        }
        for (String other : new String[] {"\"other\"", "W/\"other\"", tag.replace("\"", "")}) {
            assertThat(api.get("/assets/page.js", null, "If-None-Match", other).statusCode())
                    .as(other)
                    .isEqualTo(200);
        }
    }

    @Test
    void countsClientsBehindATrustedProxyApartAndNobodyElses() throws Exception {
        Map<String, String> slow =
                Map.of(
                        "LIFECYCLE_API_REQUESTS_PER_SECOND",
                        "1",
                        "LIFECYCLE_API_TRUSTED_PROXIES",
                        "127.0.0.1, 10.1.0.0/16");
        try (RunningApi behind = new RunningApi(Clock.systemUTC(), slow)) {
            assertThat(allowed(behind, "192.0.2.1")).isEqualTo(4);
            assertThat(allowed(behind, "192.0.2.2")).isEqualTo(4);
            // What a client writes itself stands before what the proxies add.
            assertThat(allowed(behind, "203.0.113.9, 192.0.2.1")).isZero();
            assertThat(allowed(behind, "192.0.2.1, 10.1.2.3")).isZero();
            assertThat(allowed(behind, "2001:db8::1")).isEqualTo(4);
            assertThat(allowed(behind, "[2001:db8::2]:4711")).isZero();
        }
        try (RunningApi open =
                new RunningApi(
                        Clock.systemUTC(), Map.of("LIFECYCLE_API_REQUESTS_PER_SECOND", "1"))) {
            assertThat(allowed(open, "192.0.2.1")).isEqualTo(4);
            assertThat(allowed(open, "192.0.2.2")).isZero();
        }
    }

    private static int allowed(RunningApi api, String forwarded) throws Exception {
        int allowed = 0;
        for (int i = 0; i < 5; i++) {
            int status = api.get("/health", null, "X-Forwarded-For", forwarded).statusCode();
            allowed += status == 200 ? 1 : 0;
        }
        return allowed;
    }

    @Test
    void staysUpUnderTenThousandRequests() throws Exception {
        try (RunningApi limited =
                new RunningApi(
                        Clock.systemUTC(), Map.of("LIFECYCLE_API_REQUESTS_PER_SECOND", "20"))) {
            Map<Integer, Integer> answers = new TreeMap<>();
            HttpResponse<String> last = null;
            for (int i = 0; i < 10_000; i++) {
                last = limited.get("/analytics/kpi/lifecycle", RunningApi.VIEWER);
                answers.merge(last.statusCode(), 1, Integer::sum);
            }
            assertThat(answers).containsOnlyKeys(200, 429);
            assertThat(answers.get(200)).isGreaterThanOrEqualTo(80);
            assertThat(answers.get(429)).isGreaterThan(5_000);
            assertThat(last.statusCode()).isEqualTo(429);
            assertThat(last.headers().firstValue("Retry-After")).contains("1");
        }
    }
}
