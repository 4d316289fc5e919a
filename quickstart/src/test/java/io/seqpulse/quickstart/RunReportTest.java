package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.quickstart.stack.Journal;
import io.seqpulse.quickstart.stack.ReceivedMail;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
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
    void criticalVerdictsAreTimedApartByWhetherHintsCameWithThem() {
        Instant cause = Instant.parse("2026-11-21T10:00:00Z");
        Map<String, Object> latencies =
                RunReport.latencies(
                        List.of(
                                caused("E-ACT-05", "critical_verdict_alert:d1", "<a@x>", cause),
                                caused("E-ACT-05", "critical_verdict_alert:d1:u", "<b@x>", cause),
                                caused("E-ACT-05", "critical_verdict_alert:d2", "<c@x>", cause),
                                caused("E-ACT-05", "critical_verdict_alert:d3", "<z@x>", cause),
                                caused("E-ACT-04", "first_verdict:d1", "<d@x>", cause),
                                caused("E-TRX-01", "k", "<e@x>", null)),
                        Map.of(
                                "a@x", cause.plusMillis(300),
                                "b@x", cause.plusMillis(400),
                                "c@x", cause.plusMillis(2_300),
                                "d@x", cause.plusMillis(200),
                                "e@x", cause),
                        Set.of("d1"));

        assertThat(latencies.keySet())
                .containsExactly(
                        "at_once",
                        "E-ACT-04",
                        "E-ACT-05",
                        "E-ACT-05_with_hints",
                        "E-ACT-05_without_hints");
        assertThat(latencies.get("E-ACT-05_with_hints")).hasToString(summary(2, 300, 400));
        assertThat(latencies.get("E-ACT-05_without_hints")).hasToString(summary(1, 2_300, 2_300));
        assertThat(latencies.get("E-ACT-05")).hasToString(summary(3, 400, 2_300));
        assertThat(latencies.get("at_once")).hasToString(summary(3, 300, 400));
    }

    private static String summary(int count, long median, long most) {
        return "{count=%s, p50=%s, p99=%s, max=%s}".formatted(count, median, most, most);
    }

    private static Journal.Row caused(String code, String key, String messageId, Instant cause) {
        return new Journal.Row(code, key, "sent", null, "u", null, null, messageId, cause, null);
    }

    @Test
    void percentilesAreValuesThatWereMeasured() {
        List<Long> values = List.of(10L, 20L, 30L, 40L);
        assertThat(RunReport.percentile(values, 50)).isEqualTo(20);
        assertThat(RunReport.percentile(values, 99)).isEqualTo(40);
        assertThat(RunReport.percentile(List.of(7L), 50)).isEqualTo(7);
    }
}
