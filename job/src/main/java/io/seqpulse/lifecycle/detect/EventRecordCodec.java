package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** How state keeps an event. */
public final class EventRecordCodec {

    private EventRecordCodec() {}

    /** Writes it. */
    public static void write(EventRecord record, DataOutput out) throws IOException {
        Compact.writeText(out, record.id());
        Compact.writeNumber(out, record.at());
        Compact.writeNumber(out, record.committedAt() - record.at());
        out.writeBoolean(record.snapshot());
        Compact.writeTexts(out, record.values());
    }

    /** Reads it. */
    public static EventRecord read(DataInput in) throws IOException {
        String id = Compact.readText(in);
        long at = Compact.readNumber(in);
        long committedAt = at + Compact.readNumber(in);
        return new EventRecord(id, at, committedAt, in.readBoolean(), Compact.readFixedTexts(in));
    }
}
