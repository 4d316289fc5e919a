package io.seqpulse.lifecycle.delivery;

import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.fact.AbsenceCodec;
import io.seqpulse.lifecycle.kpi.LedgerCodec;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** How state keeps an email. */
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
        Compact.writeTexts(out, delivery.row);
        Compact.writeNumber(out, delivery.committedAt);
        Compact.writeNumber(out, delivery.position);
        Compact.writeNumber(out, delivery.seen);
        Compact.writeMap(out, delivery.events, DeliveryCodec::write);
        Compact.writeMap(out, delivery.eventsGone, AbsenceCodec::writeDeparture);
        LedgerCodec.write(delivery.contributed, out);
        AbsenceCodec.write(delivery.orphans, out);
        AbsenceCodec.writeDeparture(delivery.departure, out);
        Compact.writeNumber(out, delivery.timerAt);
    }

    @Override
    public Delivery read(DataInput in) throws IOException {
        Compact.readVersion(in, "an email", LAYOUT);
        Delivery delivery = new Delivery();
        delivery.row = Compact.readTexts(in);
        delivery.committedAt = Compact.readNumber(in);
        delivery.position = Compact.readNumber(in);
        delivery.seen = Compact.readNumber(in);
        delivery.events = Compact.readMap(in, DeliveryCodec::readEvent);
        delivery.eventsGone = Compact.readMap(in, AbsenceCodec::readDeparture);
        LedgerCodec.read(delivery.contributed, in);
        delivery.orphans = AbsenceCodec.read(in);
        delivery.departure = AbsenceCodec.readDeparture(in);
        delivery.timerAt = Compact.readNumber(in);
        return delivery;
    }

    private static void write(EmailEvent event, DataOutput out) throws IOException {
        Compact.writeText(out, event.type());
        out.writeBoolean(event.machine());
        Compact.writeNumber(out, event.at());
        Compact.writeNumber(out, event.committedAt());
        Compact.writeNumber(out, event.position());
    }

    private static EmailEvent readEvent(DataInput in) throws IOException {
        return new EmailEvent(
                Compact.readText(in),
                in.readBoolean(),
                Compact.readNumber(in),
                Compact.readNumber(in),
                Compact.readNumber(in));
    }
}
