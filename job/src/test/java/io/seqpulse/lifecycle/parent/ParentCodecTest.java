package io.seqpulse.lifecycle.parent;

import static io.seqpulse.lifecycle.story.Facts.MORNING;

import io.seqpulse.lifecycle.codec.Layouts;
import io.seqpulse.lifecycle.fact.Departure;
import io.seqpulse.lifecycle.fact.FactKind;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class ParentCodecTest {

    private final ParentCodec codec = new ParentCodec();

    @Test
    void bringsAnEmptyOneBack() throws IOException {
        Layouts.assertComesBack(codec, new Parent());
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

    private static Parent full() {
        Parent parent = new Parent();
        parent.row = FactKind.VERDICT;
        parent.id = "5709e000-0000-4000-8000-000000000003";
        parent.committedAt = MORNING;
        parent.position = 2;
        parent.seen = 3;
        parent.departure = new Departure(MORNING, 4);
        parent.timerAt = MORNING + 5;
        return parent;
    }

    private static final String LAYOUT_1 =
            """
            010c015709e000000040008000000000000003809afccab868040601809afccab868088a9afccab8
            68
            """;
}
