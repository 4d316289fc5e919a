package io.seqpulse.lifecycle.policy;

import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.detect.MessageCodec;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Decisions on their way to be written; no state holds one. */
public final class DecisionCodec implements Codec<Decision> {

    private static final long serialVersionUID = 1L;

    private final MessageCodec messages = new MessageCodec();

    @Override
    public Class<Decision> type() {
        return Decision.class;
    }

    @Override
    public void write(Decision decision, DataOutput out) throws IOException {
        messages.write(
                decision.withdrawal() == null
                        ? Message.of(decision.candidate())
                        : Message.of(decision.withdrawal()),
                out);
        Compact.writeText(out, decision.variant());
        Compact.writeText(out, decision.suppressedFor());
        Compact.writeTexts(out, decision.recipient());
    }

    @Override
    public Decision read(DataInput in) throws IOException {
        Message about = messages.read(in);
        return new Decision(
                about.candidate(),
                Compact.readText(in),
                Compact.readText(in),
                Compact.readTexts(in),
                about.retraction());
    }
}
