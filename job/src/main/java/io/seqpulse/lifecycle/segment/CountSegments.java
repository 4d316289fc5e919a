package io.seqpulse.lifecycle.segment;

import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.host.Effects;
import io.seqpulse.lifecycle.host.SubjectFunction;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;
import io.seqpulse.lifecycle.state.CodecType;
import java.util.Set;
import org.apache.flink.api.common.state.ValueStateDescriptor;

/**
 * Keyed by user: how many people are in each segment, told by those who enter and leave. One timer
 * a user, on the log's clock, at the next time at which one of their segments may change; which
 * they are, {@link SegmentMember} knows.
 */
public final class CountSegments extends SubjectFunction<Fact, SegmentMember, Increment> {

    @Override
    protected SegmentMember create() {
        return new SegmentMember();
    }

    @Override
    protected ValueStateDescriptor<SegmentMember> stateDescriptor() {
        return new ValueStateDescriptor<>(
                "segment-member", new CodecType<>(new SegmentMemberCodec()));
    }

    @Override
    protected void apply(String user, SegmentMember member, Fact fact, Effects<Increment> effects) {
        member.take(fact);
    }

    @Override
    protected void advanceTo(
            String user, SegmentMember member, long now, Effects<Increment> effects) {
        Set<Segment> before = member.counted;
        Set<Segment> counted = member.count(now);
        for (Segment segment : Segment.values()) {
            if (before.contains(segment) != counted.contains(segment)) {
                long change = counted.contains(segment) ? 1 : -1;
                effects.emit(new Increment(Relation.SEGMENT, segment.label(), 0, 0, change));
            }
        }
    }

    /** Who is gone is counted out when the timers fire, before the clock goes on. */
    @Override
    protected boolean reconcile(
            String user,
            SegmentMember member,
            SnapshotBoundary boundary,
            Effects<Increment> effects) {
        return member.reconcile(boundary);
    }
}
