package io.seqpulse.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.ChangeEvent.Operation;
import io.seqpulse.connector.debezium.ChangeEvent.Snapshot;
import io.seqpulse.connector.debezium.ClockMessage;
import io.seqpulse.connector.debezium.LogRecord;
import io.seqpulse.connector.email.EmailCommand;
import io.seqpulse.connector.email.JournalEntry;
import io.seqpulse.connector.jdbc.KpiRow;
import io.seqpulse.connector.kafka.ChangeLog;
import io.seqpulse.connector.kafka.DeadLetter;
import io.seqpulse.lifecycle.email.EmailSettings;
import io.seqpulse.lifecycle.policy.QuietHours;
import io.seqpulse.lifecycle.story.Rules;
import io.seqpulse.lifecycle.totals.WrittenRows;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The end of a stream decides nothing: the whole topology in a small cluster, on a log that goes on
 * until somebody tells it to end. People have signed up, and two hours later they are to be asked
 * why they have no project.
 */
class LogEndTest {

    private static final int USERS = 20;
    private static final String NO_PROJECT = "no_project_after_signup:";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration DEADLINE = Duration.ofHours(2);

    /** What is written so far; the source is copied into its task. */
    private static final List<LogRecord> LOG = new CopyOnWriteArrayList<>();

    private final long signedUpAt = System.currentTimeMillis() - Duration.ofHours(3).toMillis();

    @TempDir private Path folder;

    private MiniCluster cluster;

    @BeforeEach
    void start() throws Exception {
        LOG.clear();
        Arrivals.ARRIVED.clear();
        WrittenRows.ROWS.clear();
        WrittenRows.CLAIMS.clear();
        cluster =
                new MiniCluster(
                        new MiniClusterConfiguration.Builder()
                                .setNumTaskManagers(1)
                                .setNumSlotsPerTaskManager(2)
                                .setConfiguration(configuration())
                                .build());
        cluster.start();
        for (int i = 0; i < USERS; i++) {
            tell("users", "u" + i, user(), signedUpAt);
        }
        tell("projects", "orphan", orphan(), signedUpAt + 60_000);
        tick(signedUpAt + 70_000);
    }

    @AfterEach
    void stop() throws Exception {
        cluster.close();
    }

    @Test
    void aDrainIsRefusedAndTheJobGoesOn() throws Exception {
        JobID job = submit(true, SavepointRestoreSettings.none());
        awaitSignUps();

        assertThatThrownBy(() -> drain(job)).isInstanceOf(ExecutionException.class);

        goesOn();
        assertThat(cluster.getJobStatus(job).get()).isEqualTo(JobStatus.RUNNING);
        String failures =
                cluster.getExecutionGraph(job).get().getFailureInfo().getExceptionAsString();
        assertThat(failures).contains("without --drain");
    }

    /** As a job on a log of somebody's own that ends: what waited is in the savepoint. */
    @Test
    void aDrainThatIsNotRefusedDecidesNothingAndWhatWaitedWaitsOn() throws Exception {
        JobID job = submit(false, SavepointRestoreSettings.none());
        awaitSignUps();

        String drained = drain(job);

        assertThat(cluster.requestJobResult(job).get().isSuccess()).isTrue();
        assertThat(mailed()).isEmpty();
        assertThat(Arrivals.ARRIVED).noneMatch(DeadLetter.class::isInstance);
        assertThat(WrittenRows.ROWS)
                .allMatch(row -> row.atMillis() <= System.currentTimeMillis())
                .extracting(KpiRow::series)
                .noneMatch(series -> series.startsWith("at_risk"));

        submit(true, SavepointRestoreSettings.forPath(drained, false));
        goesOn();
    }

    private void goesOn() throws Exception {
        tick(signedUpAt + DEADLINE.toMillis() - 60_000);
        tell("users", "late", user(), signedUpAt + DEADLINE.toMillis() - 50_000);
        tick(signedUpAt + DEADLINE.toMillis() - 40_000);
        await(() -> signUps().contains(Integer.toString(USERS + 1)));
        assertThat(mailed()).isEmpty();

        tick(signedUpAt + DEADLINE.toMillis() + 120_000);
        await(() -> mailed().size() > USERS);
        tick(signedUpAt + DEADLINE.toMillis() + 180_000);
        Map<String, Integer> times = new HashMap<>();
        mailed().forEach(user -> times.merge(user, 1, Integer::sum));
        assertThat(times).hasSize(USERS + 1).allSatisfy((user, mails) -> assertThat(mails).isOne());
    }

    private static List<String> mailed() {
        return Arrivals.ARRIVED.stream()
                .filter(EmailCommand.class::isInstance)
                .map(command -> ((EmailCommand) command).entry())
                .filter(entry -> entry != null)
                .filter(entry -> entry.dedupeKey().startsWith(NO_PROJECT))
                .map(JournalEntry::userId)
                .toList();
    }

    private void awaitSignUps() throws InterruptedException {
        await(() -> signUps().contains(Integer.toString(USERS)));
    }

    private static List<String> signUps() {
        return WrittenRows.ROWS.stream()
                .filter(row -> row.series().equals("signup"))
                .map(row -> Long.toString(row.denominator()))
                .toList();
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited long enough").isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    private String drain(JobID job) throws Exception {
        return cluster.stopWithSavepoint(
                        job, folder("savepoints"), true, SavepointFormatType.CANONICAL)
                .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }

    private String folder(String name) throws Exception {
        return Files.createDirectories(folder.resolve(name)).toUri().toString();
    }

    private Configuration configuration() {
        Configuration configuration = new Configuration();
        configuration.set(PipelineOptions.GENERIC_TYPES, false);
        configuration.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
        configuration.set(PipelineOptions.OBJECT_REUSE, true);
        configuration.set(StateBackendOptions.STATE_BACKEND, "hashmap");
        configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(100));
        configuration.set(
                CheckpointingOptions.CHECKPOINTS_DIRECTORY,
                folder.resolve("checkpoints").toUri().toString());
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        configuration.set(
                RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, Integer.MAX_VALUE);
        configuration.set(
                RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(50));
        return configuration;
    }

    private JobID submit(boolean endless, SavepointRestoreSettings restored) throws Exception {
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.getExecutionEnvironment(configuration());
        env.setParallelism(2);
        env.setMaxParallelism(720);
        env.getConfig().setAutoWatermarkInterval(20);
        DataStream<LogRecord> changes =
                env.fromSource(
                                new NumberSequenceSource(0, Long.MAX_VALUE / 2),
                                WatermarkStrategy.noWatermarks(),
                                "looks")
                        .uid("looks")
                        .setParallelism(1)
                        .flatMap(new Growing())
                        .returns(TypeInformation.of(LogRecord.class))
                        .uid("log")
                        .setParallelism(1)
                        .assignTimestampsAndWatermarks(ChangeLog.clock())
                        .uid("clock")
                        .setParallelism(1);
        new LifecyclePipeline(
                        "changes",
                        Rules.liveSince(0),
                        Rules.catalogue(),
                        1,
                        Duration.ofDays(1),
                        emails(),
                        QuietHours.NONE)
                .define(
                        endless ? LifecyclePipeline.endless(changes) : changes,
                        new Arrivals<>(),
                        new WrittenRows(),
                        new Arrivals<>());
        JobGraph graph = env.getStreamGraph().getJobGraph();
        graph.setSavepointRestoreSettings(restored);
        return cluster.submitJob(graph).get().getJobID();
    }

    /** Reads the log from where it was, and looks whether it has grown. */
    private static final class Growing extends RichFlatMapFunction<Long, LogRecord>
            implements CheckpointedFunction {
        private static final long serialVersionUID = 1L;

        private transient ListState<Integer> positions;
        private transient int position;

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            positions =
                    context.getOperatorStateStore()
                            .getListState(new ListStateDescriptor<>("position", Types.INT));
            for (int restored : positions.get()) {
                position = restored;
            }
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) throws Exception {
            positions.update(List.of(position));
        }

        @Override
        public void flatMap(Long look, Collector<LogRecord> out) {
            if (position == LOG.size()) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            }
            while (position < LOG.size()) {
                out.collect(LOG.get(position++));
            }
        }
    }

    private Map<String, String> user() {
        return Map.of(
                "email", "a@example.org", "is_active", "true", "created_at", time(signedUpAt));
    }

    /** Of an owner that nobody knows, who is waited for. */
    private Map<String, String> orphan() {
        return Map.of("name", "p", "owner_id", "?", "plan", "pro", "created_at", time(signedUpAt));
    }

    private static void tick(long at) {
        ClockMessage clock = new ClockMessage(at * 1_000, at, 0, 0, "{}");
        LOG.add(new LogRecord(LogRecord.Kind.CLOCK, LOG.size(), null, null, null, clock, 0, null));
    }

    private static void tell(String table, String id, Map<String, String> row, long at) {
        Map<String, String> after = new HashMap<>(row);
        after.put("id", id);
        ChangeEvent change =
                new ChangeEvent(
                        table,
                        Operation.CREATE,
                        Map.of("id", id),
                        Map.of(),
                        after,
                        at * 1_000,
                        at,
                        LOG.size(),
                        Snapshot.NONE,
                        0,
                        0);
        LOG.add(
                new LogRecord(
                        LogRecord.Kind.CHANGE, LOG.size(), null, null, change, null, 0, null));
    }

    private static String time(long millis) {
        return Instant.ofEpochMilli(millis).toString();
    }

    private static EmailSettings emails() {
        return new EmailSettings(
                "https://app.example",
                "/dashboard",
                "/pricing",
                "/onboarding",
                "https://lifecycle.example",
                "a secret that signs the links of a test only",
                "fr",
                ZoneId.of("Europe/Paris"),
                null);
    }
}
