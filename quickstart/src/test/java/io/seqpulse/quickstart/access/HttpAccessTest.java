package io.seqpulse.quickstart.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.quickstart.access.HttpAccess.Refusal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is answered, and with what who is not. */
class HttpAccessTest {

    private static final int ANSWERED = 200;

    private final HttpAccess access = HttpAccess.with("the-password");

    @Test
    void answersWhoBringsThePassword() {
        assertThat(answer("GET", Map.of())).isEqualTo(ANSWERED);
        assertThat(answer("POST", Map.of())).isEqualTo(ANSWERED);
        for (String host : new String[] {"localhost:9", "127.0.0.1", "LocalHost", "[::1]:9"}) {
            assertThat(answer("GET", Map.of("Host", host))).as(host).isEqualTo(ANSWERED);
        }
    }

    @Test
    void asksWhoBringsNoneOrAWrongOne() {
        for (String given :
                new String[] {
                    null,
                    "",
                    "Basic",
                    "Basic ",
                    "Basic *",
                    "Bearer the-password",
                    basic("lifecycle:"),
                    basic("lifecycle:the-passwor"),
                    basic("lifecycle:the-password "),
                    basic("admin:the-password"),
                    basic("the-password")
                }) {
            Map<String, String> headers = new HashMap<>();
            headers.put("Authorization", given);
            assertThat(answer("GET", headers)).as(given).isEqualTo(401);
        }
        assertThat(
                        answer(
                                "GET",
                                Map.of(
                                        "Authorization",
                                        "BASIC" + basic("lifecycle:the-password").substring(5))))
                .isEqualTo(ANSWERED);
    }

    @Test
    void goesByNoOtherName() {
        for (String host :
                new String[] {
                    null, "", "evil.example", "127.0.0.1.evil.example:8081", "10.0.0.1", "[::2]:1"
                }) {
            Map<String, String> headers = new HashMap<>();
            headers.put("Host", host);
            assertThat(answer("GET", headers)).as(host).isEqualTo(421);
        }
    }

    @Test
    void answersNoPageOfSomebodyElsesThatABrowserSendsThePasswordFor() {
        for (String origin :
                new String[] {
                    "null",
                    "http://evil.example",
                    "https://127.0.0.1:8081",
                    "http://127.0.0.1:3000",
                    "http://localhost:8081"
                }) {
            assertThat(answer("GET", Map.of("Origin", origin))).as(origin).isEqualTo(403);
            assertThat(answer("POST", Map.of("Origin", origin))).as(origin).isEqualTo(403);
        }
        for (String site : new String[] {"cross-site", "same-site", "anything"}) {
            assertThat(answer("GET", Map.of("Sec-Fetch-Site", site, "Sec-Fetch-Mode", "no-cors")))
                    .as(site)
                    .isEqualTo(403);
            assertThat(
                            answer(
                                    "GET",
                                    Map.of(
                                            "Sec-Fetch-Site", site,
                                            "Sec-Fetch-Mode", "navigate",
                                            "Sec-Fetch-Dest", "iframe")))
                    .as(site)
                    .isEqualTo(403);
        }
    }

    @Test
    void letsABrowserLookAndNoMore() {
        for (Map<String, String> own :
                List.of(
                        Map.of("Sec-Fetch-Site", "none"),
                        Map.of("Sec-Fetch-Site", "same-origin"),
                        Map.of("Origin", "http://127.0.0.1:8081"),
                        Map.of(
                                "Sec-Fetch-Site", "cross-site",
                                "Sec-Fetch-Mode", "navigate",
                                "Sec-Fetch-Dest", "document"))) {
            assertThat(answer("GET", own)).as(own.toString()).isEqualTo(ANSWERED);
            for (String method : new String[] {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
                assertThat(answer(method, own)).as(method + own).isEqualTo(403);
            }
        }
    }

    @Test
    void readsThePasswordOfAFileAndNeverPrintsIt(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("password"), "the-password\n");
        assertThat(HttpAccess.of(file).authorization())
                .isEqualTo(access.authorization())
                .isEqualTo(basic("lifecycle:the-password"));
        assertThat(access.toString()).doesNotContain("the-password");
    }

    private int answer(String method, Map<String, String> more) {
        Map<String, String> headers = new HashMap<>();
        headers.put("Host", "127.0.0.1:8081");
        headers.put("Authorization", access.authorization());
        headers.putAll(more);
        return access.refusal(method, headers::get).map(Refusal::status).orElse(ANSWERED);
    }

    private static String basic(String login) {
        return "Basic "
                + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
    }
}
