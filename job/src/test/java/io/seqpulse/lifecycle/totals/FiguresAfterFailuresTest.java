package io.seqpulse.lifecycle.totals;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.jdbc.KpiTables;
import io.seqpulse.connector.jdbc.ProductDatabase;
import io.seqpulse.connector.jdbc.StartUpDatabase;
import io.seqpulse.lifecycle.host.StreamTypes;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Subjects change the minute they count in, told by ways that meet in another order each time; the
 * job fails at random positions, the database cuts its connections, and at the end the tables say
 * what the last word of each subject says.
 */
class FiguresAfterFailuresTest {

    private static final int CHANGES = 12_000;
    private static final int SUBJECTS = 20;

    /** So many that hardly any is come back to, which would mend it. */
    private static final int MINUTES = 400_000;

    private static final int FAILURES = 8;
    private static final long FIRST_MINUTE = System.currentTimeMillis() / 60_000 - MINUTES;

    private static final AtomicInteger FAILED = new AtomicInteger();
    private static volatile boolean running;

    private final ProductDatabase database = ProductDatabase.shared();

    /** A few as they ever were, and one that nobody has seen. */
    static LongStream seeds() {
        long given = Long.getLong("figures.seed", System.nanoTime());
        return LongStream.of(1, 2, given);
    }

    @BeforeEach
    void clear() {
        for (String table :
                new String[] {"generation", "cohort_rows", "cohort_hour_rows", "heartbeat_rows"}) {
            database.execute("delete from kpi." + table);
        }
        FAILED.set(0);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void areThoseOfTheLastWord(long seed) throws Exception {
        running = true;
        Thread cutter = new Thread(this::cutConnections, "cutter");
        cutter.start();
        try {
            run(seed);
        } finally {
            running = false;
            cutter.join();
        }

        assertThat(FAILED).hasValue(FAILURES);
        Map<Long, Long> expected = truth(seed);
        assertThat(told("kpi.cohort_rows")).as("seed %d", seed).isEqualTo(expected);
        Map<Long, Long> hours = new TreeMap<>();
        expected.forEach((minute, count) -> hours.merge(minute / 60 * 60, count, Long::sum));
        assertThat(told("kpi.cohort_hour_rows")).as("hours, seed %d", seed).isEqualTo(hours);
    }

    private void run(long seed) throws Exception {
        Configuration configuration = new Configuration();
        configuration.set(PipelineOptions.GENERIC_TYPES, false);
        configuration.set(StateBackendOptions.STATE_BACKEND, "rocksdb");
        configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(700));
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        configuration.set(
                RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, Integer.MAX_VALUE);
        configuration.set(
                RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(50));
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        env.setParallelism(2);
        env.setMaxParallelism(720);
        env.getConfig().setAutoWatermarkInterval(20);
        env.fromSequence(0, CHANGES - 1)
                .setParallelism(1)
                .map(new Fails(seed))
                .setParallelism(1)
                .assignTimestampsAndWatermarks(
                        WatermarkStrategy.<Long>forMonotonousTimestamps()
                                .withTimestampAssigner(
                                        (change, before) -> System.currentTimeMillis()))
                .setParallelism(1)
                .keyBy(change -> change % 97)
                .map(change -> Tuple3.of(change, subject(seed, change), minute(seed, change)))
                .returns(Types.TUPLE(Types.LONG, Types.LONG, Types.LONG))
                .keyBy(change -> change.f1, Types.LONG)
                .process(new LastWord())
                .returns(StreamTypes.INCREMENT)
                .transform("sum", StreamTypes.INCREMENT, new SumOperator())
                .keyBy(Hours::key, Types.STRING)
                .transform(
                        "totals",
                        Types.VOID,
                        new TotalsOperator(
                                new StartUpDatabase(database.job()).newStart(),
                                KpiTables.of(database.job())));
        env.execute();
    }

    private static long subject(long seed, long change) {
        return new SplittableRandom(seed ^ change * 31).nextInt(SUBJECTS);
    }

    private static long minute(long seed, long change) {
        return FIRST_MINUTE + new SplittableRandom(seed ^ change * 37).nextInt(MINUTES);
    }

    private static Map<Long, Long> truth(long seed) {
        Map<Long, Long> last = new TreeMap<>();
        for (long change = 0; change < CHANGES; change++) {
            last.put(subject(seed, change), minute(seed, change));
        }
        Map<Long, Long> counts = new TreeMap<>();
        last.values().forEach(minute -> counts.merge(minute, 1L, Long::sum));
        return counts;
    }

    private Map<Long, Long> told(String table) {
        Map<Long, Long> told = new TreeMap<>();
        database.rows(
                        "select (extract(epoch from bucket) / 60)::bigint as minute, denominator"
                                + " from "
                                + table)
                .forEach(row -> told.put((Long) row.get("minute"), (Long) row.get("denominator")));
        return told;
    }

    private void cutConnections() {
        while (running) {
            LockSupport.parkNanos(1_000_000_000);
            database.rows(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                            + " where application_name = 'seqpulse-kpi' and random() < 0.5");
        }
    }

    /** Goes at some two thousand a second, and fails at positions that only the seed knows. */
    private static final class Fails extends RichMapFunction<Long, Long> {
        private static final long serialVersionUID = 1L;

        private final long seed;
        private transient long next;

        Fails(long seed) {
            this.seed = seed;
        }

        @Override
        public void open(OpenContext context) {
            next = position(FAILED.get());
        }

        private long position(int failure) {
            long step = CHANGES / (FAILURES + 1);
            return failure >= FAILURES
                    ? Long.MAX_VALUE
                    : step * (failure + 1)
                            + new SplittableRandom(seed + failure).nextLong(step / 2);
        }

        @Override
        public Long map(Long change) {
            if (change >= next) {
                FAILED.incrementAndGet();
                throw new IllegalStateException("at change " + change + ", as it was told to");
            }
            if (change % 20 == 0) {
                LockSupport.parkNanos(10_000_000);
            }
            return change;
        }
    }

    /** Each subject counts in the minute of its latest change, whichever comes first. */
    private static final class LastWord
            extends KeyedProcessFunction<Long, Tuple3<Long, Long, Long>, Increment> {
        private static final long serialVersionUID = 1L;

        private transient ValueState<Tuple3<Long, Long, Long>> latest;

        @Override
        public void open(OpenContext context) {
            latest =
                    getRuntimeContext()
                            .getState(
                                    new ValueStateDescriptor<>(
                                            "latest",
                                            Types.TUPLE(Types.LONG, Types.LONG, Types.LONG)));
        }

        @Override
        public void processElement(
                Tuple3<Long, Long, Long> change, Context context, Collector<Increment> out)
                throws Exception {
            Tuple3<Long, Long, Long> before = latest.value();
            if (before != null && before.f0 > change.f0) {
                return;
            }
            if (before != null) {
                out.collect(count(before.f2, -1));
            }
            out.collect(count(change.f2, 1));
            latest.update(change);
        }

        private static Increment count(long minute, long count) {
            return new Increment(Relation.COHORT, "last_word", minute, 0, count);
        }
    }
}
