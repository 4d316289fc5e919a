package io.seqpulse.connector.email;

import static io.seqpulse.connector.email.JournalRows.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.seqpulse.connector.email.ScriptedSmtpServer.Hold;
import io.seqpulse.connector.email.ScriptedSmtpServer.Received;
import io.seqpulse.connector.email.ScriptedSmtpServer.Step;
import io.seqpulse.connector.email.SmtpSettings.Security;
import io.seqpulse.connector.jdbc.ProductDatabase;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLContext;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole senders on a real journal against a scripted mail server, with the job's own rights. */
class SenderTest {

    private final ProductDatabase database = ProductDatabase.shared();
    private final JournalRows rows = new JournalRows(database);
    private final ScriptedSmtpServer server = ScriptedSmtpServer.start();
    private final List<Running> started = new ArrayList<>();
    private final UUID ada = database.user("ada@example.org");

    /** A sender with all its parts. */
    private record Running(
            HikariDataSource pool,
            SmtpRoute route,
            SenderGate gate,
            SinkMetrics metrics,
            Sender sender) {

        void close() {
            sender.close();
            pool.close();
        }
    }

    @AfterEach
    void close() {
        started.forEach(Running::close);
        server.close();
    }

    @Test
    void marksWhatTheServerAccepts() {
        UUID id = rows.queued("k", EmailCategory.TRANSACTIONAL, ada);

        start();
        awaitOutcome(id, "sent");

        Received mail = server.received().get(0);
        assertThat(server.received()).hasSize(1);
        assertThat(mail.recipient()).isEqualTo("ada@example.org");
        assertThat(mail.sender()).isEqualTo("hello@example.org");
        assertThat(mail.header("Subject")).isEqualTo("=?UTF-8?Q?Bonjour_=C3=A0_vous?=");
        assertThat(rows.row(id))
                .containsEntry("provider_message_id", mail.header("Message-ID"))
                .containsEntry("phase", null)
                .containsEntry("lease_token", null)
                .containsEntry("error_message", null);
        assertThat(
                        database.value(
                                "select sent_at between created_at and now()"
                                        + " from public.email_deliveries"))
                .isEqualTo(true);
    }

    @ParameterizedTest
    @CsvSource({
        "MAIL, 421 4.3.2 closing",
        "RCPT, 450 4.2.0 greylisted",
        "RCPT, 451 later",
        "RCPT, 452 4.2.2 mailbox full",
        "RCPT, 552 mailbox full",
        "DATA, 454 4.7.0 throttled",
        "END, 451 4.7.1 try later",
        "END, 421 closing",
        "MAIL, drop",
        "RCPT, drop",
        "DATA, drop"
    })
    void putsOffWhatFailsForNow(Step step, String reply) {
        UUID id = rows.queued("k", EmailCategory.MARKETING, ada);
        server.once(step, reply);

        Running running = start();
        await("put off", () -> rows.row(id).get("attempts").equals(1));

        assertThat(rows.outcome(id)).isEqualTo("queued");
        assertThat(
                        database.value(
                                "select next_attempt_at between now() + interval '40 seconds'"
                                        + " and now() + interval '80 seconds'"
                                        + " and lease_token is null and phase is null"
                                        + " from public.email_deliveries"))
                .isEqualTo(true);
        assertThat(database.value("select count(*) from lifecycle.marketing_cap")).isEqualTo(0L);

        rows.change(id, "next_attempt_at = now()");
        running.sender().wake();
        awaitOutcome(id, "sent");
        assertThat(server.received()).hasSize(1);
    }

    @Test
    void aConnectionLostWithinTheMessageIsNoDoubt() {
        UUID id = rows.queued("k", EmailCategory.MARKETING, ada);
        String tooMuchForAnyBuffer = ("x".repeat(900) + "\n").repeat(20_000);
        database.execute(
                "update public.email_deliveries set payload_json ="
                        + " jsonb_set(payload_json, '{text}', to_jsonb(?::text))",
                tooMuchForAnyBuffer);
        server.once(Step.BODY, ScriptedSmtpServer.DROP);

        start();
        await("put off", () -> rows.row(id).get("attempts").equals(1));

        assertThat(rows.outcome(id)).isEqualTo("queued");
        assertThat(database.value("select count(*) from lifecycle.marketing_cap")).isEqualTo(0L);
    }

    @Test
    void anAnswerThatIsLateIsNoAnswer() {
        UUID id = rows.queued("k", EmailCategory.MARKETING, ada);
        Hold hold = server.hold(Step.END);

        start(
                settings()
                        .withTimeouts(
                                Duration.ofSeconds(5),
                                Duration.ofSeconds(5),
                                Duration.ofMillis(100)));

        awaitOutcome(id, "failed/unconfirmed");
        hold.release();
    }

    @Test
    void sendsOverTlsToAServerWithTheRightName() throws Exception {
        Certificate localhost = Certificate.of("localhost");
        Certificate other = Certificate.of("mail.example.org");
        SSLContext before = SSLContext.getDefault();
        try (ScriptedSmtpServer startTls = ScriptedSmtpServer.start();
                ScriptedSmtpServer tls = ScriptedSmtpServer.start();
                ScriptedSmtpServer impostor = ScriptedSmtpServer.start()) {
            startTls.startTls(localhost.server()).login("seqpulse", "secret");
            tls.tls(localhost.server());
            impostor.startTls(other.server()).login("seqpulse", "secret");

            // Nobody vouches for it.
            UUID id = rows.queued("1", EmailCategory.SERVICE, ada);
            SmtpSettings withStartTls =
                    SmtpSettings.server("localhost", startTls.port(), Security.STARTTLS)
                            .login("seqpulse", "secret");
            Running untrusting = start(withStartTls);
            await("stopped", () -> !untrusting.gate().isOpen());
            untrusting.close();
            assertThat(rows.outcome(id)).isEqualTo("queued");

            SSLContext.setDefault(Certificate.trusting(localhost, other));
            Running trusting = start(withStartTls);
            awaitOutcome(id, "sent");
            assertThat(startTls.commands()).contains("STARTTLS");
            trusting.close();

            UUID second = rows.queued("2", EmailCategory.SERVICE, ada);
            Running direct = start(SmtpSettings.server("localhost", tls.port(), Security.TLS));
            awaitOutcome(second, "sent");
            direct.close();

            // Vouched for, but not as this name.
            UUID third = rows.queued("3", EmailCategory.SERVICE, ada);
            Running misled =
                    start(
                            SmtpSettings.server("localhost", impostor.port(), Security.STARTTLS)
                                    .login("seqpulse", "secret"));
            await("stopped", () -> !misled.gate().isOpen());
            assertThat(rows.outcome(third)).isEqualTo("queued");
            assertThat(impostor.commands()).noneMatch(command -> command.startsWith("AUTH"));
        } finally {
            SSLContext.setDefault(before);
        }
    }

    @ParameterizedTest
    @CsvSource({"RCPT, 550 5.1.1 no such user", "RCPT, 553 bad name", "END, 550 5.1.1 nobody"})
    void suppressesAnAddressThatIsRefused(Step step, String reply) {
        UUID first = rows.queued("1", EmailCategory.SERVICE, ada);
        server.once(step, reply);

        start();
        awaitOutcome(first, "failed/address_refused");
        UUID second = rows.queued("2", EmailCategory.SERVICE, ada);
        awaitOutcome(second, "suppressed/suppressed_address");

        assertThat(rows.row(first).get("error_message")).isEqualTo(reply);
        assertThat(rows.row(first)).containsEntry("sent_at", null).containsEntry("attempts", 1);
        assertThat(database.value("select address from lifecycle.suppressed_addresses"))
                .isEqualTo("ada@example.org");
    }

    @ParameterizedTest
    @CsvSource({
        "RCPT, 550 5.7.1 spam",
        "DATA, 554 no",
        "END, 554 5.6.0 bad",
        "END, 552 5.3.4 large"
    })
    void failsOnlyTheMailThatIsRefused(Step step, String reply) {
        UUID first = rows.queued("1", EmailCategory.MARKETING, ada);
        server.once(step, reply);

        start();
        awaitOutcome(first, "failed/message_refused");
        UUID second = rows.queued("2", EmailCategory.MARKETING, ada);
        awaitOutcome(second, "sent");

        assertThat(database.value("select count(*) from lifecycle.suppressed_addresses"))
                .isEqualTo(0L);
    }

    @ParameterizedTest
    @EnumSource(EmailCategory.class)
    void anUnconfirmedMailIsRepeatedUnlessItIsMarketing(EmailCategory category) {
        UUID id = rows.queued("k", category, ada);
        server.once(Step.END, ScriptedSmtpServer.DROP);

        Running running = start();

        if (category.capped()) {
            awaitOutcome(id, "failed/unconfirmed");
            assertThat(server.received()).hasSize(1);
            assertThat(rows.row(id)).containsEntry("sent_at", null);
            // It may have arrived: the cap counts it.
            assertThat(database.value("select dedupe_key from lifecycle.marketing_cap"))
                    .isEqualTo("k");
        } else {
            await("put off", () -> rows.row(id).get("attempts").equals(1));
            rows.change(id, "next_attempt_at = now()");
            running.sender().wake();
            awaitOutcome(id, "sent");
            assertThat(server.received()).hasSize(2);
            assertThat(server.received().get(0).header("Message-ID"))
                    .isEqualTo(server.received().get(1).header("Message-ID"));
        }
    }

    @Test
    void theFenceStopsAMailWhoseLeaseIsLost() throws InterruptedException {
        UUID id = rows.queued("k", EmailCategory.SERVICE, ada);
        Hold hold = server.hold(Step.DATA);
        Running slow = start();
        hold.awaitReached();

        rows.change(id, "lease_until = now() - interval '1 second'");
        start();
        awaitOutcome(id, "sent");
        hold.release();

        await("fenced off", () -> slow.metrics().value(SinkMetrics.LEASE_LOST) == 1);
        await("connection cut", () -> server.cutOff() == 1);
        assertThat(server.received()).hasSize(1);
        assertThat(rows.outcome(id)).isEqualTo("sent");
    }

    @Test
    void twoSendersNeverSendOneRecipientTwoMarketingMails() throws InterruptedException {
        Hold hold = server.hold(Step.DATA);
        UUID slow = rows.queued("slow", EmailCategory.MARKETING, ada);
        Running first = start();
        hold.awaitReached();
        UUID fast = rows.queued("fast", EmailCategory.MARKETING, ada);
        start();
        awaitOutcome(fast, "sent");
        hold.release();

        await("put off", () -> first.metrics().value(SinkMetrics.CAPPED) == 1);
        await("put off", () -> rows.outcome(slow).equals("queued/capped"));
        assertThat(server.received()).hasSize(1);
        assertThat(
                        database.value(
                                "select next_attempt_at > now() + interval '23 hours'"
                                        + " and attempts = 0"
                                        + " from public.email_deliveries where dedupe_key = 'slow'"))
                .isEqualTo(true);
    }

    @Test
    void manySendersSendEachMailOnce() {
        for (int i = 0; i < 60; i++) {
            rows.queued("k" + i, EmailCategory.SERVICE, ada);
        }
        start();
        start();
        start();

        await(
                "all sent",
                () ->
                        database.value(
                                        "select count(*) from public.email_deliveries"
                                                + " where status = 'sent'")
                                .equals(60L));

        assertThat(server.received().stream().map(mail -> mail.header("Message-ID")).distinct())
                .hasSize(60);
        assertThat(server.received()).hasSize(60);
        assertThat(server.sessions()).isLessThanOrEqualTo(6);
    }

    @Test
    void aSenderThatDiedBeforeTheEndLeavesItsMailToOthers() {
        UUID id = rows.queued("k", EmailCategory.MARKETING, ada);
        rows.change(
                id,
                "phase = 'leased', lease_token = gen_random_uuid(),"
                        + " lease_until = now() - interval '1 second'");

        start();

        awaitOutcome(id, "sent");
    }

    @Test
    void aWrongPasswordStopsSendingAndARightOneResumesIt() {
        UUID id = rows.queued("k", EmailCategory.ALERT, ada);
        server.login("seqpulse", "right");
        SmtpSettings wrong = settings().login("seqpulse", "right");
        server.login("seqpulse", "changed");

        Running running = start(wrong);
        await("stopped", () -> !running.gate().isOpen());
        await(
                "released",
                () -> rows.row(id).get("lease_token") == null && rows.row(id).get("phase") == null);
        assertThat(rows.row(id))
                .containsEntry("status", "queued")
                .containsEntry("attempts", 0)
                .containsEntry("error_message", null);

        server.login("seqpulse", "right");
        awaitOutcome(id, "sent");
        await("resumed", () -> running.gate().isOpen());
    }

    @ParameterizedTest
    @CsvSource({
        "MAIL, 530 5.7.0 login first",
        "MAIL, 553 5.7.1 sender not verified",
        "RCPT, 534 5.7.9 too weak"
    })
    void aRefusalOfUsStopsSendingUntilAMailGetsThrough(Step step, String reply) {
        UUID id = rows.queued("k", EmailCategory.MARKETING, ada);
        server.always(step, reply);

        Running running = start();
        await("stopped", () -> !running.gate().isOpen());
        await("released", () -> rows.row(id).get("lease_token") == null);
        assertThat(rows.row(id)).containsEntry("attempts", 0).containsEntry("status", "queued");

        server.forget(step);
        awaitOutcome(id, "sent");
        await("resumed", () -> running.gate().isOpen());
    }

    @Test
    void anUnreachableServerBurnsNoMail() {
        int port = server.port();
        server.close();
        UUID id = rows.queued("k", EmailCategory.SERVICE, ada);

        Running running = start();
        await("stopped", () -> !running.gate().isOpen());
        await("released", () -> rows.row(id).get("lease_token") == null);
        assertThat(rows.row(id)).containsEntry("attempts", 0).containsEntry("status", "queued");

        try (ScriptedSmtpServer back = ScriptedSmtpServer.start(port)) {
            awaitOutcome(id, "sent");
            assertThat(back.received()).hasSize(1);
        }
    }

    @Test
    void anUnknownHostStopsSending() {
        UUID id = rows.queued("k", EmailCategory.SERVICE, ada);

        Running running = start(SmtpSettings.server("no-such-host.invalid", 25, Security.NONE));

        await("stopped", () -> !running.gate().isOpen());
        await("released", () -> rows.row(id).get("lease_token") == null);
        assertThat(rows.outcome(id)).isEqualTo("queued");
    }

    @Test
    void sendsNothingInTheClearWhereTlsIsRequired() {
        UUID id = rows.queued("k", EmailCategory.SERVICE, ada);
        server.login("seqpulse", "secret");

        Running running =
                start(
                        SmtpSettings.server("localhost", server.port(), Security.STARTTLS)
                                .login("seqpulse", "secret"));

        await("stopped", () -> !running.gate().isOpen());
        await("released", () -> rows.row(id).get("lease_token") == null);
        assertThat(server.commands()).noneMatch(command -> command.startsWith("AUTH"));
        assertThat(server.received()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ada",
                "",
                "a@example.org, eve@example.org",
                "a@example.org\r\nRCPT TO:<eve@example.org>",
                "Ada <a@example.org>"
            })
    void anUnusableAddressFailsItsMailOnly(String address) {
        UUID broken = database.user(address);
        UUID bad = rows.queued("bad", EmailCategory.SERVICE, broken);
        UUID good = rows.queued("good", EmailCategory.SERVICE, ada);

        start();

        awaitOutcome(bad, "failed/invalid_address");
        awaitOutcome(good, "sent");
        assertThat(server.commands()).noneMatch(command -> command.contains("eve"));
    }

    @Test
    void aContentCannotSmuggleHeadersIn() {
        UUID bad = rows.queued("bad", EmailCategory.SERVICE, ada);
        database.execute(
                "update public.email_deliveries set payload_json ="
                        + " jsonb_set(payload_json, '{subject}', to_jsonb(?::text))",
                "Hi\r\nBcc: eve@example.org");

        start();

        awaitOutcome(bad, "failed/invalid_content");
        assertThat(server.commands()).noneMatch(command -> command.startsWith("RCPT"));
    }

    @Test
    void aDatabaseThatGoesAwayAfterTheAcceptanceNeverMakesMarketingGoTwice()
            throws InterruptedException {
        UUID id = rows.queued("k", EmailCategory.MARKETING, ada);
        Hold hold = server.hold(Step.END);
        Running dying = start();
        hold.awaitReached();
        assertThat(rows.row(id)).containsEntry("phase", "final");

        dying.pool().close();
        hold.release();
        await("unmarked", () -> dying.metrics().value(SinkMetrics.DATABASE_ERRORS) >= 1);
        dying.sender().close();
        assertThat(rows.row(id)).containsEntry("phase", "final").containsEntry("status", "queued");

        rows.change(id, "lease_until = now() - interval '1 second'");
        start();
        awaitOutcome(id, "failed/unconfirmed");
        assertThat(server.received()).hasSize(1);
    }

    @Test
    void closingReturnsWhatWasNotSent() throws InterruptedException {
        UUID id = rows.queued("k", EmailCategory.SERVICE, ada);
        Hold hold = server.hold(Step.RCPT);
        Running running = start();
        hold.awaitReached();

        Thread closing = new Thread(running.sender()::close);
        closing.start();
        closing.join();
        hold.release();

        assertThat(rows.row(id))
                .containsEntry("status", "queued")
                .containsEntry("attempts", 0)
                .containsEntry("phase", null)
                .containsEntry("lease_token", null);
        assertThat(server.received()).isEmpty();
    }

    @Test
    void aConnectionThatWentStaleIsReplacedUnnoticed() {
        UUID first = rows.queued("1", EmailCategory.SERVICE, ada);
        start(settings().withConnections(1));
        awaitOutcome(first, "sent");

        server.once(Step.NOOP, ScriptedSmtpServer.DROP);
        UUID second = rows.queued("2", EmailCategory.SERVICE, ada);
        awaitOutcome(second, "sent");

        assertThat(rows.row(second)).containsEntry("attempts", 0);
        assertThat(server.sessions()).isEqualTo(2);
    }

    private SmtpSettings settings() {
        return SmtpSettings.server("localhost", server.port(), Security.NONE).withConnections(2);
    }

    private Running start() {
        return start(settings());
    }

    private Running start(SmtpSettings settings) {
        HikariDataSource pool = JournalRows.pool(database.job());
        SinkMetrics metrics =
                new SinkMetrics(UnregisteredMetricsGroup.createSinkWriterMetricGroup());
        SenderGate gate = new SenderGate();
        CountDownLatch closing = new CountDownLatch(1);
        Outbox outbox = new Outbox(pool, Duration.ofHours(24));
        SmtpRoute route = new SmtpRoute(settings);
        MimeMessages messages =
                new MimeMessages(
                        "SEQPULSE <hello@example.org>",
                        null,
                        settings.idempotencyHeader(),
                        Clock.systemUTC());
        Delivery delivery = new Delivery(outbox, messages, route, gate, metrics, closing);
        Sender sender =
                new Sender(
                        "sender-" + started.size(),
                        settings.connections(),
                        outbox,
                        route,
                        delivery,
                        gate,
                        metrics,
                        closing);
        Running running = new Running(pool, route, gate, metrics, sender);
        started.add(running);
        sender.start();
        return running;
    }

    private void awaitOutcome(UUID id, String outcome) {
        started.forEach(running -> running.sender().wake());
        await(outcome + " of a row", () -> rows.outcome(id).equals(outcome));
    }
}
