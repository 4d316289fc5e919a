package io.seqpulse.lifecycle.totals;

import io.seqpulse.connector.jdbc.KpiRow;
import io.seqpulse.lifecycle.kpi.Count;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;
import io.seqpulse.lifecycle.state.CodecType;
import io.seqpulse.lifecycle.state.RecentState;
import io.seqpulse.lifecycle.state.TimeToLive;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
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
 * a second, or every few seconds while the log is far ahead; behind the minutes of an hour, where
 * the relation has that, the hour. After the rows comes the time on the log's clock up to which
 * they are all there; as they go by the same way in the same order, whoever reads that time has the
 * rows.
 *
 * <p>Before every checkpoint all that has changed is written. So a restored job has nothing to
 * write but what it reads again, which ends in the same totals.
 *
 * <p>Keyed by {@link Hours}. Totals are kept {@value #DAYS_KEPT} days after the last change of
 * their hour; an increment of an older minute is not counted.
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
    private transient ListState<Boolean> hoursTold;
    private transient RecentState<Hour> hours;
    private transient RecentState<Hour> lasting;
    private transient Map<String, Hour> changed;
    private transient int untold;
    private transient long generation;
    private transient boolean begun;
    private transient boolean rewrite;
    private transient boolean tellHours;
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
        hoursTold =
                context.getOperatorStateStore()
                        .getUnionListState(new ListStateDescriptor<>("hoursTold", Types.BOOLEAN));
        // the job before had rows of minutes alone
        tellHours = context.isRestored() && !hoursTold.get().iterator().hasNext();
        hours = recent(context, hour());
        lasting = recent(context, lasting());
    }

    private RecentState<Hour> recent(
            StateInitializationContext context, ValueStateDescriptor<Hour> descriptor) {
        RecentState<Hour> recent =
                new RecentState<>(context.getKeyedStateStore().getState(descriptor));
        recent.buffer(this);
        return recent;
    }

    private static ValueStateDescriptor<Hour> hour() {
        return TimeToLive.of(
                Duration.ofDays(DAYS_KEPT),
                new ValueStateDescriptor<>("hour", new CodecType<>(new HourCodec())));
    }

    /** What has no minute may stay as it is for years. */
    private static ValueStateDescriptor<Hour> lasting() {
        return new ValueStateDescriptor<>("lasting", new CodecType<>(new HourCodec()));
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
        RecentState<Hour> totals = totals(increment.relation());
        // one that has changed may no longer be among the recent ones, which read a copy then
        Hour hour = changed.get(key);
        if (hour == null) {
            hour = totals.value(key);
        }
        if (hour == null) {
            hour = new Hour();
        }
        if (hour.add(
                Hours.minute(increment),
                new Count(increment.numerator(), increment.denominator()))) {
            untold++;
        }
        totals.update(key, hour);
        changed.put(key, hour);
        if (untold >= MOST_CHANGED) {
            write();
        }
    }

    private RecentState<Hour> totals(Relation relation) {
        return relation == Relation.SEGMENT ? lasting : hours;
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
        hours.flush();
        lasting.flush();
        super.snapshotState(context);
        generations.clear();
        starts.clear();
        hoursTold.clear();
        if (getRuntimeContext().getTaskInfo().getIndexOfThisSubtask() == 0) {
            generations.add(generation);
            starts.add(start.candidate());
            hoursTold.add(true);
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
            changed.values().forEach(Hour::changeAll);
            forAll(hours, hour(), this::tellAnew);
            forAll(lasting, lasting(), this::tellAnew);
        } else if (tellHours) {
            forAll(hours, hour(), this::tellHour);
        }
        tellHours = false;
        for (Map.Entry<String, Hour> entry : changed.entrySet()) {
            tell(entry.getKey(), entry.getValue());
        }
        changed.clear();
        untold = 0;
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

    /** What is done with what state has of an hour. */
    @FunctionalInterface
    private interface Telling {
        void tell(String key, Hour hour) throws IOException;
    }

    /** All that state has, without those that have changed: they are told after it. */
    private void forAll(
            RecentState<Hour> totals, ValueStateDescriptor<Hour> descriptor, Telling telling)
            throws Exception {
        this.<String>getKeyedStateBackend()
                .applyToAllKeys(
                        VoidNamespace.INSTANCE,
                        VoidNamespaceSerializer.INSTANCE,
                        descriptor,
                        (key, state) -> {
                            Hour hour = totals.value(key);
                            if (hour != null && !changed.containsKey(key)) {
                                telling.tell(key, hour);
                            }
                        });
    }

    private void tellAnew(String key, Hour hour) throws IOException {
        hour.changeAll();
        tell(key, hour);
    }

    private void tell(String key, Hour hour) throws IOException {
        Relation relation = Hours.relation(key);
        String series = Hours.series(key);
        long first = Hours.firstMinute(key);
        boolean forgot =
                hour.tell(
                        (minute, total) ->
                                emit(
                                        relation.label(),
                                        series,
                                        (first + minute) * MILLIS_PER_MINUTE,
                                        total));
        tellHour(key, hour);
        if (forgot) {
            setCurrentKey(key);
            if (hour.isEmpty()) {
                totals(relation).clear(key);
            } else {
                totals(relation).update(key, hour);
            }
        }
    }

    private void tellHour(String key, Hour hour) {
        Relation relation = Hours.relation(key);
        if (relation.isHourly()) {
            emit(
                    relation.hourLabel(),
                    Hours.series(key),
                    Hours.firstMinute(key) * MILLIS_PER_MINUTE,
                    hour.sum());
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
