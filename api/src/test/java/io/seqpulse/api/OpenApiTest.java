package io.seqpulse.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Clock;
import java.util.Set;
import java.util.TreeSet;
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
}
