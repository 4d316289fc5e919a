package io.seqpulse.lifecycle.deployment;

import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.fact.Columns.Verdicts;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.Source;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * A deployment's verdict.
 *
 * @param id of its row
 * @param atMicros when it was given, microseconds since the epoch
 * @param source where it was told last
 */
record Verdict(
        String id,
        long atMicros,
        Source source,
        String verdict,
        String confidence,
        String summary) {

    /** The verdict after a change of its row; a column that is not told is as before. */
    static Verdict after(RowChange change, Verdict last) {
        Verdict before = last != null && last.id.equals(change.id()) ? last : null;
        return new Verdict(
                change.id(),
                change.atMicros(),
                change.source(),
                change.row().get(Verdicts.VERDICT, before == null ? null : before.verdict),
                change.row().get(Verdicts.CONFIDENCE, before == null ? null : before.confidence),
                change.row().get(Verdicts.SUMMARY, before == null ? null : before.summary));
    }

    void write(DataOutput out) throws IOException {
        Compact.writeText(out, id);
        Compact.writeNumber(out, atMicros);
        source.write(out);
        Compact.writeText(out, verdict);
        Compact.writeText(out, confidence);
        Compact.writeText(out, summary);
    }

    static Verdict read(DataInput in) throws IOException {
        return new Verdict(
                Compact.readText(in),
                Compact.readNumber(in),
                Source.read(in),
                Compact.readText(in),
                Compact.readText(in),
                Compact.readText(in));
    }
}
