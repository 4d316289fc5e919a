package io.seqpulse.lifecycle.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExperimentTest {

    private static final String CODE = "E-ACT-01";

    /** A person who was held out stays so in every later version: these are SHA-256's words. */
    @ParameterizedTest
    @CsvSource({
        "E-ACT-01, a11ce000-0000-4000-8000-000000000001, 9016",
        "E-CONV-01, a11ce000-0000-4000-8000-000000000001, 1327",
        "E-RET-01, mailto:duty@example.org, 6674",
        "E-ACT-01, '', 4094",
    })
    void goesByTheHashOfCodeAndPerson(String code, String person, int place) {
        assertThat(holdout(place).holdsOut(code, person)).isFalse();
        assertThat(holdout(place + 1).holdsOut(code, person)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {50, 500, 2_500, 5_000})
    void holdsOutThatShareOfPeople(int share) {
        Random random = new Random(7);
        Experiment experiment = holdout(share);
        int heldOut = 0;
        int inBoth = 0;
        for (int i = 0; i < 100_000; i++) {
            String person = new UUID(random.nextLong(), random.nextLong()).toString();
            boolean here = experiment.holdsOut(CODE, person);
            heldOut += here ? 1 : 0;
            inBoth += here && experiment.holdsOut("E-ACT-02", person) ? 1 : 0;
        }
        assertThat(heldOut).isCloseTo(share * 10, Percentage.withPercentage(15));
        assertThat(inBoth)
                .as("not the same people for every rule")
                .isLessThan(heldOut * 6 / 10 + 9);
    }

    @Test
    void keepsThoseWhoAreHeldOutWhenTheShareGrows() {
        for (int i = 0; i < 2_000; i++) {
            if (holdout(300).holdsOut(CODE, "u" + i)) {
                assertThat(holdout(4_000).holdsOut(CODE, "u" + i)).isTrue();
            }
            assertThat(Experiment.NONE.holdsOut(CODE, "u" + i)).isFalse();
        }
    }

    @Test
    void givesEachSubjectToAnEqualShareWhoeverIsHeldOut() {
        Experiment experiment = new Experiment(2_000, List.of("a", "b", "c"));
        Map<String, Integer> given = new TreeMap<>();
        int heldOutWithA = 0;
        for (int i = 0; i < 30_000; i++) {
            String subject = experiment.subject(CODE, "u" + i);
            given.merge(subject, 1, Integer::sum);
            heldOutWithA += subject.equals("a") && experiment.holdsOut(CODE, "u" + i) ? 1 : 0;
        }
        assertThat(given).containsOnlyKeys("a", "b", "c");
        assertThat(given.values()).allSatisfy(n -> assertThat(n).isBetween(9_700, 10_300));
        assertThat(heldOutWithA).as("a fifth of a third").isBetween(1_850, 2_150);
    }

    /** As those who are held out: these are SHA-256's words. */
    @ParameterizedTest
    @CsvSource({
        "E-ACT-01, a11ce000-0000-4000-8000-000000000001, b",
        "E-CONV-01, a11ce000-0000-4000-8000-000000000001, b",
        "E-RET-01, mailto:duty@example.org, b",
        "E-ACT-01, u7, a",
    })
    void choosesTheSubjectByTheHashOfCodeAndPerson(String code, String person, String subject) {
        Experiment experiment = new Experiment(0, List.of("a", "b"));
        assertThat(experiment.subject(code, person)).isEqualTo(subject);
        assertThat(experiment.otherSubjects()).containsExactly("b");
        assertThat(Experiment.NONE.subject(code, person)).isNull();
        assertThat(Experiment.NONE.otherSubjects()).isEmpty();
    }

    private static Experiment holdout(int share) {
        return new Experiment(share, List.of());
    }
}
