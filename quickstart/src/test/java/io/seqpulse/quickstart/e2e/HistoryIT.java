package io.seqpulse.quickstart.e2e;

import static io.seqpulse.quickstart.e2e.Scenario.critical;
import static io.seqpulse.quickstart.e2e.Scenario.firstVerdict;
import static io.seqpulse.quickstart.e2e.Scenario.noProject;
import static io.seqpulse.quickstart.e2e.Scenario.quota80;
import static io.seqpulse.quickstart.e2e.Scenario.quotaReached;
import static io.seqpulse.quickstart.e2e.Scenario.startOf;
import static io.seqpulse.quickstart.e2e.Scenario.welcome;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.Journal;
import io.seqpulse.quickstart.stack.ReceivedMail;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * What is in the database before changes are captured, and so is first seen in the snapshot: due
 * before a rule was live it mails nobody, due after it is sent (DESIGN D4).
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HistoryIT {

    /** How long the rules have been live: an hour, in which nobody captured changes. */
    private static final Duration LIVE = Duration.ofHours(1);

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration TWO_HOURS = Duration.ofHours(2);

    private static final List<Cell> CELLS =
            List.of(
                    before(
                            "E-TRX-01",
                            "signed up, and seen again in an update",
                            s -> {
                                UUID user = s.user(live(s).minus(SECOND));
                                s.projectFrom(live(s).minus(SECOND), user);
                                s.onceDecided(
                                        t ->
                                                t.execute(
                                                        "update users set name = 'Lou' where id = ?",
                                                        user));
                            }),
                    at(
                            "E-TRX-01",
                            "signed up",
                            s -> {
                                UUID user = s.user(live(s));
                                s.projectFrom(live(s), user);
                                s.sent(welcome(user), user);
                            }),
                    at(
                            "E-TRX-01",
                            "signed up, and already welcomed by the product",
                            s -> {
                                UUID user = s.user(live(s));
                                s.projectFrom(live(s), user);
                                s.productMail(user, "E-TRX-01", welcome(user), live(s));
                            }),
                    before("E-ACT-01", "no project", s -> s.user(signedUp(s).minus(SECOND))),
                    at(
                            "E-ACT-01",
                            "no project",
                            s -> {
                                UUID user = s.user(signedUp(s));
                                s.sent(noProject(user), user);
                            }),
                    before(
                            "E-ACT-04",
                            "the first verdict, and a second one now",
                            s -> {
                                UUID project = s.project(s.veteran());
                                s.verdict(project, "ok", live(s).minus(SECOND));
                                s.onceDecided(t -> t.verdict(project, "ok", Instant.now()));
                            }),
                    at(
                            "E-ACT-04",
                            "the first verdict",
                            s -> {
                                UUID owner = s.veteran();
                                UUID project = s.project(owner);
                                s.verdict(project, "ok", live(s));
                                s.sent(firstVerdict(project), owner);
                            }),
                    before(
                            "E-ACT-05",
                            "a rollback recommended",
                            s ->
                                    s.verdict(
                                            s.project(s.veteran()),
                                            "rollback_recommended",
                                            live(s).minus(SECOND))),
                    at(
                            "E-ACT-05",
                            "a rollback recommended",
                            s -> {
                                UUID owner = s.veteran();
                                UUID project = s.project(owner);
                                s.verdict(project, "ok", live(s).minus(SECOND));
                                UUID deployment =
                                        s.verdict(project, "rollback_recommended", live(s));
                                s.sent(critical(deployment), owner);
                            }),
                    before(
                            "E-CONV-01",
                            "the 40th deployment; the 41st now",
                            s -> {
                                UUID project = s.project(s.veteran());
                                s.deploymentsUntil(live(s).minus(SECOND), project, 40);
                                s.onceDecided(t -> t.deployment(project, Instant.now()));
                            }),
                    at(
                            "E-CONV-01",
                            "the 40th deployment",
                            s -> {
                                UUID owner = s.veteran();
                                UUID project = s.project(owner);
                                s.deploymentsUntil(live(s), project, 40);
                                s.sent(quota80(project, s.month()), owner);
                            }),
                    before(
                            "E-CONV-03",
                            "the first refusal of the month; the second now",
                            s -> {
                                UUID project = s.project(s.veteran());
                                s.refusal(project, live(s).minus(SECOND));
                                s.onceDecided(t -> t.refusal(project, Instant.now()));
                            }),
                    at(
                            "E-CONV-03",
                            "the first refusal of the month",
                            s -> {
                                UUID owner = s.veteran();
                                UUID project = s.project(owner);
                                s.refusal(project, live(s));
                                s.sent(quotaReached(project, s.month()), owner);
                            }));

    private static EmbeddedStack stack;
    private static Bench bench;

    private static Cell before(String rule, String what, Cell.Placement placement) {
        String title = "one second before the rule was live: " + what + ": nothing";
        return new Cell(rule, Case.BEFORE, title, placement);
    }

    private static Cell at(String rule, String what, Cell.Placement placement) {
        return new Cell(rule, Case.AT, "when the rule was live: " + what, placement);
    }

    /** Since when the rules are live. */
    private static Instant live(Scenario s) {
        return s.ago(LIVE);
    }

    /** When somebody signed up whose deadline is when the rules became live. */
    private static Instant signedUp(Scenario s) {
        return live(s).minus(TWO_HOURS);
    }

    @BeforeAll
    static void placeHistory() throws Exception {
        bench = new Bench("history", CELLS);
        YearMonth month = YearMonth.from(bench.now().atOffset(ZoneOffset.UTC));
        assumeThat(bench.now().minus(LIVE).minusSeconds(1))
                .as("an hour of this month has passed")
                .isAfterOrEqualTo(startOf(month));
        assumeThat(bench.now().plus(Duration.ofMinutes(15)))
                .as("the month does not end while the tests run")
                .isBefore(startOf(month.plusMonths(1)));
        stack =
                EmbeddedStack.builder()
                        .history(
                                product -> {
                                    EmailTableIT.rulesLiveSince(product, bench.now().minus(LIVE));
                                    bench.place(product);
                                })
                        .start();
        bench.followUpOn(stack);
    }

    @AfterAll
    static void stop() {
        if (stack != null) {
            stack.close();
        }
    }

    @TestFactory
    @Order(1)
    Stream<DynamicTest> table() {
        return CELLS.stream()
                .map(
                        cell ->
                                dynamicTest(
                                        cell.rule() + " · " + cell.what(),
                                        () -> bench.assertOutcome(bench.scenario(cell))));
    }

    @Test
    @Order(2)
    void journalAndMailboxesAgreeOneToOne() throws SQLException {
        List<String> journalled =
                stack.journal().rows().stream()
                        .filter(row -> row.status().equals("sent"))
                        .map(Journal.Row::providerMessageId)
                        .toList();
        List<String> received =
                stack.mails().received().stream().map(ReceivedMail::messageId).toList();
        assertThat(received).isNotEmpty().containsExactlyInAnyOrderElementsOf(journalled);
    }
}
