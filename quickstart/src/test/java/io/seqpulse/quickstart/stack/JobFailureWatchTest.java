package io.seqpulse.quickstart.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class JobFailureWatchTest {

    private static final Instant START = Instant.parse("2026-11-29T12:00:00Z");

    private final List<String> alarms = new ArrayList<>();
    private Optional<JobFailure> newest = Optional.empty();
    private final JobFailureWatch watch = new JobFailureWatch(() -> newest, alarms::add);

    private void fail(int second, String cause) {
        newest = Optional.of(new JobFailure(START.plusSeconds(second), cause));
        watch.look();
    }

    @Test
    void tellsOfAFailureOnceWithItsInnermostCause() {
        watch.look();
        assertThat(alarms).isEmpty();
        fail(0, "a: outer\nCaused by: b: Kafka is away");
        watch.look();
        assertThat(alarms)
                .containsExactly("the job failed and is restarted until it runs: b: Kafka is away");
    }

    @Test
    void theSameCauseIsNewsAgainAfterAMinuteWithoutIt() {
        fail(0, "Kafka is away");
        fail(59, "Kafka is away");
        fail(118, "Kafka is away");
        assertThat(alarms).as("less than a minute apart").hasSize(1);
        fail(178, "Kafka is away");
        assertThat(alarms).hasSize(2);
    }

    @Test
    void anotherCauseIsNewsAtOnce() {
        fail(0, "Kafka is away");
        fail(1, "the database is away");
        fail(2, "Kafka is away");
        assertThat(alarms).hasSize(3);
    }
}
