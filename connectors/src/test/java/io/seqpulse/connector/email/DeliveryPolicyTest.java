package io.seqpulse.connector.email;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.email.DeliveryPolicy.Disposition;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DeliveryPolicyTest {

    @ParameterizedTest
    @EnumSource(EmailCategory.class)
    void repeatsWhatNobodyKnowsUnlessItIsMarketing(EmailCategory category) {
        for (int before = 0; before < 10; before++) {
            boolean ends = category.capped() || before >= 2;
            assertThat(DeliveryPolicy.disposition(ReplyClass.UNCONFIRMED, category, before))
                    .as("%s unconfirmed before", before)
                    .isEqualTo(ends ? Disposition.FAIL_UNCONFIRMED : Disposition.RETRY);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 60", "2, 120", "3, 240", "8, 7680", "9, 14400", "1000, 14400"})
    void waitsLongerEachTimeUpToFourHours(int failures, long seconds) {
        Random dice = new Random(7);
        for (int i = 0; i < 100; i++) {
            assertThat(DeliveryPolicy.backoff(failures, false, dice))
                    .isBetween(Duration.ofMillis(seconds * 750), Duration.ofMillis(seconds * 1250));
        }
    }

    @Test
    void asksAgainSoonWhereAllAreRefused() {
        assertThat(DeliveryPolicy.backoff(1_000, true, new Random(7)))
                .isBetween(Duration.ofSeconds(450), Duration.ofSeconds(750));
    }

    @Test
    void doesNotLetThemAllComeBackAtOnce() {
        Random dice = new Random(7);

        assertThat(DeliveryPolicy.backoff(3, false, dice))
                .isNotEqualTo(DeliveryPolicy.backoff(3, false, dice));
    }
}
