package io.seqpulse.lifecycle.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.story.Reconciliations;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CoalescedTimersTest {

    private static final int MANY = 150_000;

    private KeyedTwoInputStreamOperatorTestHarness<String, String, SnapshotBoundary, String>
            harness;
    private int read;

    @AfterEach
    void end() throws Exception {
        harness.close();
    }

    @Test
    void firesWhatWasMovedSinceTheLastCheckpointWithoutEverWritingIt() throws Exception {
        start(null);
        take("a:20", "a:30", "b:25");
        assertThat(harness.numEventTimeTimers()).isZero();

        Reconciliations.clock(harness, 24);
        assertThat(fired()).isEmpty();
        Reconciliations.clock(harness, 30);
        assertThat(fired()).containsExactly("b@25", "a@30");
        assertThat(Reconciliations.timers(harness)).isZero();
    }

    @Test
    void writesTheLastPlaceBeforeACheckpointAndTakesTheOldOneBack() throws Exception {
        start(null);
        take("a:20");
        OperatorSubtaskState first = harness.snapshot(1, 1);
        take("a:30", "a:40", "b:10", "b:0");
        assertThat(Reconciliations.timers(harness)).as("one of a, none of b").isEqualTo(1);
        Reconciliations.clock(harness, 39);
        assertThat(fired()).isEmpty();
        Reconciliations.clock(harness, 40);
        assertThat(fired()).containsExactly("a@40");

        restart(first);
        Reconciliations.clock(harness, 40);
        assertThat(fired()).containsExactly("a@20");
    }

    /** The old place fires from state, unheard, and the new one all the same. */
    @Test
    void movesBackToAPlaceThatHasPassed() throws Exception {
        start(null);
        take("a:20");
        harness.snapshot(1, 1);
        take("a:50");
        Reconciliations.clock(harness, 30);
        assertThat(fired()).isEmpty();
        take("a:20");
        Reconciliations.clock(harness, 31);
        assertThat(fired()).containsExactly("a@20");
        assertThat(Reconciliations.timers(harness)).isZero();
    }

    /** One that fires and sets the next: all that is due fires before the clock goes on. */
    @Test
    void firesWhatBecomesDueMeanwhileBeforeTheClockGoesOn() throws Exception {
        start(null);
        take("a:10+10");
        Reconciliations.clock(harness, 35);
        assertThat(fired()).containsExactly("a@10", "a@20", "a@30");
        harness.snapshot(1, 1);
        Reconciliations.clock(harness, 60);
        assertThat(fired()).containsExactly("a@40", "a@50", "a@60");
    }

    /** As where Flink keeps timers on the heap: it takes them before it asks for the rest. */
    @Test
    void writesBeforeTheBarrier() throws Exception {
        start(null);
        take("a:20");
        harness.getOperator().prepareSnapshotPreBarrier(1);
        assertThat(harness.numEventTimeTimers()).isEqualTo(1);
    }

    /** A sweep, or the end of a snapshot, moves the timers of everybody at once. */
    @Test
    void keepsNoMoreThanSomeInMemoryHoweverManyMove() throws Exception {
        start(null);
        for (int i = 0; i < MANY; i++) {
            take(i + ":10+10");
        }
        assertThat(harness.numEventTimeTimers()).isPositive();
        Reconciliations.clock(harness, 10);
        assertThat(fired()).hasSize(MANY).doesNotHaveDuplicates();
        assertThat(harness.numEventTimeTimers()).isPositive();
        Reconciliations.clock(harness, 30);
        assertThat(fired()).hasSize(2 * MANY).doesNotHaveDuplicates();
        assertThat(Reconciliations.timers(harness)).isEqualTo(MANY);
    }

    @Test
    void firesLikeAMapOfDeadlinesThroughCheckpointsAndRestores() throws Exception {
        Random random = new Random(20261121);
        Map<String, Integer> deadlines = new HashMap<>();
        OperatorSubtaskState state = null;
        start(null);
        int clock = 0;
        for (int step = 1; step <= 20_000; step++) {
            String key = Character.toString('a' + random.nextInt(8));
            switch (random.nextInt(8)) {
                case 0 -> {
                    state = harness.snapshot(step, step);
                    assertThat(harness.numEventTimeTimers())
                            .as("step %s: one timer a key, and no other", step)
                            .isEqualTo(deadlines.size());
                }
                case 1 -> {
                    if (state != null && random.nextInt(4) == 0) {
                        state = harness.snapshot(step, step);
                        restart(state);
                    }
                }
                case 2, 3 -> {
                    clock += random.nextInt(12);
                    Reconciliations.clock(harness, clock);
                    List<String> expected = new ArrayList<>();
                    int now = clock;
                    deadlines.forEach(
                            (k, at) -> {
                                if (at <= now) {
                                    expected.add(k + "@" + at);
                                }
                            });
                    deadlines.values().removeIf(at -> at <= now);
                    assertThat(fired())
                            .as("step %s", step)
                            .containsExactlyInAnyOrderElementsOf(expected);
                }
                case 4 -> {
                    take(key + ":0");
                    deadlines.remove(key);
                }
                default -> {
                    int at = Math.max(1, clock - 3 + random.nextInt(20));
                    take(key + ":" + at);
                    deadlines.put(key, at);
                }
            }
        }
    }

    private List<String> fired() {
        List<String> all = harness.extractOutputValues();
        List<String> news = List.copyOf(all.subList(read, all.size()));
        read = all.size();
        return news;
    }

    private void take(String... commands) throws Exception {
        for (String command : commands) {
            harness.processElement1(new StreamRecord<>(command));
        }
    }

    private void restart(OperatorSubtaskState state) throws Exception {
        harness.close();
        start(state);
    }

    private void start(OperatorSubtaskState state) throws Exception {
        read = 0;
        harness = Reconciliations.harness(new Alarms(), command -> command.split(":")[0]);
        harness.setup();
        if (state != null) {
            harness.initializeState(state);
        }
        harness.open();
    }

    /** Takes {@code key:deadline}, which fires once, or {@code key:deadline+every}. */
    private static final class Alarms extends ReconciledFunction<String, String> {
        private static final long serialVersionUID = 1L;

        private transient CachedState<String> alarms;

        @Override
        public void open(OpenContext context) {
            alarms = new CachedState<>(getRuntimeContext().getState(stateDescriptor()));
        }

        @Override
        public CachedState<?> cachedState() {
            return alarms;
        }

        @Override
        protected ValueStateDescriptor<String> stateDescriptor() {
            return new ValueStateDescriptor<>("alarm", Types.STRING);
        }

        @Override
        protected void reconcile(
                String currentKey,
                SnapshotBoundary boundary,
                Collector<String> out,
                SideOutputs side) {
            throw new AssertionError("nothing is reconciled here");
        }

        @Override
        public void processElement(String command, ReadOnlyContext context, Collector<String> out)
                throws Exception {
            String key = context.getCurrentKey();
            String alarm = command.split(":")[1];
            moveTimer(key, deadline(alarms.value(key)), deadline(alarm));
            alarms.update(key, alarm);
        }

        @Override
        public void onTimer(long timestamp, OnTimerContext context, Collector<String> out)
                throws Exception {
            String key = context.getCurrentKey();
            String alarm = alarms.value(key);
            if (deadline(alarm) != timestamp) {
                return;
            }
            out.collect(key + "@" + timestamp);
            String[] every = alarm.split("\\+");
            String next =
                    every.length == 1 ? "0" : timestamp + Long.parseLong(every[1]) + "+" + every[1];
            moveTimer(key, Deadlines.NONE, deadline(next));
            alarms.update(key, next);
        }

        private static long deadline(String alarm) {
            long at = alarm == null ? 0 : Long.parseLong(alarm.split("\\+")[0]);
            return at == 0 ? Deadlines.NONE : at;
        }
    }
}
