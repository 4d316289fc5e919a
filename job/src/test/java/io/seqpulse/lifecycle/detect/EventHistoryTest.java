package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.InMemory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class EventHistoryTest {

    private static final EventType KIND = EventType.DEPLOYMENT_STARTED;

    private static Event started(int id, long at) {
        return Facts.of(KIND, SHOP, "d-" + id, at).fact();
    }

    @Test
    void keepsASingleEventNowhereElse() {
        InMemory older = new InMemory();
        EventHistory all = new EventHistory();
        assertThat(all.take(started(1, MORNING), older)).isTrue();
        assertThat(all.take(started(1, MORNING), older)).isFalse();
        assertThat(all.atHand).isNull();
        assertThat(all.times(KIND, MORNING, MORNING + 1, older)).containsExactly(MORNING);
        assertThat(all.times(KIND, MORNING + 1, MORNING + DAY, older)).isEmpty();
        assertThat(older.all(KIND.label())).isEmpty();
    }

    @Test
    void keepsManyEventsElsewhereAndKnowsThemAgain() {
        InMemory older = new InMemory();
        EventHistory all = new EventHistory();
        for (int id = 0; id < 500; id++) {
            assertThat(all.take(started(id, MORNING + id), older)).isTrue();
        }
        assertThat(all.atHand).hasSizeBetween(1, EventHistory.AT_HAND);
        assertThat(older.all(KIND.label())).hasSize(500 - all.atHand.size());
        for (int id = 0; id < 500; id++) {
            assertThat(all.take(started(id, MORNING + id), older)).as("event %d", id).isFalse();
        }
        assertThat(all.times(KIND, MORNING + 10, MORNING + 490, older)).hasSize(480).isSorted();
        assertThat(all.countIn(Period.MONTH, Periods.monthNumber(MORNING))).isEqualTo(500);
    }

    /** Against the plainest thing that could be right: all events in one map. */
    @Property(tries = 300)
    void leavesWhatAMapWouldLeave(
            @ForAll @Size(min = 1, max = 400) List<@IntRange(min = 0, max = 150) Integer> ids,
            @ForAll @Size(min = 400, max = 400) List<@IntRange(min = 0, max = 40) Integer> hours) {
        InMemory older = new InMemory();
        EventHistory all = new EventHistory();
        Map<Integer, Long> plain = new HashMap<>();
        long first = Long.MAX_VALUE;
        for (int i = 0; i < ids.size(); i++) {
            // most are told again as they were, some with another time
            long at = MORNING + ids.get(i) * HOUR + (hours.get(i) == 0 ? HOUR / 2 : 0);
            boolean isNew = !plain.containsKey(ids.get(i));
            boolean news = all.take(started(ids.get(i), at), older);
            if (isNew) {
                assertThat(news).isTrue();
            }
            plain.put(ids.get(i), at);
            first = Math.min(first, at);
        }
        assertThat(all.first.at()).isEqualTo(first);
        assertThat(all.times(KIND, MORNING, MORNING + 365 * DAY, older))
                .containsExactlyElementsOf(plain.values().stream().sorted().toList());
        int month = Periods.monthNumber(MORNING);
        assertThat(all.countIn(Period.MONTH, month))
                .isEqualTo(
                        (int)
                                plain.values().stream()
                                        .filter(at -> Periods.monthNumber(at) == month)
                                        .count());
        int week = Periods.weekNumber(MORNING);
        assertThat(all.countIn(Period.WEEK, week))
                .isEqualTo(
                        (int)
                                plain.values().stream()
                                        .filter(at -> Periods.weekNumber(at) == week)
                                        .count());
    }

    @Test
    void letsTheOldestPeriodGo() {
        PeriodCounts counts = new PeriodCounts();
        List.of(5, 3, 4, 4, 6).forEach(period -> counts.add(period, 1));
        assertThat(List.of(counts.of(3), counts.of(4), counts.of(5), counts.of(6)))
                .containsExactly(0, 2, 1, 1);
        counts.add(2, 1);
        assertThat(counts.size()).isEqualTo(PeriodCounts.KEPT);
        assertThat(counts.of(2)).isZero();
    }
}
