package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.fact.RowChangeCodec;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Messages between operators; no state holds one. */
public final class MessageCodec implements Codec<Message> {

    private static final long serialVersionUID = 1L;

    private static final int CANDIDATE = 1;
    private static final int RETRACTION = 2;
    private static final int ROW = 3;

    private final RowChangeCodec rows = new RowChangeCodec();

    @Override
    public Class<Message> type() {
        return Message.class;
    }

    @Override
    public void write(Message message, DataOutput out) throws IOException {
        Compact.writeText(out, message.decider());
        if (message.candidate() != null) {
            out.writeByte(CANDIDATE);
            CandidateCodec.write(message.candidate(), out);
        } else if (message.retraction() != null) {
            out.writeByte(RETRACTION);
            Retraction retraction = message.retraction();
            Compact.writeText(out, retraction.key());
            Compact.writeText(out, retraction.recipient());
            Compact.writeText(out, retraction.userId());
            Compact.writeText(out, retraction.reason());
        } else {
            out.writeByte(ROW);
            rows.write(message.row(), out);
        }
    }

    @Override
    public Message read(DataInput in) throws IOException {
        String decider = Compact.readText(in);
        int kind = in.readByte();
        Message message = read(kind, in);
        return decider == null ? message : message.decidedFor(decider);
    }

    private Message read(int kind, DataInput in) throws IOException {
        return switch (kind) {
            case CANDIDATE -> Message.of(CandidateCodec.read(in));
            case RETRACTION ->
                    Message.of(
                            new Retraction(
                                    Compact.readText(in),
                                    Compact.readText(in),
                                    Compact.readText(in),
                                    Compact.readText(in)));
            case ROW -> Message.of(rows.read(in));
            default -> throw new IOException("a message of unknown kind " + kind);
        };
    }
}
