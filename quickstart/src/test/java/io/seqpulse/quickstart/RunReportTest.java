package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.quickstart.stack.Journal;
import io.seqpulse.quickstart.stack.ReceivedMail;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RunReportTest {

    @Test
    void journalAndMailsAreComparedBothWays() {
        RunReport.Difference difference =
                RunReport.Difference.of(
                        List.of(row("sent", "<a@x>"), row("sent", "<b@x>"), row("failed", null)),
                        List.of(mail("<b@x>"), mail("<c@x>")),
                        Set.of("a@live.example"));
        assertThat(difference.sentNotReceived()).containsExactly("a@x");
        assertThat(difference.receivedNotSent()).containsExactly("c@x");
        assertThat(difference).hasToString("1 sent and not received, 1 received and not sent");
    }

    /** With a user the database deletes the rows that say what the user was sent. */
    @Test
    void mailsToPeopleDeletedSinceAreNoDifference() {
        RunReport.Difference difference =
                RunReport.Difference.of(
                        List.of(row("sent", "<b@x>")),
                        List.of(mail("<b@x>"), mail("<c@x>")),
                        Set.of("somebody-else@live.example"));
        assertThat(difference.receivedNotSent()).isEmpty();
        assertThat(difference.forgotten()).containsExactly("c@x");
        assertThat(difference)
                .hasToString(
                        "0 sent and not received, 0 received and not sent, and 1 to people deleted since");
    }

    private static Journal.Row row(String status, String messageId) {
        return new Journal.Row(
                "E-TRX-01", "k", status, null, "u", null, null, messageId, null, null);
    }

    private static ReceivedMail mail(String messageId) {
        return new ReceivedMail(
                Instant.EPOCH, "E-TRX-01", messageId, "a@live.example", "s", Path.of("x.eml"));
    }

    @Test
    void percentilesAreValuesThatWereMeasured() {
        List<Long> values = List.of(10L, 20L, 30L, 40L);
        assertThat(RunReport.percentile(values, 50)).isEqualTo(20);
        assertThat(RunReport.percentile(values, 99)).isEqualTo(40);
        assertThat(RunReport.percentile(List.of(7L), 50)).isEqualTo(7);
    }
}
