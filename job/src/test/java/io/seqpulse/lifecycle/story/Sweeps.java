package io.seqpulse.lifecycle.story;

import io.seqpulse.lifecycle.fact.Resnapshot;
import io.seqpulse.lifecycle.state.SweepOperator;
import io.seqpulse.lifecycle.state.SweptFunction;
import java.util.Set;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;

/** A function as the pipeline runs it: on its keys, with every new snapshot by broadcast. */
public final class Sweeps {

    private Sweeps() {}

    public static <I, O> KeyedTwoInputStreamOperatorTestHarness<String, I, Resnapshot, O> harness(
            SweptFunction<I, O> function, KeySelector<I, String> key) throws Exception {
        return new KeyedTwoInputStreamOperatorTestHarness<>(
                new SweepOperator<>(function), key, null, Types.STRING);
    }

    /** What the log tells after a snapshot of those tables that began at an offset. */
    public static Resnapshot resnapshot(long fromOffset, long at, String... tables) {
        return new Resnapshot(fromOffset, at, at, Set.of(tables));
    }

    public static void tell(
            KeyedTwoInputStreamOperatorTestHarness<String, ?, Resnapshot, ?> harness,
            Resnapshot resnapshot)
            throws Exception {
        harness.processElement2(new StreamRecord<>(resnapshot));
    }

    /** All channels have been read up to then. */
    public static void clock(
            KeyedTwoInputStreamOperatorTestHarness<String, ?, Resnapshot, ?> harness, long millis)
            throws Exception {
        ((SweepOperator<?, ?>) harness.getOperator()).processWatermark(new Watermark(millis));
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
