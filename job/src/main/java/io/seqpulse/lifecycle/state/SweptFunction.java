package io.seqpulse.lifecycle.state;

import io.seqpulse.lifecycle.fact.Resnapshot;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.functions.co.KeyedBroadcastProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * Keeps something of each row it hears of in {@link RecentState}, and lets go of it when a new
 * snapshot no longer shows the row. Run by {@link SweepOperator}, which says when.
 */
public abstract class SweptFunction<I, O>
        extends KeyedBroadcastProcessFunction<String, I, Resnapshot, O> {

    /** Position of its last row → snapshot that the clock has not passed yet. */
    static final MapStateDescriptor<Long, Resnapshot> RESNAPSHOTS =
            new MapStateDescriptor<>(
                    "resnapshots", Types.LONG, TypeInformation.of(Resnapshot.class));

    /** Where a sweep puts what does not go on by the main way. */
    public interface SideOutputs {

        /** Emits a value by that way. */
        <X> void output(OutputTag<X> tag, X value);
    }

    private transient RecentTimers timers;

    /** Where the values are kept, once the function is open. */
    public abstract RecentState<?> recentState();

    /** What describes that state: the one that every key has of which a row is remembered. */
    protected abstract StateDescriptor<?, ?> swept();

    /** Takes what the snapshot lacks of the current key as deleted at its time. */
    protected abstract void sweep(
            String currentKey, Resnapshot resnapshot, Collector<O> out, SideOutputs side)
            throws Exception;

    /**
     * What is counted of the state, as text; nothing by default. Where a restored job counts
     * something else, every key is asked to {@link #recount} once, so that a KPI that is new or
     * retuned needs no history.
     */
    protected String counts() {
        return "";
    }

    /** Corrects what the current key has added to the figures. */
    protected void recount(String currentKey, SideOutputs side) throws Exception {}

    /** Lets timers wait with the values. */
    void buffer(RecentTimers later) {
        timers = later;
    }

    /** Up to when the log has been read. */
    protected final long clock() {
        return timers.clock();
    }

    /**
     * Moves the one timer of the current key, on the log's clock; 0 is none.
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
            Resnapshot resnapshot, Context context, Collector<O> out) throws Exception {
        context.getBroadcastState(RESNAPSHOTS).put(resnapshot.toOffset(), resnapshot);
    }
}
