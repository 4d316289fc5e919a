package io.seqpulse.lifecycle.parent;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
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
 * <p>Deleted verdicts are told to their deployment, by {@link #OF_EMAILS} deleted events to their
 * email, and by {@link #OF_PROJECTS} deleted invitations to their project. A deletion may come
 * before the row that it ends: its position says which it is.
 */
public final class IndexForeignKeys extends SubjectFunction<RowChange, ForeignKey, RowChange> {

    /** Deleted events of emails; keyed by email. */
    public static final OutputTag<RowChange> OF_EMAILS =
            new OutputTag<>("of-emails", StreamTypes.ROW);

    /** Deleted invitations, which are over as revoked ones are; keyed by project. */
    public static final OutputTag<Fact> OF_PROJECTS =
            new OutputTag<>("of-projects", StreamTypes.FACT);

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
        switch (end.table()) {
            case DEPLOYMENT_VERDICTS -> effects.emit(end);
            case EMAIL_EVENTS -> effects.emit(OF_EMAILS, end);
            case PROJECT_INVITATIONS -> effects.emit(OF_PROJECTS, revoked(end));
            default -> throw new IllegalArgumentException(end.table() + " has no index");
        }
    }

    private static Event revoked(RowChange end) {
        return Event.of(
                EventType.INVITATION_REVOKED,
                end.key(),
                end.id(),
                end.atMicros(),
                end.source(),
                end.id());
    }
}
