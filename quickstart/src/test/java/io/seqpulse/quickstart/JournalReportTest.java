package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class JournalReportTest {

    @Test
    void countsWhatBecameOfEveryEmail() {
        Map<String, Map<String, Long>> outcomes =
                Map.of(
                        "E-TRX-01",
                        Map.of("sent", 5L, "queued", 2L, "failed:refused", 1L),
                        "E-ACT-01",
                        Map.of(
                                "suppressed:shadow", 7L,
                                "suppressed:capped", 3L,
                                "suppressed:opted_out", 2L,
                                "suppressed:resolved", 1L,
                                "sent", 1L));

        assertThat(new JournalReport(outcomes).counts())
                .containsExactly(
                        Map.entry("decided", 22L),
                        Map.entry("sent", 6L),
                        Map.entry("queued", 2L),
                        Map.entry("failed", 1L),
                        Map.entry("shadowed", 7L),
                        Map.entry("capped", 3L),
                        Map.entry("suppressed", 3L));
    }

    @Test
    void aRunThatDecidedNothingSaysSo() {
        assertThat(new JournalReport(Map.of()).counts().values()).containsOnly(0L).hasSize(7);
    }
}
