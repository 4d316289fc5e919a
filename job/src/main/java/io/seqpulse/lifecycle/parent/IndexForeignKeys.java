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
 * Keyed by a row's {@link #key}, for rows of which a deletion tells no more: remembers which row
 * each belongs to, and tells that one when it is deleted or missing from a snapshot. The rows
 * themselves go there directly, so that none waits for this.
 *
 * <p>Deleted verdicts are told to their deployment, and by {@link #OF_EMAILS} deleted events to
 * their email. A deletion may come before the row that it ends: its position says which it is.
 */
public final class IndexForeignKeys extends SubjectFunction<RowChange, ForeignKey, RowChange> {

    /** Deleted events of emails; keyed by email. */
    public static final OutputTag<RowChange> OF_EMAILS =
            new OutputTag<>("of-emails", StreamTypes.ROW);

    private static final char SEPARATOR = ' ';

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

    /** A row's table and id: two tables may count their ids alike. */
    public static String key(RowChange change) {
        return change.table().label() + SEPARATOR + change.id();
    }

    private static String rowId(String key) {
        return key.substring(key.indexOf(SEPARATOR) + 1);
    }

    @Override
    protected void apply(
            String key, ForeignKey foreignKey, RowChange change, Effects<RowChange> effects) {
        foreignKey.take(change.id(), change).ifPresent(end -> tell(end, effects));
    }

    @Override
    protected boolean reconcile(
            String key,
            ForeignKey foreignKey,
            SnapshotBoundary boundary,
            Effects<RowChange> effects) {
        Optional<RowChange> end = foreignKey.reconcile(rowId(key), boundary);
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
