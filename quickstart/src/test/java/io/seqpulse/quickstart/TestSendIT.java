package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import io.seqpulse.cli.UsageException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** {@code ./lifecycle test-send} by the job's jar as it is packaged, to a real mail server. */
class TestSendIT {

    private final GreenMail server = new GreenMail(new ServerSetup(0, "127.0.0.1", "smtp"));
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void start() {
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop();
    }

    @Test
    void sendsTheMailThatIsAskedForAndSaysWhatTheServerAnswered() throws Exception {
        assertThat(run("E-ACT-05", "en", "--to", "ada@example.org", "--step", "digest"))
                .as("%s", err)
                .isZero();
        assertThat(server.getReceivedMessages()).hasSize(1);
        var mail = server.getReceivedMessages()[0];
        assertThat(mail.getSubject()).startsWith("[TEST] ");
        assertThat(mail.getAllRecipients())
                .extracting(Object::toString)
                .containsExactly("ada@example.org");
        assertThat(out.toString().lines())
                .hasSize(2)
                .satisfiesExactly(
                        sent ->
                                assertThat(sent)
                                        .isEqualTo(
                                                "Sent \"%s\" to ada@example.org",
                                                mail.getSubject()),
                        answer -> assertThat(answer).matches("127\\.0\\.0\\.1:\\d+: 250.*"));
    }

    @Test
    void namesTheNearestCodeAndStep() {
        assertThat(run("E-ATC-05", "en", "--to", "ada@example.org")).isEqualTo(2);
        assertThat(run("E-ACT-05", "en", "--to", "ada@example.org", "--step", "digset"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("did you mean E-ACT-05?", "did you mean digest?");
        assertThat(server.getReceivedMessages()).isEmpty();
    }

    private int run(String... arguments) {
        Map<String, String> environment = new HashMap<>();
        environment.put("EMAIL_FROM", "SEQPULSE <hello@example.org>");
        environment.put("LIFECYCLE_SMTP_HOST", "127.0.0.1");
        environment.put("LIFECYCLE_SMTP_PORT", Integer.toString(server.getSmtp().getPort()));
        environment.put("LIFECYCLE_SMTP_SECURITY", "none");
        CommandLine command = new CommandLine(new TestSend(environment));
        command.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        command.setExecutionExceptionHandler(
                (failure, line, parsed) -> {
                    line.getErr().println(failure.getMessage());
                    return failure instanceof UsageException ? 2 : 1;
                });
        return command.execute(arguments);
    }
}
