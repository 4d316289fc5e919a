package io.seqpulse.lifecycle.policy;

import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.detect.CandidateCodec;
import io.seqpulse.lifecycle.policy.Recipient.AlertHour;
import io.seqpulse.lifecycle.policy.Recipient.Waiting;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** How state keeps a recipient. */
public final class RecipientCodec implements Codec<Recipient> {

    private static final long serialVersionUID = 1L;

    private static final int LAYOUT = 1;

    @Override
    public Class<Recipient> type() {
        return Recipient.class;
    }

    @Override
    public void write(Recipient recipient, DataOutput out) throws IOException {
        Compact.writeVersion(out, LAYOUT);
        Compact.writeTexts(out, recipient.account);
        Compact.writeNumber(out, recipient.accountCommittedAt);
        Compact.writeNumber(out, recipient.accountPosition);
        Compact.writeNumber(out, recipient.accountSeen);
        Compact.writeTexts(out, recipient.preferences);
        Compact.writeNumber(out, recipient.preferencesCommittedAt);
        Compact.writeNumber(out, recipient.preferencesPosition);
        Compact.writeNumber(out, recipient.preferencesSeen);
        Compact.writeNumber(out, recipient.marketingSentAt);
        Compact.writeText(out, recipient.reservedKey);
        Compact.writeNumber(out, recipient.reservedAt);
        Compact.writeNumber(out, recipient.releasedAt);
        Compact.writeMap(out, recipient.waiting, RecipientCodec::write);
        Compact.writeNumbers(out, recipient.decided);
        Compact.writeMap(out, recipient.alertHours, RecipientCodec::write);
        Compact.writeNumber(out, recipient.timerAt);
    }

    @Override
    public Recipient read(DataInput in) throws IOException {
        Compact.readVersion(in, "a recipient", LAYOUT);
        Recipient recipient = new Recipient();
        recipient.account = Compact.readTexts(in);
        recipient.accountCommittedAt = Compact.readNumber(in);
        recipient.accountPosition = Compact.readNumber(in);
        recipient.accountSeen = Compact.readNumber(in);
        recipient.preferences = Compact.readTexts(in);
        recipient.preferencesCommittedAt = Compact.readNumber(in);
        recipient.preferencesPosition = Compact.readNumber(in);
        recipient.preferencesSeen = Compact.readNumber(in);
        recipient.marketingSentAt = Compact.readNumber(in);
        recipient.reservedKey = Compact.readText(in);
        recipient.reservedAt = Compact.readNumber(in);
        recipient.releasedAt = Compact.readNumber(in);
        recipient.waiting = Compact.readMap(in, RecipientCodec::readWaiting);
        recipient.decided = Compact.readNumbers(in);
        recipient.alertHours = Compact.readMap(in, RecipientCodec::readHour);
        recipient.timerAt = Compact.readNumber(in);
        return recipient;
    }

    private static void write(Waiting waiting, DataOutput out) throws IOException {
        CandidateCodec.write(waiting.candidate, out);
        out.writeBoolean(waiting.capped);
    }

    private static Waiting readWaiting(DataInput in) throws IOException {
        Waiting waiting = new Waiting();
        waiting.candidate = CandidateCodec.read(in);
        waiting.capped = in.readBoolean();
        return waiting;
    }

    private static void write(AlertHour hour, DataOutput out) throws IOException {
        Compact.writeSize(out, hour.sentAt.size());
        for (long sentAt : hour.sentAt) {
            Compact.writeNumber(out, sentAt);
        }
        Compact.writeSize(out, hour.absorbed.size());
        for (Candidate absorbed : hour.absorbed) {
            CandidateCodec.write(absorbed, out);
        }
        Compact.writeNumber(out, hour.digestAt);
    }

    private static AlertHour readHour(DataInput in) throws IOException {
        AlertHour hour = new AlertHour();
        for (int left = Compact.readSize(in); left > 0; left--) {
            hour.sentAt.add(Compact.readNumber(in));
        }
        for (int left = Compact.readSize(in); left > 0; left--) {
            hour.absorbed.add(CandidateCodec.read(in));
        }
        hour.digestAt = Compact.readNumber(in);
        return hour;
    }
}
