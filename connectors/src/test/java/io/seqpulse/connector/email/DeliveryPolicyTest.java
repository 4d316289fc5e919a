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
        assertThat(DeliveryPolicy.disposition(ReplyClass.UNCONFIRMED, category))
                .isEqualTo(category.capped() ? Disposition.FAIL_UNCONFIRMED : Disposition.RETRY);
    }

    @ParameterizedTest
    @CsvSource({"1, 60", "2, 120", "3, 240", "8, 7680", "9, 14400", "1000, 14400"})
    void waitsLongerEachTimeUpToFourHours(int failures, long seconds) {
        Random dice = new Random(7);
        for (int i = 0; i < 100; i++) {
            assertThat(DeliveryPolicy.backoff(failures, dice))
                    .isBetween(Duration.ofMillis(seconds * 750), Duration.ofMillis(seconds * 1250));
        }
    }

    @Test
    void doesNotLetThemAllComeBackAtOnce() {
        Random dice = new Random(7);

        assertThat(DeliveryPolicy.backoff(3, dice)).isNotEqualTo(DeliveryPolicy.backoff(3, dice));
    }
}
