package io.seqpulse.lifecycle.property;

import io.seqpulse.connector.debezium.LogRecord;
import io.seqpulse.connector.kafka.DeadLetter;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.decode.DecodeChanges;
import io.seqpulse.lifecycle.deployment.AttachDeployment;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.host.KpiOutputs;
import io.seqpulse.lifecycle.parent.FollowMembers;
import io.seqpulse.lifecycle.policy.DecideEmails;
import io.seqpulse.lifecycle.policy.Decision;
import io.seqpulse.lifecycle.policy.QuietHours;
import io.seqpulse.lifecycle.project.DetectProject;
import io.seqpulse.lifecycle.state.NextTimer;
import io.seqpulse.lifecycle.state.ReconcileOperator;
import io.seqpulse.lifecycle.state.ReconciledFunction;
import io.seqpulse.lifecycle.story.Rules;
import io.seqpulse.lifecycle.user.DetectUser;
import java.lang.reflect.Method;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.event.WatermarkEvent;
import org.apache.flink.streaming.api.operators.Output;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.LatencyMarker;
import org.apache.flink.streaming.runtime.streamrecord.RecordAttributes;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.flink.util.OutputTag;

/**
 * The pipeline's operators from decoding to policy in Flink's harnesses, joined as the pipeline
 * joins them. A channel keeps its order; which of them is read next, nobody knows.
 */
final class Operators implements AutoCloseable {

    private enum Channel {
        USERS_TO_DETECT,
        USERS_TO_POLICY,
        SNAPSHOTS_TO_ATTACH,
        SNAPSHOTS_TO_PROJECT,
        SNAPSHOTS_TO_USER,
        SNAPSHOTS_TO_POLICY,
        SNAPSHOTS_TO_MEMBERS,
        PROJECTS,
        MEMBERS,
        FOLLOWED_MEMBERS,
        DEPLOYMENTS,
        ATTACHED,
        OWNER_SIGNALS,
        ABOUT_PROJECTS,
        ABOUT_USERS
    }

    private static final String LOG = "seqpulse.changes";
    private static final Channel[] CHANNELS = Channel.values();

    private static final List<Channel> FROM_DECODE =
            List.of(
                    Channel.USERS_TO_DETECT,
                    Channel.USERS_TO_POLICY,
                    Channel.PROJECTS,
                    Channel.MEMBERS,
                    Channel.DEPLOYMENTS);

    /** Each operator has its own, in no order with the others. */
    private static final List<Channel> FROM_DECODE_TO_ALL =
            List.of(
                    Channel.SNAPSHOTS_TO_ATTACH,
                    Channel.SNAPSHOTS_TO_MEMBERS,
                    Channel.SNAPSHOTS_TO_PROJECT,
                    Channel.SNAPSHOTS_TO_USER,
                    Channel.SNAPSHOTS_TO_POLICY);

    /** What is counted is another story. */
    private static final Set<String> FOR_FIGURES =
            Set.of(
                    DecodeChanges.EMAILS.getId(),
                    DecodeChanges.FOREIGN_KEYS.getId(),
                    DecodeChanges.SEGMENTS.getId());

    private final Random random;
    private final List<ActiveRule> rules;
    private final Duration cooldown;
    private final Consumer<Decision> decisions;
    private final List<Queue<Object>> queues = new ArrayList<>();
    private final long[] watermarks = new long[CHANNELS.length];
    private long projectTime;
    private long userTime;
    private long policyTime;
    private long wall = Long.MIN_VALUE;
    private boolean orphans;

    private OneInputStreamOperatorTestHarness<LogRecord, Void> decode;
    private KeyedTwoInputStreamOperatorTestHarness<String, RowChange, SnapshotBoundary, Fact>
            members;
    private KeyedTwoInputStreamOperatorTestHarness<String, RowChange, SnapshotBoundary, Fact>
            attach;
    private KeyedTwoInputStreamOperatorTestHarness<String, Fact, SnapshotBoundary, Message> project;
    private KeyedTwoInputStreamOperatorTestHarness<String, Fact, SnapshotBoundary, Message> user;
    private KeyedTwoInputStreamOperatorTestHarness<String, Message, SnapshotBoundary, Decision>
            policy;

    /**
     * @param random decides which channel is read next
     */
    Operators(
            List<ActiveRule> rules, Duration cooldown, Random random, Consumer<Decision> decisions)
            throws Exception {
        this.random = random;
        this.rules = rules;
        this.cooldown = cooldown;
        this.decisions = decisions;
        for (int i = 0; i < CHANNELS.length; i++) {
            queues.add(new ArrayDeque<>());
        }
        open(null);
    }

    private void open(List<OperatorSubtaskState> state) throws Exception {
        Arrays.fill(watermarks, Long.MIN_VALUE);
        projectTime = Long.MIN_VALUE;
        userTime = Long.MIN_VALUE;
        policyTime = Long.MIN_VALUE;
        List<Rule> catalogue = rules.stream().map(ActiveRule::rule).toList();
        decode =
                new OneInputStreamOperatorTestHarness<>(
                        new ProcessOperator<>(new DecodeChanges(LOG)));
        members = reconciled(new FollowMembers(), "id");
        attach = reconciled(new AttachDeployment(LOG, Rules.measures()), "key");
        project = reconciled(new DetectProject(LOG, rules, Rules.measures()), "key");
        user = reconciled(new DetectUser(LOG, rules, Rules.measures(), ZoneOffset.UTC), "key");
        policy =
                reconciled(
                        new DecideEmails(catalogue, cooldown, ZoneOffset.UTC, QuietHours.NONE),
                        "recipient");
        decode.setOutputCreator(any -> new Wire<>(value -> {}, this::decoded, List.of()));
        members.setOutputCreator(any -> wire(Channel.FOLLOWED_MEMBERS));
        attach.setOutputCreator(any -> wire(Channel.ATTACHED));
        project.setOutputCreator(
                any ->
                        new Wire<>(
                                queue(Channel.ABOUT_PROJECTS)::add,
                                this::signalled,
                                List.of(
                                        queue(Channel.ABOUT_PROJECTS),
                                        queue(Channel.OWNER_SIGNALS))));
        user.setOutputCreator(any -> wire(Channel.ABOUT_USERS));
        policy.setOutputCreator(any -> new Wire<>(decisions, (tag, value) -> {}, List.of()));
        List<AbstractStreamOperatorTestHarness<?>> all = harnesses();
        for (int i = 0; i < all.size(); i++) {
            if (state != null) {
                all.get(i).initializeState(state.get(i));
            }
            all.get(i).open();
        }
        long time = wall;
        wall = Long.MIN_VALUE;
        setWall(time);
    }

    private static <I, O>
            KeyedTwoInputStreamOperatorTestHarness<String, I, SnapshotBoundary, O> reconciled(
                    ReconciledFunction<I, O> function, String key) throws Exception {
        return new KeyedTwoInputStreamOperatorTestHarness<>(
                new ReconcileOperator<>(function), new KeyOf<>(key), null, Types.STRING);
    }

    private <T> Wire<T> wire(Channel channel) {
        return new Wire<>(queue(channel)::add, this::buried, List.of(queue(channel)));
    }

    private List<AbstractStreamOperatorTestHarness<?>> harnesses() {
        return List.of(decode, members, attach, project, user, policy);
    }

    void setWall(long time) throws Exception {
        if (time > wall) {
            wall = time;
            for (AbstractStreamOperatorTestHarness<?> harness : harnesses()) {
                harness.setProcessingTime(time);
            }
        }
    }

    /** The source emits a record. */
    void accept(LogRecord record) throws Exception {
        decode.processElement(new StreamRecord<>(record, record.change().commitMillis()));
    }

    private void decoded(OutputTag<?> tag, Object value) {
        if (tag.equals(DecodeChanges.USERS)) {
            queue(Channel.USERS_TO_DETECT).add(value);
        } else if (tag.equals(DecodeChanges.RECIPIENTS)) {
            queue(Channel.USERS_TO_POLICY).add(value);
        } else if (tag.equals(DecodeChanges.PROJECTS)) {
            queue(Channel.PROJECTS).add(value);
        } else if (tag.equals(DecodeChanges.MEMBERS)) {
            queue(Channel.MEMBERS).add(value);
        } else if (tag.equals(DecodeChanges.DEPLOYMENTS)) {
            queue(Channel.DEPLOYMENTS).add(value);
        } else if (tag.equals(DecodeChanges.BOUNDARIES)) {
            FROM_DECODE_TO_ALL.forEach(channel -> queue(channel).add(value));
        } else if (!FOR_FIGURES.contains(tag.getId())) {
            buried(tag, value);
        }
    }

    private void signalled(OutputTag<?> tag, Object value) {
        if (tag.equals(DetectProject.OWNER_SIGNALS) || tag.equals(DetectProject.STANDINGS)) {
            queue(Channel.OWNER_SIGNALS).add(value);
        } else {
            buried(tag, value);
        }
    }

    /** The log that is read from now on lacks its beginning. */
    void expectOrphans() {
        orphans = true;
    }

    /** A whole log has no orphans and nothing that cannot be read. */
    private void buried(OutputTag<?> tag, Object value) {
        boolean orphan = orphans && value instanceof DeadLetter letter && isOrphan(letter);
        if (orphan || tag.equals(KpiOutputs.INCREMENTS)) {
            return;
        }
        throw new AssertionError(tag.getId() + ": " + value);
    }

    private static boolean isOrphan(DeadLetter letter) {
        return letter.reason().equals(DeadLetter.ORPHAN);
    }

    /** The source emits a watermark, which follows everything before it on every channel. */
    void watermark(long time) {
        FROM_DECODE.forEach(channel -> queue(channel).add(time));
        FROM_DECODE_TO_ALL.forEach(channel -> queue(channel).add(time));
    }

    /** Reads the channels until nothing moves any more. */
    void drain() throws Exception {
        List<Channel> order = new ArrayList<>(List.of(CHANNELS));
        Collections.shuffle(order, random);
        boolean strict = random.nextBoolean();
        while (true) {
            if (!strict) {
                Collections.shuffle(order, random);
            }
            Channel next = null;
            for (Channel channel : order) {
                if (!queue(channel).isEmpty()) {
                    next = channel;
                    break;
                }
            }
            if (next == null) {
                return;
            }
            read(next);
        }
    }

    private void read(Channel channel) throws Exception {
        Object head = queue(channel).remove();
        boolean mark = head instanceof Long;
        if (mark) {
            watermarks[channel.ordinal()] = (Long) head;
        }
        switch (channel) {
            case MEMBERS -> {
                if (mark) {
                    members.processWatermark1(new Watermark((Long) head));
                } else {
                    members.processElement1(new StreamRecord<>((RowChange) head));
                }
            }
            case DEPLOYMENTS -> {
                if (mark) {
                    attach.processWatermark1(new Watermark((Long) head));
                } else {
                    attach.processElement1(new StreamRecord<>((RowChange) head));
                }
            }
            case PROJECTS, ATTACHED, FOLLOWED_MEMBERS -> {
                if (mark) {
                    projectTime =
                            pass(
                                    project,
                                    projectTime,
                                    Channel.PROJECTS,
                                    Channel.ATTACHED,
                                    Channel.FOLLOWED_MEMBERS);
                } else {
                    project.processElement1(new StreamRecord<>((Fact) head));
                }
            }
            case USERS_TO_DETECT, OWNER_SIGNALS -> {
                if (mark) {
                    userTime = pass(user, userTime, Channel.USERS_TO_DETECT, Channel.OWNER_SIGNALS);
                } else {
                    user.processElement1(new StreamRecord<>((Fact) head));
                }
            }
            case USERS_TO_POLICY, ABOUT_PROJECTS, ABOUT_USERS -> {
                if (mark) {
                    policyTime =
                            pass(
                                    policy,
                                    policyTime,
                                    Channel.USERS_TO_POLICY,
                                    Channel.ABOUT_PROJECTS,
                                    Channel.ABOUT_USERS);
                } else {
                    policy.processElement1(new StreamRecord<>((Message) head));
                }
            }
            case SNAPSHOTS_TO_ATTACH -> broadcast(attach, head);
            case SNAPSHOTS_TO_MEMBERS -> broadcast(members, head);
            case SNAPSHOTS_TO_PROJECT -> broadcast(project, head);
            case SNAPSHOTS_TO_USER -> broadcast(user, head);
            case SNAPSHOTS_TO_POLICY -> broadcast(policy, head);
        }
    }

    private static void broadcast(
            KeyedTwoInputStreamOperatorTestHarness<String, ?, SnapshotBoundary, ?> harness,
            Object head)
            throws Exception {
        if (head instanceof Long watermark) {
            harness.processWatermark2(new Watermark(watermark));
        } else {
            harness.processElement2(new StreamRecord<>((SnapshotBoundary) head));
        }
    }

    /** Channels that are one input have the least of their watermarks. */
    private long pass(
            KeyedTwoInputStreamOperatorTestHarness<String, ?, SnapshotBoundary, ?> harness,
            long before,
            Channel... union)
            throws Exception {
        long low = Long.MAX_VALUE;
        for (Channel channel : union) {
            low = Math.min(low, watermarks[channel.ordinal()]);
        }
        if (low > before) {
            harness.processWatermark1(new Watermark(low));
        }
        return low;
    }

    private Queue<Object> queue(Channel channel) {
        return queues.get(channel.ordinal());
    }

    /** When the next timer of any operator is due; {@link Long#MAX_VALUE}: there is none. */
    long nextTimer() throws Exception {
        return Math.min(
                Math.min(nextTimer(members), Math.min(nextTimer(attach), nextTimer(project))),
                Math.min(nextTimer(user), nextTimer(policy)));
    }

    private static long nextTimer(AbstractStreamOperatorTestHarness<?> harness) throws Exception {
        return NextTimer.of((ReconcileOperator<?, ?>) harness.getOperator());
    }

    /** What a checkpoint keeps; all channels must have been drained. */
    List<OperatorSubtaskState> snapshot(long checkpoint) throws Exception {
        List<OperatorSubtaskState> states = new ArrayList<>();
        for (AbstractStreamOperatorTestHarness<?> harness : harnesses()) {
            states.add(harness.snapshot(checkpoint, checkpoint));
        }
        return states;
    }

    /** The job dies and starts again from a checkpoint. */
    void restore(List<OperatorSubtaskState> states) throws Exception {
        close();
        queues.forEach(Queue::clear);
        open(states);
    }

    @Override
    public void close() throws Exception {
        for (AbstractStreamOperatorTestHarness<?> harness : harnesses()) {
            harness.close();
        }
    }

    /** Takes an operator's output where it goes, without the copies that the harness makes. */
    private record Wire<T>(
            Consumer<? super T> records,
            BiConsumer<OutputTag<?>, Object> sideRecords,
            List<Queue<Object>> watermarks)
            implements Output<StreamRecord<T>> {

        @Override
        public void collect(StreamRecord<T> record) {
            records.accept(record.getValue());
        }

        @Override
        public <X> void collect(OutputTag<X> tag, StreamRecord<X> record) {
            sideRecords.accept(tag, record.getValue());
        }

        @Override
        public void emitWatermark(Watermark watermark) {
            watermarks.forEach(queue -> queue.add(watermark.getTimestamp()));
        }

        @Override
        public void emitWatermark(WatermarkEvent watermark) {}

        @Override
        public void emitWatermarkStatus(WatermarkStatus status) {}

        @Override
        public void emitLatencyMarker(LatencyMarker marker) {}

        @Override
        public void emitRecordAttributes(RecordAttributes attributes) {}

        @Override
        public void close() {}
    }

    /**
     * A key by the name of its accessor. The harness reads it back with its own class loader, which
     * knows another class {@link Fact} when a {@link Mutant} is tested.
     */
    private record KeyOf<T>(String accessor) implements KeySelector<T, String> {

        private static final ClassValue<Map<String, Method>> ACCESSORS =
                new ClassValue<>() {
                    @Override
                    protected Map<String, Method> computeValue(Class<?> type) {
                        return Arrays.stream(type.getMethods())
                                .filter(method -> method.getParameterCount() == 0)
                                .collect(
                                        Collectors.toMap(
                                                Method::getName, method -> method, (a, b) -> a));
                    }
                };

        @Override
        public String getKey(T value) throws ReflectiveOperationException {
            return (String) ACCESSORS.get(value.getClass()).get(accessor).invoke(value);
        }
    }
}
