package io.seqpulse.lifecycle.delivery;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.delivery.Delivery.Told;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.host.Effects;
import io.seqpulse.lifecycle.host.StreamTypes;
import io.seqpulse.lifecycle.host.SubjectFunction;
import io.seqpulse.lifecycle.kpi.KpiIndex;
import io.seqpulse.lifecycle.state.CodecType;
import io.seqpulse.lifecycle.state.TimeToLive;
import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.util.OutputTag;

/**
 * Keyed by email, as the journal knows it: counts what became of each, and tells the project (down
 * the main way) and the user (by {@link #USER_SIGNALS}) that it was sent.
 */
public final class FollowDeliveries extends SubjectFunction<RowChange, Delivery, Fact> {

    /** What a sent email means to its user; keyed by user. */
    public static final OutputTag<Fact> USER_SIGNALS =
            new OutputTag<>("user-signals", StreamTypes.FACT);

    /** As long as the figures are that it counts for. */
    private static final Duration KEPT = Duration.ofDays(400);

    private final KpiIndex measures;

    private transient EmailFigures figures;

    /**
     * @param topic the change log, named in dead letters
     * @param measures what is counted
     */
    public FollowDeliveries(String topic, KpiIndex measures) {
        super(topic);
        this.measures = measures;
    }

    @Override
    public void open(OpenContext context) throws Exception {
        super.open(context);
        figures = new EmailFigures(measures);
    }

    @Override
    protected Delivery create() {
        return new Delivery();
    }

    @Override
    protected ValueStateDescriptor<Delivery> stateDescriptor() {
        return TimeToLive.of(
                KEPT, new ValueStateDescriptor<>("delivery", new CodecType<>(new DeliveryCodec())));
    }

    @Override
    protected void apply(String id, Delivery delivery, RowChange change, Effects<Fact> effects) {
        // an event goes with its email's row, and its own deletion may be told after that
        if (delivery.row.isOver(change) && !change.deletes(CapturedTable.EMAIL_EVENTS)) {
            return;
        }
        List<Told> told = delivery.take(id, change);
        delivery.awaitRow(change, clock());
        tell(delivery, told, effects);
    }

    @Override
    protected void advanceTo(String id, Delivery delivery, long now, Effects<Fact> effects) {
        delivery.advanceTo(now);
    }

    @Override
    protected boolean reconcile(
            String id, Delivery delivery, SnapshotBoundary boundary, Effects<Fact> effects) {
        if (!delivery.row.isMissingFrom(boundary, CapturedTable.EMAIL_DELIVERIES.label())) {
            return false;
        }
        tell(delivery, delivery.delete(id, boundary.tombstone()), effects);
        return true;
    }

    private void tell(Delivery delivery, List<Told> all, Effects<Fact> effects) {
        for (Told told : all) {
            if (told.to() == Subject.PROJECT) {
                effects.emit(told.signal());
            } else {
                effects.emit(USER_SIGNALS, told.signal());
            }
        }
        count(delivery, effects);
    }

    private void count(Delivery delivery, Effects<Fact> effects) {
        delivery.contributed.become(figures.of(delivery), effects.kpis());
    }

    @Override
    protected String counts() {
        return measures.definition();
    }

    @Override
    protected void recount(String id, Delivery delivery, long now, Effects<Fact> effects) {
        if (delivery.row.present) {
            count(delivery, effects);
        }
    }
}
