package io.seqpulse.lifecycle.state;

import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.functions.co.KeyedBroadcastProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * A keyed function whose state is reconciled with snapshots: rows that a complete snapshot does not
 * contain are treated as deleted. {@link ReconcileOperator} runs it and decides when.
 */
public abstract class ReconciledFunction<I, O>
        extends KeyedBroadcastProcessFunction<String, I, SnapshotBoundary, O> {

    /** Position of its last row → snapshot that the clock has not passed yet. */
    static final MapStateDescriptor<Long, SnapshotBoundary> BOUNDARIES =
            new MapStateDescriptor<>(
                    "resnapshots", Types.LONG, TypeInformation.of(SnapshotBoundary.class));

    /** Side outputs that are available during reconciliation, too. */
    public interface SideOutputs {

        /** Emits a value by that way. */
        <X> void output(OutputTag<X> tag, X value);
    }

    private transient CoalescedTimers timers;

    /** Where the values are kept, once the function is open. */
    public abstract CachedState<?> cachedState();

    /** What describes that state: the one that every key has of which a row is remembered. */
    protected abstract StateDescriptor<?, ?> stateDescriptor();

    /** Takes what the snapshot lacks of the current key as deleted at its time. */
    protected abstract void reconcile(
            String currentKey, SnapshotBoundary boundary, Collector<O> out, SideOutputs side)
            throws Exception;

    /**
     * What is counted of the state, and what is waited for, as text; nothing by default. Where that
     * is another in a restored job, every key is asked to {@link #recount} once, so that a KPI or a
     * rule that is new or retuned needs no history.
     */
    protected String counts() {
        return "";
    }

    /**
     * Corrects what the current key has added to the figures, and what it waits for.
     *
     * @param now up to when the log has been read
     */
    protected void recount(String currentKey, long now, Collector<O> out, SideOutputs side)
            throws Exception {}

    /** Lets timers wait with the values. */
    void buffer(CoalescedTimers later) {
        timers = later;
    }

    /** The log's clock, epoch milliseconds. */
    protected final long clock() {
        return timers.clock();
    }

    /** The wall clock, epoch milliseconds. */
    protected final long wallClock() {
        return timers.wallClock();
    }

    /**
     * Moves the one timer of the current key, on the log's clock; {@link Deadlines#NONE} is none.
     *
     * @return where it stands now
     */
    protected final long moveTimer(String currentKey, long before, long next) {
        timers.move(currentKey, before, next);
        return next;
    }

    /** Waits for the clock. */
    @Override
    public final void processBroadcastElement(
            SnapshotBoundary boundary, Context context, Collector<O> out) throws Exception {
        context.getBroadcastState(BOUNDARIES).put(boundary.toOffset(), boundary);
    }
}
