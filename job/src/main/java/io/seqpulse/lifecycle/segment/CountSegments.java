package io.seqpulse.lifecycle.segment;

import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.Resnapshot;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;
import io.seqpulse.lifecycle.state.CodecType;
import io.seqpulse.lifecycle.state.RecentState;
import io.seqpulse.lifecycle.state.SweptFunction;
import java.util.Set;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.util.Collector;

/**
 * Keyed by user: how many people are in each segment, told by those who enter and leave. One timer
 * a user, on the log's clock, at the next time at which one of their segments may change; which
 * they are, {@link SegmentMember} knows.
 */
public final class CountSegments extends SweptFunction<Fact, Increment> {

    private transient RecentState<SegmentMember> members;

    @Override
    public void open(OpenContext context) {
        members = new RecentState<>(getRuntimeContext().getState(swept()));
    }

    @Override
    public RecentState<SegmentMember> recentState() {
        return members;
    }

    @Override
    public void processElement(Fact fact, ReadOnlyContext context, Collector<Increment> out)
            throws Exception {
        SegmentMember member = members.value(context.getCurrentKey());
        if (member == null) {
            member = new SegmentMember();
        }
        member.take(fact);
        save(context.getCurrentKey(), member);
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<Increment> out)
            throws Exception {
        SegmentMember member = members.value(context.getCurrentKey());
        if (member == null || member.timerAt != timestamp) {
            return;
        }
        member.timerAt = 0;
        Set<Segment> before = member.counted;
        Set<Segment> now = member.count(timestamp);
        for (Segment segment : Segment.values()) {
            if (before.contains(segment) != now.contains(segment)) {
                long change = now.contains(segment) ? 1 : -1;
                out.collect(new Increment(Relation.SEGMENT, segment.label(), 0, 0, change));
            }
        }
        save(context.getCurrentKey(), member);
    }

    @Override
    protected ValueStateDescriptor<SegmentMember> swept() {
        return new ValueStateDescriptor<>(
                "segment-member", new CodecType<>(new SegmentMemberCodec()));
    }

    /** Who is gone is counted out when the timers fire, before the clock goes on. */
    @Override
    protected void sweep(
            String currentKey, Resnapshot resnapshot, Collector<Increment> out, SideOutputs side)
            throws Exception {
        SegmentMember member = members.value(currentKey);
        if (member != null && member.sweep(resnapshot)) {
            save(currentKey, member);
        }
    }

    private void save(String key, SegmentMember member) throws Exception {
        member.timerAt = moveTimer(key, member.timerAt, member.nextTime());
        if (member.isEmpty()) {
            members.clear(key);
        } else {
            members.update(key, member);
        }
    }
}
