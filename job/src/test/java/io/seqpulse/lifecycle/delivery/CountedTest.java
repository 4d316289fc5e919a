package io.seqpulse.lifecycle.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;
import java.util.List;
import org.junit.jupiter.api.Test;

class CountedTest {

    private final Counted counted = new Counted();

    @Test
    void tellsWhatIsNewAndNothingTwice() {
        assertThat(counted.become(List.of(cohort("a", 5, 0)))).containsExactly(cohort("a", 5, 0));
        assertThat(counted.become(List.of(cohort("a", 5, 0)))).isEmpty();
        assertThat(counted.isEmpty()).isFalse();
    }

    @Test
    void tellsTheDifference() {
        counted.become(List.of(cohort("a", 5, 0), cohort("b", 5, 0)));
        assertThat(counted.become(List.of(cohort("b", 5, 0), cohort("a", 5, 1))))
                .containsExactly(new Increment(Relation.COHORT, "a", 5, 1, 0));
    }

    @Test
    void movesBetweenBuckets() {
        counted.become(List.of(cohort("a", 5, 1)));
        assertThat(counted.become(List.of(cohort("a", 6, 1))))
                .containsExactly(new Increment(Relation.COHORT, "a", 5, -1, -1), cohort("a", 6, 1));
    }

    @Test
    void takesEverythingBack() {
        counted.become(List.of(cohort("a", 5, 1)));
        assertThat(counted.become(List.of()))
                .containsExactly(new Increment(Relation.COHORT, "a", 5, -1, -1));
        assertThat(counted.isEmpty()).isTrue();
    }

    private static Increment cohort(String kpi, long bucket, long numerator) {
        return new Increment(Relation.COHORT, kpi, bucket, numerator, 1);
    }
}
