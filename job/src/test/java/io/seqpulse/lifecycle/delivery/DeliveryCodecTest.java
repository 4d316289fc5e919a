package io.seqpulse.lifecycle.delivery;

import static io.seqpulse.lifecycle.story.Facts.MORNING;

import io.seqpulse.lifecycle.codec.Layouts;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.Orphan;
import io.seqpulse.lifecycle.fact.Orphans;
import io.seqpulse.lifecycle.fact.Tombstone;
import io.seqpulse.lifecycle.kpi.Count;
import io.seqpulse.lifecycle.kpi.Figure;
import io.seqpulse.lifecycle.kpi.Relation;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DeliveryCodecTest {

    private final DeliveryCodec codec = new DeliveryCodec();

    @Test
    void bringsAnEmptyOneBack() throws IOException {
        Layouts.assertComesBack(codec, new Delivery());
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

    private static Delivery full() {
        Delivery delivery = new Delivery();
        delivery.line =
                new DeliveryRow(
                        "E-ACT-05", "p", null, "sent", null, MORNING * 1_000, 7L, null, -1L, "b");
        delivery.row.present = true;
        delivery.row.committedAt = MORNING;
        delivery.row.position = new LogPosition(2, 3);
        delivery.events.put(
                "e", new EmailEvent("opened", true, MORNING * 1_000 + 7, LogPosition.at(4)));
        delivery.eventsGone.put("f", new Tombstone(MORNING, LogPosition.at(5)));
        delivery.contributed.become(
                Map.of(new Figure(Relation.EMAIL, "E-ACT-05\nsent\n", 29_000_000), new Count(0, 1)),
                increment -> {});
        delivery.row.orphans = new Orphans();
        delivery.row.orphans.named = List.of(new Orphan("email_events", 6, 7));
        delivery.row.tombstone = new Tombstone(MORNING, LogPosition.at(8));
        delivery.timerAt = MORNING + 9;
        return delivery;
    }

    private static final String LAYOUT_1 =
            """
            0101809afccab868040201809afccab8681000010194010c0e0000929afccab86801a2010570006
            0008090abda89faaf06010e000101056201056568018e90abda89faaf06080001056601809afcca
            b8680a0001031f452d4143542d30350a73656e740a8085d41b0002
            """;
}
