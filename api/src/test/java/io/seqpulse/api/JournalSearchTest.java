package io.seqpulse.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A customer's mail is found: by recipient, project, email, outcome and time, newest first. */
class JournalSearchTest {

    private static final int ROWS = 20_000;
    private static final String FROM = "select * from kpi.deliveries where ";
    private static final String PAGE = " order by created_at desc, delivery_id desc limit 51";

    private static RunningApi api;
    private static UUID jane;
    private static UUID project;
    private static UUID amy;

    @BeforeAll
    static void start() {
        api = new RunningApi(Clock.systemUTC());
        jane = api.database.user("Jane.Doe@Example.com");
        UUID other = api.database.user("other@example.com");
        amy = api.database.user("amy@example.com");
        project =
                (UUID)
                        api.database.value(
                                "insert into public.projects (name, owner_id) values ('Shop', ?)"
                                        + " returning id",
                                jane);
        // Four of each second share it, as the rows of one insert do.
        api.database.execute(
                """
                insert into public.email_deliveries (user_id, project_id, email_type, dedupe_key,
                    status, category, managed_by, created_at)
                select case when n % 1000 = 0 then ?::uuid else ?::uuid end,
                    case when n % 500 = 0 then ?::uuid end,
                    case when n % 2000 = 0 then 'E-RET-04' else 'E-RET-01' end, n::text,
                    case when n % 3000 = 0 then 'failed' else 'sent' end, 'report', 'lifecycle',
                    timestamptz '2026-01-01 00:00:00+00' + (n / 4) * interval '1 second'
                from generate_series(1, 20000) n
                """,
                jane, other, project);
        api.database.execute(
                """
                insert into public.email_deliveries (user_id, recipient_address, email_type,
                    dedupe_key, status, category, managed_by, created_at)
                values (?, 'On.Call@example.com', 'E-ACT-05', 'on-call', 'sent', 'alert',
                    'lifecycle', '2026-01-02T00:00:00Z')
                """,
                other);
        // What the product sent by itself, and what it has not sent.
        for (String status : List.of("sent", "queued")) {
            api.database.execute(
                    """
                    insert into public.email_deliveries (user_id, email_type, dedupe_key, status,
                        sent_at, created_at)
                    values (?, 'NEWSLETTER', 'product ' || ?, ?, '2026-01-03T00:00:00Z',
                        '2026-01-03T00:00:00Z')
                    """,
                    amy,
                    status,
                    status);
        }
        api.database.execute(
                "alter table public.email_deliveries alter column created_at drop not null");
        api.database.execute(
                """
                insert into public.email_deliveries (user_id, email_type, dedupe_key, status,
                    sent_at, created_at)
                values (?, 'INVOICE', 'product undated', 'sent', '2026-01-02T00:00:00Z', null)
                """,
                amy);
        api.database.execute("analyze public.email_deliveries");
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    @Test
    void supportFindsWhatOnePersonWasSentWhateverTheCaseOfTheAddress() throws Exception {
        for (String recipient :
                List.of("Jane.Doe@Example.com", "jane.doe@example.com", jane.toString())) {
            List<JsonNode> found = search("{\"recipient\":\"%s\"}".formatted(recipient));
            assertThat(found).as(recipient).hasSize(ROWS / 1000);
            assertThat(found)
                    .extracting(line -> line.path("created_at").asText())
                    .isSortedAccordingTo(java.util.Comparator.reverseOrder());
        }
        assertThat(search("{\"recipient\":\"on.call@EXAMPLE.com\"}")).hasSize(1);
        assertThat(search("{\"recipient\":\"nobody@example.com\"}")).isEmpty();
    }

    @Test
    void anAddressIsAskedOfSupportOnlyAndAnsweredToNobody() throws Exception {
        String body = "{\"recipient\":\"jane.doe@example.com\"}";
        assertThat(api.post("/deliveries/search", RunningApi.VIEWER, body).statusCode())
                .isEqualTo(403);
        assertThat(api.post("/deliveries/search", RunningApi.SUPPORT, body).body())
                .doesNotContainIgnoringCase("jane", "example.com");
    }

    /** It holds marketing back, as ours does, so that support is to see it. */
    @Test
    void supportFindsWhatTheProductItselfSent() throws Exception {
        api.delivery(amy, "E-RET-01", "sent", null, null);
        List<JsonNode> found = search("{\"recipient\":\"amy@example.com\"}");
        assertThat(found)
                .extracting(
                        line -> line.path("code").asText(),
                        line -> line.path("managed_by").asText())
                .containsExactly(
                        tuple("E-RET-01", "lifecycle"),
                        tuple("NEWSLETTER", "product"),
                        tuple("INVOICE", "product"));
        JsonNode first = page("{\"recipient\":\"%s\",\"limit\":1}".formatted(amy));
        assertThat(
                        search(
                                "{\"recipient\":\"%s\",\"limit\":1,\"before\":\"%s\"}"
                                        .formatted(amy, first.path("next").asText())))
                .extracting(line -> line.path("code").asText())
                .containsExactly("NEWSLETTER");
        assertThat(search("{\"recipient\":\"%s\",\"outcome\":\"queued\"}".formatted(amy)))
                .isEmpty();
    }

    /** What is decided and held back has no line in the journal. */
    @Test
    void whatIsUnderWayIsShownBesideTheJournal() throws Exception {
        Instant until = Instant.now().plusSeconds(3600).truncatedTo(ChronoUnit.SECONDS);
        for (String user : List.of(jane.toString(), UUID.randomUUID().toString())) {
            api.put(
                    "waiting",
                    List.of(
                            "no-pipeline:" + user,
                            "E-ACT-02",
                            String.join("\n", "policy", "cap", user, project.toString())),
                    Instant.parse("2026-01-01T00:00:00Z"),
                    until.toEpochMilli(),
                    1);
        }
        api.complete();
        JsonNode held = page("{\"recipient\":\"jane.doe@example.com\"}").path("waiting");
        assertThat(held).hasSize(1);
        assertThat(held.get(0).path("reason").asText()).isEqualTo("cap");
        assertThat(held.get(0).path("reason_text").path("en").asText()).contains("24 hours");
        assertThat(held.get(0).path("until").asText()).isEqualTo(until.toString());
        assertThat(
                        page("{\"recipient\":\"%s\",\"code\":\"E-ACT-01\"}".formatted(jane))
                                .path("waiting"))
                .isEmpty();
        assertThat(
                        page("{\"recipient\":\"%s\",\"outcome\":\"sent\"}".formatted(jane))
                                .has("waiting"))
                .isFalse();
        JsonNode all = api.json("/waiting?project=" + project, RunningApi.VIEWER);
        assertThat(all.path("counts").path("cap").asInt()).isEqualTo(2);
        assertThat(all.path("waiting")).hasSize(2);
        assertThat(all.toString()).doesNotContain(jane.toString());
        assertThat(api.json("/status", RunningApi.OPERATOR).path("held_mail").path("count").asInt())
                .isEqualTo(2);
    }

    private static JsonNode page(String body) throws Exception {
        return RunningApi.read(api.post("/deliveries/search", RunningApi.SUPPORT, body).body());
    }

    @Test
    void everybodyFindsByProjectEmailOutcomeAndTime() throws Exception {
        assertThat(list("project=" + project)).hasSize(ROWS / 500);
        assertThat(list("code=E-RET-04")).hasSize(ROWS / 2000);
        assertThat(list("outcome=failed")).hasSize(ROWS / 3000);
        assertThat(list("code=E-RET-04&outcome=failed&project=" + project)).hasSize(3);
        assertThat(list("from=2026-01-01T00:00:10Z&to=2026-01-01T00:00:12Z")).hasSize(8);
    }

    @Test
    void pagesThroughRowsOfOneTimeWithoutLosingOrRepeatingAny() throws Exception {
        List<String> ids = new ArrayList<>();
        String before = "";
        int pages = 0;
        do {
            JsonNode page =
                    api.json(
                            "/deliveries?limit=3&to=2026-01-01T00:00:10Z" + before,
                            RunningApi.VIEWER);
            page.path("deliveries").forEach(line -> ids.add(line.path("id").asText()));
            before = page.path("next").isNull() ? null : "&before=" + page.path("next").asText();
            pages++;
        } while (before != null);
        assertThat(pages).isEqualTo(13);
        assertThat(ids).hasSize(39).doesNotHaveDuplicates();
    }

    /** Of a million rows, too, a page costs a page: nothing is read through, nothing sorted. */
    @Test
    void readsAPageOfManyRowsInTheirOrder() {
        for (String many :
                List.of(
                        "true",
                        "code = 'E-RET-01'",
                        "outcome = 'sent'",
                        "(created_at, delivery_id) < ('2026-01-01T00:30:00Z', '%s')"
                                .formatted(UUID.randomUUID()))) {
            assertThat(plan(FROM + many + PAGE)).as(many).doesNotContain("Seq Scan", "Sort");
        }
    }

    @Test
    void findsFewRowsByAnIndex() {
        for (String few :
                List.of(
                        "code = 'E-RET-04'",
                        "outcome = 'failed'",
                        "project_id = '%s'".formatted(project))) {
            assertThat(plan(FROM + few + PAGE)).as(few).doesNotContain("Seq Scan");
        }
        // As RecipientSearch asks; by time it would read through what others were sent.
        assertThat(
                        plan(
                                """
                                with theirs as materialized (
                                    select * from public.email_deliveries
                                    where managed_by = 'lifecycle' and (user_id = '%1$s'
                                        or lower(recipient_address) = 'jane.doe@example.com')
                                    union all
                                    select * from public.email_deliveries
                                    where managed_by is distinct from 'lifecycle'
                                        and status = 'sent' and (user_id = '%1$s'
                                        or lower(recipient_address) = 'jane.doe@example.com'))
                                select * from theirs order by created_at desc, id desc limit 51
                                """
                                        .formatted(jane)))
                .contains("email_deliveries_lifecycle_address")
                .doesNotContain("Seq Scan", "email_deliveries_lifecycle_newest");
    }

    private static String plan(String sql) {
        return String.join(
                System.lineSeparator(),
                api.database.rows("explain " + sql).stream().map(Object::toString).toList());
    }

    private static List<JsonNode> search(String body) throws Exception {
        String answer = api.post("/deliveries/search", RunningApi.SUPPORT, body).body();
        return lines(RunningApi.read(answer));
    }

    private static List<JsonNode> list(String query) throws Exception {
        return lines(api.json("/deliveries?limit=500&" + query, RunningApi.VIEWER));
    }

    private static List<JsonNode> lines(JsonNode page) {
        return Stream.iterate(0, i -> i < page.path("deliveries").size(), i -> i + 1)
                .map(page.path("deliveries")::get)
                .toList();
    }
}
