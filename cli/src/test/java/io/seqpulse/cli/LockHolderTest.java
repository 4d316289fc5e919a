package io.seqpulse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LockHolderTest {

    @Test
    void aQueryIsOneShortLine() {
        assertThat(new LockHolder(7, "lock table\n  email_deliveries;\u001b[2J"))
                .hasToString("database process 7 (lock table email_deliveries; [2J)");
        assertThat(new LockHolder(7, "x".repeat(200)).toString())
                .hasSizeLessThan(110)
                .contains("…");
    }

    @Test
    void aQueryThatMayNotBeSeenIsLeftOut() {
        assertThat(new LockHolder(7, "<insufficient privilege>")).hasToString("database process 7");
        assertThat(new LockHolder(7, null)).hasToString("database process 7");
    }
}
