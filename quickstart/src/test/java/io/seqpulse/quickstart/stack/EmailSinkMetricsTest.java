package io.seqpulse.quickstart.stack;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.quickstart.stack.MailWatch.Halt;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class EmailSinkMetricsTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<String, String> answers = new HashMap<>();
    private final List<String> asked = new ArrayList<>();
    private final AtomicLong clock = new AtomicLong(7);
    private final EmailSinkMetrics sink =
            new EmailSinkMetrics(
                    path -> {
                        asked.add(path);
                        return JSON.readTree(answers.getOrDefault(path.split("\\?")[0], "[]"));
                    },
                    clock::get);

    /** Three tasks, the second with the sink. */
    private void job(String id, String... metrics) {
        answers.put("/jobs/" + id, "{\"vertices\":[{\"id\":\"a\"},{\"id\":\"b\"},{\"id\":\"c\"}]}");
        answers.put(
                "/jobs/%s/vertices/b/metrics".formatted(id),
                List.of(metrics).stream()
                        .map(
                                metric ->
                                        "{\"id\":\"0.email_sink.email.%s\",\"value\":\"%s\"}"
                                                .formatted((Object[]) metric.split("=", -1)))
                        .toList()
                        .toString());
    }

    @Test
    void aJobThatOnlyJournalsIsLeftAlone() throws Exception {
        job("1", "queued=0", "journalWaitingSeconds=0");

        for (int second = 0; second < EmailSinkMetrics.LATER.toSeconds(); second++) {
            assertThat(sink.halt("1")).isEmpty();
            clock.addAndGet(Duration.ofSeconds(1).toNanos());
        }
        assertThat(asked)
                .containsExactly(
                        "/jobs/1", "/jobs/1/vertices/a/metrics", "/jobs/1/vertices/b/metrics");

        asked.clear();
        assertThat(sink.halt("1")).isEmpty();
        assertThat(asked).containsExactly("/jobs/1/vertices/b/metrics");
    }

    @Test
    void aSenderThatHasNotHeardTheServerIsAskedAgainAndNoOtherTask() throws Exception {
        job("1", "senderStopped=0", "journalWaitingSeconds=0");
        assertThat(sink.halt("1")).isEmpty();

        asked.clear();
        assertThat(sink.halt("1")).isEmpty();
        assertThat(asked).containsExactly("/jobs/1/vertices/b/metrics");

        job(
                "1",
                "senderStopped=1",
                "journalWaitingSeconds=0",
                "haltedSeconds=12",
                "haltedBecause=refused");
        assertThat(sink.halt("1")).contains(new Halt(Duration.ofSeconds(12), "refused"));
        job("1", "senderStopped=0", "journalWaitingSeconds=0", "haltedSeconds=0", "haltedBecause=");
        assertThat(sink.halt("1")).contains(Halt.NONE);
    }

    @Test
    void anotherJobIsLookedAtAnew() throws Exception {
        job("1", "journalWaitingSeconds=0");
        job("2", "senderStopped=0", "journalWaitingSeconds=0", "haltedSeconds=0");

        assertThat(sink.halt("1")).isEmpty();
        assertThat(sink.halt("2")).contains(Halt.NONE);
    }

    @Test
    void aJobWhoseTasksSayNothingYetIsAskedAgain() throws Exception {
        job("1");
        assertThat(sink.halt("1")).isEmpty();

        job("1", "senderStopped=0", "journalWaitingSeconds=0", "haltedSeconds=0");
        assertThat(sink.halt("1")).contains(Halt.NONE);
    }

    @Test
    void theJournalIsLookedAtEachTimeWhetherTheSinkSendsOrNot() throws Exception {
        job("1");
        assertThat(sink.journalWaits("1")).isEmpty();

        job("1", "journalWaitingSeconds=0");
        assertThat(sink.journalWaits("1")).contains(Duration.ZERO);
        job("1", "journalWaitingSeconds=31");
        asked.clear();
        assertThat(sink.journalWaits("1")).contains(Duration.ofSeconds(31));
        assertThat(asked)
                .containsExactly(
                        "/jobs/1/vertices/b/metrics"
                                + "?get=0.email_sink.email.journalWaitingSeconds");
    }
}
