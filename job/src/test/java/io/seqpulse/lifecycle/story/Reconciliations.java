package io.seqpulse.lifecycle.story;

import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.state.ReconcileOperator;
import io.seqpulse.lifecycle.state.ReconciledFunction;
import java.util.Set;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;

/** A function as the pipeline runs it: on its keys, with every new snapshot by broadcast. */
public final class Reconciliations {

    private Reconciliations() {}

    public static <I, O>
            KeyedTwoInputStreamOperatorTestHarness<String, I, SnapshotBoundary, O> harness(
                    ReconciledFunction<I, O> function, KeySelector<I, String> key)
                    throws Exception {
        return new KeyedTwoInputStreamOperatorTestHarness<>(
                new ReconcileOperator<>(function), key, null, Types.STRING);
    }

    /** What the log tells after a snapshot of those tables that began at an offset. */
    public static SnapshotBoundary boundary(long fromOffset, long at, String... tables) {
        return new SnapshotBoundary(fromOffset, at, at, Set.of(tables));
    }

    public static void tell(
            KeyedTwoInputStreamOperatorTestHarness<String, ?, SnapshotBoundary, ?> harness,
            SnapshotBoundary boundary)
            throws Exception {
        harness.processElement2(new StreamRecord<>(boundary));
    }

    /** All channels have been read up to then. */
    public static void clock(
            KeyedTwoInputStreamOperatorTestHarness<String, ?, SnapshotBoundary, ?> harness,
            long millis)
            throws Exception {
        ((ReconcileOperator<?, ?>) harness.getOperator()).processWatermark(new Watermark(millis));
    }

    /** How many timers a checkpoint would hold: what waits to be written is written. */
    public static int timers(AbstractStreamOperatorTestHarness<?> harness) throws Exception {
        harness.snapshot(1, harness.getProcessingTime());
        return harness.numEventTimeTimers();
    }

    /** How many entries a checkpoint would hold: what waits to be written is written. */
    public static int stateEntries(KeyedTwoInputStreamOperatorTestHarness<?, ?, ?, ?> harness)
            throws Exception {
        harness.snapshot(1, harness.getProcessingTime());
        return harness.numKeyedStateEntries();
    }
}
