package io.seqpulse.lifecycle.parent;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.host.Effects;
import io.seqpulse.lifecycle.host.StreamTypes;
import io.seqpulse.lifecycle.host.SubjectFunction;
import io.seqpulse.lifecycle.state.CodecType;
import io.seqpulse.lifecycle.state.TimeToLive;
import java.time.Duration;
import java.util.Optional;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.util.OutputTag;

/**
 * Keyed by a row's own id, for rows of which a deletion tells no more: remembers which row each
 * belongs to, and tells that one when it is deleted or missing from a snapshot. The rows themselves
 * go there directly, so that none waits for this.
 *
 * <p>Deleted verdicts are told to their deployment, and by {@link #OF_EMAILS} deleted events to
 * their email. A deletion may come before the row that it ends: its position says which it is.
 */
public final class IndexForeignKeys extends SubjectFunction<RowChange, ForeignKey, RowChange> {

    /** Deleted events of emails; keyed by email. */
    public static final OutputTag<RowChange> OF_EMAILS =
            new OutputTag<>("of-emails", StreamTypes.ROW);

    /** Longer than anything that a row counts for. */
    private static final Duration KEPT = Duration.ofDays(400);

    @Override
    protected ForeignKey create() {
        return new ForeignKey();
    }

    @Override
    protected ValueStateDescriptor<ForeignKey> stateDescriptor() {
        return TimeToLive.of(
                KEPT,
                new ValueStateDescriptor<>("foreign-key", new CodecType<>(new ForeignKeyCodec())));
    }

    @Override
    protected void apply(
            String rowId, ForeignKey key, RowChange change, Effects<RowChange> effects) {
        key.take(rowId, change).ifPresent(end -> tell(end, effects));
    }

    @Override
    protected boolean reconcile(
            String rowId, ForeignKey key, SnapshotBoundary boundary, Effects<RowChange> effects) {
        Optional<RowChange> end = key.reconcile(rowId, boundary);
        end.ifPresent(gone -> tell(gone, effects));
        return end.isPresent();
    }

    private static void tell(RowChange end, Effects<RowChange> effects) {
        if (end.table() == CapturedTable.DEPLOYMENT_VERDICTS) {
            effects.emit(end);
        } else {
            effects.emit(OF_EMAILS, end);
        }
    }
}
