package io.seqpulse.quickstart.e2e;

import static io.seqpulse.quickstart.e2e.Scenario.noProject;
import static io.seqpulse.quickstart.e2e.Scenario.quotaReached;
import static io.seqpulse.quickstart.e2e.Scenario.welcome;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.Journal;
import io.seqpulse.quickstart.stack.ReceivedMail;
import jakarta.mail.internet.MimeMessage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
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

/** From a committed row to a delivered email: {@link EmailTable} on the embedded stack. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class EmailTableIT {

    static final List<String> RULES =
            List.of("E-TRX-01", "E-ACT-01", "E-ACT-04", "E-ACT-05", "E-CONV-01", "E-CONV-03");

    private static final Set<String> MARKETING = Set.of("E-ACT-01", "E-CONV-01");

    private static SmtpDoor door;
    private static EmbeddedStack stack;
    private static Bench bench;

    @BeforeAll
    static void placeEverything() throws Exception {
        Instant now = Instant.now();
        YearMonth month = YearMonth.from(now.atOffset(ZoneOffset.UTC));
        assumeThat(month)
                .as("a month that neither began nor ends while the tests run")
                .isEqualTo(monthOf(now.plus(Duration.ofMinutes(15))))
                .isEqualTo(monthOf(now.minus(Duration.ofMinutes(1))));
        door = SmtpDoor.open();
        stack =
                EmbeddedStack.builder()
                        .jobSetting("smtp.port", Integer.toString(door.port()))
                        .history(product -> rulesLiveSince(product, now.minus(EmailTable.LIVE)))
                        .start();
        door.leadTo(stack.mails().port());
        bench = new Bench("table", EmailTable.cells());
        try (Connection product = stack.connect()) {
            bench.place(product);
        }
        bench.followUpOn(stack);
    }

    @AfterAll
    static void stop() throws Exception {
        if (stack != null) {
            stack.close();
        }
        if (door != null) {
            door.close();
        }
    }

    /** Written before the job first runs, as if the rules had run that long. */
    static void rulesLiveSince(Connection product, Instant since) throws SQLException {
        try (PreparedStatement insert =
                product.prepareStatement(
                        """
                        insert into lifecycle.rule_live_since (code, live_since)
                        select unnest(?), ?
                        """)) {
            insert.setArray(1, product.createArrayOf("text", RULES.toArray()));
            insert.setObject(2, since.atOffset(ZoneOffset.UTC));
            insert.executeUpdate();
        }
    }

    private static YearMonth monthOf(Instant at) {
        return YearMonth.from(at.atOffset(ZoneOffset.UTC));
    }

    @Test
    @Order(1)
    void everyCellOfTheTableHasATestOrAReason() {
        List<String> missing = new ArrayList<>();
        for (String rule : RULES) {
            Arrays.stream(Case.values())
                    .filter(
                            when ->
                                    EmailTable.cells().stream()
                                                    .noneMatch(
                                                            cell ->
                                                                    cell.rule().equals(rule)
                                                                            && cell.when() == when)
                                            && EmailTable.empty().stream()
                                                    .noneMatch(
                                                            cell ->
                                                                    cell.rule().equals(rule)
                                                                            && cell.when() == when))
                    .forEach(when -> missing.add(rule + " · " + when.label()));
        }
        assertThat(missing).isEmpty();
    }

    @TestFactory
    @Order(2)
    Stream<DynamicTest> table() {
        return EmailTable.cells().stream()
                .map(
                        cell ->
                                dynamicTest(
                                        cell.title(),
                                        () -> bench.assertOutcome(bench.scenario(cell))));
    }

    @Test
    @Order(3)
    void mailsWaitWhileTheServerIsAwayAndArriveOnceAfterwards() throws Exception {
        door.shut();
        Scenario waits = bench.placeAlone(alone("waits", EmailTableIT::signUp));
        Scenario resolved = bench.placeAlone(alone("is resolved meanwhile", EmailTableIT::refusal));
        Scenario decided = bench.placeAlone(alone("is only journalled", EmailTableIT::inactive));

        bench.awaitRow(waits.expected().get(0).key(), "queued");
        String resolvedKey = resolved.expected().get(0).key();
        bench.awaitRow(resolvedKey, "queued");
        bench.placeMore(
                resolved,
                s ->
                        s.execute(
                                "update projects set plan = 'pro' where owner_id = ?",
                                s.users().iterator().next()));
        bench.awaitRow(resolvedKey, "suppressed");
        bench.awaitRow(decided.expected().get(0).key(), "suppressed");
        assertThat(stack.awaitWatermark(Instant.now(), Duration.ofSeconds(30)))
                .as("the log's clock goes on")
                .isTrue();
        assertThat(stack.journal().row(waits.expected().get(0).key()))
                .get()
                .extracting(Journal.Row::status)
                .isEqualTo("queued");

        door.reopen();
        bench.assertOutcome(waits);
        bench.assertOutcome(resolved);
        bench.assertOutcome(decided);
        assertThat(stack.alarms())
                .singleElement()
                .asString()
                .startsWith("no mail leaves since")
                .contains("no connection");
    }

    private static Cell alone(String what, Cell.Placement placement) {
        return new Cell("outage", Case.AT, what, placement);
    }

    private static void signUp(Scenario s) throws SQLException {
        UUID user = s.user(s.now());
        s.sent(welcome(user), user);
    }

    private static void refusal(Scenario s) throws SQLException {
        UUID owner = s.veteran();
        UUID project = s.project(owner);
        s.refusal(project, s.now());
        s.suppressed(quotaReached(project, s.month()), owner, "resolved");
    }

    private static void inactive(Scenario s) throws SQLException {
        UUID user = s.user(s.ago(Duration.ofHours(23)), "is_active", false);
        s.suppressed(noProject(user), user, "inactive");
    }

    @Test
    @Order(4)
    void onlyMarketingMailsCanBeUnsubscribedFromWithOneClick() throws Exception {
        for (ReceivedMail mail : stack.mails().received()) {
            MimeMessage message = mail.message();
            if (MARKETING.contains(mail.code())) {
                assertThat(message.getHeader("List-Unsubscribe", null))
                        .startsWith("<https://lifecycle.seqpulse.example/unsubscribe?t=")
                        .endsWith(">");
                assertThat(message.getHeader("List-Unsubscribe-Post", null))
                        .isEqualTo("List-Unsubscribe=One-Click");
            } else {
                assertThat(RULES).contains(mail.code());
                assertThat(message.getHeader("List-Unsubscribe")).isNull();
                assertThat(message.getHeader("List-Unsubscribe-Post")).isNull();
            }
            assertThat(message.getHeader("Auto-Submitted", null)).isEqualTo("auto-generated");
        }
    }

    @Test
    @Order(5)
    void journalAndMailboxesAgreeOneToOne() throws Exception {
        bench.probe();
        List<String> journalled =
                stack.journal().rows().stream()
                        .filter(row -> row.status().equals("sent"))
                        .map(Journal.Row::providerMessageId)
                        .toList();
        List<String> received =
                stack.mails().received().stream().map(ReceivedMail::messageId).toList();
        assertThat(journalled).isNotEmpty().doesNotHaveDuplicates();
        assertThat(received).containsExactlyInAnyOrderElementsOf(journalled);
    }
}
