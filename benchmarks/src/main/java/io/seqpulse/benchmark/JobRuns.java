package io.seqpulse.benchmark;

import io.seqpulse.connector.debezium.LogRecord;
import io.seqpulse.connector.email.EmailCommand;
import io.seqpulse.connector.email.EmailSink;
import io.seqpulse.connector.email.SmtpSettings;
import io.seqpulse.connector.jdbc.JdbcSettings;
import io.seqpulse.connector.jdbc.KpiBatch;
import io.seqpulse.connector.jdbc.KpiClaim;
import io.seqpulse.connector.jdbc.KpiFound;
import io.seqpulse.connector.jdbc.KpiTables;
import io.seqpulse.connector.jdbc.KpiWriter;
import io.seqpulse.connector.kafka.DeadLetter;
import io.seqpulse.lifecycle.LifecyclePipeline;
import io.seqpulse.lifecycle.SeqpulseTables;
import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.CatalogueLoader;
import io.seqpulse.lifecycle.catalogue.CatalogueResolution;
import io.seqpulse.lifecycle.decode.DecodeChanges;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.email.EmailSettings;
import io.seqpulse.lifecycle.policy.QuietHours;
import io.seqpulse.quickstart.access.FlinkGate;
import io.seqpulse.quickstart.stack.FlinkSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.executiongraph.AccessExecutionJobVertex;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Runs the job, or parts of it, in a Flink cluster in this JVM with the settings of the embedded
 * stack, over a topic from its first record to its last. Time counts while every task runs.
 */
final class JobRuns implements AutoCloseable {

    private static final Duration START_UP = Duration.ofMinutes(2);
    private static final Duration LONGEST = Duration.ofHours(2);
    private static final Duration COOLDOWN = Duration.ofHours(24);
    private static final String FROM = "SEQPULSE <notifications@benchmark.example>";

    private final MiniCluster cluster;
    private final Configuration configuration;
    private final int parallelism;
    private final Catalogue catalogue;
    private int laps;

    private JobRuns(
            MiniCluster cluster,
            Configuration configuration,
            int parallelism,
            Catalogue catalogue) {
        this.cluster = cluster;
        this.configuration = configuration;
        this.parallelism = parallelism;
        this.catalogue = catalogue;
    }

    /**
     * Starts the cluster.
     *
     * @param folder where it keeps state and checkpoints
     * @param passwordFile what its REST interface asks for
     * @param parallelism of every operator behind the decoder
     * @param given settings of Flink over those of the embedded stack
     */
    static JobRuns start(Path folder, Path passwordFile, int parallelism, Map<String, String> given)
            throws Exception {
        for (String needed : List.of("checkpoints", "savepoints", "tmp/flink")) {
            Files.createDirectories(folder.resolve(needed));
        }
        Map<String, String> settings = FlinkSettings.onLoopback(folder, 0);
        settings.put(FlinkGate.PASSWORD_FILE.key(), passwordFile.toString());
        settings.put("parallelism.default", Integer.toString(parallelism));
        settings.put("taskmanager.memory.managed.size", "768 mb");
        // A run that failed in between has measured nothing.
        settings.put("restart-strategy.type", "none");
        settings.put(
                "execution.checkpointing.externalized-checkpoint-retention",
                "NO_EXTERNALIZED_CHECKPOINTS");
        settings.putAll(given);
        Configuration configuration = Configuration.fromMap(settings);
        MiniCluster cluster =
                new MiniCluster(
                        new MiniClusterConfiguration.Builder()
                                .setConfiguration(configuration)
                                .setCommonBindAddress("127.0.0.1")
                                .setNumTaskManagers(1)
                                .setNumSlotsPerTaskManager(parallelism)
                                .build());
        cluster.start();
        Catalogue all = CatalogueLoader.load(null);
        Catalogue hosted = CatalogueResolution.of(all, CapturedTable.labels()).catalogue();
        return new JobRuns(cluster, configuration, parallelism, hosted);
    }

    /**
     * A finished run.
     *
     * @param arrived how many of each kind came to its sinks
     * @param processorMicros processor time of this JVM for each event
     */
    record Outcome(Rate rate, Map<String, Long> arrived, double processorMicros) {}

    /** The source and the decoder alone: facts are made and go nowhere. */
    Outcome decode(EventTopic topic) throws InterruptedException {
        return run(
                topic,
                1,
                (changes, lap) ->
                        changes.process(new DecodeChanges(topic.name()))
                                .name("decode")
                                .uid("decode")
                                .setParallelism(1)
                                .sinkTo(
                                        FinishLine.discarding(
                                                lap, topic.end(), nothing -> "nothing"))
                                .name("finish")
                                .uid("finish")
                                .setParallelism(1));
    }

    /** Everything but the sink, which throws away what comes to it. */
    Outcome pipeline(EventTopic topic) throws InterruptedException {
        return run(
                topic,
                parallelism,
                (changes, lap) ->
                        lifecycle(topic)
                                .define(
                                        changes,
                                        FinishLine.discarding(lap, topic.end(), JobRuns::kind),
                                        new NoKpis(),
                                        new NoDeadLetters()));
    }

    /** Everything, with the journal; mails are leased, written, fenced and marked, not sent. */
    Outcome journal(EventTopic topic, JdbcSettings database) throws InterruptedException {
        EmailSink sink = emailSink(database, SmtpSettings.toConsole().withConnections(4));
        return run(
                topic,
                parallelism,
                (changes, lap) ->
                        lifecycle(topic)
                                .define(
                                        changes,
                                        FinishLine.before(sink, lap, topic.end(), JobRuns::kind),
                                        KpiTables.of(database),
                                        new NoDeadLetters()));
    }

    private static String kind(EmailCommand command) {
        if (command.entry() == null) {
            return "withdrawn";
        }
        String reason = command.entry().suppressedFor();
        return reason == null ? "to be sent" : reason;
    }

    private LifecyclePipeline lifecycle(EventTopic topic) {
        return new LifecyclePipeline(
                topic.name(),
                rules(topic.begin()),
                catalogue,
                System.currentTimeMillis(),
                COOLDOWN,
                emails(),
                QuietHours.NONE);
    }

    private List<ActiveRule> rules(Instant liveSince) {
        return catalogue.rules().stream()
                .map(rule -> new ActiveRule(rule, liveSince.toEpochMilli()))
                .toList();
    }

    /** How mails are written here. */
    static EmailSettings emails() {
        return new EmailSettings(
                "https://app.benchmark.example",
                "/dashboard",
                "/pricing",
                "/onboarding",
                "https://lifecycle.benchmark.example",
                "a secret that signs the links of a benchmark only",
                "fr",
                ZoneId.of("Europe/Paris"),
                null);
    }

    static EmailSink emailSink(JdbcSettings database, SmtpSettings transport) {
        return EmailSink.builder()
                .journal(database)
                .tables(SeqpulseTables.TABLES)
                .transport(transport)
                .from(FROM)
                .cooldown(COOLDOWN)
                .build();
    }

    Catalogue catalogue() {
        return catalogue;
    }

    private Outcome run(
            EventTopic topic, int finishers, BiConsumer<DataStream<LogRecord>, Lap> definition)
            throws InterruptedException {
        StreamExecutionEnvironment env = environment();
        try (Lap lap = Lap.open(laps++, finishers)) {
            DataStream<LogRecord> changes =
                    LifecyclePipeline.changes(env, topic.changeLog())
                            .process(new StartLine(lap.number(), WarmUp.of(topic.records())))
                            .name("start")
                            .uid("start")
                            .setParallelism(1);
            definition.accept(changes, lap);
            JobID job = submit(env);
            try {
                awaitRunning(job);
                lap.start();
                awaitFinish(job, lap);
            } finally {
                cancel(job);
            }
            return new Outcome(
                    new Rate(WarmUp.rest(topic.events()), lap.nanos()),
                    lap.arrived(),
                    lap.processorNanos() / 1e3 / WarmUp.rest(topic.events()));
        }
    }

    /** An environment with this cluster's settings. */
    StreamExecutionEnvironment environment() {
        return StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    }

    /** Submits what was defined. */
    JobID submit(StreamExecutionEnvironment env) throws InterruptedException {
        try {
            return cluster.submitJob(env.getStreamGraph().getJobGraph()).get().getJobID();
        } catch (ExecutionException e) {
            throw new BenchmarkException("Flink refuses the job: " + e.getCause(), e);
        }
    }

    /** Waits until every task runs. */
    void awaitRunning(JobID job) throws InterruptedException {
        long end = System.nanoTime() + START_UP.toNanos();
        while (!runs(job)) {
            throwIfOver(job);
            if (System.nanoTime() > end) {
                throw new BenchmarkException(
                        "the job did not start within %s s".formatted(START_UP.toSeconds()));
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private boolean runs(JobID job) throws InterruptedException {
        for (AccessExecutionJobVertex vertex : graph(job).getVerticesTopologically()) {
            if (vertex.getAggregateState() != ExecutionState.RUNNING) {
                return false;
            }
        }
        return true;
    }

    private void awaitFinish(JobID job, Lap lap) throws InterruptedException {
        long end = System.nanoTime() + LONGEST.toNanos();
        while (!lap.awaitFinish(Duration.ofSeconds(1))) {
            throwIfOver(job);
            if (System.nanoTime() > end) {
                throw new BenchmarkException(
                        "the job has not come to the end of the events in %s minutes"
                                .formatted(LONGEST.toMinutes()));
            }
        }
    }

    /** Throws when the job has ended, with its reason. */
    void throwIfOver(JobID job) throws InterruptedException {
        AccessExecutionGraph graph = graph(job);
        if (graph.getState() == JobStatus.FAILED || graph.getState() == JobStatus.FAILING) {
            throw new BenchmarkException(
                    "the job failed: "
                            + (graph.getFailureInfo() == null
                                    ? "no reason given"
                                    : graph.getFailureInfo().getExceptionAsString()));
        }
    }

    private AccessExecutionGraph graph(JobID job) throws InterruptedException {
        try {
            return cluster.getExecutionGraph(job).get();
        } catch (ExecutionException e) {
            throw new BenchmarkException("Flink does not answer: " + e.getCause(), e);
        }
    }

    /** Ends a job, whatever it is doing, and waits until it has let go of everything. */
    void cancel(JobID job) throws InterruptedException {
        try {
            if (!cluster.getJobStatus(job).get().isGloballyTerminalState()) {
                cluster.cancelJob(job).get();
            }
            cluster.requestJobResult(job).get();
        } catch (ExecutionException e) {
            throw new BenchmarkException("the job did not end: " + e.getCause(), e);
        }
    }

    @Override
    public void close() throws Exception {
        cluster.close();
    }

    /** Throws the figures away. */
    private static final class NoKpis implements KpiTables {
        private static final long serialVersionUID = 1L;

        @Override
        public KpiWriter claim(KpiClaim claim, MetricGroup metrics) {
            return new KpiWriter() {
                private boolean asked;
                private long given;

                @Override
                public KpiFound found() {
                    KpiFound nothing = asked ? null : new KpiFound(1, 1, false, List.of(), true);
                    asked = true;
                    return nothing;
                }

                @Override
                public boolean takesMore() {
                    return true;
                }

                @Override
                public void write(KpiBatch batch) {
                    given++;
                }

                @Override
                public long written() {
                    return given;
                }

                @Override
                public void completed(long checkpoint) {}

                @Override
                public void check() {}

                @Override
                public void close() {}
            };
        }
    }

    /** The events are sound: whatever is buried here is a fault of the generator or of the job. */
    private static final class NoDeadLetters implements Sink<DeadLetter> {
        private static final long serialVersionUID = 1L;

        @Override
        public SinkWriter<DeadLetter> createWriter(WriterInitContext context) {
            return new SinkWriter<>() {
                @Override
                public void write(DeadLetter letter, Context ofElement) throws IOException {
                    throw new IOException(
                            "the job buried an event of %s at offset %s: %s"
                                    .formatted(letter.table(), letter.offset(), letter.reason()));
                }

                @Override
                public void flush(boolean endOfInput) {}

                @Override
                public void close() {}
            };
        }
    }
}
