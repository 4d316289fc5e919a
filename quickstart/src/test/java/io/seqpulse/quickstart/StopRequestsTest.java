package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.quickstart.StopRequests.Stop;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class StopRequestsTest {

    private final StopRequests stops = new StopRequests();
    private long now = Long.MAX_VALUE - 5;

    private Stop askedAfter(Duration pause) {
        now += pause.toNanos();
        return stops.asked(now);
    }

    @Test
    void nothingIsWaitedForBeforeAnythingIsStarted() {
        assertThat(askedAfter(Duration.ZERO)).isEqualTo(Stop.AT_ONCE_NOTHING_STARTED);
        assertThat(stops.folder()).isEmpty();
    }

    @Test
    void theSecondRequestEndsAtOnceUnlessItIsTheFirstSentTwice() {
        stops.begin(Path.of("state"));

        assertThat(askedAfter(Duration.ZERO)).isEqualTo(Stop.IN_ORDER);
        assertThat(askedAfter(Duration.ofMillis(3))).isEqualTo(Stop.STILL);
        assertThat(askedAfter(Duration.ofSeconds(1))).isEqualTo(Stop.AT_ONCE);
        assertThat(stops.folder()).contains(Path.of("state"));
    }
}
