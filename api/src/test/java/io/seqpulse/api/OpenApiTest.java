package io.seqpulse.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.seqpulse.connector.email.EmailCode;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The document says what there is, and there is what it says. */
class OpenApiTest {

    @Test
    void namesEveryRouteAndNoOther() throws Exception {
        try (RunningApi api = new RunningApi(Clock.systemUTC())) {
            JsonNode document = api.json("/openapi.json", null);
            assertThat(document.path("openapi").asText()).startsWith("3.1");
            Set<String> documented = new TreeSet<>();
            document.path("paths")
                    .fields()
                    .forEachRemaining(
                            path ->
                                    path.getValue()
                                            .fieldNames()
                                            .forEachRemaining(
                                                    method ->
                                                            documented.add(
                                                                    method.toUpperCase(
                                                                                    java.util.Locale
                                                                                            .ROOT)
                                                                            + " "
                                                                            + path.getKey())));
            Set<String> routes = new TreeSet<>(api.api().routes());
            routes.removeIf(route -> !route.matches("(GET|POST|DELETE) /.*"));
            routes.removeIf(route -> route.startsWith("GET /assets/") || route.equals("GET /"));
            assertThat(documented).isEqualTo(routes);
        }
    }

    @Test
    void knowsTheCodesThatTheCatalogueKnows() throws Exception {
        try (RunningApi api = new RunningApi(Clock.systemUTC())) {
            String document = api.json("/openapi.json", null).toString();
            assertThat(document).contains("\"pattern\":\"^" + EmailCode.PATTERN + "$\"");
            assertThat(document.split("\"pattern\":\"\\^E-", -1)).hasSize(5);
            assertThat(document.split(Pattern.quote(EmailCode.PATTERN), -1)).hasSize(5);
        }
    }

    @Test
    void namesEveryParameterAndNoOther() throws Exception {
        try (RunningApi api = new RunningApi(Clock.systemUTC())) {
            JsonNode paths = api.json("/openapi.json", null).path("paths");
            for (Map.Entry<String, JsonNode> path : paths.properties()) {
                for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
                    if (path.getKey().equals("/openapi.json")) {
                        continue;
                    }
                    Set<String> documented = new TreeSet<>();
                    for (JsonNode parameter : method.getValue().path("parameters")) {
                        if (parameter.path("in").asText().equals("query")) {
                            documented.add(parameter.path("name").asText());
                        }
                    }
                    HttpResponse<String> answer =
                            api.send(
                                    method.getKey().toUpperCase(Locale.ROOT),
                                    path.getKey()
                                                    .replace("{id}", UUID.randomUUID().toString())
                                                    .replace("{name}", "trigger_to_finish")
                                            + "?no_such=1",
                                    RunningApi.OPERATOR,
                                    "Accept",
                                    "text/event-stream");
                    Set<String> known = new TreeSet<>();
                    RunningApi.read(answer.body())
                            .path("known")
                            .forEach(name -> known.add(name.asText()));
                    assertThat(answer.statusCode()).as(path.getKey()).isEqualTo(422);
                    assertThat(known).as(path.getKey()).isEqualTo(documented);
                }
            }
        }
    }
}
