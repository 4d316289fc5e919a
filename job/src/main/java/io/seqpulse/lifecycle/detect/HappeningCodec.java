package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** How state keeps an event. */
public final class HappeningCodec {

    private HappeningCodec() {}

    /** Writes it. */
    public static void write(Happening happening, DataOutput out) throws IOException {
        Compact.writeText(out, happening.id());
        Compact.writeNumber(out, happening.at());
        Compact.writeNumber(out, happening.committedAt() - happening.at());
        out.writeBoolean(happening.snapshot());
        Compact.writeTexts(out, happening.values());
    }

    /** Reads it. */
    public static Happening read(DataInput in) throws IOException {
        String id = Compact.readText(in);
        long at = Compact.readNumber(in);
        long committedAt = at + Compact.readNumber(in);
        return new Happening(id, at, committedAt, in.readBoolean(), Compact.readFixedTexts(in));
    }
}
