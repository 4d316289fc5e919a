package io.seqpulse.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.connector.jdbc.ProductDatabase;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** The service on a real database, whose KPI rows a test puts as the job does. */
final class RunningApi implements AutoCloseable {

    static final String VIEWER = "viewer-token-of-a-test-0001";
    static final String SUPPORT = "support-token-of-a-test-001";
    static final String OPERATOR = "operator-token-of-a-test-01";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long GENERATION = 7;

    final ProductDatabase database = ProductDatabase.shared();
    private final HttpClient http = HttpClient.newHttpClient();
    private final Api api;

    RunningApi(Clock clock) {
        this(clock, Map.of());
    }

    RunningApi(Clock clock, Map<String, String> more) {
        for (String table :
                List.of(
                        "cohort",
                        "cohort_hour",
                        "exposure",
                        "activity",
                        "activity_hour",
                        "email",
                        "segment",
                        "duration",
                        "waiting",
                        "heartbeat")) {
            database.execute("delete from kpi." + table + "_rows");
        }
        database.execute("delete from kpi.generation");
        database.execute("delete from kpi.definition");
        Map<String, String> environment = new HashMap<>();
        environment.put("LIFECYCLE_API_PORT", "0");
        environment.put("LIFECYCLE_API_DATABASE_URL", database.url());
        environment.put("LIFECYCLE_API_DATABASE_USER", "lifecycle_readonly");
        environment.put("LIFECYCLE_API_DATABASE_PASSWORD", ProductDatabase.PASSWORD);
        environment.put("LIFECYCLE_API_SUPPORT_USER", "lifecycle_support");
        environment.put("LIFECYCLE_API_SUPPORT_PASSWORD", ProductDatabase.PASSWORD);
        environment.put("LIFECYCLE_API_REQUESTS_PER_SECOND", "1000");
        environment.put(
                "LIFECYCLE_API_TOKENS",
                "vera:viewer:%s, sam:support:%s, olga:operator:%s"
                        .formatted(VIEWER, SUPPORT, OPERATOR));
        environment.putAll(more);
        api = Api.start(ApiConfig.of(environment), clock);
    }

    static Clock at(String time) {
        return Clock.fixed(Instant.parse(time), ZoneOffset.UTC);
    }

    Api api() {
        return api;
    }

    /** Everything of a KPI in one minute. */
    RunningApi cohort(String kpi, String minute, long numerator, long denominator) {
        return put("cohort", List.of(kpi), Instant.parse(minute), numerator, denominator);
    }

    /** A quota email that was sent about a project of its own. */
    RunningApi exposure(String code, String minute, boolean converted) {
        return put(
                "exposure",
                List.of(UUID.randomUUID().toString(), UUID.randomUUID().toString(), code),
                Instant.parse(minute),
                converted ? 1 : 0,
                1);
    }

    /** What the job says of a KPI at its start; without a reason it is available. */
    RunningApi definition(String kpi, String reason) {
        database.execute(
                "insert into kpi.definition values (?, 1, ?, 'd', ?, ?, null, 30, 45)",
                kpi,
                kpi,
                reason == null,
                reason);
        return this;
    }

    /** The tables are complete. */
    RunningApi complete() {
        begin();
        database.execute(
                "select kpi.heartbeat(?, 1, 0, 1, ?)",
                GENERATION,
                Instant.now().plusSeconds(1).toEpochMilli());
        return this;
    }

    private void begin() {
        database.execute("select kpi.begin(?, ?, -1, 0, false)", GENERATION, GENERATION);
    }

    RunningApi put(
            String relation, List<String> series, Instant at, long numerator, long denominator) {
        begin();
        database.execute(
                "select kpi.put(?, 1, 0, array[?], array[?], array[?], array[?], array[?::bigint],"
                        + " array[?::bigint], array[?::bigint])",
                GENERATION,
                relation,
                series.get(0),
                series.size() > 1 ? series.get(1) : "",
                series.size() > 2 ? series.get(2) : "",
                at.toEpochMilli(),
                numerator,
                denominator);
        database.execute("call kpi.add_up_hours()");
        return this;
    }

    /** A mail in the journal. */
    UUID delivery(String code, String status, String reason, String html) {
        UUID user = database.user("jane.doe+%s@example.com".formatted(UUID.randomUUID()));
        return delivery(user, code, status, reason, html);
    }

    /** A mail to somebody in the journal. */
    UUID delivery(UUID user, String code, String status, String reason, String html) {
        return (UUID)
                database.value(
                        "insert into public.email_deliveries (user_id, email_type, dedupe_key,"
                                + " status, reason, category, managed_by, payload_json)"
                                + " values (?, ?, ?, ?, ?, 'marketing', 'lifecycle',"
                                + " jsonb_build_object('subject', 'Hello Jane', 'html', ?::text,"
                                + " 'text', 'Hello', 'language', 'en')) returning id",
                        user,
                        code,
                        UUID.randomUUID().toString(),
                        status,
                        reason,
                        html);
    }

    HttpResponse<String> get(String path, String token, String... headers) throws Exception {
        return send("GET", path, token, headers);
    }

    /** Begins a session, and returns the cookie that names it. */
    String session(String token) throws Exception {
        String cookie =
                send("POST", "/session", token).headers().firstValue("Set-Cookie").orElseThrow();
        return cookie.substring(0, cookie.indexOf(';'));
    }

    /** Posts JSON. */
    HttpResponse<String> post(String path, String token, String body) throws Exception {
        return http.send(
                HttpRequest.newBuilder(url(path))
                        .header("Content-Type", "application/json")
                        .header("Authorization", "Bearer " + token)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> send(String method, String path, String token, String... headers)
            throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(url(path))
                        .method(method, HttpRequest.BodyPublishers.noBody());
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    JsonNode json(String path, String token) throws Exception {
        return JSON.readTree(get(path, token).body());
    }

    static JsonNode read(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new IllegalStateException(text, e);
        }
    }

    URI url(String path) {
        return URI.create("http://127.0.0.1:" + api.port() + path);
    }

    /** Sends bytes as they are, and returns what comes back until the server closes. */
    String raw(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", api.port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            socket.getOutputStream().flush();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Override
    public void close() {
        api.close();
    }
}
