package io.seqpulse.lifecycle.decode;

import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.ChangeEvent.Operation;
import io.seqpulse.connector.debezium.LogRecord;
import io.seqpulse.connector.debezium.UnusableChangeException;
import io.seqpulse.connector.kafka.DeadLetter;
import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactMapper;
import io.seqpulse.lifecycle.fact.FactMapper.Routed;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.host.DeadLetters;
import io.seqpulse.lifecycle.host.StreamTypes;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * From log records to facts, each on the stream of its subject. What cannot be read goes to the
 * dead letters with its reason and position, is counted by table, and stops nothing; a value that
 * its row can do without is counted and costs nothing but itself. When a new snapshot has come to
 * its end, everybody is told what it has shown.
 */
public final class DecodeChanges extends ProcessFunction<LogRecord, Void>
        implements CheckpointedFunction {

    /** What the rules about users need to know, by user. */
    public static final OutputTag<Fact> USERS = new OutputTag<>("users", StreamTypes.FACT);

    /** What the policy needs to know of those who get mail, by recipient. */
    public static final OutputTag<Message> RECIPIENTS =
            new OutputTag<>("recipients", StreamTypes.MESSAGE);

    /** What makes segments, by user. */
    public static final OutputTag<Fact> SEGMENTS = new OutputTag<>("segments", StreamTypes.FACT);

    /** What the rules about projects need to know, by project. */
    public static final OutputTag<Fact> PROJECTS = new OutputTag<>("projects", StreamTypes.FACT);

    /** Who belongs to which project, by membership. */
    public static final OutputTag<RowChange> MEMBERS = rows("members");

    /** Deployments and what belongs to them, by deployment. */
    public static final OutputTag<RowChange> DEPLOYMENTS = rows("deployments");

    /** What the journal says of emails, and what was done with them, by email. */
    public static final OutputTag<RowChange> EMAILS = rows("emails");

    /** Rows whose deletion tells their own id only, and these deletions, by the row's id. */
    public static final OutputTag<RowChange> FOREIGN_KEYS = rows("foreign-keys");

    /**
     * Each snapshot that came to its end, and each time that tables are known to have become empty,
     * before any watermark that has reached its time: whoever gets this by broadcast has it before
     * the clock passes it.
     */
    public static final OutputTag<SnapshotBoundary> BOUNDARIES = new OutputTag<>("resnapshots") {};

    /** What is broken may name any table; only those the job reads are counted by name. */
    private static final Set<String> TABLES = CapturedTable.labels();

    private static final String UNKNOWN_TABLE = "unknown";

    private final String topic;

    private transient Counter changes;
    private transient DeadLetters deadLetters;
    private transient UnreadValues unread;
    private transient SnapshotProgress snapshot;
    private transient LogOrder order;
    private transient ListState<SnapshotProgress> snapshots;
    private transient ListState<LogOrder> orders;

    /**
     * @param topic the change log, named in dead letters
     */
    public DecodeChanges(String topic) {
        this.topic = topic;
    }

    @Override
    public void open(OpenContext context) {
        changes = getRuntimeContext().getMetricGroup().counter("changes");
        deadLetters = new DeadLetters(topic, getRuntimeContext().getMetricGroup());
        unread = new UnreadValues(topic, getRuntimeContext().getMetricGroup());
    }

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
        snapshots =
                context.getOperatorStateStore()
                        .getListState(
                                new ListStateDescriptor<>(
                                        "snapshot", Types.POJO(SnapshotProgress.class)));
        orders =
                context.getOperatorStateStore()
                        .getListState(
                                new ListStateDescriptor<>("order", Types.POJO(LogOrder.class)));
        order = new LogOrder();
        for (LogOrder restored : orders.get()) {
            order = restored;
        }
        snapshot = new SnapshotProgress();
        for (SnapshotProgress restored : snapshots.get()) {
            snapshot = restored; // of the one task there is
        }
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
        snapshots.update(List.of(snapshot));
        orders.update(List.of(order));
    }

    @Override
    public void processElement(LogRecord record, Context context, Collector<Void> out) {
        switch (record.kind()) {
            case CHANGE -> {
                changes.inc();
                if (record.replayed()) {
                    decode(
                            record,
                            order.replayed(record.change(), record.replayedFrom(), wall(context)),
                            context);
                } else {
                    follow(record, context);
                }
            }
            case UNREADABLE -> bury(record, record.table(), record.reason(), context);
            case CLOCK -> {
                if (!record.replayed()) {
                    LogOrder.Place place =
                            order.streamed(record.clock(), record.offset(), wall(context));
                    snapshot.streams(place.committedMicros());
                    snapshot.told(record.clock(), record.offset())
                            .ifPresent(emptied -> context.output(BOUNDARIES, emptied));
                }
            }
            case HEARTBEAT, TOMBSTONE, FOREIGN -> {
                // they speak to the clock, or to nobody
            }
        }
    }

    private static long wall(Context context) {
        return context.timerService().currentProcessingTime();
    }

    private void follow(LogRecord record, Context context) {
        ChangeEvent change = record.change();
        if (!change.fromSnapshot() && change.operation() != Operation.READ) {
            LogOrder.Place place = order.streamed(change, wall(context));
            snapshot.streams(place.committedMicros());
            long committed = snapshot.committed(place.committedMicros());
            if (change.operation() == Operation.TRUNCATE) {
                if (TABLES.contains(change.table())) {
                    context.output(
                            BOUNDARIES, snapshot.truncates(change, committed, place.position()));
                }
                return;
            }
            decode(record, new LogOrder.Place(place.position(), committed), context);
            return;
        }
        ChangeEvent row = change.committedAt(order.readMicros(change));
        if (change.fromSnapshot()) {
            snapshot.shows(row);
        }
        LogPosition position = LogPosition.at(change.offset());
        decode(record, new LogOrder.Place(position, row.commitMicros()), context);
        if (change.fromSnapshot()) {
            snapshot.completes(row, TABLES)
                    .ifPresent(complete -> context.output(BOUNDARIES, complete));
        }
    }

    private void decode(LogRecord record, LogOrder.Place place, Context context) {
        List<Routed> facts;
        try {
            facts =
                    FactMapper.facts(
                            record.change().committedAt(place.committedMicros()),
                            place.position(),
                            reason -> unread.count(record.offset(), reason));
        } catch (UnusableChangeException e) {
            bury(record, e.table(), e.getMessage(), context);
            return;
        }
        for (Routed routed : facts) {
            Fact fact = routed.fact();
            switch (routed.stream()) {
                case USERS -> context.output(USERS, fact);
                case RECIPIENTS -> context.output(RECIPIENTS, Message.of((RowChange) fact));
                case SEGMENTS -> context.output(SEGMENTS, fact);
                case PROJECTS -> context.output(PROJECTS, fact);
                case MEMBERS -> context.output(MEMBERS, (RowChange) fact);
                case DEPLOYMENTS -> context.output(DEPLOYMENTS, (RowChange) fact);
                case EMAILS -> context.output(EMAILS, (RowChange) fact);
                case FOREIGN_KEYS -> context.output(FOREIGN_KEYS, (RowChange) fact);
            }
        }
    }

    private static OutputTag<RowChange> rows(String id) {
        return new OutputTag<>(id, StreamTypes.ROW);
    }

    private void bury(LogRecord record, String table, String reason, Context context) {
        if (!record.replayed()) {
            snapshot.misses(table);
        }
        String counted = TABLES.contains(String.valueOf(table)) ? table : UNKNOWN_TABLE;
        deadLetters.count(counted, 1);
        long now = wall(context);
        context.output(DeadLetters.OUTPUT, DeadLetter.of(topic, record, table, reason, now));
    }
}
