package io.seqpulse.lifecycle.deployment;

import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.fact.Columns.Hints;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.Source;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * A hint about a deployment.
 *
 * @param id of its row
 * @param atMicros when it was created, microseconds since the epoch
 * @param source where it was told last
 * @param suggestedActions a list of texts, as JSON; or null
 */
record Hint(
        String id,
        long atMicros,
        Source source,
        String severity,
        String title,
        String suggestedActions) {

    /** The hint after a change of its row; a column that is not told is as before. */
    static Hint after(RowChange change, Hint before) {
        return new Hint(
                change.id(),
                change.atMicros(),
                change.source(),
                change.row().get(Hints.SEVERITY, before == null ? null : before.severity),
                change.row().get(Hints.TITLE, before == null ? null : before.title),
                change.row()
                        .get(
                                Hints.SUGGESTED_ACTIONS,
                                before == null ? null : before.suggestedActions));
    }

    void write(DataOutput out) throws IOException {
        Compact.writeText(out, id);
        Compact.writeNumber(out, atMicros);
        source.write(out);
        Compact.writeText(out, severity);
        Compact.writeText(out, title);
        Compact.writeText(out, suggestedActions);
    }

    static Hint read(DataInput in) throws IOException {
        return new Hint(
                Compact.readText(in),
                Compact.readNumber(in),
                Source.read(in),
                Compact.readText(in),
                Compact.readText(in),
                Compact.readText(in));
    }
}
