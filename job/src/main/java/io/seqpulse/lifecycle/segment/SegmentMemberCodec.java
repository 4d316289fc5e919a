package io.seqpulse.lifecycle.segment;

import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.OwnedProject;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;

/** Binary layout of {@link SegmentMember} in state. */
public final class SegmentMemberCodec implements Codec<SegmentMember> {

    private static final long serialVersionUID = 1L;

    private static final int LAYOUT = 1;

    @Override
    public Class<SegmentMember> type() {
        return SegmentMember.class;
    }

    @Override
    public void write(SegmentMember member, DataOutput out) throws IOException {
        Compact.writeVersion(out, LAYOUT);
        member.row.write(out);
        out.writeBoolean(member.active);
        Compact.writeNumber(out, member.createdAt);
        out.writeBoolean(member.twofaEnabled);
        Compact.writeNumber(out, member.twofaChangedAt);
        Compact.writeMap(out, member.projects, OwnedProject::write);
        Compact.writeMap(out, member.memberships, LogPosition::write);
        Compact.writeNumber(out, bits(member.counted));
        Compact.writeNumber(out, member.countedAt);
        Deadlines.write(member.askAt, out);
        Deadlines.write(member.timerAt, out);
    }

    @Override
    public SegmentMember read(DataInput in) throws IOException {
        Compact.readVersion(in, "a member of segments", LAYOUT);
        SegmentMember member = new SegmentMember();
        member.row.read(in);
        member.active = in.readBoolean();
        member.createdAt = Compact.readNumber(in);
        member.twofaEnabled = in.readBoolean();
        member.twofaChangedAt = Compact.readNumber(in);
        member.projects = Compact.readMap(in, OwnedProject::read);
        member.memberships = Compact.readMap(in, LogPosition::read);
        member.counted = segments(Compact.readNumber(in));
        member.countedAt = Compact.readNumber(in);
        member.askAt = Deadlines.read(in);
        member.timerAt = Deadlines.read(in);
        return member;
    }

    private static long bits(Set<Segment> segments) {
        long bits = 0;
        for (Segment segment : segments) {
            bits |= 1L << segment.id();
        }
        return bits;
    }

    private static Set<Segment> segments(long bits) {
        Set<Segment> segments = EnumSet.noneOf(Segment.class);
        for (Segment segment : Segment.values()) {
            if ((bits & (1L << segment.id())) != 0) {
                segments.add(segment);
            }
        }
        return segments;
    }
}
