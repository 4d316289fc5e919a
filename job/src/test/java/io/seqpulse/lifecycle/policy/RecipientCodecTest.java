package io.seqpulse.lifecycle.policy;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;

import io.seqpulse.lifecycle.codec.Layouts;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.policy.Recipient.AlertHour;
import io.seqpulse.lifecycle.policy.Recipient.Waiting;
import java.io.IOException;
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

    private static Recipient full() {
        Map<String, String> values = new HashMap<>();
        values.put("plan", "free");
        values.put("project_name", null);
        Candidate candidate =
                new Candidate("E-ACT-01", "k", "o", ALICE, ALICE, null, MORNING, 2, 0, 3, values);
        Recipient recipient = new Recipient();
        recipient.account.put("email", "alice@live.example");
        recipient.account.put("locale", null);
        recipient.accountCommittedAt = MORNING;
        recipient.accountPosition = 1;
        recipient.accountSeen = 2;
        recipient.preferences.put("marketing_opt_in", "false");
        recipient.preferencesCommittedAt = MORNING + 1;
        recipient.preferencesPosition = 3;
        recipient.preferencesSeen = 4;
        recipient.marketingSentAt = MORNING + 2;
        recipient.reservedKey = "r";
        recipient.reservedAt = MORNING + 3;
        recipient.releasedAt = MORNING + 4;
        Waiting waiting = new Waiting();
        waiting.candidate = candidate;
        waiting.capped = true;
        recipient.waiting.put("k", waiting);
        recipient.decided.put("d", MORNING + 5);
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
            010224002027616c696365406c6976652e6578616d706c65809afccab868020401404a829afccab8
            680608849afccab8680572869afccab868889afccab86801056b8001056b056f01a11ce000000040
            00800000000000000101a11ce00000004000800000000000000100809afccab868040006023e002a
            4c010105648a9afccab86801057002809afccab8688c9afccab868018001056b056f01a11ce00000
            004000800000000000000101a11ce00000004000800000000000000100809afccab868040006023e
            002a4c8e9afccab868909afccab868
            """;
}
