package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DecisionLinesTest {

    private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");

    private final List<String> printed = new ArrayList<>();
    private final DecisionLines lines = new DecisionLines(line -> printed.add(line.substring(10)));

    private static String change(String operation, String id, String status, String reason) {
        return """
        {"op":"%s","source":{"table":"email_deliveries"},"before":null,"after":{"id":"%s",
         "user_id":"u-%s","email_type":"E-TRX-01","dedupe_key":"ada@example.org",
         "recipient_address":"ada@example.org","status":"%s","reason":%s,
         "decided_at":"2026-11-29T12:00:00Z"}}
        """
                .formatted(operation, id, id, status, reason);
    }

    private void tell(String operation, String id, String status, String reason) {
        lines.tell(change(operation, id, status, reason), NOW);
    }

    @Test
    void tellsWhatIsDecidedAndWhatBecomesOfItAndNobodysAddress() {
        tell("c", "1", "suppressed", "\"shadow\"");
        tell("c", "2", "queued", "null");
        tell("u", "2", "queued", "null");
        tell("u", "2", "sent", "null");
        tell("c", "3", "queued", "null");
        tell("u", "3", "failed", "\"address_refused\"");

        assertThat(printed)
                .containsExactly(
                        "E-TRX-01  not sent (shadow)  -> user u-1",
                        "E-TRX-01  to be sent  -> user u-2",
                        "E-TRX-01  sent  -> user u-2",
                        "E-TRX-01  to be sent  -> user u-3",
                        "E-TRX-01  failed (address_refused)  -> user u-3");
    }

    @Test
    void anAddressOfNoUserIsFoundByItsDelivery() {
        lines.tell(change("c", "7", "sent", "null").replace("\"u-7\"", "null"), NOW);

        assertThat(printed).containsExactly("E-TRX-01  sent  -> delivery 7");
    }

    @Test
    void neitherSnapshotsNorRepetitionsNorRowsOfTheProductAreNews() {
        tell("r", "1", "sent", "null");
        tell("d", "1", "sent", "null");
        tell("c", "2", "sent", "null");
        tell("c", "2", "sent", "null");
        lines.tell(change("c", "3", "sent", "null").replace("\"decided_at\"", "\"x\""), NOW);
        lines.tell("no json", NOW);

        assertThat(printed).hasSize(1);
    }

    @Test
    void aMailRepeatedFromTheStartIsNotToldAsAnother() {
        for (int run = 0; run < 2; run++) {
            tell("c", "1", "queued", "null");
            tell("u", "1", "sent", "null");
        }

        assertThat(printed)
                .containsExactly(
                        "E-TRX-01  to be sent  -> user u-1", "E-TRX-01  sent  -> user u-1");
    }

    @Test
    void aWaveIsCountedAndNothingSteersTheTerminal() {
        for (int i = 0; i < 500; i++) {
            tell("c", "n" + i, "suppressed", i % 5 == 0 ? "\"opted_out\"" : "\"shadow\"");
        }
        assertThat(printed).hasSize(DecisionLines.LINES);

        lines.flush(NOW.plusSeconds(DecisionLines.SPAN_SECONDS));
        assertThat(printed.get(DecisionLines.LINES))
                .isEqualTo("and 480 more: 96 not sent (opted_out), 384 not sent (shadow)");
        printed.clear();
        lines.tell(
                change("c", "\\u001b[2J\\u009b2J\\u202eab\\u2028c", "sent", "null"),
                NOW.plusSeconds(DecisionLines.SPAN_SECONDS));
        assertThat(printed.get(0)).endsWith("-> user u- [2J 2J ab c");
    }
}
