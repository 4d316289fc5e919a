package io.seqpulse.lifecycle.totals;

import io.seqpulse.connector.jdbc.KpiBatch;
import io.seqpulse.connector.jdbc.KpiClaim;
import io.seqpulse.connector.jdbc.KpiFound;
import io.seqpulse.connector.jdbc.KpiRow;
import io.seqpulse.connector.jdbc.KpiTables;
import io.seqpulse.connector.jdbc.KpiWriter;
import io.seqpulse.lifecycle.kpi.Count;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;
import io.seqpulse.lifecycle.state.CachedState;
import io.seqpulse.lifecycle.state.CodecType;
import io.seqpulse.lifecycle.state.TimeToLive;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.heap.HeapKeyedStateBackend;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Keeps the total of every figure and has it written, as it is now, whenever it has changed: a few
 * times a second, or every few seconds while the log is far ahead; behind the minutes of an hour,
 * where the relation has that, the hour. After the rows goes the time on the log's clock up to
 * which they are all there.
 *
 * <p>Nothing waits for the tables, neither a record nor a checkpoint. The truth is the state; what
 * is not known to be written is remembered, over a checkpoint too, and told when the tables take
 * it. Where that becomes too much to remember, every total is told anew, while the state is walked
 * through.
 *
 * <p>After a restore the tables may say more than the state: what the attempt before wrote since
 * the checkpoint, and that the log, read again in another order, need not write again; or what a
 * release wrote that was rolled back. Each row tells under which claim and after which checkpoint
 * it was written, and those since the restored one are told as the state has them, be it that it
 * has nothing. Until then no time is told.
 *
 * <p>Keyed by {@link Hours}. Totals are kept {@value #DAYS_KEPT} days after the last change of
 * their hour; an increment of an older minute is not counted.
 */
public final class TotalsOperator extends AbstractStreamOperator<Void>
        implements OneInputStreamOperator<Increment, Void> {

    private static final long serialVersionUID = 1L;

    /** How many hours wait to be told. */
    static final String WAITING = "hoursWaiting";

    private static final int DAYS_KEPT = 400;
    private static final long MINUTES_KEPT = Duration.ofDays(DAYS_KEPT).toMinutes();
    private static final long MILLIS_PER_MINUTE = 60_000;

    /** How long changes are collected. */
    private static final long TICK_MILLIS = 250;

    /** How long until there is another look at the writer, where something waits for it. */
    private static final long BUSY_TICK_MILLIS = 10;

    /** How long changes are while the clock is further behind than {@link #FAR_BEHIND_MILLIS}. */
    private static final long BULK_TICK_MILLIS = 5_000;

    private static final long FAR_BEHIND_MILLIS = 60_000;

    /** How long after a walk the next one waits while the log is far ahead. */
    private static final long BETWEEN_WALKS_MILLIS = 60_000;

    /** So many changed hours are remembered, about ten megabytes. */
    private static final int MOST_CHANGED = 20_000;

    /** Rows of a batch: a statement of some tens of milliseconds. */
    private static final int BATCH = 4_000;

    private static final TypeInformation<String> KEY = Types.STRING;

    private final long start;
    private final KpiTables tables;
    private final int mostChanged;

    private transient ListState<Long> generations;
    private transient ListState<Long> mending;
    private transient ListState<String> unwritten;
    private transient ListState<Boolean> unwrittenAll;
    private transient CachedState<Hour> hours;
    private transient CachedState<Hour> lasting;

    private transient long generation;
    private transient long restored;
    private transient long since;
    private transient long checkpoint;

    /** Since the last round, and of this round: what is to be told. */
    private transient Map<String, Hour> changed;

    private transient Map<String, Hour> round;

    /** Minutes that the tables may have and state has not, by hour; a bit for each. */
    private transient Map<String, Long> mends;

    /** Told by the task before, and not known to be written. */
    private transient Deque<String> leftOver;

    /** Given to the writer, which has not written it yet; by batch. */
    private transient Deque<List<String>> given;

    private transient long acknowledged;
    private transient KpiWriter writer;
    private transient long claims;
    private transient long number;
    private transient boolean mended;
    private transient boolean all;
    private transient Walk walk;
    private transient long walkedAt;
    private transient boolean roundTellsTime;
    private transient long roundClock;
    private transient long roundAt;
    private transient long clock;
    private transient boolean ending;
    private transient boolean ended;

    /**
     * @param start of the job; a start with empty state fills a generation of that number
     * @param tables where the totals are written
     */
    public TotalsOperator(long start, KpiTables tables) {
        this(start, tables, MOST_CHANGED);
    }

    /**
     * @param mostChanged so many hours are remembered before all are told anew
     */
    TotalsOperator(long start, KpiTables tables, int mostChanged) {
        this.start = start;
        this.tables = tables;
        this.mostChanged = mostChanged;
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        changed = new LinkedHashMap<>();
        round = new LinkedHashMap<>();
        mends = new LinkedHashMap<>();
        leftOver = new ArrayDeque<>();
        given = new ArrayDeque<>();
        generation = start;
        restored = context.getRestoredCheckpointId().orElse(KpiClaim.NONE);
        since = restored;
        checkpoint = Math.max(0, restored);
        OperatorStateStore operator = context.getOperatorStateStore();
        generations =
                operator.getUnionListState(new ListStateDescriptor<>("generation", Types.LONG));
        mending = operator.getUnionListState(new ListStateDescriptor<>("mending", Types.LONG));
        unwritten = operator.getUnionListState(new ListStateDescriptor<>("unwritten", KEY));
        unwrittenAll =
                operator.getUnionListState(
                        new ListStateDescriptor<>("unwrittenAll", Types.BOOLEAN));
        for (long before : generations.get()) {
            generation = before;
        }
        if (context.isRestored()) {
            since = Long.MAX_VALUE;
            for (long before : mending.get()) {
                since = Math.min(since, before);
            }
            // a version that did not stamp rows is mended as if all later ones were another's
            since = since == Long.MAX_VALUE ? Math.max(0, restored) : since;
        }
        for (String key : unwritten.get()) {
            if (isOurs(key)) {
                leftOver.add(key);
            }
        }
        all = unwrittenAll.get().iterator().hasNext();
        hours = recent(context, hour());
        lasting = recent(context, lasting());
    }

    private CachedState<Hour> recent(
            StateInitializationContext context, ValueStateDescriptor<Hour> descriptor) {
        CachedState<Hour> recent =
                new CachedState<>(context.getKeyedStateStore().getState(descriptor));
        recent.attach(this, descriptor.getName());
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

    private boolean isOurs(String key) {
        TaskInfo task = getRuntimeContext().getTaskInfo();
        return KeyGroupRangeAssignment.assignKeyToParallelOperator(
                        key,
                        task.getMaxNumberOfParallelSubtasks(),
                        task.getNumberOfParallelSubtasks())
                == task.getIndexOfThisSubtask();
    }

    @Override
    public void open() throws Exception {
        super.open();
        TaskInfo task = getRuntimeContext().getTaskInfo();
        getMetricGroup()
                .gauge(
                        WAITING,
                        () -> changed.size() + round.size() + mends.size() + leftOver.size());
        writer =
                tables.claim(
                        new KpiClaim(
                                generation,
                                start,
                                restored,
                                task.getAttemptNumber(),
                                since,
                                task.getIndexOfThisSubtask(),
                                task.getNumberOfParallelSubtasks()),
                        getMetricGroup());
        clock = Long.MIN_VALUE;
        roundAt = now();
        walkedAt = now() - BETWEEN_WALKS_MILLIS;
        tick(TICK_MILLIS);
    }

    private long now() {
        return getProcessingTimeService().getCurrentProcessingTime();
    }

    private void tick(long millis) {
        getProcessingTimeService()
                .registerTimer(
                        now() + millis,
                        time -> {
                            tell();
                            if (!ended) {
                                tick(isBusy() ? BUSY_TICK_MILLIS : TICK_MILLIS);
                            }
                        });
    }

    private boolean isBusy() {
        return !round.isEmpty() || walk != null || !isMended();
    }

    /** Whether the tables say nothing that state does not know of, once what waits is told. */
    private boolean isMended() {
        return mended && mends.isEmpty() && leftOver.isEmpty();
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
        Hour hour = hour(key);
        hour.add(
                Hours.minute(increment), new Count(increment.numerator(), increment.denominator()));
        totals(key).update(key, hour);
        remember(key, hour);
    }

    /** The hour of the current key, as it is or will be in state. */
    private Hour hour(String key) throws IOException {
        // one that has changed may no longer be among the recent ones, which read a copy then
        Hour hour = changed.get(key);
        if (hour == null) {
            hour = round.get(key);
        }
        if (hour == null) {
            hour = totals(key).value(key);
        }
        return hour == null ? new Hour() : hour;
    }

    private CachedState<Hour> totals(String key) {
        return Hours.relation(key) == Relation.SEGMENT ? lasting : hours;
    }

    private void remember(String key, Hour hour) throws Exception {
        if (all && walk == null) {
            return; // told with all the others
        }
        if (changed.size() >= mostChanged && !changed.containsKey(key)) {
            tell();
            if (changed.size() >= mostChanged) {
                all = true;
                changed.clear();
                return;
            }
        }
        changed.put(key, hour);
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        if (mark.getTimestamp() == Watermark.MAX_WATERMARK.getTimestamp()) {
            return; // the end of a log that ends is no time
        }
        clock = mark.getTimestamp();
        super.processWatermark(mark);
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        hours.flush();
        lasting.flush();
        super.snapshotState(context);
        checkpoint = context.getCheckpointId();
        generations.clear();
        if (getRuntimeContext().getTaskInfo().getIndexOfThisSubtask() == 0) {
            generations.add(generation);
        }
        mending.clear();
        // tables that are not all looked through may have rows of before, be it of a lost attempt
        mending.add(mended ? KpiClaim.stamp(number, checkpoint) : Math.max(0, since));
        unwrittenAll.clear();
        if (all || walk != null) {
            unwrittenAll.add(true);
        }
        Set<String> keys = new LinkedHashSet<>(leftOver);
        keys.addAll(changed.keySet());
        keys.addAll(round.keySet());
        keys.addAll(mends.keySet());
        acknowledge();
        given.forEach(keys::addAll);
        unwritten.update(List.copyOf(keys));
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) throws Exception {
        super.notifyCheckpointComplete(checkpointId);
        writer.completed(checkpointId);
    }

    /** At the end of a log that ends, everything is written. */
    @Override
    public void finish() throws Exception {
        ending = true;
        while (true) {
            tell();
            acknowledge();
            if (ended && changed.isEmpty() && round.isEmpty() && given.isEmpty()) {
                break;
            }
            Thread.sleep(BUSY_TICK_MILLIS);
        }
        super.finish();
    }

    @Override
    public void close() throws Exception {
        ended = true;
        if (walk != null) {
            walk.close();
        }
        if (writer != null) {
            writer.close();
        }
        super.close();
    }

    private void acknowledge() {
        for (long written = writer.written(); acknowledged < written; acknowledged++) {
            given.remove();
        }
    }

    /** Gives the writer what it takes of what is to be told. */
    private void tell() throws Exception {
        writer.check();
        acknowledge();
        hear();
        if (claims == 0) {
            return;
        }
        recall();
        while (writer.takesMore()) {
            if (round.isEmpty() && !beginRound()) {
                return;
            }
            Batch batch = new Batch();
            batch.fill();
            if (!batch.give()) {
                return;
            }
        }
    }

    /** What the writer found: rows that may say something else than state. */
    private void hear() {
        while (mends.size() < mostChanged) {
            KpiFound found = writer.found();
            if (found == null) {
                return;
            }
            if (found.claim() != claims) {
                claims = found.claim();
                number = found.number();
                all |= found.anew();
                roundTellsTime = false;
            }
            found.rows().forEach(this::mend);
            mended = found.last();
        }
    }

    private void mend(KpiFound.Target row) {
        Relation relation = Relation.labelled(row.relation());
        long minute = Math.floorDiv(row.atMillis(), MILLIS_PER_MINUTE);
        String key = Hours.key(relation, minute, row.series());
        if (isOurs(key)) {
            boolean isHour = !row.relation().equals(relation.label());
            long bit = isHour ? 0 : 1L << Math.floorMod(minute, Hour.MINUTES);
            mends.merge(key, bit, (some, more) -> some | more);
        }
    }

    private void recall() {
        while (!leftOver.isEmpty() && mends.size() < mostChanged) {
            String key = leftOver.remove();
            mends.put(key, Hours.everyMinute(key));
        }
    }

    /** Whether there is something to tell by now, be it only the time. */
    private boolean beginRound() throws Exception {
        if (all && walk == null && (!isFarBehind() || now() - walkedAt >= BETWEEN_WALKS_MILLIS)) {
            walk = new Walk();
            all = false;
        }
        if (!isDue()) {
            return walk != null;
        }
        roundAt = now();
        roundClock = clock;
        Map<String, Hour> emptied = round;
        round = changed;
        changed = emptied;
        for (Map.Entry<String, Long> mend : mends.entrySet()) {
            setCurrentKey(mend.getKey());
            Hour hour = hour(mend.getKey());
            hour.change(mend.getValue());
            round.put(mend.getKey(), hour);
        }
        mends.clear();
        roundTellsTime = isMended() && !all && walk == null;
        ended = ending && roundTellsTime;
        return true;
    }

    private boolean isDue() {
        if (ending) {
            return !ended || !changed.isEmpty();
        }
        return now() - roundAt >= (isFarBehind() ? BULK_TICK_MILLIS : TICK_MILLIS)
                || changed.size() >= mostChanged
                || mends.size() >= mostChanged;
    }

    /** What is given to the writer together. */
    private final class Batch {
        private final List<KpiRow> rows = new ArrayList<>();
        private final List<String> keys = new ArrayList<>();
        private Long asOf;

        /** From the round; behind its end the time, or, where all is told, what comes next. */
        void fill() throws Exception {
            Iterator<Map.Entry<String, Hour>> rest = round.entrySet().iterator();
            while (rest.hasNext() && rows.size() < BATCH) {
                Map.Entry<String, Hour> next = rest.next();
                rest.remove();
                add(next.getKey(), next.getValue());
            }
            if (!round.isEmpty()) {
                return;
            }
            if (roundTellsTime && roundClock != Long.MIN_VALUE) {
                asOf = roundClock;
                roundTellsTime = false;
            }
            if (!rows.isEmpty() || asOf != null) {
                return; // what is walked over may be the same, and no batch tells it twice
            }
            while (walk != null && rows.size() < BATCH) {
                walkOn();
            }
        }

        private void walkOn() throws Exception {
            String key = walk.next();
            if (key == null) {
                walk.close();
                walk = null;
                walkedAt = now();
                return;
            }
            setCurrentKey(key);
            Hour hour = hour(key);
            hour.changeAll();
            add(key, hour);
        }

        private void add(String key, Hour hour) throws IOException {
            String series = Hours.series(key);
            long first = Hours.firstMinute(key);
            Relation relation = Hours.relation(key);
            boolean forgot =
                    hour.tell(
                            (minute, total) ->
                                    row(relation.label(), series, first + minute, total));
            if (relation.isHourly()) {
                row(relation.hourLabel(), series, first, hour.sum());
            }
            keys.add(key);
            if (forgot) {
                setCurrentKey(key);
                if (hour.isEmpty()) {
                    totals(key).clear(key);
                } else {
                    totals(key).update(key, hour);
                }
            }
        }

        private void row(String relation, String series, long minute, Count count) {
            rows.add(
                    new KpiRow(
                            relation,
                            series,
                            minute * MILLIS_PER_MINUTE,
                            count.numerator(),
                            count.denominator()));
        }

        /** Returns whether there was anything. */
        boolean give() {
            if (rows.isEmpty() && asOf == null) {
                return false;
            }
            given.add(keys);
            writer.write(new KpiBatch(rows, checkpoint, asOf, claims));
            return true;
        }
    }

    /** Goes through every key of the state, one at a time, while others change. */
    private final class Walk {
        private final Deque<Stream<String>> left = new ArrayDeque<>();
        private Iterator<String> keys;

        Walk() {
            hours.flush(); // a key that was never written would not be found
            lasting.flush();
            left.add(keysOf(hour().getName()));
            left.add(keysOf(lasting().getName()));
            keys = left.peek().iterator();
        }

        private Stream<String> keysOf(String state) {
            KeyedStateBackend<String> backend = getKeyedStateBackend();
            Stream<String> found = backend.getKeys(state, VoidNamespace.INSTANCE);
            // a state on the heap cannot be changed while it is read, and has room for the list
            return backend instanceof HeapKeyedStateBackend ? found.toList().stream() : found;
        }

        /** The next key, or null behind the last. */
        String next() {
            while (!keys.hasNext()) {
                left.remove().close();
                if (left.isEmpty()) {
                    return null;
                }
                keys = left.peek().iterator();
            }
            return keys.next();
        }

        void close() {
            left.forEach(Stream::close);
        }
    }
}
