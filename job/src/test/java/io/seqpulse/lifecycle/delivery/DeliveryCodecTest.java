package io.seqpulse.lifecycle.delivery;

import static io.seqpulse.lifecycle.story.Facts.MORNING;

import io.seqpulse.lifecycle.codec.Layouts;
import io.seqpulse.lifecycle.fact.Departure;
import io.seqpulse.lifecycle.fact.Orphan;
import io.seqpulse.lifecycle.fact.Orphans;
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
        delivery.row.put("email_type", "E-ACT-05");
        delivery.row.put("reason", null);
        delivery.committedAt = MORNING;
        delivery.position = 2;
        delivery.seen = 3;
        delivery.events.put("e", new EmailEvent("opened", true, MORNING * 1_000 + 7, MORNING, 4));
        delivery.eventsGone.put("f", new Departure(MORNING, 5));
        delivery.contributed.become(
                Map.of(new Figure(Relation.EMAIL, "E-ACT-05\nsent\n", 29_000_000), new Count(0, 1)),
                increment -> {});
        delivery.orphans = new Orphans();
        delivery.orphans.named = List.of(new Orphan("email_events", 6, 7));
        delivery.departure = new Departure(MORNING, 8);
        delivery.timerAt = MORNING + 9;
        return delivery;
    }

    private static final String LAYOUT_1 =
            """
            0102ac0100a8018401809afccab8680406010565d601018e90abda89faaf06809afccab868080105
            6601809afccab8680a01031f452d4143542d30350a73656e740a8085d41b00020101cc010c0e0000
            01809afccab86810929afccab868
            """;
}
