package io.seqpulse.quickstart.restarts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.seqpulse.quickstart.e2e.SmtpDoor;
import io.seqpulse.quickstart.restarts.Play.Interruption;
import io.seqpulse.quickstart.restarts.Play.Step;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever is stopped, killed, away or lost while a product is in use: the journal and the
 * mailboxes hold what they hold of a run that nothing interrupted, and nothing twice.
 *
 * <p>A build goes through what takes most; {@code -Drestarts=all} through all of it.
 */
class RestartIT {

    static final List<String> RULES =
            List.of("E-TRX-01", "E-ACT-01", "E-ACT-04", "E-ACT-05", "E-CONV-01", "E-CONV-03");

    private static final int SEED = 20261121;
    private static final ProductHistory HISTORY = new ProductHistory(SEED);

    @TempDir static Path folder;

    private static Path begun;
    private static Outcome uninterrupted;

    @BeforeAll
    static void playOnceWithoutInterruption() throws Exception {
        Instant now = Instant.now();
        assumeThat(monthOf(now.plus(Duration.ofMinutes(15))))
                .as("a month that neither began nor ends while the tests run")
                .isEqualTo(monthOf(now.minus(Duration.ofMinutes(1))));
        begun = folder.resolve("begun");
        EmbeddedStack.builder()
                .state(begun)
                .withoutJob()
                .history(product -> HISTORY.before(product, RULES))
                .start()
                .close();
        try (EmbeddedStack stack =
                EmbeddedStack.builder().state(beginning("uninterrupted")).start()) {
            uninterrupted = play(stack).run(Interruption.NONE);
        }
        assertThat(uninterrupted.twice()).isEmpty();
        assertThat(uninterrupted.received()).hasSizeGreaterThan(60);
        System.out.printf(
                "uninterrupted: %d dedupe keys, %d mails%n",
                uninterrupted.journal().size(), uninterrupted.received().size());
    }

    private static YearMonth monthOf(Instant at) {
        return YearMonth.from(at.atOffset(ZoneOffset.UTC));
    }

    /** A state folder of its own in which the product has not begun yet. */
    private static Path beginning(String name) throws IOException {
        Path copy = folder.resolve(name);
        try (Stream<Path> files = Files.walk(begun)) {
            for (Path file : files.toList()) {
                Files.copy(
                        file,
                        copy.resolve(begun.relativize(file).toString()),
                        StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        return copy;
    }

    private static Play play(EmbeddedStack stack) {
        return new Play(HISTORY, stack::connect, stack.mails().folder());
    }

    private static void assertSame(String what, Outcome outcome, Set<String> ambiguous) {
        Outcome.Difference difference = outcome.from(uninterrupted);
        System.out.printf(
                "%s: %s, of %d keys and %d mails; ambiguous %d, of these unconfirmed %d, sent twice"
                        + " %d%n",
                what,
                difference,
                uninterrupted.journal().size(),
                uninterrupted.received().size(),
                ambiguous.size(),
                outcome.unconfirmed().size(),
                outcome.twice().size());
        assertThat(difference.missingKeys()).as("missing keys").isEmpty();
        assertThat(difference.extraKeys()).as("extra keys").isEmpty();
        assertThat(difference.missingOutcomes())
                .as("missing outcomes, in place of %s", difference.extraOutcomes())
                .isEmpty();
        assertThat(difference.extraOutcomes()).as("extra outcomes").isEmpty();
        assertThat(difference.extraMails()).as("extra mails").isEmpty();
        assertThat(outcome.unconfirmed()).as("unconfirmed").isSubsetOf(ambiguous);
        assertThat(difference.missingMails())
                .as("missing mails")
                .isSubsetOf(mailsOf(outcome.unconfirmed()));
        assertThat(outcome.twice()).as("sent twice").isSubsetOf(mailsOf(ambiguous));
    }

    private static Set<String> mailsOf(Set<String> keys) {
        Set<String> ids =
                keys.stream()
                        .map(uninterrupted.messageIds()::get)
                        .collect(Collectors.toCollection(TreeSet::new));
        return uninterrupted.received().keySet().stream()
                .filter(mail -> ids.contains(mail.substring(mail.indexOf(' ') + 1)))
                .collect(Collectors.toSet());
    }

    @Test
    void killedAndInterrupted() throws Exception {
        try (LifecycleUp up = LifecycleUp.start(beginning("killed"))) {
            Play play = new Play(HISTORY, up::connect, up.mails());
            Outcome outcome =
                    play.run(
                            (step, committed) -> {
                                if (step == Step.SIGN_UPS && committed == 2) {
                                    play.awaitReceived(1);
                                    up.kill();
                                    Instant gone = Instant.now();
                                    up.startAgain();
                                    play.passLeases(gone);
                                } else if (step == Step.DEPLOYMENTS && committed == 2) {
                                    up.interrupt();
                                    Instant gone = Instant.now();
                                    up.startAgain();
                                    play.passLeases(gone);
                                } else if (step == Step.FOLLOW_UPS && committed == 3) {
                                    // Some that build upon the savepoint of the stop before.
                                    up.awaitCheckpoint();
                                    up.awaitCheckpoint();
                                    up.kill();
                                    Instant gone = Instant.now();
                                    up.startAndKillOnceTheJobIsSubmitted();
                                    up.startAgain();
                                    play.passLeases(gone);
                                } else if (step == Step.LAST && committed == 0) {
                                    up.awaitCheckpoint();
                                } else if (step == Step.LAST && committed == 3) {
                                    play.awaitReceived(play.received() + 1);
                                    up.killButPostgres();
                                    Instant gone = Instant.now();
                                    up.startAgain();
                                    play.passLeases(gone);
                                }
                            });
            assertSame("kill -9 four times, Ctrl-C between", outcome, play.ambiguous());
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "restarts", matches = "all")
    void mailServerAway() throws Exception {
        Thread.UncaughtExceptionHandler usual = Thread.getDefaultUncaughtExceptionHandler();
        // The server prints the mail whose connection is cut.
        Thread.setDefaultUncaughtExceptionHandler((thread, cut) -> {});
        try (SmtpDoor door = SmtpDoor.open();
                EmbeddedStack stack =
                        EmbeddedStack.builder()
                                .state(beginning("mail server away"))
                                .jobSetting("smtp.port", Integer.toString(door.port()))
                                .start()) {
            door.leadTo(stack.mails().port());
            Play play = play(stack);
            Outcome outcome =
                    play.run(
                            (step, committed) -> {
                                if (step == Step.SIGN_UPS && committed == 1
                                        || step == Step.DEPLOYMENTS && committed == 0) {
                                    door.shut();
                                } else if (step == Step.SIGN_UPS && committed == 3
                                        || step == Step.DEPLOYMENTS && committed == 4) {
                                    Play.await(() -> play.queued() > 10);
                                    door.reopen();
                                    play.passLeases(Instant.now());
                                }
                            });
            assertSame("mail server away, twice", outcome, play.ambiguous());
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(usual);
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "restarts", matches = "all")
    void snapshotTakenAnew() throws Exception {
        try (EmbeddedStack stack =
                EmbeddedStack.builder().state(beginning("snapshot taken anew")).start()) {
            Connector connector = Connector.of(stack);
            Play play = play(stack);
            Outcome outcome =
                    play.run(
                            (step, committed) -> {
                                if (step == Step.DEPLOYMENTS && committed == 2) {
                                    connector.snapshotAnew();
                                } else if (step == Step.FOLLOW_UPS && committed == 1) {
                                    connector.stop();
                                } else if (step == Step.FOLLOW_UPS && committed == 3) {
                                    connector.forgetOffsets();
                                    connector.resume();
                                }
                            });
            assertSame("re-snapshot, twice in mid-stream", outcome, play.ambiguous());
            assertThat(stack.alarms()).isEmpty();
        }
    }

    /** What every build sees of it: {@code LifecyclePipelineTest}, and {@code KpiOracleIT}. */
    @Test
    @EnabledIfSystemProperty(named = "restarts", matches = "all")
    void flinkStateLost() throws Exception {
        try (LifecycleUp up = LifecycleUp.start(beginning("flink-state-lost"))) {
            Play play =
                    new Play(HISTORY, up::connect, up.mails()).holdingBack(Duration.ofSeconds(20));
            Set<String> deferred = mailsOf(Set.of(HISTORY.deferred()));
            Set<String> before = new TreeSet<>();
            Outcome outcome =
                    play.run(
                            (step, committed) -> {
                                if (step == Step.END) {
                                    up.interrupt();
                                    before.addAll(Outcome.receivedIn(up.mails()));
                                    assumeThat(before)
                                            .as("stopped before the cap let the deferred mail go")
                                            .doesNotContainAnyElementsOf(deferred);
                                    remove(up.state().resolve("checkpoints"));
                                    remove(up.state().resolve("savepoints"));
                                    up.startAgain();
                                }
                            });
            assertSame("Flink's state lost", outcome, play.ambiguous());
            Set<String> since = new TreeSet<>(outcome.received().keySet());
            since.removeAll(before);
            since.removeAll(mailsOf(keysBeginningWith(HISTORY.probeKey("end"))));
            System.out.printf("Flink's state lost: %d mail since%n", since.size());
            assertThat(since)
                    .as("what went after the state was lost")
                    .hasSize(1)
                    .isEqualTo(deferred);
        }
    }

    @Test
    void slotLost() throws Exception {
        try (LifecycleUp up = LifecycleUp.start(beginning("slot-lost"))) {
            Play play = new Play(HISTORY, up::connect, up.mails());
            Outcome outcome =
                    play.run(
                            (step, committed) -> {
                                if (step == Step.FOLLOW_UPS && committed == 0) {
                                    dropSlot(up);
                                } else if (step == Step.FOLLOW_UPS && committed == 3) {
                                    up.interrupt();
                                    up.startAgain();
                                    snapshotAnewAsTheAlarmSays(up);
                                }
                            });
            assertSame("slot lost", outcome, play.ambiguous());
        }
    }

    private static void dropSlot(LifecycleUp up) {
        Play.await(
                () -> {
                    try (Connection product = up.connect();
                            Statement statement = product.createStatement()) {
                        statement.execute(
                                """
                                select pg_terminate_backend(active_pid) from pg_replication_slots
                                where active
                                """);
                        statement.execute("select pg_drop_replication_slot('seqpulse_lifecycle')");
                        return true;
                    } catch (SQLException takenAgain) {
                        return false;
                    }
                });
    }

    private static void snapshotAnewAsTheAlarmSays(LifecycleUp up) throws Exception {
        Play.await(() -> Connector.named(up.printed()).isPresent());
        Connector.named(up.printed()).orElseThrow().snapshotAnew();
    }

    private static Set<String> keysBeginningWith(String start) {
        return uninterrupted.journal().keySet().stream()
                .filter(key -> key.startsWith(start))
                .collect(Collectors.toSet());
    }

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
