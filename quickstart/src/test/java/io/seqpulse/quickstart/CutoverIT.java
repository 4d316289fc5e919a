package io.seqpulse.quickstart;

import static io.seqpulse.cli.database.SomebodysPostgres.column;
import static io.seqpulse.cli.database.SomebodysPostgres.execute;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.cli.database.DatabaseAddress;
import io.seqpulse.cli.database.Installation;
import io.seqpulse.cli.database.SomebodysPostgres;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.MailServer;
import io.seqpulse.quickstart.stack.Ports;
import io.seqpulse.quickstart.stack.ReceivedMail;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** The steps of docs/cutover.md, one after the other, against the product's statuses and keys. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CutoverIT {

    private static final Duration SOON = Duration.ofSeconds(30);

    /** An absence is asked for only so long after it was due. */
    private static final Duration GRACE = Duration.ofSeconds(60);

    /** The product's rows as the product sees them. */
    private static final String THEIRS =
            "select concat_ws(' ', id, user_id, email_type, dedupe_key, status, provider_message_id,"
                    + " payload_json, error_message, sent_at, created_at)"
                    + " from public.email_deliveries where managed_by is null order by id";

    private static final UUID SENT_BY_PRODUCT = UUID.randomUUID();
    private static final UUID QUEUED_BY_PRODUCT = UUID.randomUUID();
    private static final UUID FAILED_BY_PRODUCT = UUID.randomUUID();
    private static final UUID IN_SHADOW = UUID.randomUUID();
    private static final UUID HAD_MARKETING = UUID.randomUUID();
    private static final UUID HAD_NONE = UUID.randomUUID();
    private static final UUID LIVE = UUID.randomUUID();
    private static final UUID UNSENT = UUID.randomUUID();

    @TempDir private static Path scratch;

    private static SomebodysPostgres postgres;
    private static DatabaseAddress database;
    private static ProductPoller poller;
    private static MailServer mails;

    @BeforeAll
    static void start() throws Exception {
        postgres = SomebodysPostgres.start();
        database = postgres.product("cutover");
        poller = new ProductPoller(database);
        mails =
                MailServer.start(
                        new Ports(notice -> {}).free(),
                        Files.createDirectory(scratch.resolve("mails")));
    }

    @AfterAll
    static void stop() throws Exception {
        mails.close();
        postgres.close();
    }

    private static void say(String step, List<String> what) {
        System.out.println("cutover, " + step);
        what.forEach(line -> System.out.println("    " + names(line)));
    }

    /** Users by what they are there for, instead of by id. */
    private static String names(String line) {
        return line.replace(SENT_BY_PRODUCT.toString(), "sent-by-product")
                .replace(QUEUED_BY_PRODUCT.toString(), "queued-by-product")
                .replace(FAILED_BY_PRODUCT.toString(), "failed-by-product")
                .replace(IN_SHADOW.toString(), "in-shadow")
                .replace(HAD_MARKETING.toString(), "had-marketing")
                .replace(HAD_NONE.toString(), "had-none")
                .replace(LIVE.toString(), "live")
                .replace(UNSENT.toString(), "unsent");
    }

    /** The product signs somebody up, and schedules the welcome as it always has. */
    private static void signUp(UUID user) {
        signUp(user, Instant.now());
        poller.schedule(user, "E-TRX-01", "welcome_signup:" + user);
    }

    private static void signUp(UUID user, Instant at) {
        execute(
                database,
                "insert into public.users (id, name, email, created_at) values ('%s', 'Nadia', '%s@example.org', '%s')"
                        .formatted(user, user, at));
    }

    private static void journalledByProduct(UUID user, String type, String key, String status) {
        execute(
                database,
                "insert into public.email_deliveries (user_id, email_type, dedupe_key, status, sent_at) values ('%s', '%s', '%s', '%s', %s)"
                        .formatted(
                                user,
                                type,
                                key,
                                status,
                                status.equals("sent") ? "now() - interval '1 hour'" : "null"));
    }

    private static List<String> ours() {
        return column(
                database,
                "select dedupe_key || ' ' || status || coalesce(' ' || reason, '')"
                        + " from public.email_deliveries where managed_by = 'lifecycle'"
                        + " order by created_at, id");
    }

    private static void awaitOurs(String line) {
        Awaitility.await()
                .atMost(SOON.toSeconds(), TimeUnit.SECONDS)
                .untilAsserted(() -> assertThat(ours()).contains(line));
    }

    private static boolean isTo(ReceivedMail mail, UUID user) {
        return mail.recipient().equals(user + "@example.org");
    }

    @Test
    @Order(1)
    void oneThePollerStopsAndWeComeInShadow() throws Exception {
        try (Connection connection = database.connect()) {
            Installation.plan(connection, SomebodysPostgres.home()).run(connection);
        }
        try (EmbeddedStack stack = EmbeddedStack.builder().database(database).start()) {
            // The last jobs that the product's poller had under way, as it left them.
            signUp(SENT_BY_PRODUCT);
            poller.runJobs();
            for (UUID user : List.of(QUEUED_BY_PRODUCT, FAILED_BY_PRODUCT)) {
                signUp(user, Instant.now());
                journalledByProduct(
                        user,
                        "E-TRX-01",
                        "welcome_signup:" + user,
                        user.equals(QUEUED_BY_PRODUCT) ? "queued" : "failed");
            }
            signUp(IN_SHADOW);
            List<String> theirs = column(database, THEIRS);
            awaitOurs("welcome_signup:%s#shadow suppressed shadow".formatted(IN_SHADOW));

            assertThat(stack.awaitWatermark(Instant.now(), SOON)).isTrue();
            assertThat(column(database, THEIRS)).isEqualTo(theirs);
            assertThat(ours()).allMatch(line -> line.endsWith("#shadow suppressed shadow"));
        }
        say("1: in shadow, the poller stopped. Ours:", ours());
        assertThat(poller.sent()).containsExactly("welcome_signup:" + SENT_BY_PRODUCT);
        assertThat(mails.count()).isZero();
    }

    @Test
    @Order(2)
    void twoWhatTheProductWouldSendIsWhatWeWould() {
        List<String> differences =
                column(
                        database,
                        """
                        select coalesce(theirs.key, ours.key)
                            || case when ours.key is null then ' only the product' else ' only we' end
                        from (
                            select job_metadata ->> 'dedupe_key' as key from public.scheduled_jobs
                            where job_type = 'email_send' and status = 'pending'
                        ) theirs
                        full join (
                            select split_part(dedupe_key, '#', 1) as key from public.email_deliveries d
                            where managed_by = 'lifecycle' and reason = 'shadow'
                                and not exists (
                                    select from public.email_deliveries p
                                    where p.managed_by is null
                                        and p.dedupe_key = split_part(d.dedupe_key, '#', 1))
                        ) ours using (key)
                        where theirs.key is null or ours.key is null
                        """);
        say("2: compared. Differences: " + differences.size(), differences);
        assertThat(differences).isEmpty();
    }

    @Test
    @Order(3)
    void threeLiveNothingOfTheProductsIsSentAgainOrAdopted() throws Exception {
        List<String> theirs = column(database, THEIRS);
        try (EmbeddedStack stack = live()) {
            assertThat(mails.await(mail -> isTo(mail, IN_SHADOW), SOON)).isPresent();
            journalledByProduct(HAD_MARKETING);
            theirs = column(database, THEIRS);
            signUp(HAD_NONE, whenItsProjectIsMissed());
            assertThat(
                            mails.await(
                                    mail -> isTo(mail, HAD_NONE) && mail.code().equals("E-ACT-01"),
                                    SOON.plus(GRACE)))
                    .isPresent();
            signUp(LIVE);
            assertThat(mails.await(mail -> isTo(mail, LIVE), SOON)).isPresent();
            assertThat(stack.awaitWatermark(Instant.now(), SOON)).isTrue();

            // The mail server goes away; what is decided now stays queued.
            mails.close();
            signUp(UNSENT);
            awaitOurs("welcome_signup:%s queued".formatted(UNSENT));
        }
        say("3: live. Ours:", ours());
        say(
                "3: received:",
                mails.received().stream().map(m -> m.code() + " " + m.recipient()).toList());
        assertThat(column(database, THEIRS)).isEqualTo(theirs);
        assertThat(mails.received())
                .noneMatch(mail -> isTo(mail, SENT_BY_PRODUCT))
                .noneMatch(mail -> isTo(mail, QUEUED_BY_PRODUCT))
                .noneMatch(mail -> isTo(mail, FAILED_BY_PRODUCT))
                .noneMatch(mail -> isTo(mail, HAD_MARKETING) && mail.code().equals("E-ACT-01"));
        assertThat(ours())
                .contains("welcome_signup:%s sent".formatted(IN_SHADOW))
                .contains("welcome_signup:%s sent".formatted(LIVE));
    }

    /** No project two hours after signing up, but the product wrote to them an hour ago. */
    private static void journalledByProduct(UUID hadMarketing) {
        signUp(hadMarketing, whenItsProjectIsMissed());
        journalledByProduct(hadMarketing, "E-CONV-04", "env_forced:" + hadMarketing, "sent");
    }

    /** Two hours before the rule came into force: its absence is asked after the grace. */
    private static Instant whenItsProjectIsMissed() {
        String liveSince =
                column(
                                database,
                                "select to_char(live_since at time zone 'UTC',"
                                        + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
                                        + " from lifecycle.rule_live_since where code = 'E-ACT-01'")
                        .get(0);
        return Instant.parse(liveSince).minus(Duration.ofHours(2)).plusSeconds(1);
    }

    private static EmbeddedStack live() throws InterruptedException {
        return EmbeddedStack.builder()
                .database(database)
                .jobSetting("rules.mode", "catalogue")
                .jobSetting("email.provider", "smtp")
                .jobSetting("smtp.host", "127.0.0.1")
                .jobSetting("smtp.port", Integer.toString(mails.port()))
                .jobSetting("smtp.security", "none")
                .start();
    }

    @Test
    @Order(4)
    void fourHandingBackLeavesNothingOfOursQueuedAndTheKeysOfWhatWeSent() throws Exception {
        try (Program down =
                Program.run(
                        "down",
                        scratch,
                        "--hand-back",
                        "--yes",
                        "--database",
                        postgres.url("cutover", SomebodysPostgres.PRODUCT))) {
            assertThat(down.exitValue()).as(down.printed()).isZero();
            say("4: handed back:", List.of(down.printed().split("\n")));
        }
        say("4: ours:", ours());
        assertThat(ours())
                .contains("welcome_signup:%s#held suppressed held".formatted(UNSENT))
                .contains("welcome_signup:%s sent".formatted(LIVE))
                .noneMatch(line -> line.contains(" queued"));
    }

    @Test
    @Order(5)
    void fiveThePollerGoesOnAndSendsOnlyWhatNobodyHas() {
        poller.schedule(HAD_NONE, "E-CONV-04", "pro_feature:" + HAD_NONE);
        int before = poller.sent().size();

        poller.runJobs();

        say("5: the product's jobs:", poller.jobs());
        List<String> sent = poller.sent().subList(before, poller.sent().size());
        say("5: the product sent:", sent);
        assertThat(sent)
                .containsExactlyInAnyOrder(
                        "welcome_signup:" + QUEUED_BY_PRODUCT, "welcome_signup:" + UNSENT);
        assertThat(poller.jobs())
                .contains("welcome_signup:%s duplicate".formatted(IN_SHADOW))
                .contains("welcome_signup:%s duplicate".formatted(LIVE))
                .contains("pro_feature:%s capped".formatted(HAD_NONE));
        assertThat(
                        column(
                                database,
                                "select dedupe_key from public.email_deliveries"
                                        + " where dedupe_key like 'welcome_signup:%' and status = 'sent'"))
                .doesNotHaveDuplicates()
                .contains(
                        "welcome_signup:" + SENT_BY_PRODUCT,
                        "welcome_signup:" + QUEUED_BY_PRODUCT,
                        "welcome_signup:" + IN_SHADOW,
                        "welcome_signup:" + LIVE,
                        "welcome_signup:" + UNSENT);
    }
}
