package io.seqpulse.connector.email;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.email.ScriptedSmtpServer.Step;
import io.seqpulse.connector.email.SmtpProbe.Answer;
import io.seqpulse.connector.email.SmtpProbe.Verdict;
import io.seqpulse.connector.email.SmtpSettings.Security;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SmtpProbeTest {

    private static final Duration AT_MOST = Duration.ofSeconds(10);

    private final ScriptedSmtpServer server = ScriptedSmtpServer.start();

    @AfterEach
    void close() {
        server.close();
    }

    private Answer ask(Security security, String password) throws InterruptedException {
        SmtpSettings settings = SmtpSettings.server("localhost", server.port(), security);
        return SmtpProbe.ask(
                password == null ? settings : settings.login("mailer", password), AT_MOST);
    }

    private String name() {
        return "localhost:" + server.port();
    }

    @Test
    void aServerThatLetsUsInIsSentNothing() throws Exception {
        server.login("mailer", "right");

        assertThat(ask(Security.NONE, "right")).isEqualTo(new Answer(Verdict.OPEN, ""));
        assertThat(server.commands()).noneMatch(command -> command.startsWith("MAIL"));
    }

    @Test
    void aRefusedLoginIsForSomebodyToPutRightAndTellsNoLogin() throws Exception {
        server.login("mailer", "right");

        Answer answer = ask(Security.NONE, "s3cret");
        assertThat(answer.verdict()).isEqualTo(Verdict.MISCONFIGURED);
        assertThat(answer.words())
                .isEqualTo(name() + " refuses the login: 535 5.7.8 wrong password")
                .doesNotContain("s3cret");

        server.always(Step.AUTH, "454 4.7.0 Temporary authentication failure");
        assertThat(ask(Security.NONE, "right"))
                .isEqualTo(
                        new Answer(
                                Verdict.AWAY,
                                name()
                                        + " logs nobody in now: 454 4.7.0 Temporary authentication"
                                        + " failure"));
    }

    @ParameterizedTest
    @CsvSource({
        "drop, ends the connection: [EOF]",
        "reset, ends the connection: ",
        "421 4.7.0 closing, logs nobody in now: 421 4.7.0 closing",
        "334, logs nobody in now: 334"
    })
    void aConnectionThatEndsWhileLoggingInRefusesNobody(String reply, String words)
            throws Exception {
        server.login("mailer", "right");
        server.always(Step.AUTH, reply);

        Answer answer = ask(Security.NONE, "right");
        assertThat(answer.verdict()).as(answer.words()).isEqualTo(Verdict.AWAY);
        assertThat(answer.words()).startsWith(name() + " " + words).doesNotEndWith(": ");
    }

    @Test
    void aLoginThatNobodyCanTryIsForSomebodyToPutRight() throws Exception {
        server.always(Step.EHLO, "250-localhost\r\n250 AUTH GSSAPI");

        Answer answer = ask(Security.NONE, "right");
        assertThat(answer.verdict()).as(answer.words()).isEqualTo(Verdict.MISCONFIGURED);
        assertThat(answer.words())
                .startsWith(name() + " takes no login as ours: No authentication mechanisms");
    }

    @Test
    void aServerWithoutLoginsIsNamed() throws Exception {
        assertThat(ask(Security.NONE, "any"))
                .isEqualTo(
                        new Answer(
                                Verdict.MISCONFIGURED, name() + " takes no logins: name no user"));
    }

    @ParameterizedTest
    @CsvSource({
        "421 4.3.2 shutting down, takes no mail now: 421",
        "554 5.7.1 your address is listed, takes no mail now: 554",
        "drop, ends the connection"
    })
    void aServerThatDoesNotGreetUsMayLater(String greeting, String words) throws Exception {
        server.always(Step.GREETING, greeting);

        Answer answer = ask(Security.NONE, null);
        assertThat(answer.verdict()).as(answer.words()).isEqualTo(Verdict.AWAY);
        assertThat(answer.words()).startsWith(name() + " " + words);
    }

    @Test
    void nobodyListening() throws Exception {
        server.close();

        Answer answer = ask(Security.NONE, null);
        assertThat(answer.verdict()).isEqualTo(Verdict.AWAY);
        assertThat(answer.words()).startsWith(name() + " takes no connection: ");
    }

    @Test
    void aCertificateOfSomebodyElse() throws Exception {
        server.startTls(Certificate.of("localhost").server());

        Answer answer = ask(Security.STARTTLS, null);
        assertThat(answer.verdict()).as(answer.words()).isEqualTo(Verdict.MISCONFIGURED);
        assertThat(answer.words())
                .startsWith("the certificate of " + name() + " is not to be trusted: ");
    }

    @Test
    void encryptionThatIsNotThere() throws Exception {
        assertThat(ask(Security.STARTTLS, null))
                .isEqualTo(new Answer(Verdict.MISCONFIGURED, name() + " offers no STARTTLS"));
        assertThat(ask(Security.TLS, null))
                .isEqualTo(
                        new Answer(
                                Verdict.MISCONFIGURED,
                                name()
                                        + " does not speak TLS from the first byte; for STARTTLS it"
                                        + " is smtp://"));
    }

    @Test
    void aNameWithoutAnAddressMayHaveOneLater() throws Exception {
        Answer answer =
                SmtpProbe.ask(SmtpSettings.server("mail.invalid", 25, Security.NONE), AT_MOST);

        assertThat(answer)
                .isEqualTo(
                        new Answer(
                                Verdict.AWAY,
                                "no address is found for mail.invalid: either the name is wrong,"
                                        + " or the name service does not answer"));
    }

    @Test
    void aServerThatSaysNothingIsWaitedForOnlySoLong() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getByName("localhost"))) {
            long begun = System.nanoTime();
            Answer answer =
                    SmtpProbe.ask(
                            SmtpSettings.server("localhost", silent.getLocalPort(), Security.NONE),
                            Duration.ofMillis(300));

            assertThat(answer)
                    .isEqualTo(
                            new Answer(
                                    Verdict.AWAY,
                                    "localhost:%s does not answer"
                                            .formatted(silent.getLocalPort())));
            assertThat(Duration.ofNanos(System.nanoTime() - begun))
                    .isLessThan(Duration.ofSeconds(5));
        }
    }
}
