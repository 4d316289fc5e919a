package io.seqpulse.quickstart.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

class KafkaPatienceTest {

    private static final StackException UNANSWERED =
            new StackException(
                    "the job did not start: check kafka.bootstrap.servers",
                    new IllegalStateException(
                            "Kafka cannot be asked", new TimeoutException("describeTopics")));

    private final AtomicInteger submissions = new AtomicInteger();

    private KafkaPatience patience(Duration atMost, boolean givenUp) {
        return new KafkaPatience(atMost, Duration.ZERO, () -> givenUp);
    }

    @Test
    void submitsAgainUntilKafkaAnswers() throws Exception {
        patience(Duration.ofMinutes(5), false)
                .submit(
                        () -> {
                            if (submissions.incrementAndGet() < 3) {
                                throw UNANSWERED;
                            }
                        });
        assertThat(submissions).hasValue(3);
    }

    @Test
    void saysThatTheMachineIsSlowWhenKafkaNeverAnswers() {
        assertThatThrownBy(() -> patience(Duration.ZERO, false).submit(this::unanswered))
                .isInstanceOf(StackException.class)
                .hasMessageContaining("This machine is slow")
                .hasMessageNotContaining("bootstrap");
        assertThat(submissions).hasValue(1);
    }

    @Test
    void submitsNothingForAStartThatWasGivenUp() {
        assertThatThrownBy(() -> patience(Duration.ofMinutes(5), true).submit(this::unanswered))
                .isInstanceOf(StackException.class);
        assertThat(submissions).hasValue(1);
    }

    @Test
    void anyOtherFailureIsTheJobs() {
        StackException failure =
                new StackException("the job did not start: change topic 'x' does not exist");
        assertThatThrownBy(
                        () ->
                                patience(Duration.ofMinutes(5), false)
                                        .submit(
                                                () -> {
                                                    submissions.incrementAndGet();
                                                    throw failure;
                                                }))
                .isSameAs(failure);
        assertThat(submissions).hasValue(1);
    }

    private void unanswered() {
        submissions.incrementAndGet();
        throw UNANSWERED;
    }
}
