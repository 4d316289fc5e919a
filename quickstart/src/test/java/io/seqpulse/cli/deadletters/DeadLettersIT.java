package io.seqpulse.cli.deadletters;

import static io.seqpulse.cli.deadletters.Feed.change;
import static io.seqpulse.cli.deadletters.Feed.inserted;
import static io.seqpulse.cli.deadletters.Feed.key;
import static io.seqpulse.cli.deadletters.Feed.row;
import static io.seqpulse.cli.deadletters.Product.SOON;
import static io.seqpulse.cli.deadletters.Product.addressOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.cli.Lifecycle;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.Journal;
import io.seqpulse.quickstart.stack.StackNames;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import picocli.CommandLine;

/** {@code ./lifecycle deadletters} against a stack that is up, and what a replay brings about. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DeadLettersIT {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static EmbeddedStack stack;
    private static Product product;
    private static Feed feed;

    @BeforeAll
    static void start() throws InterruptedException {
        stack =
                EmbeddedStack.builder()
                        .history(
                                database -> {
                                    try (PreparedStatement insert =
                                            database.prepareStatement(
                                                    """
                                                    insert into lifecycle.rule_live_since (code, live_since)
                                                    select unnest(?), now() - interval '70 days'
                                                    """)) {
                                        insert.setArray(
                                                1,
                                                database.createArrayOf(
                                                        "text",
                                                        new String[] {
                                                            "E-TRX-01", "E-ACT-04", "E-ACT-05"
                                                        }));
                                        insert.execute();
                                    }
                                })
                        .start();
        product = new Product(stack);
        feed = new Feed(stack);
    }

    @AfterAll
    static void stop() {
        if (stack != null) {
            feed.close();
            stack.close();
        }
    }

    private record Ran(int code, String out, String err) {}

    private static Ran run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command = Lifecycle.commandLine();
        command.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        List<String> all = new ArrayList<>(List.of("deadletters"));
        all.addAll(List.of(arguments));
        int code = command.execute(all.toArray(String[]::new));
        return new Ran(code, out.toString(), err.toString());
    }

    private static Ran onStack(String command, String... arguments) {
        List<String> all = new ArrayList<>(List.of(command, "--state", stack.folder().toString()));
        all.addAll(List.of(arguments));
        return run(all.toArray(String[]::new));
    }

    private static List<JsonNode> listed(String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of("--json"));
        all.addAll(List.of(arguments));
        List<JsonNode> letters = new ArrayList<>();
        for (String line : onStack("list", all.toArray(String[]::new)).out().lines().toList()) {
            letters.add(JSON.readTree(line));
        }
        return letters;
    }

    private static JsonNode awaitLetterAt(long position) {
        return await().atMost(SOON)
                .until(
                        () ->
                                listed("--show").stream()
                                        .filter(l -> l.path("position").asLong() == position)
                                        .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    /** A letter as a job that understood less would have written it. */
    private static void letterOfAnEarlierVersion(long position, String key, String value)
            throws Exception {
        feed.send(
                StackNames.DEAD_LETTERS,
                key,
                value,
                Map.of(
                        "topic",
                        StackNames.CHANGES,
                        "partition",
                        "0",
                        "offset",
                        Long.toString(position),
                        "reason",
                        "of an earlier version"));
    }

    private static long onlyNumberAfter(String text, String start) {
        String line = text.lines().filter(l -> l.contains(start)).collect(Collectors.joining("\n"));
        return Long.parseLong(line.substring(line.indexOf(start) + start.length()).strip());
    }

    @Test
    @Order(1)
    void listsWhatItIsAndShowsWhatItSaysOnlyWhenAsked() throws Exception {
        long first = feed.append("k\u001b[31m", "Ada's \u001b[2J secret");
        long second =
                feed.append(
                        key("u-1"), inserted("users", "id", "u-1", "email", "ada@secret.example"));
        awaitLetterAt(first);
        awaitLetterAt(second);

        Ran listed = onStack("list");
        assertThat(listed.code()).isZero();
        assertThat(listed.out())
                .contains("value is no JSON")
                .contains("users.created_at is not in the change log")
                .contains("{\"id\":\"u-1\"}")
                .contains("2 dead letters, 0 of them replayed")
                .doesNotContain("secret")
                .doesNotContain("\u001b");
        assertThat(onStack("list", "--table", "users").out())
                .contains(second + " ")
                .doesNotContain("no JSON");
        assertThat(onStack("list", "--reason", "no JSON").out())
                .contains(first + " ")
                .doesNotContain("u-1");
        assertThat(onStack("list", "--show").out())
                .contains("Ada's  [2J secret")
                .contains("ada@secret.example");

        JsonNode line = listed("--table", "users").get(0);
        assertThat(line.path("topic").asText()).isEqualTo(StackNames.CHANGES);
        assertThat(line.path("position").asLong()).isEqualTo(second);
        assertThat(line.path("table").asText()).isEqualTo("users");
        assertThat(Instant.parse(line.path("given_up_at").asText()))
                .isBetween(Instant.now().minus(Duration.ofMinutes(5)), Instant.now());
        assertThat(line.path("replays")).isEmpty();
        assertThat(line.has("value")).isFalse();
        assertThat(
                        run(
                                        "list",
                                        "--bootstrap-servers",
                                        stack.bootstrapServers(),
                                        "--command-config",
                                        stack.kafkaFile().toString())
                                .out())
                .isEqualTo(listed.out());
    }

    @Test
    @Order(2)
    void doesNothingUnlessItIsTold() throws Exception {
        int letters = listed().size();
        long end = feed.append(null, "{\"ts_ms\":1}");

        assertThat(run("list").code()).isEqualTo(2);
        assertThat(run("list", "--state", "/nowhere").err()).contains("no stack is up with");
        assertThat(run("list", "--bootstrap-servers", "nonsense").err())
                .contains("nonsense is no address of Kafka");
        assertThat(onStack("list", "--topic", "other").err())
                .contains("has no topic 'other'")
                .contains("kafka.dead-letter-topic");
        assertThat(onStack("replay", "--yes").code()).isEqualTo(2);
        assertThat(onStack("replay", "--yes", "--all", "--table", "users").code()).isEqualTo(2);
        Ran unknown = onStack("replay", "--yes", "--offset", "987654");
        assertThat(unknown.code()).isEqualTo(1);
        assertThat(unknown.err()).contains("no dead letter has position 987654");
        Ran unasked = onStack("replay", "--all");
        assertThat(unasked.code()).isEqualTo(2);
        assertThat(unasked.err()).contains("add --yes; nothing was replayed");

        assertThat(listed()).hasSize(letters).allMatch(l -> l.path("replays").isEmpty());
        assertThat(feed.append(null, "{\"ts_ms\":2}")).isGreaterThan(end);
    }

    @Test
    @Order(3)
    void aLetterThatStaysUnusableBecomesANewOneAndIsNotReplayedByItself() throws Exception {
        String still = "{\"op\":\"still\"}";
        long position = feed.append("the key", still);
        awaitLetterAt(position);

        Ran replayed = onStack("replay", "--yes", "--offset", Long.toString(position));
        assertThat(replayed.code()).isZero();
        long now = onlyNumberAfter(replayed.out(), position + " replayed, now at ");
        JsonNode again = awaitLetterAt(now);
        assertThat(again.path("key").asText()).isEqualTo("the key");
        assertThat(again.path("value").asText()).isEqualTo(still);
        JsonNode old = awaitLetterAt(position);
        assertThat(old.path("replays").path(0).path("position").asLong()).isEqualTo(now);

        String offset = Long.toString(position);
        assertThat(onStack("replay", "--yes", "--offset", offset).out())
                .contains("1 were replayed before; --again")
                .contains("nothing to replay");
        assertThat(onStack("replay", "--yes", "--offset", offset, "--again").out())
                .contains("1 replayed, 0 failed");
        assertThat(awaitLetterAt(position).path("replays")).hasSize(2);
        product.assertGoesOn();
    }

    @Test
    @Order(4)
    void whatCanBeReadByNowIsMailedWhenItIsReplayed() throws Exception {
        UUID kept = UUID.randomUUID();
        UUID inTheLog = UUID.randomUUID();
        product.whileTheConnectorPauses(
                () -> {
                    for (UUID user : List.of(kept, inTheLog)) {
                        product.signUp(user, "Ada", addressOf(user));
                    }
                    letterOfAnEarlierVersion(1_000_001, key(kept), signedUp(kept));
                    // only its place is known; the job passed over what stands there
                    long place = feed.append(key(inTheLog), signedUp(inTheLog));
                    letterOfAnEarlierVersion(place, null, null);
                    feed.tickPastNow();
                    product.mail("E-TRX-01", inTheLog);
                    assertThat(product.mailsTo(kept)).isEmpty();

                    Ran replayed = onStack("replay", "--yes", "--reason", "of an earlier version");
                    assertThat(replayed.out()).contains("2 replayed, 0 failed");
                    feed.tickPastNow();
                    product.mail("E-TRX-01", kept);
                    long now = onlyNumberAfter(replayed.out(), place + " replayed, now at ");
                    assertThat(bytesAt(now)).isEqualTo(bytesAt(place));
                    return null;
                });
        product.assertGoesOn();
        for (UUID user : List.of(kept, inTheLog)) {
            assertThat(product.mailsTo(user)).as("once, however often it is told").hasSize(1);
        }
    }

    private static String signedUp(UUID user) {
        return inserted(
                "users",
                "id",
                user,
                "name",
                "Ada",
                "email",
                addressOf(user),
                "is_active",
                true,
                "created_at",
                Instant.now());
    }

    /** What stands in the change log. */
    private static String bytesAt(long position) {
        try (LetterTopic topic = new LetterTopic(stack.kafkaClient(), StackNames.DEAD_LETTERS)) {
            StoredLetter place =
                    new StoredLetter(
                            StackNames.CHANGES,
                            position,
                            Instant.EPOCH,
                            null,
                            "",
                            null,
                            0,
                            false,
                            List.of());
            return new String(topic.original(place).value(), StandardCharsets.UTF_8);
        }
    }

    @Test
    @Order(5)
    void whatIsOverEndsAsStaleAndTurnsNoClockBack() throws Exception {
        UUID owner = product.signUp();
        UUID project = product.project(owner, "Old");
        product.verdict(product.deployment(project), "ok", "fine");
        product.mail("E-ACT-04", owner);
        UUID deployment = product.deployment(project);
        product.assertGoesOn();
        Instant before = stack.watermark().orElseThrow();

        Instant then = Instant.now().minus(Duration.ofHours(7));
        letterOfAnEarlierVersion(
                1_000_002,
                key(deployment),
                change(
                        "c",
                        "deployment_verdicts",
                        then,
                        row(
                                "id",
                                UUID.randomUUID(),
                                "deployment_id",
                                deployment,
                                "verdict",
                                "rollback_recommended",
                                "created_at",
                                then)));
        letterOfAnEarlierVersion(1_000_003, null, Feed.clock(then));
        assertThat(onStack("replay", "--yes", "--offset", "1000002", "1000003").out())
                .contains("2 replayed, 0 failed");

        Journal.Row row =
                await().atMost(SOON)
                        .until(
                                () -> stack.journal().row("critical_verdict_alert:" + deployment),
                                Optional::isPresent)
                        .orElseThrow();
        assertThat(row.status()).isEqualTo("suppressed");
        assertThat(row.reason()).isEqualTo("stale");
        assertThat(stack.watermark().orElseThrow()).isAfterOrEqualTo(before);
        product.assertGoesOn();
        assertThat(product.mailsTo(owner)).as("welcome and first verdict").hasSize(2);
    }

    @Test
    @Order(6)
    void aRecordThatKafkaNoLongerKeepsIsSaidToBeGoneAndTheOthersAreReplayed() throws Exception {
        long good = feed.append(null, "good enough to be replayed");
        awaitLetterAt(good);
        letterOfAnEarlierVersion(999_999_999, null, null);

        Ran replayed = onStack("replay", "--yes", "--offset", Long.toString(good), "999999999");
        assertThat(replayed.code()).isEqualTo(1);
        assertThat(replayed.err())
                .contains("position 999999999: its bytes are no longer in 'seqpulse.changes'");
        assertThat(replayed.out()).contains("1 replayed, 1 failed");
    }

    /** The senders cannot ask without it: they wait, and the job goes on. */
    @Test
    @Order(7)
    void aRenamedColumnThatTheSendersNeedDelaysMailAndLosesNone() throws Exception {
        product.execute("alter table users rename column email to mail");
        UUID waiting = UUID.randomUUID();
        product.execute(
                "insert into users (id, name, mail) values (?, 'Ada', ?)",
                waiting,
                addressOf(waiting));
        await().atMost(SOON)
                .until(() -> stack.alarms().stream().anyMatch(a -> a.contains("users.email")));
        await().atMost(SOON)
                .until(() -> stack.journal().row("welcome_signup:" + waiting).isPresent());
        await().atMost(SOON).until(() -> product.metric(".email.databaseErrors") > 0);
        assertThat(product.mailsTo(waiting)).isEmpty();

        product.execute("alter table users rename column mail to email");
        product.mail("E-TRX-01", waiting);
        product.assertGoesOn();
        assertThat(product.mailsTo(waiting)).hasSize(1);
    }

    /** Whom a policy hides is not deleted. */
    @Test
    @Order(8)
    void usersHiddenByAPolicyAreWaitedForAndGetTheirMailAfterwards() throws Exception {
        long gone = product.metric(".email.recipientGone");
        product.execute("alter table users enable row level security");
        UUID hidden;
        try {
            hidden = product.signUp();
            await().atMost(SOON).until(() -> product.metric(".email.journalWaitingSeconds") > 0);
            assertThat(stack.journal().row("welcome_signup:" + hidden)).isEmpty();
        } finally {
            product.execute("alter table users disable row level security");
        }
        product.mail("E-TRX-01", hidden);
        product.assertGoesOn();
        assertThat(product.mailsTo(hidden)).hasSize(1);
        assertThat(product.metric(".email.recipientGone")).isEqualTo(gone);
    }

    /** What others write is too long for an index, or looks like two. */
    @Test
    @Order(9)
    void textsOfOthersThatFitIntoNoKeyStopNothing() throws Exception {
        UUID owner = product.signUp();
        product.mail("E-TRX-01", owner);
        String noise = noise(6_400);
        for (String code : List.of(noise, "E-" + noise, "weekly\nreport")) {
            product.execute(
                    """
                    insert into email_deliveries (user_id, email_type, dedupe_key, status, sent_at)
                    values (?, ?, gen_random_uuid()::text, 'sent', now())
                    """,
                    owner,
                    code);
        }
        UUID project = product.project(owner, "Complete");
        product.execute(
                "insert into project_members (project_id, email, on_call) values (?, ?, true)",
                project,
                noise(4_800) + "@example.org");
        UUID deployment = product.deployment(project);
        product.verdict(deployment, "warning", "slower");

        product.mail("E-ACT-05", owner);
        await().atMost(SOON)
                .until(
                        () ->
                                "1"
                                        .equals(
                                                product.query(
                                                        """
                                                        select count(*) from email_deliveries
                                                        where status = 'failed'
                                                            and reason = 'not_journalled'
                                                            and occasion =
                                                                'critical_verdict_alert:' || ?
                                                        """,
                                                        deployment.toString())));
        await().atMost(SOON)
                .until(
                        () ->
                                "3"
                                        .equals(
                                                product.query(
                                                        """
                                                        select count(distinct code) from kpi.emails
                                                        where code like 'weekly%~%'
                                                            or code like left(?, 20) || '%~%'
                                                            or code like 'E-' || left(?, 20) || '%~%'
                                                        """,
                                                        noise, noise)));
        product.assertGoesOn();
    }

    /** Letters and digits that do not compress. */
    private static String noise(int length) {
        Random random = new Random(length);
        StringBuilder noise = new StringBuilder();
        while (noise.length() < length) {
            noise.append(Long.toString(random.nextLong() >>> 1, 36));
        }
        return noise.substring(0, length);
    }

    /** Last, as it sets the clock forward. */
    @Test
    @Order(10)
    void anOrphanIsALetterAfterTenMinutesOfTheLogAndIsStillTakenWhenItsParentComes()
            throws Exception {
        UUID owner = product.signUp();
        UUID project = product.project(owner, "Complete");
        UUID deployment = UUID.randomUUID();
        Instant now = Instant.now();
        long position =
                feed.append(
                        key(deployment),
                        inserted(
                                "deployment_verdicts",
                                "id",
                                UUID.randomUUID(),
                                "deployment_id",
                                deployment,
                                "verdict",
                                "ok",
                                "summary",
                                "fine",
                                "created_at",
                                now));
        product.mail("E-TRX-01", owner);
        feed.tick(now.plus(Duration.ofMinutes(9)));
        assertThat(stack.awaitWatermark(now.plus(Duration.ofSeconds(500)), SOON)).isTrue();
        assertThat(listed("--reason", "orphan")).isEmpty();

        // no clock runs more than ten minutes ahead of this machine's, which is on its way
        // meanwhile
        await().atMost(SOON)
                .until(
                        () -> {
                            feed.tick(now.plus(Duration.ofMinutes(11)));
                            return !listed("--reason", "orphan").isEmpty();
                        });
        JsonNode letter = awaitLetterAt(position);
        assertThat(letter.path("reason").asText()).isEqualTo("orphan");
        assertThat(letter.path("table").asText()).isEqualTo("deployment_verdicts");
        assertThat(letter.path("value").asText()).contains(deployment.toString());
        await().atMost(SOON)
                .untilAsserted(
                        () ->
                                assertThat(product.metric(".table.deployment_verdicts.deadLetters"))
                                        .isEqualTo(1));

        product.execute(
                """
                insert into deployments (id, deployment_number, project_id, state, started_at)
                values (?, 7, ?, 'finished', now())
                """,
                deployment,
                project);
        awaitMailTo(owner, "E-ACT-04", now.plus(Duration.ofMinutes(12)));

        assertThat(onStack("replay", "--yes", "--reason", "orphan").out())
                .contains("1 replayed, 0 failed");
        UUID later = product.signUp();
        awaitMailTo(later, "E-TRX-01", now.plus(Duration.ofMinutes(20)));
        assertThat(product.mailsTo(owner)).as("welcome and first verdict").hasSize(2);
    }

    /** Moves the clock on until the mail is there. */
    private static void awaitMailTo(UUID user, String code, Instant from) {
        List<Instant> tick = new ArrayList<>(List.of(from));
        await().atMost(SOON)
                .until(
                        () -> {
                            feed.tick(tick.get(0));
                            tick.set(0, tick.get(0).plusSeconds(1));
                            return product.mailsTo(user).stream()
                                    .anyMatch(mail -> mail.code().equals(code));
                        });
    }
}
