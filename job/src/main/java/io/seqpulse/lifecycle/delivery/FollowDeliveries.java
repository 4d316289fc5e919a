package io.seqpulse.lifecycle.delivery;

import io.seqpulse.lifecycle.delivery.Delivery.Signal;
import io.seqpulse.lifecycle.fact.Departure;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Resnapshot;
import io.seqpulse.lifecycle.fact.Subject;
import io.seqpulse.lifecycle.host.DeadLetters;
import io.seqpulse.lifecycle.host.KpiOutputs;
import io.seqpulse.lifecycle.host.StreamTypes;
import io.seqpulse.lifecycle.kpi.Measures;
import io.seqpulse.lifecycle.state.CodecType;
import io.seqpulse.lifecycle.state.RecentState;
import io.seqpulse.lifecycle.state.SweptFunction;
import io.seqpulse.lifecycle.state.TimeToLive;
import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * Keyed by email, as the journal knows it: counts what became of each, and tells the project (down
 * the main way) and the user (by {@link #USER_SIGNALS}) that it was sent.
 */
public final class FollowDeliveries extends SweptFunction<Fact, Fact> {

    /** What a sent email means to its user; keyed by user. */
    public static final OutputTag<Fact> USER_SIGNALS =
            new OutputTag<>("user-signals", StreamTypes.FACT);

    /** As long as the figures are that it counts for. */
    private static final Duration KEPT = Duration.ofDays(400);

    private final String topic;
    private final Measures measures;

    private transient DeadLetters deadLetters;
    private transient EmailFigures figures;
    private transient RecentState<Delivery> deliveries;

    /**
     * @param topic the change log, named in dead letters
     * @param measures what is counted
     */
    public FollowDeliveries(String topic, Measures measures) {
        this.topic = topic;
        this.measures = measures;
    }

    @Override
    public void open(OpenContext context) {
        deadLetters = new DeadLetters(topic, getRuntimeContext().getMetricGroup());
        figures = new EmailFigures(measures);
        deliveries = new RecentState<>(getRuntimeContext().getState(swept()));
    }

    @Override
    public RecentState<Delivery> recentState() {
        return deliveries;
    }

    @Override
    public void processElement(Fact fact, ReadOnlyContext context, Collector<Fact> out)
            throws Exception {
        String id = context.getCurrentKey();
        Delivery delivery = deliveries.value(id);
        if (delivery == null) {
            delivery = new Delivery();
        }
        // an event goes with its email's row, and its own deletion may be told after that
        if (delivery.isOver(fact) && fact.kind() != FactKind.EMAIL_EVENT_DELETED) {
            return;
        }
        List<Signal> signals = delivery.take(id, fact);
        delivery.awaitRow(fact, context.timerService().currentWatermark());
        tell(delivery, signals, out, context::output);
        save(id, delivery);
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<Fact> out)
            throws Exception {
        Delivery delivery = deliveries.value(context.getCurrentKey());
        if (delivery == null || delivery.timerAt != timestamp) {
            return;
        }
        delivery.timerAt = 0;
        if (delivery.orphans != null) {
            long wall = context.timerService().currentProcessingTime();
            deadLetters.giveUp(
                    delivery.orphans,
                    timestamp,
                    wall,
                    letter -> context.output(DeadLetters.OUTPUT, letter));
        }
        delivery.passTime(timestamp);
        save(context.getCurrentKey(), delivery);
    }

    @Override
    protected ValueStateDescriptor<Delivery> swept() {
        return TimeToLive.of(
                KEPT, new ValueStateDescriptor<>("delivery", new CodecType<>(new DeliveryCodec())));
    }

    @Override
    protected void sweep(
            String currentKey, Resnapshot resnapshot, Collector<Fact> out, SideOutputs side)
            throws Exception {
        Delivery delivery = deliveries.value(currentKey);
        if (delivery != null && delivery.isLackedBy(resnapshot)) {
            Departure departure = resnapshot.departure();
            tell(delivery, delivery.depart(currentKey, departure), out, side);
            save(currentKey, delivery);
        }
    }

    private void tell(
            Delivery delivery, List<Signal> signals, Collector<Fact> out, SideOutputs side) {
        for (Signal signal : signals) {
            if (signal.to() == Subject.PROJECT) {
                out.collect(signal.fact());
            } else {
                side.output(USER_SIGNALS, signal.fact());
            }
        }
        count(delivery, side);
    }

    private void count(Delivery delivery, SideOutputs side) {
        delivery.contributed.become(
                figures.of(delivery), change -> side.output(KpiOutputs.INCREMENTS, change));
    }

    @Override
    protected String counts() {
        return measures.definition();
    }

    @Override
    protected void recount(String currentKey, SideOutputs side) throws Exception {
        Delivery delivery = deliveries.value(currentKey);
        if (delivery != null && delivery.isKnown()) {
            count(delivery, side);
            deliveries.update(currentKey, delivery);
        }
    }

    private void save(String id, Delivery delivery) throws Exception {
        delivery.timerAt = moveTimer(id, delivery.timerAt, delivery.nextTime());
        if (delivery.isEmpty()) {
            deliveries.clear(id);
        } else {
            deliveries.update(id, delivery);
        }
    }
}
