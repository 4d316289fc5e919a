package io.seqpulse.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.seqpulse.connector.email.ScriptedSmtpServer;
import io.seqpulse.connector.email.ScriptedSmtpServer.Step;
import io.seqpulse.lifecycle.config.InvalidConfigurationException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A mail with sample data, through a real connection. */
class TestSendTest {

    private final ScriptedSmtpServer server = ScriptedSmtpServer.start();
    private final Map<String, String> environment =
            new HashMap<>(
                    Map.of(
                            "EMAIL_PROVIDER",
                            "smtp",
                            "EMAIL_FROM",
                            "SEQPULSE <hello@example.org>",
                            "LIFECYCLE_SMTP_HOST",
                            "localhost",
                            "LIFECYCLE_SMTP_PORT",
                            Integer.toString(server.port()),
                            "LIFECYCLE_SMTP_SECURITY",
                            "none",
                            "FRONTEND_URL",
                            " "));

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void leavesAsTheJobsMailDoesAndIsMarkedAsATest() throws Exception {
        environment.put("EMAIL_REPLY_TO", "help@example.org");

        Map<String, String> answer = send("E-ACT-05", "en", "warning");

        assertThat(answer.get("accepted")).startsWith("localhost:" + server.port() + ": 250");
        assertThat(answer.get("subject")).startsWith("[TEST] ").contains("Checkout API");
        assertThat(server.received()).hasSize(1);
        ScriptedSmtpServer.Received mail = server.received().get(0);
        assertThat(mail.recipient()).isEqualTo("ada@example.org");
        assertThat(mail.sender()).isEqualTo("hello@example.org");
        assertThat(mail.header("Subject")).startsWith("[TEST] ");
        assertThat(mail.header("Reply-To")).isEqualTo("help@example.org");
        assertThat(mail.header("Feedback-ID")).isEqualTo("E-ACT-05:alert:seqpulse");
        assertThat(mail.text()).contains("text/plain", "text/html");
    }

    @Test
    void goesAsOftenAsItIsAskedFor() throws Exception {
        send("E-TRX-01", "fr", null);
        send("E-TRX-01", "fr", null);
        assertThat(server.received())
                .extracting(mail -> mail.header("Message-ID"))
                .hasSize(2)
                .doesNotHaveDuplicates();
    }

    @Test
    void readsTheJobsFileAndItsRules(@TempDir Path rules) throws Exception {
        Path templates = Files.createDirectory(rules.resolve("emails"));
        Files.writeString(templates.resolve("E-TRX-01.en.subject.txt"), "Ahoy");
        Path file =
                Files.writeString(
                        rules.resolve("job.properties"),
                        "email.from=captain@example.org\nrules.dir=" + rules + "\n");

        Map<String, String> answer =
                TestSend.send(
                        mail("E-TRX-01", "en", null),
                        Map.of("config", file.toString()),
                        environment);

        assertThat(answer).contains(entry("subject", "[TEST] Ahoy"));
        assertThat(server.received().get(0).sender()).isEqualTo("captain@example.org");
    }

    @ParameterizedTest
    @CsvSource({
        "RCPT, 550 5.1.1 no such user here, refuses the recipient: 550 5.1.1 no such user here",
        "MAIL, 553 not yours, refuses the sender (email.from): 553 not yours",
        "END, 554 looks like spam, refuses the mail: 554 looks like spam",
        "RCPT, 451 come back later, refuses the recipient: 451 come back later",
        "END, drop, did not say whether it took the mail",
        "GREETING, 421 closed, takes no mail now: 421",
    })
    void tellsWhatTheServerRefuses(Step step, String reply, String said) throws Exception {
        server.always(step, reply);
        assertThat(send("E-TRX-01", "fr", null))
                .containsOnlyKeys("refused", "subject")
                .hasEntrySatisfying(
                        "refused", words -> assertThat(words).contains("localhost:", said));
    }

    @Test
    void tellsOfAServerThatIsNotThere() throws Exception {
        server.close();
        assertThat(send("E-TRX-01", "fr", null).get("refused"))
                .contains("localhost:" + server.port())
                .contains("takes no connection");
    }

    @Test
    void isRefusedWhereNoServerIsConfigured() {
        environment.remove("LIFECYCLE_SMTP_HOST");
        environment.remove("EMAIL_FROM");
        assertThatThrownBy(() -> send("E-TRX-01", "fr", null))
                .isInstanceOf(InvalidConfigurationException.class)
                .hasMessageStartingWith("no mail can be sent as it is configured")
                .hasMessageContaining("smtp.host: is required")
                .hasMessageContaining("LIFECYCLE_SMTP_HOST")
                .hasMessageContaining("email.from: is missing")
                .hasMessageNotContaining("kafka")
                .hasMessageNotContaining("frontend");
    }

    @Test
    void isRefusedWhereMailsAreOnlyLogged() {
        environment.put("EMAIL_PROVIDER", "console");
        assertThatThrownBy(() -> send("E-TRX-01", "fr", null))
                .isInstanceOf(InvalidConfigurationException.class)
                .hasMessageContaining("email.provider: is console");
    }

    @ParameterizedTest
    @CsvSource({
        "nobody, is not one mail address",
        "'a@example.org,b@example.org', is not one mail address",
        "Ada <ada@example.org>, is not one mail address",
    })
    void isRefusedForWhatIsNoAddress(String to, String said) {
        Map<String, String> mail = mail("E-TRX-01", "fr", null);
        mail.put("to", to);
        assertThatThrownBy(() -> TestSend.send(mail, Map.of(), environment))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(said);
        assertThat(server.received()).isEmpty();
    }

    @Test
    void namesWhatThereIs() {
        assertThat(TestSend.names(Map.of(), Map.of()))
                .containsKeys("E-TRX-01", "E-ACT-05")
                .hasEntrySatisfying(
                        "E-ACT-05",
                        names -> assertThat(names).contains("warning", "digest", "least"));
    }

    @Test
    void everyNameCanBeSent() throws Exception {
        int sent = 0;
        for (var email : TestSend.names(Map.of(), environment).entrySet()) {
            for (String step : email.getValue()) {
                assertThat(send(email.getKey(), "fr", step)).containsKey("accepted");
                sent++;
            }
        }
        assertThat(server.received()).hasSize(sent);
    }

    private Map<String, String> send(String code, String language, String step) throws Exception {
        return TestSend.send(mail(code, language, step), Map.of(), environment);
    }

    private static Map<String, String> mail(String code, String language, String step) {
        Map<String, String> mail = new HashMap<>();
        mail.put("code", code);
        mail.put("language", language);
        mail.put("to", "ada@example.org");
        if (step != null) {
            mail.put("step", step);
        }
        return mail;
    }
}
