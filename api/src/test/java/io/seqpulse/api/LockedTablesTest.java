package io.seqpulse.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Somebody holds a lock on a table: what does not read it is answered as ever, the rest soon. */
class LockedTablesTest {

    /** Asked together, and so often that they would take all connections if they shared them. */
    private static final int TIMES = 4;

    private static final Duration SOON = Duration.ofSeconds(5);

    private static final Set<String> OF_THE_JOURNAL =
            Set.of("/deliveries", "/deliveries.csv", "/deliveries/{id}");
    private static final Set<String> OF_A_MAIL =
            Set.of("/deliveries/{id}/mail", "/deliveries/{id}/mail/body");

    private static RunningApi api;
    private static UUID mail;

    @BeforeAll
    static void start() {
        api = new RunningApi(Clock.systemUTC());
        for (String kpi :
                List.of(
                        "signup_to_project_24h",
                        "project_to_first_verdict_72h",
                        "free_to_pro_from_quota_emails",
                        "critical_alert_open_rate")) {
            api.definition(kpi, null);
        }
        api.cohort("signup_to_project_24h", "2026-11-28T10:00:00Z", 1, 2).complete();
        mail = api.delivery("E-ACT-01", "sent", null, "<p>Hello</p>");
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    /** Whatever tables the database has. */
    static Stream<String> tables() {
        return api
                .database
                .rows(
                        "select schemaname || '.' || tablename as name from pg_tables"
                                + " where schemaname in ('public', 'lifecycle', 'kpi')"
                                + " order by 1")
                .stream()
                .map(row -> (String) row.get("name"));
    }

    @ParameterizedTest
    @MethodSource("tables")
    void costsOnlyWhatReadsTheLockedTable(String table) throws Exception {
        Map<String, List<HttpResponse<String>>> answers;
        try (Connection holder = api.database.connect(api.database.superuser());
                Statement statement = holder.createStatement()) {
            holder.setAutoCommit(false);
            statement.execute("lock table " + table + " in access exclusive mode");
            answers = askEverything();
            holder.rollback();
        }
        for (Map.Entry<String, List<HttpResponse<String>>> asked : answers.entrySet()) {
            for (HttpResponse<String> answer : asked.getValue()) {
                check(table, asked.getKey(), answer);
            }
        }
        askEverything()
                .forEach(
                        (path, all) ->
                                assertThat(all)
                                        .as("%s after the lock", path)
                                        .allMatch(answer -> answer.statusCode() == 200));
    }

    private static void check(String table, String path, HttpResponse<String> answer) {
        boolean ours = table.startsWith("kpi.");
        boolean needed =
                OF_THE_JOURNAL.contains(path)
                        ? table.equals("public.email_deliveries")
                        : OF_A_MAIL.contains(path)
                                ? Set.of("public.email_deliveries", "public.users").contains(table)
                                : ours && !path.equals("/health") && !path.equals("/status");
        int status = answer.statusCode();
        if (!needed) {
            assertThat(status).as("%s, %s locked: %s", path, table, answer.body()).isEqualTo(200);
        } else if (status != 200 || !ours) {
            assertThat(status).as("%s, %s locked", path, table).isEqualTo(503);
            assertThat(answer.body()).as(path).containsPattern("\"(locked|busy)\"");
        }
        if (path.equals("/status") && table.equals("public.email_deliveries")) {
            JsonNode said = RunningApi.read(answer.body());
            assertThat(said.path("mail").isNull()).isTrue();
            assertThat(said.path("tables").path("as_of").isNull()).isFalse();
            assertThat(said.path("problems").toString()).contains("The journal cannot be read: ");
        }
    }

    /** A figure whose table cannot be read says so; the others are there. */
    @Test
    void saysWhichFigureIsNotAvailable() throws Exception {
        try (Connection holder = api.database.connect(api.database.superuser());
                Statement statement = holder.createStatement()) {
            holder.setAutoCommit(false);
            statement.execute("lock table kpi.exposure_rows in access exclusive mode");
            JsonNode kpis = api.json("/analytics/kpi/lifecycle", RunningApi.VIEWER).path("kpis");
            holder.rollback();
            assertThat(kpis.path("free_to_pro_from_quota_emails").toString())
                    .isEqualTo("{\"value\":null,\"available\":false,\"reason\":\"locked\"}");
            assertThat(kpis.path("signup_to_project_24h").path("denominator").asInt()).isEqualTo(2);
        }
    }

    private static Map<String, List<HttpResponse<String>>> askEverything() throws Exception {
        HttpClient http = HttpClient.newHttpClient();
        Map<String, List<CompletableFuture<HttpResponse<String>>>> asked = new LinkedHashMap<>();
        for (int i = 0; i < TIMES; i++) {
            for (String route : new TreeSet<>(api.api().routes())) {
                String path = route.substring(route.indexOf(' ') + 1);
                boolean stream = path.equals("/page/events") || path.startsWith("/assets/");
                boolean file = path.equals("/emails");
                if (!route.startsWith("GET /") || stream || file) {
                    continue;
                }
                String filled =
                        path.replace("{id}", mail.toString())
                                .replace("{name}", "signup_to_project_24h");
                HttpRequest request =
                        HttpRequest.newBuilder(api.url(filled))
                                .header("Authorization", "Bearer " + RunningApi.OPERATOR)
                                .timeout(SOON)
                                .build();
                asked.computeIfAbsent(path, none -> new ArrayList<>())
                        .add(http.sendAsync(request, HttpResponse.BodyHandlers.ofString()));
            }
        }
        Map<String, List<HttpResponse<String>>> answers = new LinkedHashMap<>();
        asked.forEach(
                (path, all) ->
                        answers.put(path, all.stream().map(CompletableFuture::join).toList()));
        return answers;
    }
}
