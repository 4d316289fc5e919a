package io.seqpulse.lifecycle.state;

import io.seqpulse.lifecycle.fact.Resnapshot;
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
 * Runs a {@link SweptFunction}: when the clock passes a new snapshot, every key is asked what the
 * snapshot lacks of it, before any timer fires and before the watermark goes on.
 *
 * <p>Why nothing is taken for deleted too early, and no timer fires too early: channels are not
 * ordered among each other, but each keeps its order, and an operator's watermark is the least of
 * its channels'. The decoder tells of a snapshot after all of its rows and before any watermark
 * that has reached the snapshot's time. So when this operator's watermark reaches that time, all
 * channels have delivered what was there before: the rows, by whichever way, and word of the
 * snapshot itself. And because the watermark is passed on after the sweep, whoever comes next has
 * every retraction before it lets a timer fire.
 *
 * <p>A sweep reads the state of every key once, in one go. It happens when a slot was lost, not
 * otherwise; a first snapshot is not told at all. The function's updates of its {@link RecentState}
 * and of its timers wait for the next checkpoint.
 */
public final class SweepOperator<I, O>
        extends CoBroadcastWithKeyedOperator<String, I, Resnapshot, O> {

    private static final long serialVersionUID = 1L;

    private transient BroadcastState<Long, Resnapshot> resnapshots;
    private transient ListState<String> counted;
    private transient Set<String> countedBefore;
    private transient boolean recount;
    private transient RecentTimers timers;
    private transient TimestampedCollector<O> out;
    private transient SweptFunction.SideOutputs side;

    public SweepOperator(SweptFunction<I, O> function) {
        super(function, List.of(SweptFunction.RESNAPSHOTS));
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
        resnapshots = getOperatorStateBackend().getBroadcastState(SweptFunction.RESNAPSHOTS);
        timers =
                new RecentTimers(
                        this,
                        getInternalTimerService(
                                "user-timers", VoidNamespaceSerializer.INSTANCE, this));
        out = new TimestampedCollector<>(output);
        side = new Sides();
        function().recentState().buffer(this);
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
        function().recentState().flush();
        timers.flush();
        super.snapshotState(context);
        // what was restored stands until all is counted anew
        counted.update(recount ? List.copyOf(countedBefore) : List.of(function().counts()));
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        if (recount) {
            recount = false;
            recount();
        }
        Map<Long, Resnapshot> due = new TreeMap<>();
        for (Map.Entry<Long, Resnapshot> waiting : resnapshots.immutableEntries()) {
            if (waiting.getValue().at() <= mark.getTimestamp()) {
                due.put(waiting.getKey(), waiting.getValue());
            }
        }
        for (Resnapshot resnapshot : due.values()) {
            sweep(resnapshot);
            resnapshots.remove(resnapshot.toOffset());
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
    RecentTimers timers() {
        return timers;
    }

    private void fire(String key, long at) throws Exception {
        setCurrentKey(key);
        onEventTime(new TimerHeapInternalTimer<>(at, key, VoidNamespace.INSTANCE));
    }

    private void sweep(Resnapshot resnapshot) throws Exception {
        SweptFunction<I, O> function = function();
        function.recentState().flush(); // a key that was never written would not be asked
        out.eraseTimestamp();
        this.<String>getKeyedStateBackend()
                .applyToAllKeys(
                        VoidNamespace.INSTANCE,
                        VoidNamespaceSerializer.INSTANCE,
                        function.swept(),
                        (key, state) -> {
                            function.sweep(key, resnapshot, out, side);
                            timers.flushIfMany();
                        });
    }

    private void recount() throws Exception {
        SweptFunction<I, O> function = function();
        function.recentState().flush();
        this.<String>getKeyedStateBackend()
                .applyToAllKeys(
                        VoidNamespace.INSTANCE,
                        VoidNamespaceSerializer.INSTANCE,
                        function.swept(),
                        (key, state) -> function.recount(key, side));
    }

    private SweptFunction<I, O> function() {
        return (SweptFunction<I, O>) userFunction;
    }

    private final class Sides implements SweptFunction.SideOutputs {
        @Override
        public <X> void output(OutputTag<X> tag, X value) {
            output.collect(tag, new StreamRecord<>(value));
        }
    }
}
