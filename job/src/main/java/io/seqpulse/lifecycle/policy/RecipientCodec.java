package io.seqpulse.lifecycle.policy;

import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.detect.CandidateCodec;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.kpi.CohortStateCodec;
import io.seqpulse.lifecycle.policy.Recipient.AlertHour;
import io.seqpulse.lifecycle.policy.Recipient.Queued;
import io.seqpulse.lifecycle.policy.Recipient.Waiting;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Binary layout of {@link Recipient} in state. */
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
        recipient.row.write(out);
        Deadlines.write(recipient.timerAt, out);
        Account.write(recipient.account, out);
        out.writeBoolean(recipient.optedOutOfMarketing);
        out.writeBoolean(recipient.optedOutOfProductUpdates);
        recipient.preferencesRow.write(out);
        Compact.writeNumber(out, recipient.marketingSentAt);
        Compact.writeText(out, recipient.reservedKey);
        Compact.writeNumber(out, recipient.reservedAt);
        Compact.writeNumber(out, recipient.releasedAt);
        Compact.writeNumber(out, recipient.quietAt);
        Compact.writeMap(out, recipient.waiting, RecipientCodec::write);
        Compact.writeNumbers(out, recipient.decided);
        Compact.writeMap(out, recipient.queued, RecipientCodec::write);
        Compact.writeMap(out, recipient.alertHours, RecipientCodec::write);
        CohortStateCodec.write(recipient.held, out);
    }

    @Override
    public Recipient read(DataInput in) throws IOException {
        Compact.readVersion(in, "a recipient", LAYOUT);
        Recipient recipient = new Recipient();
        recipient.row.read(in);
        recipient.timerAt = Deadlines.read(in);
        recipient.account = Account.read(in);
        recipient.optedOutOfMarketing = in.readBoolean();
        recipient.optedOutOfProductUpdates = in.readBoolean();
        recipient.preferencesRow.read(in);
        recipient.marketingSentAt = Compact.readNumber(in);
        recipient.reservedKey = Compact.readText(in);
        recipient.reservedAt = Compact.readNumber(in);
        recipient.releasedAt = Compact.readNumber(in);
        recipient.quietAt = Compact.readNumber(in);
        recipient.waiting = Compact.readMap(in, RecipientCodec::readWaiting);
        recipient.decided = Compact.readNumbers(in);
        recipient.queued = Compact.readMap(in, RecipientCodec::readQueued);
        recipient.alertHours = Compact.readMap(in, RecipientCodec::readHour);
        CohortStateCodec.read(recipient.held, in);
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

    private static void write(Queued queued, DataOutput out) throws IOException {
        Compact.writeText(out, queued.rule());
        Compact.writeText(out, queued.projectId());
        Compact.writeNumber(out, queued.until());
    }

    private static Queued readQueued(DataInput in) throws IOException {
        return new Queued(Compact.readText(in), Compact.readText(in), Compact.readNumber(in));
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
