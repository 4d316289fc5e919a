package io.seqpulse.lifecycle.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.co.CoBroadcastWithKeyedOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** That no update is lost or lands under another key, however few values are kept. */
class CachedStateTest {

    private static final int CAPACITY = 2;

    private Sums function;
    private KeyedTwoInputStreamOperatorTestHarness<String, String, SnapshotBoundary, Long> harness;

    @AfterEach
    void stop() throws Exception {
        if (harness != null) {
            harness.close();
        }
    }

    @Test
    void anUpdateWaitsForTheSnapshotAndIsInIt() throws Exception {
        start(null);
        take("a:1", "a:2");
        assertThat(function.writes).isZero();

        OperatorSubtaskState snapshot = harness.snapshot(1, 1);
        assertThat(function.writes).isEqualTo(1);
        harness.close();
        start(snapshot);
        take("a:4");
        assertThat(harness.extractOutputValues()).containsExactly(7L);
    }

    @Test
    void whatIsWrittenIsNotWrittenAgain() throws Exception {
        start(null);
        take("a:1");
        harness.snapshot(1, 1);
        harness.snapshot(2, 2);
        assertThat(function.writes).isEqualTo(1);
    }

    @Test
    void aValueThatGivesWayIsWrittenUnderItsOwnKey() throws Exception {
        start(null);
        take("a:1", "b:10", "c:100");
        assertThat(function.writes).as("a gave way to c").isEqualTo(1);
        take("a:2", "b:20", "c:200");
        assertThat(harness.extractOutputValues()).endsWith(3L, 30L, 300L);
    }

    @Test
    void aClearedValueStaysAwayWhetherItWasWrittenOrNot() throws Exception {
        start(null);
        take("a:1", "a:clear", "a:5");
        harness.snapshot(1, 1);
        take("a:clear");
        OperatorSubtaskState snapshot = harness.snapshot(2, 2);
        assertThat(harness.numKeyedStateEntries()).isZero();
        harness.close();
        start(snapshot);
        take("a:7");
        assertThat(harness.extractOutputValues()).containsExactly(7L);
    }

    @Test
    void anOperatorThatLendsNoKeysWritesThrough() throws Exception {
        function = new Sums();
        harness =
                new KeyedTwoInputStreamOperatorTestHarness<>(
                        new CoBroadcastWithKeyedOperator<>(
                                function, List.of(ReconciledFunction.BOUNDARIES)),
                        CachedStateTest::key,
                        null,
                        Types.STRING);
        harness.open();
        take("a:1");
        assertThat(harness.numKeyedStateEntries()).isEqualTo(1);
    }

    @Test
    void aSweepAsksAllKeysAlsoThoseThatWereNeverWritten() throws Exception {
        start(null);
        take("a:1", "b:10", "c:100", "d:1000");
        harness.processElement2(new StreamRecord<>(new SnapshotBoundary(1, 2, 3, Set.of())));
        harness.processBothWatermarks(new Watermark(2));
        assertThat(harness.extractOutputValues()).hasSize(4);
        harness.processBothWatermarks(new Watermark(3));
        assertThat(harness.extractOutputValues().subList(4, 8))
                .containsExactlyInAnyOrder(-1L, -10L, -100L, -1_000L);
        harness.snapshot(1, 1);
        assertThat(harness.numKeyedStateEntries()).isZero();
    }

    @Test
    void addsUpAsAMapDoesThroughSnapshotsAndRestores() throws Exception {
        Random random = new Random(20261121);
        Map<String, Long> expected = new HashMap<>();
        start(null);
        for (int step = 1; step <= 20_000; step++) {
            String key = Character.toString('a' + random.nextInt(6));
            switch (random.nextInt(20)) {
                case 0 -> {
                    OperatorSubtaskState snapshot = harness.snapshot(step, step);
                    if (random.nextBoolean()) {
                        harness.close();
                        start(snapshot);
                    }
                }
                case 1 -> {
                    take(key + ":clear");
                    expected.remove(key);
                }
                default -> {
                    take(key + ":" + step);
                    long sum = expected.merge(key, (long) step, Long::sum);
                    assertThat(last()).as("step %s", step).isEqualTo(sum);
                }
            }
        }
    }

    @Test
    void keepsFewerOnASmallHeap() {
        assertThat(
                        Stream.of(256L << 20, 2L << 30, 64L << 30)
                                .map(heap -> CachedState.capacity(heap, 1)))
                .containsExactly(2_048, 16_384, 65_536);
    }

    @Test
    void sharesTheHeapWithTheOtherSlots() {
        assertThat(CachedState.capacity(2L << 30, 8)).isEqualTo(2_048);
    }

    @Test
    void countsWhatIsDirtyAndWhatWasFound() throws Exception {
        start(null);
        assertThat(function.cachedState().hitRate()).isEqualTo(1);
        take("a:1", "b:1", "a:1", "c:1");
        assertThat(function.cachedState().dirty()).as("a gave way").isEqualTo(CAPACITY);
        assertThat(function.cachedState().hitRate()).isEqualTo(0.25);
        harness.snapshot(1, 1);
        assertThat(function.cachedState().dirty()).isZero();
    }

    private long last() {
        var values = harness.extractOutputValues();
        return values.get(values.size() - 1);
    }

    private void start(OperatorSubtaskState state) throws Exception {
        function = new Sums();
        harness =
                new KeyedTwoInputStreamOperatorTestHarness<>(
                        new ReconcileOperator<>(function),
                        CachedStateTest::key,
                        null,
                        Types.STRING);
        harness.setup();
        if (state != null) {
            harness.initializeState(state);
        }
        harness.open();
    }

    private void take(String... commands) throws Exception {
        for (String command : commands) {
            harness.processElement1(new StreamRecord<>(command));
        }
    }

    private static String key(String command) {
        return command.split(":")[0];
    }

    /** A value that is changed in place, as the job's are. */
    static final class Sum {
        long total;
    }

    /** Takes {@code key:number} and tells the sum of the key's numbers; {@code key:clear} ends. */
    private static final class Sums extends ReconciledFunction<String, Long> {
        private static final long serialVersionUID = 1L;

        private transient CachedState<Sum> sums;
        private int writes;

        @Override
        public void open(OpenContext context) {
            ValueState<Long> stored = getRuntimeContext().getState(stateDescriptor());
            sums = new CachedState<>(new Stored(stored), CAPACITY);
        }

        @Override
        public CachedState<Sum> cachedState() {
            return sums;
        }

        @Override
        protected ValueStateDescriptor<Long> stateDescriptor() {
            return new ValueStateDescriptor<>("sum", Types.LONG);
        }

        /** What there is, is gone. */
        @Override
        protected void reconcile(
                String currentKey, SnapshotBoundary boundary, Collector<Long> out, SideOutputs side)
                throws Exception {
            out.collect(-sums.value(currentKey).total);
            sums.clear(currentKey);
        }

        @Override
        public void processElement(String command, ReadOnlyContext context, Collector<Long> out)
                throws Exception {
            String key = context.getCurrentKey();
            if (command.endsWith(":clear")) {
                sums.clear(key);
                return;
            }
            Sum sum = sums.value(key);
            if (sum == null) {
                sum = new Sum();
            }
            sum.total += Long.parseLong(command.split(":")[1]);
            sums.update(key, sum);
            assertThat(context.getCurrentKey()).as("the current key").isEqualTo(key);
            out.collect(sum.total);
        }

        /** A sum in state as a number, whose writes are counted. */
        private final class Stored implements ValueState<Sum> {
            private final ValueState<Long> state;

            Stored(ValueState<Long> state) {
                this.state = state;
            }

            @Override
            public Sum value() throws IOException {
                Long total = state.value();
                if (total == null) {
                    return null;
                }
                Sum sum = new Sum();
                sum.total = total;
                return sum;
            }

            @Override
            public void update(Sum sum) throws IOException {
                writes++;
                state.update(sum.total);
            }

            @Override
            public void clear() {
                state.clear();
            }
        }
    }
}
