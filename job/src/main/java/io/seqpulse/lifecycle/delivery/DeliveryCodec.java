package io.seqpulse.lifecycle.delivery;

import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.Tombstone;
import io.seqpulse.lifecycle.kpi.CohortStateCodec;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Binary layout of {@link Delivery} in state. */
public final class DeliveryCodec implements Codec<Delivery> {

    private static final long serialVersionUID = 1L;

    private static final int LAYOUT = 1;

    @Override
    public Class<Delivery> type() {
        return Delivery.class;
    }

    @Override
    public void write(Delivery delivery, DataOutput out) throws IOException {
        Compact.writeVersion(out, LAYOUT);
        delivery.row.write(out);
        Deadlines.write(delivery.timerAt, out);
        DeliveryRow.write(delivery.line, out);
        Compact.writeMap(out, delivery.events, DeliveryCodec::write);
        Compact.writeMap(out, delivery.eventsGone, Tombstone::write);
        CohortStateCodec.write(delivery.contributed, out);
    }

    @Override
    public Delivery read(DataInput in) throws IOException {
        Compact.readVersion(in, "an email", LAYOUT);
        Delivery delivery = new Delivery();
        delivery.row.read(in);
        delivery.timerAt = Deadlines.read(in);
        delivery.line = DeliveryRow.read(in);
        delivery.events = Compact.readMap(in, DeliveryCodec::readEvent);
        delivery.eventsGone = Compact.readMap(in, Tombstone::read);
        CohortStateCodec.read(delivery.contributed, in);
        return delivery;
    }

    private static void write(EmailEvent event, DataOutput out) throws IOException {
        Compact.writeText(out, event.type());
        out.writeBoolean(event.machine());
        Compact.writeNumber(out, event.at());
        event.position().write(out);
    }

    private static EmailEvent readEvent(DataInput in) throws IOException {
        return new EmailEvent(
                Compact.readText(in),
                in.readBoolean(),
                Compact.readNumber(in),
                LogPosition.read(in));
    }
}
