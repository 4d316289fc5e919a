package io.seqpulse.lifecycle.parent;

import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Resnapshot;
import io.seqpulse.lifecycle.host.StreamTypes;
import io.seqpulse.lifecycle.state.CodecType;
import io.seqpulse.lifecycle.state.RecentState;
import io.seqpulse.lifecycle.state.SweptFunction;
import io.seqpulse.lifecycle.state.TimeToLive;
import java.time.Duration;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * Keyed by a row's own id, for rows of which a deletion tells no more: remembers which row each
 * belongs to and tells that one when it is gone, be it not shown by a new snapshot. The rows
 * themselves go there directly, so that none waits for this.
 *
 * <p>What it says is {@link FactKind#VERDICT_DELETED}, to the deployment, and by {@link #OF_EMAILS}
 * {@link FactKind#EMAIL_EVENT_DELETED}, to the email. It may come before the row that it ends: its
 * commit time and position say which it is.
 */
public final class RememberParents extends SweptFunction<Fact, Fact> {

    /** Deleted events of emails; keyed by email. */
    public static final OutputTag<Fact> OF_EMAILS = new OutputTag<>("of-emails", StreamTypes.FACT);

    /** Longer than anything that a row counts for. */
    private static final Duration KEPT = Duration.ofDays(400);

    private transient RecentState<Parent> parents;

    @Override
    public void open(OpenContext context) {
        parents = new RecentState<>(getRuntimeContext().getState(swept()));
    }

    @Override
    public RecentState<Parent> recentState() {
        return parents;
    }

    @Override
    public void processElement(Fact fact, ReadOnlyContext context, Collector<Fact> out)
            throws Exception {
        String rowId = context.getCurrentKey();
        Parent parent = parents.value(rowId);
        if (parent == null) {
            parent = new Parent();
        }
        parent.take(rowId, fact).ifPresent(end -> tell(end, out, context::output));
        save(rowId, parent);
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<Fact> out)
            throws Exception {
        Parent parent = parents.value(context.getCurrentKey());
        if (parent == null || parent.timerAt != timestamp) {
            return;
        }
        parent.timerAt = 0;
        parent.passTime(timestamp);
        save(context.getCurrentKey(), parent);
    }

    @Override
    protected ValueStateDescriptor<Parent> swept() {
        return TimeToLive.of(
                KEPT, new ValueStateDescriptor<>("parent", new CodecType<>(new ParentCodec())));
    }

    @Override
    protected void sweep(
            String currentKey, Resnapshot resnapshot, Collector<Fact> out, SideOutputs side)
            throws Exception {
        Parent parent = parents.value(currentKey);
        if (parent != null && parent.id != null) {
            parent.sweep(currentKey, resnapshot).ifPresent(end -> tell(end, out, side));
            save(currentKey, parent);
        }
    }

    private static void tell(Fact end, Collector<Fact> out, SideOutputs side) {
        if (end.kind() == FactKind.VERDICT_DELETED) {
            out.collect(end);
        } else {
            side.output(OF_EMAILS, end);
        }
    }

    private void save(String rowId, Parent parent) throws Exception {
        parent.timerAt = moveTimer(rowId, parent.timerAt, parent.nextTime());
        if (parent.isEmpty()) {
            parents.clear(rowId);
        } else {
            parents.update(rowId, parent);
        }
    }
}
