package io.seqpulse.connector.debezium;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

public class ClockKeyTest {

    /** Of {@code {"empty":[]}}, under the key of this test. */
    public static final String SIGNATURE =
            "6e06f0275f5156623278ab081a847e2d2c3238725dcabcf7db91b298ffc3518b";

    private static final String SIGNED = "{\"empty\":[],\"mac\":\"" + SIGNATURE + "\"}";
    private static final long SIGNS_FROM = 1_000_000;

    private final ClockKey key = new ClockKey(new byte[] {1, 2, 3}, SIGNS_FROM * 1_000);

    private boolean admits(long committed, long handled, String content) {
        return key.admits(new ClockMessage(committed * 1_000, handled, 1, 1, content));
    }

    @Test
    void admitsWhatIsSignedWithIt() {
        assertThat(admits(SIGNS_FROM, SIGNS_FROM, SIGNED)).isTrue();
        assertThat(new ClockMessage(1, 1, 1, 1, SIGNED).emptyTables()).isEmpty();
    }

    @Test
    void refusesWhatIsNotSignedOrWithAnother() {
        String upper = SIGNED.replace(SIGNATURE, SIGNATURE.toUpperCase(java.util.Locale.ROOT));
        for (String forged :
                new String[] {
                    "",
                    "{}",
                    "}",
                    SIGNED.replace("[]", "[\"users\"]"),
                    SIGNED.substring(1),
                    SIGNED + " ",
                    upper,
                    "{\"mac\":\"" + SIGNATURE + "\"}",
                    "{\"empty\":[],\"mac\":\"" + "\u00e9".repeat(64) + "\"}"
                }) {
            assertThat(admits(SIGNS_FROM, SIGNS_FROM, forged)).as(forged).isFalse();
        }
        ClockKey another = new ClockKey(new byte[] {1, 2, 4}, 0);
        assertThat(another.admits(new ClockMessage(1, 1, 1, 1, SIGNED))).isFalse();
    }

    /** The log keeps them for months; none can be dated back, for Debezium says when it came. */
    @Test
    void admitsUnsignedOnesOnlyOfBeforeThereWasAKey() {
        assertThat(admits(SIGNS_FROM - 1, SIGNS_FROM - 1, "{}")).isTrue();
        assertThat(admits(SIGNS_FROM - 1, SIGNS_FROM, "{}")).isFalse();
        assertThat(admits(SIGNS_FROM, SIGNS_FROM - 1, "{}")).isFalse();
        assertThat(admits(0, SIGNS_FROM + 1, "{}")).isFalse();
    }

    @Test
    void tellsNobodyTheKey() {
        assertThat(key.toString()).doesNotContain("1, 2, 3").doesNotContain("key=");
    }
}
