package io.seqpulse.connector.email;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.email.ScriptedSmtpServer.Step;
import io.seqpulse.connector.email.SmtpSettings.Security;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Single mails through a real connection, without a journal. */
class SmtpRouteTest {

    /** What lets a mail go on, by step; the transport itself asks for no less. */
    private static final Map<Step, IntPredicate> WANTED =
            Map.of(
                    Step.MAIL, code -> code == 250,
                    Step.RCPT, code -> code / 100 == 2,
                    Step.DATA, code -> code == 354,
                    Step.END, code -> code / 100 == 2);

    private final ScriptedSmtpServer server = ScriptedSmtpServer.start();
    private final MailRoute route =
            new SmtpRoute(
                    SmtpSettings.server("localhost", server.port(), Security.NONE)
                            .withTimeouts(
                                    Duration.ofSeconds(5),
                                    Duration.ofSeconds(5),
                                    Duration.ofSeconds(5)));

    @AfterEach
    void close() {
        route.close();
        server.close();
    }

    /** Every code at every step of a message. */
    @ParameterizedTest
    @EnumSource(
            value = Step.class,
            names = {"MAIL", "RCPT", "DATA", "END"})
    void onlyTheAnswerThatIsWantedLetsAMailGo(Step step) throws Exception {
        for (int code = 100; code < 600; code++) {
            boolean wanted = WANTED.get(step).test(code);
            String reply = code + " that is what I say";
            server.once(step, reply);
            int sessions = server.sessions();

            Attempt attempt = send();

            assertThat(attempt.reply() == ReplyClass.ACCEPTED)
                    .as("%s answered with %s", step, reply)
                    .isEqualTo(wanted);
            if (!wanted) {
                assertThat(attempt.detail()).as("%s", step).isEqualTo(reply);
            }
            if (!wanted && code < 400) {
                assertThat(attempt.reply())
                        .as("%s answered with %s", step, reply)
                        .isEqualTo(
                                step == Step.END ? ReplyClass.UNCONFIRMED : ReplyClass.TRANSIENT);
                assertThat(send().reply()).isEqualTo(ReplyClass.ACCEPTED);
                assertThat(server.sessions())
                        .as("nobody knows what the next answer would be to: %s", reply)
                        .isGreaterThan(sessions);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"000 ?", "099 ?", "600 ?", "999 ?", "ok", "2"})
    void anAnswerThatIsNoneIsOutOfStepToo(String reply) throws Exception {
        assertThat(send().reply()).isEqualTo(ReplyClass.ACCEPTED);
        server.once(Step.RCPT, reply);
        assertThat(send().reply()).isEqualTo(ReplyClass.TRANSIENT);
        assertThat(send().reply()).isEqualTo(ReplyClass.ACCEPTED);
        assertThat(server.sessions()).isGreaterThan(1);

        int sessions = server.sessions();
        server.once(Step.END, reply);
        assertThat(send().reply()).isEqualTo(ReplyClass.UNCONFIRMED);
        assertThat(send().reply()).isEqualTo(ReplyClass.ACCEPTED);
        assertThat(server.sessions()).isGreaterThan(sessions);
    }

    private Attempt send() throws Exception {
        MimeMessage message = new MimeMessage(Session.getInstance(new Properties()));
        message.setFrom(new InternetAddress("hello@example.org"));
        message.setText("Bonjour");
        return route.send(
                message, new InternetAddress("ada@example.org"), () -> Fence.Verdict.OPEN);
    }
}
