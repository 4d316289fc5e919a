package io.seqpulse.lifecycle.parent;

import static io.seqpulse.lifecycle.story.Facts.MORNING;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.codec.Layouts;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.Tombstone;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class ForeignKeyCodecTest {

    private final ForeignKeyCodec codec = new ForeignKeyCodec();

    @Test
    void bringsAnEmptyOneBack() throws IOException {
        Layouts.assertComesBack(codec, new ForeignKey());
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

    private static ForeignKey full() {
        ForeignKey parent = new ForeignKey();
        parent.table = CapturedTable.DEPLOYMENT_VERDICTS;
        parent.id = "5709e000-0000-4000-8000-000000000003";
        parent.row.present = true;
        parent.row.committedAt = MORNING;
        parent.row.position = new LogPosition(2, 3);
        parent.row.tombstone = new Tombstone(MORNING, LogPosition.at(4));
        parent.timerAt = MORNING + 5;
        return parent;
    }

    private static final String LAYOUT_1 =
            """
            0101809afccab868040201809afccab8680800008a9afccab8688c01015709e00000004000800000
            0000000003
            """;
}
