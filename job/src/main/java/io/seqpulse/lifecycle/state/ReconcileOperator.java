package io.seqpulse.lifecycle.state;

import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.flink.api.common.state.BroadcastState;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.TimerHeapInternalTimer;
import org.apache.flink.streaming.api.operators.TimestampedCollector;
import org.apache.flink.streaming.api.operators.co.CoBroadcastWithKeyedOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.OutputTag;

/**
 * Runs a {@link ReconciledFunction}: when the watermark passes a snapshot, every key is reconciled
 * with it, before any timer fires and before the watermark is forwarded.
 *
 * <p>The decoder emits the snapshot boundary after the snapshot's rows and before any watermark of
 * its time, and this operator's watermark is the minimum over its channels; so all rows have
 * arrived. The watermark is forwarded afterwards, so downstream operators see every withdrawal
 * before a timer fires.
 *
 * <p>A reconciliation reads the state of every key once. It happens only after a slot was lost; a
 * first snapshot has no boundary. Updates of {@link CachedState} and timers stay dirty until the
 * next checkpoint.
 *
 * <p>It extends an internal operator of Flink 2.3 and knows the name of its timer service, {@code
 * user-timers}: look at both when Flink's version changes.
 */
public final class ReconcileOperator<I, O>
        extends CoBroadcastWithKeyedOperator<String, I, SnapshotBoundary, O> {

    private static final long serialVersionUID = 1L;

    private transient BroadcastState<Long, SnapshotBoundary> boundaries;
    private transient ListState<String> counted;
    private transient Set<String> countedBefore;
    private transient boolean recount;
    private transient CoalescedTimers timers;
    private transient TimestampedCollector<O> out;
    private transient ReconciledFunction.SideOutputs side;

    public ReconcileOperator(ReconciledFunction<I, O> function) {
        super(function, List.of(ReconciledFunction.BOUNDARIES));
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        countedBefore = new TreeSet<>();
        counted =
                context.getOperatorStateStore()
                        .getUnionListState(new ListStateDescriptor<>("counted", Types.STRING));
        if (context.isRestored()) {
            counted.get().forEach(countedBefore::add);
            recount = !Set.of(function().counts()).containsAll(countedBefore);
        }
    }

    @Override
    public void open() throws Exception {
        super.open();
        boundaries = getOperatorStateBackend().getBroadcastState(ReconciledFunction.BOUNDARIES);
        timers =
                new CoalescedTimers(
                        this,
                        getInternalTimerService(
                                "user-timers", VoidNamespaceSerializer.INSTANCE, this));
        out = new TimestampedCollector<>(output);
        side = new Sides();
        function().cachedState().attach(this, function().stateDescriptor().getName());
        function().buffer(timers);
    }

    @Override
    public void processElement1(StreamRecord<I> element) throws Exception {
        super.processElement1(element);
        timers.flushIfMany();
    }

    @Override
    public void onEventTime(InternalTimer<String, VoidNamespace> timer) throws Exception {
        super.onEventTime(timer);
        timers.flushIfMany();
    }

    /** Where Flink keeps timers on the heap, it takes them before it asks for the rest. */
    @Override
    public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
        timers.flush();
        super.prepareSnapshotPreBarrier(checkpointId);
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        function().cachedState().flush();
        timers.flush();
        super.snapshotState(context);
        // what was restored stands until all is counted anew
        counted.update(recount ? List.copyOf(countedBefore) : List.of(function().counts()));
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        if (mark.getTimestamp() == Watermark.MAX_WATERMARK.getTimestamp()) {
            return; // a stream that ends says nothing of the time, and what waits goes on waiting
        }
        if (recount) {
            recount = false;
            recount(mark.getTimestamp());
        }
        Map<Long, SnapshotBoundary> due = new TreeMap<>();
        for (Map.Entry<Long, SnapshotBoundary> waiting : boundaries.immutableEntries()) {
            if (waiting.getValue().at() <= mark.getTimestamp()) {
                due.put(waiting.getKey(), waiting.getValue());
            }
        }
        for (SnapshotBoundary boundary : due.values()) {
            reconcile(boundary);
            boundaries.remove(boundary.toOffset());
        }
        long flushes;
        do {
            flushes = timers.flushes();
            getTimeServiceManager().orElseThrow().advanceWatermark(mark);
            timers.fire(mark.getTimestamp(), this::fire);
        } while (flushes != timers.flushes()); // what is due may have gone to state
        super.processWatermark(mark);
    }

    /** The timers that wait for the next checkpoint. */
    CoalescedTimers timers() {
        return timers;
    }

    private void fire(String key, long at) throws Exception {
        setCurrentKey(key);
        onEventTime(new TimerHeapInternalTimer<>(at, key, VoidNamespace.INSTANCE));
    }

    private void reconcile(SnapshotBoundary boundary) throws Exception {
        ReconciledFunction<I, O> function = function();
        function.cachedState().flush(); // a key that was never written would not be asked
        out.eraseTimestamp();
        this.<String>getKeyedStateBackend()
                .applyToAllKeys(
                        VoidNamespace.INSTANCE,
                        VoidNamespaceSerializer.INSTANCE,
                        function.stateDescriptor(),
                        (key, state) -> {
                            function.reconcile(key, boundary, out, side);
                            timers.flushIfMany();
                        });
    }

    private void recount(long now) throws Exception {
        ReconciledFunction<I, O> function = function();
        function.cachedState().flush();
        out.eraseTimestamp();
        this.<String>getKeyedStateBackend()
                .applyToAllKeys(
                        VoidNamespace.INSTANCE,
                        VoidNamespaceSerializer.INSTANCE,
                        function.stateDescriptor(),
                        (key, state) -> {
                            function.recount(key, now, out, side);
                            timers.flushIfMany();
                        });
    }

    private ReconciledFunction<I, O> function() {
        return (ReconciledFunction<I, O>) userFunction;
    }

    private final class Sides implements ReconciledFunction.SideOutputs {
        @Override
        public <X> void output(OutputTag<X> tag, X value) {
            output.collect(tag, new StreamRecord<>(value));
        }
    }
}
