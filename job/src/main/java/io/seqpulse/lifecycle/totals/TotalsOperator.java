package io.seqpulse.lifecycle.totals;

import io.seqpulse.connector.jdbc.KpiRow;
import io.seqpulse.lifecycle.kpi.Count;
import io.seqpulse.lifecycle.kpi.Figure;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;
import io.seqpulse.lifecycle.state.CodecType;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Keeps the total of every figure and writes it, as it is now, whenever it has changed: a few times
 * a second, or every few seconds while the log is far ahead. After the rows comes the time on the
 * log's clock up to which they are all there; as they go by the same way in the same order, whoever
 * reads that time has the rows.
 *
 * <p>Before every checkpoint all that has changed is written. So a restored job has nothing to
 * write but what it reads again, which ends in the same totals.
 *
 * <p>Keyed by {@link Figures}. Totals are kept {@value #DAYS_KEPT} days after their last change; an
 * increment of an older minute is not counted.
 */
public final class TotalsOperator extends AbstractStreamOperator<KpiRow>
        implements OneInputStreamOperator<Increment, KpiRow> {

    private static final long serialVersionUID = 1L;

    private static final int DAYS_KEPT = 400;
    private static final long MINUTES_KEPT = Duration.ofDays(DAYS_KEPT).toMinutes();
    private static final long MILLIS_PER_MINUTE = 60_000;

    /** How long changes are collected. */
    private static final long TICK_MILLIS = 250;

    /** How long they are while the clock is further behind than {@link #FAR_BEHIND_MILLIS}. */
    private static final long BULK_TICK_MILLIS = 5_000;

    private static final long FAR_BEHIND_MILLIS = 60_000;

    /** So many changed totals are written at once. */
    private static final int MOST_CHANGED = 100_000;

    private final Generation start;

    private transient ListState<Long> generations;
    private transient ListState<Long> starts;
    private transient ValueState<Count> totals;
    private transient ValueState<Count> lastingTotals;
    private transient Map<String, Count> changed;
    private transient long generation;
    private transient boolean begun;
    private transient boolean rewrite;
    private transient long clock;
    private transient long writtenAt;

    public TotalsOperator(Generation start) {
        this.start = start;
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        generations =
                context.getOperatorStateStore()
                        .getUnionListState(new ListStateDescriptor<>("generation", Types.LONG));
        generation = start.candidate();
        starts =
                context.getOperatorStateStore()
                        .getUnionListState(new ListStateDescriptor<>("start", Types.LONG));
        for (long restored : generations.get()) {
            generation = restored;
            rewrite = !start.complete().contains(restored);
        }
        for (long before : starts.get()) {
            // the same start goes on after a failure: its rows are where they were
            rewrite &= before != start.candidate();
        }
        totals = context.getKeyedStateStore().getState(descriptor("total", true));
        lastingTotals = context.getKeyedStateStore().getState(descriptor("lasting-total", false));
    }

    /** What has no minute may stay as it is for years. */
    private static ValueStateDescriptor<Count> descriptor(String name, boolean ends) {
        ValueStateDescriptor<Count> descriptor =
                new ValueStateDescriptor<>(name, new CodecType<>(new CountCodec()));
        if (ends) {
            descriptor.enableTimeToLive(
                    StateTtlConfig.newBuilder(Duration.ofDays(DAYS_KEPT))
                            .setUpdateType(StateTtlConfig.UpdateType.OnCreateAndWrite)
                            .setStateVisibility(StateTtlConfig.StateVisibility.NeverReturnExpired)
                            .cleanupInRocksdbCompactFilter(10_000)
                            .build());
        }
        return descriptor;
    }

    @Override
    public void open() throws Exception {
        super.open();
        changed = new HashMap<>();
        clock = Long.MIN_VALUE;
        writtenAt = now();
        tick();
    }

    private long now() {
        return getProcessingTimeService().getCurrentProcessingTime();
    }

    private void tick() {
        getProcessingTimeService()
                .registerTimer(
                        now() + TICK_MILLIS,
                        time -> {
                            if (!isFarBehind() || now() - writtenAt >= BULK_TICK_MILLIS) {
                                write();
                            }
                            tick();
                        });
    }

    private boolean isFarBehind() {
        return clock == Long.MIN_VALUE || now() - clock > FAR_BEHIND_MILLIS;
    }

    @Override
    public void processElement(StreamRecord<Increment> record) throws Exception {
        Increment increment = record.getValue();
        if (increment.relation() != Relation.SEGMENT
                && increment.bucketMinute() < now() / MILLIS_PER_MINUTE - MINUTES_KEPT) {
            return;
        }
        String key = (String) getCurrentKey();
        Count before = changed.get(key);
        if (before == null) {
            Count known = total(increment.relation()).value();
            before = known == null ? Count.ZERO : known;
        }
        changed.put(key, before.plus(new Count(increment.numerator(), increment.denominator())));
        if (changed.size() >= MOST_CHANGED) {
            write();
        }
    }

    private ValueState<Count> total(Relation relation) {
        return relation == Relation.SEGMENT ? lastingTotals : totals;
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        clock = mark.getTimestamp();
        super.processWatermark(mark);
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
        write();
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        generations.clear();
        starts.clear();
        if (getRuntimeContext().getTaskInfo().getIndexOfThisSubtask() == 0) {
            generations.add(generation);
            starts.add(start.candidate());
        }
    }

    @Override
    public void finish() throws Exception {
        write();
        super.finish();
    }

    private void write() throws Exception {
        writtenAt = now();
        if (!begun) {
            begun = true;
            emit(KpiRow.BEGIN, "", 0, Count.ZERO);
        }
        if (rewrite) {
            rewrite = false;
            for (boolean ends : new boolean[] {true, false}) {
                this.<String>getKeyedStateBackend()
                        .applyToAllKeys(
                                VoidNamespace.INSTANCE,
                                VoidNamespaceSerializer.INSTANCE,
                                descriptor(ends ? "total" : "lasting-total", ends),
                                (key, state) -> {
                                    if (state.value() != null) {
                                        changed.putIfAbsent(key, state.value());
                                    }
                                });
            }
        }
        for (Map.Entry<String, Count> entry : changed.entrySet()) {
            Figure figure = Figures.figure(entry.getKey());
            Count total = entry.getValue();
            setCurrentKey(entry.getKey());
            if (total.equals(Count.ZERO)) {
                total(figure.relation()).clear();
            } else {
                total(figure.relation()).update(total);
            }
            emit(
                    figure.relation().label(),
                    figure.series(),
                    figure.bucketMinute() * MILLIS_PER_MINUTE,
                    total);
        }
        changed.clear();
        if (clock != Long.MIN_VALUE) {
            emit(
                    KpiRow.HEARTBEAT,
                    getRuntimeContext().getTaskInfo().getIndexOfThisSubtask()
                            + "\n"
                            + getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks(),
                    clock,
                    Count.ZERO);
        }
    }

    private void emit(String relation, String series, long atMillis, Count count) {
        output.collect(
                new StreamRecord<>(
                        new KpiRow(
                                generation,
                                relation,
                                series,
                                atMillis,
                                count.numerator(),
                                count.denominator())));
    }
}
