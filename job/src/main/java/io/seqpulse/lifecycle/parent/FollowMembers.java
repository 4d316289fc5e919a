package io.seqpulse.lifecycle.parent;

import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.host.Effects;
import io.seqpulse.lifecycle.host.SubjectFunction;
import io.seqpulse.lifecycle.state.CodecType;
import java.util.Optional;
import org.apache.flink.api.common.state.ValueStateDescriptor;

/**
 * Keyed by a membership's own id: remembers of which project it is, for as long as it lasts, so
 * that the project hears of its end whatever the log tells of a deletion, and when the row goes to
 * another project. The rows pass through here too, so that no project hears of an end before it has
 * heard of the row.
 */
public final class FollowMembers extends SubjectFunction<RowChange, ForeignKey, Fact> {

    @Override
    protected ForeignKey create() {
        return new ForeignKey();
    }

    @Override
    protected ValueStateDescriptor<ForeignKey> stateDescriptor() {
        return new ValueStateDescriptor<>("membership", new CodecType<>(new ForeignKeyCodec()));
    }

    @Override
    protected void apply(String rowId, ForeignKey key, RowChange change, Effects<Fact> effects) {
        key.take(rowId, change).ifPresent(effects::emit);
        if (key.isSaidBy(change)) {
            effects.emit(change);
        }
    }

    @Override
    protected boolean reconcile(
            String rowId, ForeignKey key, SnapshotBoundary boundary, Effects<Fact> effects) {
        Optional<RowChange> end = key.reconcile(rowId, boundary);
        end.ifPresent(effects::emit);
        return end.isPresent();
    }
}
