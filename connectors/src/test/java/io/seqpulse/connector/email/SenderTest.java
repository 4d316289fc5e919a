package io.seqpulse.connector.email;

import static io.seqpulse.connector.email.JournalRows.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.seqpulse.connector.email.ScriptedSmtpServer.Hold;
import io.seqpulse.connector.email.ScriptedSmtpServer.Received;
import io.seqpulse.connector.email.ScriptedSmtpServer.Step;
import io.seqpulse.connector.email.SmtpSettings.Security;
import io.seqpulse.connector.jdbc.ProductDatabase;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.logging.log4j.Level;
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
    private final Gauges gauges = new Gauges();
    private final UUID ada = database.user("ada@example.org");

    /** Keeps the gauges shown in it and in what is below. */
    private static final class Gauges extends UnregisteredMetricsGroup {
        private final Map<String, Gauge<?>> byName = new ConcurrentHashMap<>();

        @Override
        public MetricGroup addGroup(String name) {
            return this;
        }

        @Override
        public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
            byName.put(name, gauge);
            return gauge;
        }
    }

    /** A sender with all its parts. */
    private record Running(
            HikariDataSource pool,
            MailRoute route,
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

    @Test
    void aServerThatLetsNobodyInIsKnownBeforeAnyMailIsDue() {
        server.always(Step.GREETING, "421 4.3.2 shutting down");

        Running running = start();
        await("halted", () -> running.gate().halt().isPresent());
        assertThat(running.gate().halt().orElseThrow().because())
                .startsWith("no connection: ")
                .contains("421");

        server.forget(Step.GREETING);
        UUID id = rows.queued("k", EmailCategory.TRANSACTIONAL, ada);
        awaitOutcome(id, "sent");
        assertThat(running.gate().halt()).isEmpty();
    }

    /** Another writer, as after a restart of the job, must not look like the end of an outage. */
    @Test
    void nothingIsSaidOfSendingBeforeTheServerWasAsked() throws InterruptedException {
        server.always(Step.GREETING, "421 4.3.2 shutting down");
        Hold hold = server.hold(Step.GREETING);

        start();
        hold.awaitReached();
        assertThat(gauges.byName).doesNotContainKey(SinkMetrics.HALTED);

        hold.release();
        await("asked", () -> gauges.byName.containsKey(SinkMetrics.HALTED));
        assertThat((Long) gauges.byName.get(SinkMetrics.HALTED).getValue()).isPositive();
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
    @CsvSource({
        "RCPT, 550 5.1.1 no such user",
        "RCPT, 550 5.2.1 disabled",
        "END, 550 5.1.1 nobody"
    })
    void suppressesAnAddressThatIsRefusedTwice(Step step, String reply) {
        UUID first = rows.queued("1", EmailCategory.SERVICE, ada);
        refuseTwice(first, step, reply);
        awaitOutcome(first, "failed/address_refused");
        UUID second = rows.queued("2", EmailCategory.SERVICE, ada);
        awaitOutcome(second, "suppressed/suppressed_address");

        assertThat(rows.row(first).get("error_message")).isEqualTo(reply);
        assertThat(rows.row(first)).containsEntry("sent_at", null).containsEntry("attempts", 2);
        assertThat(
                        database.value(
                                "select address || ' ' || reply from lifecycle.suppressed_addresses"
                                        + " where until between now() + interval '89 days'"
                                        + " and now() + interval '90 days'"))
                .isEqualTo("ada@example.org " + reply);

        assertThat(database.value("select lifecycle.lift_suppression(' Ada@Example.org ')"))
                .isEqualTo(true);
        assertThat(database.value("select lifecycle.lift_suppression('ada@example.org')"))
                .isEqualTo(false);
        UUID third = rows.queued("3", EmailCategory.SERVICE, ada);
        awaitOutcome(third, "sent");
    }

    @ParameterizedTest
    @CsvSource({"RCPT, 550 no such user", "END, 554 5.6.0 bad", "END, 552 5.3.4 large"})
    void failsOnlyTheMailThatIsRefusedTwice(Step step, String reply) {
        UUID first = rows.queued("1", EmailCategory.MARKETING, ada);
        refuseTwice(first, step, reply);
        awaitOutcome(first, "failed/message_refused");
        UUID second = rows.queued("2", EmailCategory.MARKETING, ada);
        awaitOutcome(second, "sent");

        assertThat(suppressed()).isZero();
    }

    /** Refused, put off; another's mail goes; refused again. */
    private void refuseTwice(UUID id, Step step, String reply) {
        server.once(step, reply);
        start();
        await("put off", () -> rows.row(id).get("attempts").equals(1));
        assertThat(rows.outcome(id)).isEqualTo("queued");
        assertThat(suppressed()).isZero();
        UUID other = rows.queued("other", EmailCategory.SERVICE, database.user("bob@example.org"));
        awaitOutcome(other, "sent");
        server.once(step, reply);
        rows.change(id, "next_attempt_at = now()");
    }

    @ParameterizedTest
    @CsvSource({
        "RCPT, 550 5.7.1 spam",
        "RCPT, 553 bad name",
        "RCPT, 550 5.1.8 bad sender",
        "RCPT, 530 5.7.1 not authenticated",
        "DATA, 554 no",
        "END, 550 5.1.90 daily limit for message recipients"
    })
    void whatNamesNobodyIsTriedUntilItExpires(Step step, String reply) {
        UUID id = rows.queued("1", EmailCategory.MARKETING, ada);
        UUID other = rows.queued("other", EmailCategory.SERVICE, database.user("bob@example.org"));
        rows.change(other, "next_attempt_at = now() + interval '1 hour'");
        server.always(step, reply);

        Running running = start();
        for (int attempts = 1; attempts <= 5; attempts++) {
            int soFar = attempts;
            running.sender().wake();
            await("put off", () -> rows.row(id).get("attempts").equals(soFar));
            server.forget(step);
            rows.change(other, "status = 'queued', next_attempt_at = now()");
            awaitOutcome(other, "sent");
            server.always(step, reply);
            if (attempts < 5) {
                rows.change(id, "next_attempt_at = now()");
            }
        }
        assertThat(rows.outcome(id)).isEqualTo("queued");
        assertThat(running.gate().isOpen()).isTrue();

        rows.change(id, "expires_at = now(), next_attempt_at = now()");
        awaitOutcome(id, "failed/undelivered");
        assertThat(rows.row(id).get("error_message")).isEqualTo(reply);
        assertThat(suppressed()).isZero();
    }

    /**
     * Relaying denied, a block list, a quota: each server says it in answer to RCPT or at the end.
     */
    @ParameterizedTest
    @CsvSource({
        "RCPT, 550 relay not permitted",
        "RCPT, '553 sorry, that domain isn''t in my list of allowed rcpthosts'",
        "RCPT, 554 5.7.1 Relay access denied",
        "RCPT, 554 5.7.1 Service unavailable; blocked using zen.example.net",
        "END, 550 5.1.90 daily limit for message recipients"
    })
    void aServerThatStopsAcceptingUsBurnsNoMail(Step step, String reply) {
        List<UUID> mails = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            UUID user = database.user("u" + i + "@d" + i % 3 + ".example");
            mails.add(rows.queued("k" + i, EmailCategory.SERVICE, user));
        }
        server.always(step, reply);

        Running running = start();
        await("stopped", () -> !running.gate().isOpen());
        await("none on its way", () -> leased() == 0);
        assertThat(count("status = 'queued'")).isEqualTo(12);
        assertThat(count("attempts > 1")).isZero();

        // And as soon as it accepts us again all of them go, those tried before included.
        server.forget(step);
        mails.forEach(id -> awaitOutcome(id, "sent"));
        assertThat(running.gate().isOpen()).isTrue();
        assertThat(server.received()).hasSize(12);
        assertThat(suppressed()).isZero();
    }

    @Test
    void oneRecipientsAnswerStopsNobodyElsesMail() {
        server.refuse("ada@example.org", "550 5.1.8 bad sender");
        UUID bad = rows.queued("bad", EmailCategory.SECURITY, ada);
        rows.change(bad, "next_attempt_at = now() - interval '1 hour'");
        List<UUID> good = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            good.add(
                    rows.queued(
                            "k" + i,
                            EmailCategory.MARKETING,
                            database.user("u" + i + "@example.org")));
        }

        Running running = start(settings().withConnections(1));

        good.forEach(id -> awaitOutcome(id, "sent"));
        assertThat(rows.outcome(bad)).isEqualTo("queued");
        assertThat(running.gate().isOpen()).isTrue();
    }

    /** They close the gate, and are not what it is asked with again: others' mail opens it. */
    @Test
    void recipientsThatAreAlwaysRefusedDoNotKeepTheGateClosed() {
        for (int i = 0; i < 3; i++) {
            String address = "on-call@acme" + i + ".example";
            server.refuse(address, "550 5.7.1 we do not know you");
            UUID bad = rows.queued("bad" + i, EmailCategory.ALERT, database.user(address));
            rows.change(bad, "next_attempt_at = now() - interval '1 hour'");
        }
        UUID good = rows.queued("good", EmailCategory.REPORT, ada);
        rows.change(good, "next_attempt_at = now() + interval '1 hour'");

        Running running = start(settings().withConnections(1));
        await("stopped", () -> !running.gate().isOpen());
        rows.change(good, "next_attempt_at = now()");

        awaitOutcome(good, "sent");
        await("resumed", () -> running.gate().isOpen());
        assertThat(count("status = 'queued'")).isEqualTo(3);
    }

    private long suppressed() {
        return (Long) database.value("select count(*) from lifecycle.suppressed_addresses");
    }

    private long leased() {
        return count("lease_token is not null");
    }

    private long count(String condition) {
        return (Long)
                database.value("select count(*) from public.email_deliveries where " + condition);
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

    /** Four people with four mails of each kind, and a server that takes them without a word. */
    private Map<UUID, EmailCategory> mailsForAServerThatConfirmsNothing(
            EmailCategory... categories) {
        server.always(Step.END, ScriptedSmtpServer.DROP);
        Map<UUID, EmailCategory> mails = new LinkedHashMap<>();
        for (EmailCategory category : categories) {
            for (int i = 0; i < 4; i++) {
                UUID user = database.user(category.label() + i + "@example.org");
                mails.put(rows.queued(category.label() + i, category, user), category);
            }
        }
        return mails;
    }

    @Test
    void aServerThatConfirmsNothingIsAskedWithMailThatMayGoTwice() {
        Map<UUID, EmailCategory> mails =
                mailsForAServerThatConfirmsNothing(
                        EmailCategory.MARKETING,
                        EmailCategory.REPORT,
                        EmailCategory.SERVICE,
                        EmailCategory.ALERT);

        Running running = start();
        await("stopped", () -> !running.gate().isOpen());
        assertThat(running.gate().halt().orElseThrow().because())
                .startsWith("no mail is confirmed: ");
        await("asked", () -> count("phase = 'final'") > 4);
        assertThat(gauges.byName.get(SinkMetrics.SENDER_STOPPED).getValue()).isEqualTo(1);
        assertThat((Long) gauges.byName.get(SinkMetrics.HALTED).getValue()).isPositive();
        assertThat(count("category in ('marketing', 'report') and attempts = 0")).isEqualTo(8);

        server.forget(Step.END);
        await("resumed", () -> running.gate().isOpen());
        rows.changeAll("phase = 'final'", "next_attempt_at = now()");
        mails.keySet().forEach(id -> awaitOutcome(id, "sent"));
        assertThat(running.gate().halt()).isEmpty();
    }

    /** Nobody puts marketing back that may have arrived; so it is spent with growing pauses. */
    @Test
    void marketingAsksAServerThatConfirmsNothingWhereNothingElseIsDue() {
        Map<UUID, EmailCategory> mails =
                mailsForAServerThatConfirmsNothing(EmailCategory.MARKETING, EmailCategory.REPORT);
        UUID urgent = rows.queued("urgent", EmailCategory.SECURITY, ada);
        rows.change(urgent, "next_attempt_at = now() + interval '1 hour'");

        Running running = start();
        await("stopped", () -> !running.gate().isOpen());
        await("asked in vain", () -> running.gate().pause().compareTo(Duration.ofSeconds(4)) >= 0);
        long spent = count("status = 'failed'");
        assertThat(spent).as("three, one beside it, and two that asked").isBetween(5L, 6L);

        server.forget(Step.END);
        await("resumed", () -> running.gate().isOpen());
        await("all had their end", () -> count("status = 'queued'") == 1);
        assertThat(count("status = 'sent'")).isEqualTo(mails.size() - spent);
        assertThat(server.received().stream().map(mail -> mail.header("Message-ID")))
                .doesNotHaveDuplicates();
    }

    @Test
    void marketingIsSparedWhileOtherMailIsSoonDue() {
        server.always(Step.END, ScriptedSmtpServer.DROP);
        UUID soon = rows.queued("soon", EmailCategory.SECURITY, ada);
        rows.change(soon, "next_attempt_at = now() + interval '1 minute'");
        mailsForAServerThatConfirmsNothing(EmailCategory.MARKETING, EmailCategory.REPORT);

        Running running = start();
        await("stopped", () -> !running.gate().isOpen());
        await("none on its way", () -> leased() == 0);
        long spent = count("status = 'failed'");
        rows.change(soon, "next_attempt_at = now()");
        await("asked", () -> rows.row(soon).get("attempts").equals(1));

        assertThat(count("status = 'failed'")).isEqualTo(spent);
    }

    /** A server that restarts is let in by its greeting; that proves nothing of its last word. */
    @Test
    void aRestartOfAServerThatConfirmsNothingProvesNothing() {
        mailsForAServerThatConfirmsNothing(EmailCategory.MARKETING, EmailCategory.ALERT);
        Running running = start(settings().withConnections(1));
        await("stopped", () -> !running.gate().isOpen());

        server.always(Step.GREETING, "421 4.3.2 restarting");
        await(
                "away",
                () -> running.gate().halt().orElseThrow().because().startsWith("no connection"));
        long untouched = count("attempts = 0");
        int taken = server.received().size();
        server.forget(Step.GREETING);
        await("asked again", () -> server.received().size() > taken);

        assertThat(running.gate().isOpen()).isFalse();
        assertThat(count("attempts = 0")).isGreaterThanOrEqualTo(untouched - 1);
    }

    /** Its message is still coming in when others have shown that no end is confirmed. */
    @Test
    void theFenceHoldsBackWhatAServerThatConfirmsNothingHasNotTakenYet()
            throws InterruptedException {
        UUID slow = rows.queued("slow", EmailCategory.MARKETING, ada);
        Hold hold = server.hold(Step.DATA);
        Running running = start();
        hold.awaitReached();
        mailsForAServerThatConfirmsNothing(EmailCategory.ALERT);
        running.sender().wake();
        await("stopped", () -> !running.gate().isOpen());

        hold.release();

        await("cut off", () -> server.cutOff() == 1);
        await("released", () -> rows.row(slow).get("lease_token") == null);
        assertThat(rows.row(slow))
                .containsEntry("status", "queued")
                .containsEntry("attempts", 0)
                .containsEntry("phase", null);
        assertThat(database.value("select count(*) from lifecycle.marketing_cap")).isEqualTo(0L);
    }

    /** What fails in between, or forgives, does not start the count anew. */
    @Test
    void anUnconfirmedMailIsRepeatedTwice() {
        UUID id = rows.queued("k", EmailCategory.SECURITY, ada);
        server.once(Step.END, ScriptedSmtpServer.DROP)
                .once(Step.END, ScriptedSmtpServer.DROP)
                .once(Step.END, ScriptedSmtpServer.DROP);
        Running running = start();

        await("put off", () -> rows.row(id).get("attempts").equals(1));
        server.once(Step.RCPT, "550 5.7.1 not now");
        again(running, id);
        await("put off", () -> rows.row(id).get("attempts").equals(2));
        assertThat(rows.row(id).get("error_message").toString()).startsWith("550 5.7.1 not now");
        again(running, id);
        await("put off", () -> rows.row(id).get("attempts").equals(3));
        assertThat(rows.outcome(id)).isEqualTo("queued");
        again(running, id);

        awaitOutcome(id, "failed/unconfirmed");
        assertThat(server.received()).hasSize(3);
        assertThat(running.metrics().value(SinkMetrics.UNCONFIRMED)).isEqualTo(1);
        assertThat(running.gate().isOpen()).as("one mailbox is not all of them").isTrue();
    }

    private void again(Running running, UUID id) {
        rows.change(id, "next_attempt_at = now()");
        running.sender().wake();
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
                                "select next_attempt_at > now() + interval '23 hours' and attempts"
                                        + " = 0 from public.email_deliveries where dedupe_key ="
                                        + " 'slow'"))
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

    /** The mail is past the fence for the old owner when the project changes hands. */
    @ParameterizedTest
    @CsvSource({
        "451 4.3.0 try later, false",
        "451 4.3.0 try later, true",
        "554 5.6.0 bad, false",
        "250 2.0.0 taken, true"
    })
    void aMailThatTheServerDoesNotTakeAfterAllGoesToTheNewOwner(String reply, boolean withdrawn)
            throws Exception {
        UUID eve = database.user("eve@example.org");
        UUID id = rows.queued("k", EmailCategory.ALERT, ada);
        rows.change(id, "decided_at = now() - interval '1 minute'");
        Hold hold = server.hold(Step.END);
        server.once(Step.END, reply);
        Running running = start();
        hold.awaitReached();
        Journal journal = new Journal(running.pool(), ReferenceTables.TABLES);

        if (withdrawn) {
            journal.write(
                    List.of(EmailCommand.withdraw(new Withdrawal("k", ada.toString(), "moved"))));
        }
        journal.write(
                List.of(
                        EmailCommand.journal(
                                JournalRows.as(
                                        "b", JournalRows.entry("k", EmailCategory.ALERT, eve)))));
        assertThat(rows.row(id)).containsEntry("user_id", ada).containsEntry("phase", "final");
        hold.release();

        awaitOutcome(id, "sent");
        boolean taken = reply.startsWith("2");
        assertThat(rows.row(id))
                .containsEntry("user_id", taken ? ada : eve)
                .containsEntry("variant", taken ? null : "b");
        assertThat(server.received().stream().map(Received::recipient))
                .containsExactly(taken ? "ada@example.org" : "eve@example.org");
        assertThat(database.value("select count(*) from lifecycle.successors")).isEqualTo(0L);
    }

    /** As with kill -9: its sessions end, and nothing of it is undone. */
    @Test
    void aStartedSenderTakesOverAtOnceWhatAKilledOneHadNotFenced() throws InterruptedException {
        Hold beforeTheFence = server.hold(Step.DATA);
        UUID id = rows.queued("k", EmailCategory.MARKETING, ada);
        Running killed = start(settings().withConnections(1));
        beforeTheFence.awaitReached();
        UUID waiting = rows.queued("waiting", EmailCategory.ALERT, ada);
        killed.pool().close();

        start();

        awaitOutcome(id, "sent");
        awaitOutcome(waiting, "sent");
        beforeTheFence.release();
        await("cut off", () -> server.cutOff() == 1);
        assertThat(server.received()).hasSize(2);
    }

    @Test
    void aLivingSendersMailIsLeftToIt() throws InterruptedException {
        Hold hold = server.hold(Step.DATA);
        UUID id = rows.queued("k", EmailCategory.ALERT, ada);
        Running slow = start(settings().withConnections(1));
        hold.awaitReached();
        Object token = rows.row(id).get("lease_token");

        start();
        UUID other = rows.queued("other", EmailCategory.SERVICE, ada);
        awaitOutcome(other, "sent");
        assertThat(rows.row(id)).containsEntry("lease_token", token);
        hold.release();

        awaitOutcome(id, "sent");
        assertThat(slow.metrics().value(SinkMetrics.LEASE_LOST)).isZero();
        assertThat(server.received()).hasSize(2);
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
    @CsvSource({"MAIL, 530 5.7.0 login first", "MAIL, 553 5.7.1 sender not verified"})
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

    /** With the ten minutes of the final answer, or one after the other, this would never end. */
    @Test
    void connectionsThatDiedSilentlyAreLeftAtOnce() throws InterruptedException {
        SmtpSettings settings =
                settings()
                        .withConnections(4)
                        .withTimeouts(
                                Duration.ofSeconds(5),
                                Duration.ofMillis(500),
                                Duration.ofMinutes(10));
        List<UUID> mails = new ArrayList<>();
        Hold hold = server.hold(Step.END);
        for (int i = 0; i < 40; i++) {
            mails.add(rows.queued("k" + i, EmailCategory.SERVICE, ada));
        }
        Running running = start(settings);
        hold.awaitReached();
        hold.release();
        mails.forEach(id -> awaitOutcome(id, "sent"));
        assertThat(server.open()).isGreaterThan(1);
        int sessions = server.sessions();

        server.fallSilent();
        UUID next = rows.queued("next", EmailCategory.ALERT, ada);
        long start = System.nanoTime();
        awaitOutcome(next, "sent");

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        assertThat(rows.row(next)).containsEntry("attempts", 0);
        assertThat(server.sessions()).isEqualTo(sessions + 1);
        assertThat(running.gate().isOpen()).isTrue();
    }

    @Test
    void aServerThatTakesFewConnectionsGetsNoMoreOfThem() {
        server.atMost(1);
        List<UUID> mails = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            mails.add(rows.queued("k" + i, EmailCategory.SERVICE, ada));
        }
        try (LogEvents log = LogEvents.of(Level.WARN)) {
            start(settings().withConnections(4));
            mails.forEach(id -> awaitOutcome(id, "sent"));

            assertThat(server.received()).hasSize(30);
            assertThat(count("attempts > 0")).isZero();
            assertThat(log.messages().size()).as("%s", log.messages()).isLessThanOrEqualTo(4);
        }
    }

    @Test
    void anOutageIsToldOnce() {
        int port = server.port();
        server.close();
        for (int i = 0; i < 20; i++) {
            rows.queued("k" + i, EmailCategory.SERVICE, ada);
        }
        try (LogEvents log = LogEvents.of(Level.WARN)) {
            Running running = start();
            await("asked in vain", () -> running.gate().pause().toSeconds() > 2);
            try (ScriptedSmtpServer back = ScriptedSmtpServer.start(port)) {
                await("all sent", () -> back.received().size() == 20);
            }

            assertThat(log.messages()).hasSize(1);
            assertThat(log.messages().get(0)).startsWith("Sending stopped, no connection: ");
        }
    }

    @Test
    void aMailThatCannotBeHandledIsPutOffAlone() {
        UUID bad = rows.queued("bad", EmailCategory.SERVICE, database.user("bad@example.org"));
        UUID good = rows.queued("good", EmailCategory.SERVICE, ada);

        Running running =
                start(
                        settings(),
                        failing(
                                "bad@example.org",
                                () -> {
                                    throw new IllegalStateException("a bug");
                                }));

        awaitOutcome(good, "sent");
        await("put off", () -> rows.row(bad).get("attempts").equals(1));
        assertThat(rows.row(bad))
                .containsEntry("status", "queued")
                .containsEntry("lease_token", null)
                .containsEntry("error_message", "java.lang.IllegalStateException: a bug");
        assertThat(running.sender().failure()).isNull();
    }

    @Test
    void anErrorOfTheMachineEndsTheSenderAndReturnsItsMails() {
        UUID id = rows.queued("k", EmailCategory.SERVICE, ada);
        Running running =
                start(
                        settings(),
                        failing(
                                "ada@example.org",
                                () -> {
                                    throw new OutOfMemoryError("unable to create native thread");
                                }));

        await("ended", () -> running.sender().failure() != null);
        assertThat(running.sender().failure()).isInstanceOf(OutOfMemoryError.class);
        running.sender().close();
        assertThat(rows.row(id))
                .containsEntry("status", "queued")
                .containsEntry("phase", null)
                .containsEntry("lease_token", null);
    }

    /** A route that fails for one recipient. */
    private UnaryOperator<MailRoute> failing(String address, Runnable failure) {
        return route ->
                new MailRoute() {
                    @Override
                    public Attempt send(
                            MimeMessage message, InternetAddress recipient, Fence fence) {
                        if (recipient.getAddress().equals(address)) {
                            failure.run();
                        }
                        return route.send(message, recipient, fence);
                    }

                    @Override
                    public void probe() throws MessagingException {
                        route.probe();
                    }

                    @Override
                    public int connections() {
                        return route.connections();
                    }

                    @Override
                    public void close() {
                        route.close();
                    }
                };
    }

    @Test
    void anAddressOutsideAsciiGoesToAServerThatTakesIt() {
        UUID id = rows.queued("k", EmailCategory.SERVICE, database.user("jörg@straße.example"));
        server.international();

        start();
        awaitOutcome(id, "sent");

        Received mail = server.received().get(0);
        assertThat(mail.recipient()).isEqualTo("jörg@xn--strae-oqa.example");
        assertThat(mail.header("To")).isEqualTo("jörg@xn--strae-oqa.example");
        assertThat(server.commands()).contains("MAIL FROM:<hello@example.org> SMTPUTF8");

        UUID other = rows.queued("other", EmailCategory.SERVICE, ada);
        awaitOutcome(other, "sent");
        assertThat(server.commands()).contains("MAIL FROM:<hello@example.org>");
    }

    @Test
    void anAddressOutsideAsciiFailsAtAServerThatDoesNotAndIsNotSuppressed() {
        UUID id = rows.queued("k", EmailCategory.SERVICE, database.user("jörg@example.org"));

        start();
        awaitOutcome(id, "failed/invalid_address");

        assertThat(rows.row(id).get("error_message").toString()).contains("SMTPUTF8");
        assertThat(suppressed()).isZero();
    }

    private SmtpSettings settings() {
        return SmtpSettings.server("localhost", server.port(), Security.NONE).withConnections(2);
    }

    private Running start() {
        return start(settings());
    }

    private Running start(SmtpSettings settings) {
        return start(settings, route -> route);
    }

    private Running start(SmtpSettings settings, UnaryOperator<MailRoute> way) {
        HikariDataSource pool = JournalRows.pool(database.job());
        SinkMetrics metrics = new SinkMetrics(gauges);
        SenderGate gate = new SenderGate();
        metrics.showSender(gate);
        CountDownLatch closing = new CountDownLatch(1);
        SenderLock lock = new SenderLock(pool);
        Outbox outbox =
                new Outbox(
                        pool,
                        ReferenceTables.TABLES,
                        Duration.ofHours(24),
                        SendableCodes.ALL,
                        lock::number);
        MailRoute route = way.apply(new SmtpRoute(settings));
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
                        lock,
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
