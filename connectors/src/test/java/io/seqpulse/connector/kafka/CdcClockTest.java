package io.seqpulse.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.debezium.DebeziumEnvelope;
import io.seqpulse.connector.debezium.LogRecord;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.util.clock.RelativeClock;
import org.apache.flink.util.clock.SystemClock;
import org.junit.jupiter.api.Test;

class CdcClockTest {

    private static final long T = 1_795_251_600_000L;

    private final Metrics metrics = new Metrics();
    private final CdcClock clock = new CdcClock(() -> T);
    private final WatermarkGenerator<LogRecord> generator = clock.createWatermarkGenerator(metrics);
    private final Emitted emitted = new Emitted();

    @Test
    void staysBelowEveryCommitTimeThatCanStillCome() {
        receive(change("u", "false", micros(100, 0), T + 105));

        assertThat(emitted.last()).isLessThan(T + 100 - 1).isGreaterThanOrEqualTo(T + 100 - 2);
    }

    @Test
    void isOneMillisecondBehindInTheMiddleOfAMillisecond() {
        receive(change("c", "false", micros(100, 500), T + 105));

        assertThat(emitted.last()).isEqualTo(T + 100 - 1);
    }

    @Test
    void isNotMovedByWhatWasReplayed() {
        receive(change("u", "false", micros(100, 0), T + 105));
        long before = emitted.last();

        receive(change("u", "false", micros(5_000, 0), T + 5_005).asReplayed(1));
        receive(change("u", "false", micros(-5_000, 0), T - 4_995).asReplayed(1));
        generator.onPeriodicEmit(emitted);

        assertThat(emitted.last()).isEqualTo(before);
    }

    @Test
    void putsNoRecordBehindTheWatermarkWhenCommitTimesStepBackHalfAMillisecond() {
        for (int micros = 0; micros < 1_000; micros++) {
            receive(change("c", "false", micros(100 + 20L * micros, micros), T + 60_000));
            generator.onPeriodicEmit(emitted);
            LogRecord inverted =
                    change("c", "false", micros(100 + 20L * micros, micros - 500), T + 60_000);
            assertThat(timestamp(inverted)).isGreaterThan(emitted.last());
            long before = emitted.last();
            receive(inverted);
            generator.onPeriodicEmit(emitted);
            assertThat(emitted.last()).isEqualTo(before);
        }
    }

    @Test
    void advancesWithEveryStreamedChangeAndClockMessage() {
        receive(change("c", "false", micros(100, 0), T + 100));
        receive(change("u", "false", micros(200, 0), T + 200));
        receive(change("d", "false", micros(300, 0), T + 300));
        receive(clockMessage(micros(400, 0), T + 400));

        assertThat(emitted.millis).containsExactly(T + 98, T + 198, T + 298, T + 398);
    }

    @Test
    void takesLargerStepsWhileABacklogIsWorkedOff() {
        WatermarkGenerator<LogRecord> late =
                new CdcClock(() -> T + 3_600_000).createWatermarkGenerator(metrics);
        Emitted steps = new Emitted();
        for (int millis = 0; millis <= 3_000; millis += 100) {
            LogRecord record = change("c", "false", micros(millis, 0), T + millis);
            late.onEvent(record, timestamp(record), steps);
        }

        assertThat(steps.millis).containsExactly(T - 2, T + 998, T + 1_998, T + 2_998);
    }

    @Test
    void isNotMovedBySnapshotsHeartbeatsTombstonesOrUnreadableRecords() {
        receive(change("r", "first", micros(900, 0), T + 900));
        receive(change("r", "last", micros(900, 0), T + 900));
        receive(change("r", "incremental", micros(900, 0), T + 900));
        receive(parse("{\"ts_ms\":" + (T + 900) + "}"));
        receive(DebeziumEnvelope.parse(null, null, 0));
        receive(parse("garbage"));
        generator.onPeriodicEmit(emitted);

        assertThat(emitted.millis).isEmpty();
        assertThat(metrics.number("currentLogTime")).isZero();
    }

    @Test
    void waitsAfterASnapshotForWordOfWhatItCouldNotShow() {
        receive(clockMessage(micros(100, 0), T + 100));
        receive(change("r", "first", micros(900, 0), T + 900));
        receive(change("r", "last", micros(900, 0), T + 900));
        receive(change("c", "false", micros(1_000, 0), T + 1_000));
        receive(clockMessage(micros(1_050, 0), T + 1_050).asReplayed(1));
        generator.onPeriodicEmit(emitted);
        assertThat(emitted.millis).containsExactly(T + 98);

        receive(clockMessage(micros(1_100, 0), T + 1_100));
        receive(change("r", "incremental", micros(1_200, 0), T + 1_200));
        receive(change("c", "false", micros(1_200, 0), T + 1_200));
        assertThat(emitted.millis).containsExactly(T + 98, T + 1_098, T + 1_198);
    }

    @Test
    void boundsAndCountsASteppedDatabaseClock() {
        receive(clockMessage(micros(3_600_000, 0), T));

        assertThat(emitted.last()).isEqualTo(T + 5_000 - 2);
        assertThat(metrics.count("steppedClockRecords")).isEqualTo(1);

        receive(clockMessage(micros(100, 0), T + 100));
        generator.onPeriodicEmit(emitted);
        assertThat(emitted.last()).isEqualTo(T + 5_000 - 2);
        assertThat(metrics.count("steppedClockRecords")).isEqualTo(1);
    }

    /** Debezium on a machine whose clock was stepped to the year 9999, with the database. */
    @Test
    void isBoundedByThisMachinesClockToo() {
        long stepped = 253_402_300_799_999L;

        receive(clockMessage(stepped * 1_000, stepped));

        assertThat(emitted.last()).isEqualTo(T + 600_000 - 2);
        assertThat(metrics.count("steppedClockRecords")).isEqualTo(1);
    }

    @Test
    void emitsAtOnceOnlyAfterTenMillisecondsAndTheRestPeriodically() {
        receive(clockMessage(micros(100, 0), T + 100));
        receive(clockMessage(micros(109, 400), T + 110));
        assertThat(emitted.millis).containsExactly(T + 98);

        generator.onPeriodicEmit(emitted);
        generator.onPeriodicEmit(emitted);
        assertThat(emitted.millis).containsExactly(T + 98, T + 107);

        receive(clockMessage(micros(120, 0), T + 120));
        assertThat(emitted.millis).containsExactly(T + 98, T + 107, T + 118);
    }

    @Test
    void saysNothingUntilTheFirstStreamedRecord() {
        generator.onPeriodicEmit(emitted);

        assertThat(emitted.millis).isEmpty();
    }

    @Test
    void tellsTheLogsTimeAndAgeOnceThoughFlinkAsksForAGeneratorPerSplit() {
        WatermarkGenerator<LogRecord> ofTheSplit = clock.createWatermarkGenerator(metrics);

        assertThat(metrics.registrations).isEqualTo(3);
        ofTheSplit.onEvent(clockMessage(micros(100, 0), T + 100), T + 100, emitted);
        assertThat(metrics.number("currentLogTime")).isEqualTo(T + 100);
        assertThat(metrics.number("clockAgeMillis")).isEqualTo(-100);
    }

    @Test
    void countsTheAgeFromTheStartWhileNothingWasStreamed() {
        assertThat(metrics.number("clockAgeMillis")).isBetween(0L, 60_000L);
    }

    @Test
    void stampsRecordsWithTheirCommitTime() {
        assertThat(timestamp(change("c", "false", micros(100, 999), T))).isEqualTo(T + 100);
        assertThat(timestamp(change("r", "true", micros(7, 0), T))).isEqualTo(T + 7);
        assertThat(timestamp(clockMessage(micros(100, 1), T))).isEqualTo(T + 100);
        assertThat(timestamp(parse("{\"ts_ms\":1}"))).isEqualTo(5);
    }

    private long timestamp(LogRecord record) {
        return clock.createTimestampAssigner(() -> metrics).extractTimestamp(record, 5);
    }

    private void receive(LogRecord record) {
        generator.onEvent(record, timestamp(record), emitted);
    }

    private static long micros(long millis, long micros) {
        return (T + millis) * 1_000 + micros;
    }

    private static LogRecord change(String op, String snapshot, long micros, long envelope) {
        return parse(
                """
                {"op":"%s","after":%s,"ts_ms":%s,"source":{"table":"users","snapshot":"%s","ts_us":%s}}"""
                        .formatted(
                                op,
                                op.equals("d") ? "null" : "{\"id\":1}",
                                envelope,
                                snapshot,
                                micros));
    }

    private static LogRecord clockMessage(long micros, long envelope) {
        return parse(
                """
                {"op":"m","ts_ms":%s,"source":{"ts_us":%s},"message":{"prefix":"seqpulse.clock","content":""}}"""
                        .formatted(envelope, micros));
    }

    private static LogRecord parse(String value) {
        byte[] key = "{\"id\":1}".getBytes(StandardCharsets.UTF_8);
        return DebeziumEnvelope.parse(key, value.getBytes(StandardCharsets.UTF_8), 0);
    }

    private static final class Emitted implements WatermarkOutput {
        private final List<Long> millis = new ArrayList<>();

        @Override
        public void emitWatermark(Watermark watermark) {
            millis.add(watermark.getTimestamp());
        }

        @Override
        public void markIdle() {
            throw new AssertionError("the clock never goes idle");
        }

        @Override
        public void markActive() {
            throw new AssertionError("the clock never goes idle");
        }

        long last() {
            return millis.get(millis.size() - 1);
        }
    }

    /** Keeps what is registered, by name. */
    private static final class Metrics extends UnregisteredMetricsGroup
            implements WatermarkGeneratorSupplier.Context {
        private final Map<String, Metric> byName = new HashMap<>();
        private int registrations;

        @Override
        public MetricGroup getMetricGroup() {
            return this;
        }

        @Override
        public RelativeClock getInputActivityClock() {
            return SystemClock.getInstance();
        }

        @Override
        public MetricGroup addGroup(String name) {
            assertThat(name).isEqualTo("cdcClock");
            return this;
        }

        @Override
        public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
            registrations++;
            byName.put(name, gauge);
            return gauge;
        }

        @Override
        public Counter counter(String name) {
            registrations++;
            Counter counter = super.counter(name);
            byName.put(name, counter);
            return counter;
        }

        long number(String name) {
            return (Long) ((Gauge<?>) byName.get(name)).getValue();
        }

        long count(String name) {
            return ((Counter) byName.get(name)).getCount();
        }
    }
}
