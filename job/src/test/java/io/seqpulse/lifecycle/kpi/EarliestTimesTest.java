package io.seqpulse.lifecycle.kpi;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.story.InMemory;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class EarliestTimesTest {

    /** Whatever comes and goes, the earliest of those that are there is known. */
    @Property(tries = 300)
    void knowsTheEarliestOfThoseThatAreThere(@ForAll long seed) {
        Random random = new Random(seed);
        InMemory more = new InMemory();
        EarliestTimes moments = new EarliestTimes("start");
        Map<String, Long> model = new HashMap<>();
        long latest = 1_000;
        int ids = 2 + random.nextInt(60);
        for (int step = 0; step < 400; step++) {
            String id = "d" + random.nextInt(ids);
            if (random.nextInt(5) < 3) {
                long at = random.nextInt(1_100);
                moments.put(id, at, latest, more);
                model.remove(id);
                if (at <= latest) {
                    model.put(id, at);
                }
            } else if (random.nextInt(100) == 0) {
                latest = 500 + random.nextInt(500);
                moments.prune(latest, more);
                long limit = latest;
                model.values().removeIf(at -> at > limit);
            } else {
                moments.remove(id, more);
                model.remove(id);
            }
            long first =
                    model.values().stream().mapToLong(at -> at).min().orElse(EarliestTimes.NEVER);
            assertThat(moments.first()).isEqualTo(first);
            assertThat(moments.atHand).hasSizeLessThanOrEqualTo(EarliestTimes.AT_HAND);
            assertThat(moments.atHand.size() + moments.elsewhere).isEqualTo(model.size());
            assertThat(more.all("start")).hasSize(moments.elsewhere);
        }
        moments.clear(more);
        assertThat(moments.isEmpty()).isTrue();
        assertThat(more.all("start")).isEmpty();
    }
}
