package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JournalLockTest {

    @Test
    void aQueryIsOneShortLine() {
        assertThat(JournalLock.holder(7, "lock table\n  email_deliveries;\u001b[2J"))
                .isEqualTo("database process 7 (lock table email_deliveries; [2J)");
        assertThat(JournalLock.holder(7, "x".repeat(200))).hasSizeLessThan(110).contains("…");
    }

    @Test
    void aQueryThatMayNotBeSeenIsLeftOut() {
        assertThat(JournalLock.holder(7, "<insufficient privilege>"))
                .isEqualTo("database process 7");
        assertThat(JournalLock.holder(7, null)).isEqualTo("database process 7");
    }
}
