package io.seqpulse.lifecycle.segment;

import static io.seqpulse.lifecycle.story.Facts.MORNING;

import io.seqpulse.lifecycle.codec.Layouts;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.OwnedProject;
import io.seqpulse.lifecycle.fact.Tombstone;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class SegmentMemberCodecTest {

    private final SegmentMemberCodec codec = new SegmentMemberCodec();

    @Test
    void bringsAnEmptyOneBack() throws IOException {
        Layouts.assertComesBack(codec, new SegmentMember());
    }

    @Test
    void bringsAFullOneBack() throws IOException {
        Layouts.assertComesBack(codec, full());
    }

    /** As the first version wrote it. */
    @Test
    void readsLayout1() throws IOException {
        Layouts.assertReads(codec, LAYOUT_1, full());
    }

    private static SegmentMember full() {
        SegmentMember member = new SegmentMember();
        member.row.present = true;
        member.active = true;
        member.createdAt = MORNING;
        member.twofaEnabled = true;
        member.twofaChangedAt = MORNING + 1;
        member.row.committedAt = MORNING + 2;
        member.row.position = new LogPosition(3, 4);
        member.projects.put(
                "p", new OwnedProject("free", MORNING, 5, 24_000, List.of(2_900, 2_901)));
        member.memberships.put("m", LogPosition.at(6));
        member.counted = EnumSet.of(Segment.NEW_USER, Segment.SECURITY_SENSITIVE);
        member.countedAt = MORNING + 7;
        member.askAt = MORNING + 8;
        member.row.tombstone = new Tombstone(MORNING, LogPosition.at(9));
        member.timerAt = MORNING + 10;
        return member;
    }

    private static final String LAYOUT_1 =
            """
            0101849afccab868060201809afccab86812000001809afccab86801829afccab86801057028809a
            fccab8680a80f70202a82daa2d01056d0c0082018e9afccab868909afccab868949afccab868
            """;
}
