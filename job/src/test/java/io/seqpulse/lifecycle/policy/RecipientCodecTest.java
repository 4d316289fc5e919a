package io.seqpulse.lifecycle.policy;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.codec.Layouts;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.policy.Recipient.AlertHour;
import io.seqpulse.lifecycle.policy.Recipient.Queued;
import io.seqpulse.lifecycle.policy.Recipient.Waiting;
import java.io.IOException;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecipientCodecTest {

    private final RecipientCodec codec = new RecipientCodec();

    @Test
    void bringsAnEmptyRecipientBack() throws IOException {
        Layouts.assertComesBack(codec, new Recipient());
    }

    @Test
    void bringsAFullRecipientBack() throws IOException {
        Layouts.assertComesBack(codec, full());
    }

    /** As the first version wrote it. */
    @Test
    void readsLayout1() throws IOException {
        Layouts.assertReads(codec, LAYOUT_1, full());
    }

    @Test
    void bringsBackWhatWasToldOfHeldEmails() throws IOException {
        Recipient recipient = full();
        recipient.held.become(
                new EmailPolicy(List.of(), Duration.ofDays(1)).held(recipient), increment -> {});
        Layouts.assertComesBack(codec, recipient);
        assertThat(recipient.held.isEmpty()).isFalse();
    }

    private static Recipient full() {
        Map<String, String> values = new HashMap<>();
        values.put("plan", "free");
        values.put("project_name", null);
        Candidate candidate =
                new Candidate(
                        "E-ACT-01",
                        "k",
                        "o",
                        ALICE,
                        ALICE,
                        null,
                        MORNING,
                        2,
                        0,
                        3,
                        values,
                        List.of("u"),
                        LocalDateTime.parse("2026-11-30T08:00:00.5"));
        Recipient recipient = new Recipient();
        recipient.account =
                new Account(null, "Alice", "alice@live.example", false, null, "UTC", MORNING);
        recipient.row.present = true;
        recipient.row.committedAt = MORNING;
        recipient.row.position = new LogPosition(1, 2);
        recipient.optedOutOfMarketing = true;
        recipient.preferencesRow.present = true;
        recipient.preferencesRow.committedAt = MORNING;
        recipient.preferencesRow.position = new LogPosition(3, 4);
        recipient.marketingSentAt = MORNING + 2;
        recipient.reservedKey = "r";
        recipient.reservedAt = MORNING + 3;
        recipient.releasedAt = MORNING + 4;
        recipient.quietAt = MORNING + 10;
        Waiting waiting = new Waiting();
        waiting.candidate = candidate;
        waiting.capped = true;
        recipient.waiting.put("k", waiting);
        recipient.decided.put("d", MORNING + 5);
        recipient.queued.put("q", new Queued("E-CONV-01", "p", MORNING + 9));
        AlertHour hour = new AlertHour();
        hour.sentAt.addAll(List.of(MORNING, MORNING + 6));
        hour.absorbed.add(candidate);
        hour.digestAt = MORNING + 7;
        recipient.alertHours.put("p", hour);
        recipient.timerAt = MORNING + 8;
        return recipient;
    }

    private static final String LAYOUT_1 =
            """
            0101809afccab86802020000909afccab86801000d416c69636527616c696365406c6976652e6578
            616d706c65000009555443809afccab868010001809afccab86806020000849afccab8680572869a
            fccab868889afccab868949afccab86801056b9a01056b056f01a11ce00000004000800000000000
            000101a11ce00000004000800000000000000100809afccab868040006021c001e280105750180b4
            e9b00d8094ebdc03010105648a9afccab868010571a4010570929afccab86801057002809afccab8
            688c9afccab868019a01056b056f01a11ce00000004000800000000000000101a11ce00000004000
            800000000000000100809afccab868040006021c001e280105750180b4e9b00d8094ebdc038e9afc
            cab86800
            """;
}
