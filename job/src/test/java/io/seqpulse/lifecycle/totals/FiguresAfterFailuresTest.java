package io.seqpulse.lifecycle.totals;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.jdbc.KpiTables;
import io.seqpulse.connector.jdbc.ProductDatabase;
import io.seqpulse.connector.jdbc.StartUpDatabase;
import io.seqpulse.lifecycle.host.StreamTypes;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
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
    private static final int SEGMENTS = 7;
    private static final long FIRST_MINUTE = System.currentTimeMillis() / 60_000 - MINUTES;

    /** Each table of figures → what a row of it says. */
    private static final Map<String, String> TABLES =
            Map.of(
                    "cohort_rows", "kpi || ' ' || denominator",
                    "cohort_hour_rows", "kpi || ' ' || denominator",
                    "activity_rows", "activity || ' ' || count",
                    "activity_hour_rows", "activity || ' ' || count",
                    "email_rows", "code || ' ' || outcome || ' ' || count",
                    "duration_rows", "measure || ' ' || up_to_ms || ' ' || count || ' ' || sum_ms",
                    "exposure_rows", "project_id || ' ' || delivery_id || ' ' || code",
                    "waiting_rows", "item || ' ' || user_id",
                    "segment_rows", "segment || ' ' || members");

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
        TABLES.keySet().forEach(table -> database.execute("delete from kpi." + table));
        for (String table : List.of("generation", "heartbeat_rows")) {
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
        Map<String, Set<String>> expected = truth(seed);
        for (String table : TABLES.keySet()) {
            assertThat(told(table)).as("%s, seed %d", table, seed).isEqualTo(expected.get(table));
        }
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

    /** Straight from the changes: table → its rows. */
    private static Map<String, Set<String>> truth(long seed) {
        Map<Long, Long> last = new TreeMap<>();
        for (long change = 0; change < CHANGES; change++) {
            last.put(subject(seed, change), minute(seed, change));
        }
        Map<Long, Long> minutes = new TreeMap<>();
        Map<Long, Long> hours = new TreeMap<>();
        Map<Long, Long> segments = new TreeMap<>();
        for (long minute : last.values()) {
            minutes.merge(minute, 1L, Long::sum);
            hours.merge(minute / 60 * 60, 1L, Long::sum);
            segments.merge(minute % SEGMENTS, 1L, Long::sum);
        }
        Map<String, Set<String>> truth = new HashMap<>();
        TABLES.keySet().forEach(table -> truth.put(table, new TreeSet<>()));
        minutes.forEach(
                (minute, count) -> {
                    truth.get("cohort_rows").add(minute + " last_word " + count);
                    truth.get("activity_rows").add(minute + " last_word " + count);
                    truth.get("email_rows").add(minute + " E-ACT-01 sent " + count);
                    truth.get("duration_rows")
                            .add(minute + " last_word 1000 " + count + " " + 7 * count);
                });
        hours.forEach(
                (hour, count) -> {
                    truth.get("cohort_hour_rows").add(hour + " last_word " + count);
                    truth.get("activity_hour_rows").add(hour + " last_word " + count);
                });
        segments.forEach(
                (segment, count) -> truth.get("segment_rows").add("0 s" + segment + " " + count));
        last.forEach(
                (subject, minute) -> {
                    String id = id(subject);
                    truth.get("exposure_rows").add(minute + " " + id + " " + id + " E-ACT-01");
                    truth.get("waiting_rows").add(minute + " k" + subject + " u" + subject);
                });
        return truth;
    }

    private static String id(long subject) {
        return new UUID(0, subject).toString();
    }

    private Set<String> told(String table) {
        String time =
                switch (table) {
                    case "segment_rows" -> "to_timestamp(0)";
                    case "waiting_rows" -> "since";
                    default -> "bucket";
                };
        Set<String> told = new TreeSet<>();
        database.rows(
                        "select (extract(epoch from %s) / 60)::bigint || ' ' || %s as said from kpi.%s"
                                .formatted(time, TABLES.get(table), table))
                .forEach(row -> told.add((String) row.get("said")));
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
                count(before.f1, before.f2, -1, out);
            }
            count(change.f1, change.f2, 1, out);
            latest.update(change);
        }

        /** In a row of every table. */
        private static void count(long subject, long minute, long count, Collector<Increment> out) {
            String id = id(subject);
            String item = Increment.series("k" + subject, "E-ACT-01", "policy", "cap");
            String waits = Increment.series(item, "u" + subject, "p");
            long until = minute * 60_000;
            out.collect(new Increment(Relation.COHORT, "last_word", minute, 0, count));
            out.collect(new Increment(Relation.ACTIVITY, "last_word", minute, 0, count));
            String email = Increment.series("E-ACT-01", "sent", "");
            out.collect(new Increment(Relation.EMAIL, email, minute, 0, count));
            String measure = Increment.series("last_word", "1000");
            out.collect(new Increment(Relation.DURATION, measure, minute, 7 * count, count));
            String exposed = Increment.series(id, id, "E-ACT-01");
            out.collect(new Increment(Relation.EXPOSURE, exposed, minute, 0, count));
            out.collect(new Increment(Relation.WAITING, waits, minute, until * count, count));
            String segment = "s" + minute % SEGMENTS;
            out.collect(new Increment(Relation.SEGMENT, segment, 0, 0, count));
        }
    }
}
