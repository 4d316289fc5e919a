package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.cli.Lifecycle;
import io.seqpulse.cli.database.DatabaseAddress;
import io.seqpulse.cli.database.SomebodysPostgres;
import io.seqpulse.quickstart.stack.MailServer;
import io.seqpulse.quickstart.stack.Ports;
import io.seqpulse.quickstart.stack.ReceivedMail;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code ./lifecycle up --database ... --send} while the database is away, under traffic and with
 * mails flowing: it is waited for, each person gets their mail once, and the status says how it is.
 */
class DatabaseAwayIT {

    private static final Duration SOON = Duration.ofMinutes(2);

    /** After a database is back, until somebody who signed up since has their mail. */
    private static final Duration RECOVERY = Duration.ofSeconds(60);

    private static SomebodysPostgres postgres;
    private static DatabaseAddress address;
    private static MailServer mails;
    private static Program up;
    private static Path state;
    private static Traffic traffic;

    @TempDir private static Path scratch;

    @BeforeAll
    static void start() throws Exception {
        postgres =
                SomebodysPostgres.start(
                        Map.of("wal_level", "logical", "synchronous_commit", "on", "fsync", "on"));
        address = postgres.product("away");
        mails =
                MailServer.start(
                        new Ports(notice -> {}).free(),
                        Files.createDirectory(scratch.resolve("mails")));
        state = scratch.resolve("state");
        up =
                Program.start(
                        "up",
                        scratch,
                        "--database",
                        postgres.url("away", SomebodysPostgres.PRODUCT),
                        "--yes",
                        "--state",
                        state.toString(),
                        "--send",
                        "--smtp",
                        "smtp://127.0.0.1:" + mails.port(),
                        "--public-url",
                        "https://mail.example.org",
                        "--frontend-url",
                        "https://app.example.org",
                        "--from",
                        "SEQPULSE <hello@example.org>");
        up.awaitPrinted("up after");
        traffic = new Traffic();
        traffic.start();
        awaitMailOfSomebodyNew();
    }

    @AfterAll
    static void stop() throws Exception {
        try {
            traffic.end();
            up.interrupt();
            assertThat(up.exitValue()).as(up.printed()).isZero();
        } finally {
            up.close();
            mails.close();
            postgres.close();
        }
    }

    @Test
    void restartedAfterASecond() throws Exception {
        away("restart, 1 s", () -> restart(1));
    }

    @Test
    void restartedAfterTenSeconds() throws Exception {
        away("restart, 10 s", () -> restart(10));
    }

    @Test
    @EnabledIfSystemProperty(named = "restarts", matches = "all")
    void restartedAfterAMinute() throws Exception {
        away("restart, 60 s", () -> restart(60));
    }

    @Test
    @EnabledIfSystemProperty(named = "restarts", matches = "all")
    void restartedAfterFiveMinutes() throws Exception {
        away("restart, 300 s", () -> restart(300));
    }

    @Test
    void everyConnectionTerminatedAgainAndAgain() throws Exception {
        away(
                "connections terminated 6 times",
                () -> {
                    for (int i = 0; i < 6; i++) {
                        postgres.asSuperuser(
                                "postgres",
                                "select pg_terminate_backend(pid) from pg_stat_activity"
                                        + " where pid <> pg_backend_pid() and backend_type in"
                                        + " ('client backend', 'walsender')");
                        pass(1);
                    }
                });
    }

    @Test
    void noConnectionFree() throws Exception {
        away(
                "no connection free, 10 s",
                () -> {
                    List<Connection> others = new ArrayList<>();
                    try {
                        postgres.asSuperuser(
                                "postgres",
                                "select pg_terminate_backend(pid) from pg_stat_activity"
                                        + " where pid <> pg_backend_pid() and backend_type in"
                                        + " ('client backend', 'walsender')");
                        Instant end = Instant.now().plusSeconds(10);
                        while (Instant.now().isBefore(end)) {
                            try {
                                others.add(address.connect());
                            } catch (SQLException full) {
                                pass(0.05);
                            }
                        }
                    } finally {
                        for (Connection other : others) {
                            other.close();
                        }
                    }
                });
    }

    @Test
    void inRecovery() throws Exception {
        away(
                "in recovery, 10 s",
                () -> {
                    postgres.stopNow();
                    postgres.begin("standby.signal");
                    pass(10);
                    postgres.stopNow();
                    postgres.begin();
                    postgres.awaitAnswer();
                });
    }

    private interface Absence {
        void pass() throws Exception;
    }

    private static void restart(int seconds) throws Exception {
        postgres.stopNow();
        pass(seconds);
        assertThat(status()).as("while it is away").startsWith("Health      NOT HEALTHY");
        postgres.begin();
        postgres.awaitAnswer();
    }

    /** The time of an absence is real. */
    private static void pass(double seconds) {
        Awaitility.await()
                .atMost(Math.round(seconds * 1000) + 10_000, TimeUnit.MILLISECONDS)
                .pollDelay(Math.round(seconds * 1000), TimeUnit.MILLISECONDS)
                .until(() -> true);
    }

    private static void away(String what, Absence absence) throws Exception {
        Awaitility.await()
                .atMost(SOON)
                .untilAsserted(() -> assertThat(status()).startsWith("Health      healthy"));
        absence.pass();
        Instant back = Instant.now();
        String atOnce = status();
        Instant mailed = awaitMailOfSomebodyNew();
        Duration took = Duration.between(back, mailed);
        traffic.awaitAllMailed();
        Awaitility.await()
                .atMost(SOON)
                .untilAsserted(
                        () ->
                                assertThat(status())
                                        .startsWith("Health      healthy")
                                        .contains("Job         RUNNING, "));
        System.out.printf(
                "%s: %s ms until the next mail; %s people, none without their mail, none with two%n"
                        + "at once: %s%n",
                what, took.toMillis(), traffic.committed.size(), atOnce.replace("\n", " | "));
        assertThat(took).isLessThan(RECOVERY);
        assertThat(up.printed()).doesNotContain("task manager");
    }

    /** Somebody who signed up after this was called has their mail; when it came. */
    private static Instant awaitMailOfSomebodyNew() {
        Set<String> before = new HashSet<>(traffic.committed);
        assertThat(traffic.isAlive()).as("people sign up").isTrue();
        Awaitility.await()
                .atMost(SOON)
                .until(() -> mails.received().stream().anyMatch(mail -> isNew(mail, before)));
        return mails.received().stream()
                .filter(mail -> isNew(mail, before))
                .findFirst()
                .orElseThrow()
                .receivedAt();
    }

    private static boolean isNew(ReceivedMail mail, Set<String> before) {
        return traffic.committed.contains(mail.recipient()) && !before.contains(mail.recipient());
    }

    private static String status() {
        StringWriter text = new StringWriter();
        Lifecycle.commandLine()
                .setOut(new PrintWriter(text))
                .execute("status", "--state", state.toString());
        return text.toString();
    }

    /** People who sign up, five a second, whenever the database lets them. */
    private static final class Traffic extends Thread {

        private final Set<String> committed = ConcurrentHashMap.newKeySet();
        private final CountDownLatch ended = new CountDownLatch(1);
        private volatile Throwable failure;

        @Override
        public void run() {
            try {
                signUp();
            } catch (InterruptedException | RuntimeException failed) {
                failure = failed;
            }
        }

        private void signUp() throws InterruptedException {
            int number = 0;
            do {
                try (Connection product = address.connect();
                        PreparedStatement insert =
                                product.prepareStatement(
                                        "insert into public.users (name, email) values (?, ?)")) {
                    do {
                        String email = "person" + ++number + "@example.org";
                        insert.setString(1, "Person");
                        insert.setString(2, email);
                        insert.execute();
                        committed.add(email);
                    } while (!ended.await(200, TimeUnit.MILLISECONDS));
                } catch (SQLException away) {
                    // Its next try is the next round.
                }
            } while (!ended.await(100, TimeUnit.MILLISECONDS));
        }

        void end() throws InterruptedException {
            ended.countDown();
            join();
            assertThat(failure).as("what ended the traffic").isNull();
        }

        /** Everybody who signed up until now has one mail; nobody has two. */
        void awaitAllMailed() {
            Set<String> people = new HashSet<>(committed);
            Awaitility.await().atMost(SOON).until(() -> timesMailed().keySet().containsAll(people));
            assertThat(timesMailed().entrySet().stream().filter(times -> times.getValue() > 1))
                    .isEmpty();
        }

        private static Map<String, Long> timesMailed() {
            return mails.received().stream()
                    .collect(
                            Collectors.groupingBy(
                                    ReceivedMail::recipient, TreeMap::new, Collectors.counting()));
        }
    }
}
