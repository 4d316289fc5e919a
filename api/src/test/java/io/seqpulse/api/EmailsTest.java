package io.seqpulse.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The emails to look at: for who may see the rest of the page. */
class EmailsTest {

    @Test
    void areShownToWhoMaySeeThePage(@TempDir Path folder) throws Exception {
        Path file =
                Files.writeString(
                        folder.resolve("index.html"),
                        "<!DOCTYPE html>\n<p>Aperçu</p><script>show()</script>");
        try (RunningApi api =
                new RunningApi(
                        Clock.systemUTC(), Map.of("LIFECYCLE_API_EMAILS_PAGE", file.toString()))) {
            assertThat(api.get("/emails", null).statusCode()).isEqualTo(401);
            for (String token :
                    new String[] {RunningApi.VIEWER, RunningApi.SUPPORT, RunningApi.OPERATOR}) {
                HttpResponse<String> page = api.get("/emails", token);
                assertThat(page.statusCode()).isEqualTo(200);
                assertThat(page.body()).isEqualTo(Files.readString(file));
                assertThat(page.headers().firstValue("Content-Type"))
                        .contains("text/html;charset=utf-8");
                assertThat(page.headers().allValues("Content-Security-Policy"))
                        .singleElement()
                        .asString()
                        .contains("script-src 'sha256-", "frame-src 'none'");
            }
            assertThat(api.json("/session", RunningApi.VIEWER).path("emails_page").asBoolean())
                    .isTrue();
            assertThat(api.send("HEAD", "/emails", RunningApi.VIEWER).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void areNotLinkedToWhereThereIsNoPage() throws Exception {
        try (RunningApi api = new RunningApi(Clock.systemUTC())) {
            assertThat(api.json("/session", RunningApi.SUPPORT).path("emails_page").isBoolean())
                    .isTrue();
            assertThat(api.json("/session", RunningApi.SUPPORT).path("emails_page").asBoolean())
                    .isFalse();
            HttpResponse<String> page = api.get("/emails", RunningApi.SUPPORT);
            assertThat(page.statusCode()).isEqualTo(404);
            assertThat(page.body()).contains("./lifecycle preview writes one");
        }
    }
}
