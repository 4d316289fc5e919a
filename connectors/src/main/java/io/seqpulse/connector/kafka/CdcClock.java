package io.seqpulse.connector.kafka;

import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.ChangeEvent.Operation;
import io.seqpulse.connector.debezium.LogRecord;
import java.io.Serializable;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.apache.flink.api.common.eventtime.TimestampAssigner;
import org.apache.flink.api.common.eventtime.TimestampAssignerSupplier;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;

/**
 * The clock of a change log: its watermark is the time up to which everything committed has been
 * read (DESIGN D2).
 *
 * <p>The clock advances with the commit times of <em>streamed</em> changes and of clock messages
 * only. Rows of a snapshot, plain heartbeats and what was replayed say nothing of how far the log
 * has been read and leave it alone: when the database, Debezium or Kafka is down, time stands
 * still. After a snapshot it waits for the first clock message, which tells what the snapshot could
 * not show: tables without a row.
 *
 * <p>The watermark is one millisecond behind the highest commit time less the half millisecond by
 * which commit times may step back from one transaction to the next, so that no record is ever
 * behind it. It never runs more than five seconds ahead of the time at which Debezium handled the
 * record, nor ten minutes ahead of this machine's time: a database clock that was stepped forward
 * is counted and bounded, and so is that of the machine that Debezium runs on. It never goes back,
 * and after a restore it is {@link Long#MIN_VALUE} until the first streamed record. While a backlog
 * is worked off it takes larger steps, up to a second, because every step costs every operator.
 *
 * <p>Records carry their commit time as timestamp; those without one keep Kafka's.
 *
 * <p>Metrics, in the source's group {@code cdcClock}: the gauge {@value #CURRENT_LOG_TIME} (highest
 * commit time in milliseconds since the epoch, 0 before the first), the gauge {@value #CLOCK_AGE}
 * (milliseconds since that time, or since the start while there is none: the lag of the whole log),
 * and the counter {@value #STEPPED_CLOCK} (records committed more than five seconds after Debezium
 * handled them, or later than ten minutes from now).
 */
public final class CdcClock implements WatermarkStrategy<LogRecord> {
    private static final long serialVersionUID = 1L;

    static final String METRIC_GROUP = "cdcClock";
    static final String CURRENT_LOG_TIME = "currentLogTime";
    static final String CLOCK_AGE = "clockAgeMillis";
    static final String STEPPED_CLOCK = "steppedClockRecords";

    /** How far the clock may run ahead of the time at which Debezium handled a record. */
    public static final Duration MAX_LEAD = Duration.ofSeconds(5);

    /** How far it may run ahead of this machine's clock, which may be behind those of others. */
    static final Duration MAX_LEAD_OF_THIS_MACHINE = Duration.ofMinutes(10);

    /** Least and largest step of the watermark, and which share of the lag a step may be. */
    private static final Duration LEAST_STEP = Duration.ofMillis(10);

    private static final Duration LARGEST_STEP = Duration.ofSeconds(1);
    private static final int STEPS_TO_CATCH_UP = 100;

    /** By how much commit times may step back from one transaction to the next. */
    public static final long INVERSION_MICROS = 500;

    /** Where the present is read; not a plain supplier because Flink ships this object. */
    interface WallClock extends LongSupplier, Serializable {}

    private final WallClock wallClock;

    /** Shared by the generators Flink makes for the source and for its one split. */
    private transient Reading reading;

    CdcClock() {
        this(System::currentTimeMillis);
    }

    CdcClock(WallClock wallClock) {
        this.wallClock = wallClock;
    }

    /**
     * The latest commit time that is believed of a record: of the clock, and of whoever must not be
     * ahead of it.
     *
     * @param envelopeMillis when Debezium handled the record
     * @param wallMillis by this machine's clock
     */
    public static long latestMillis(long envelopeMillis, long wallMillis) {
        long latest = wallMillis + MAX_LEAD_OF_THIS_MACHINE.toMillis();
        return envelopeMillis < latest
                ? Math.min(envelopeMillis + MAX_LEAD.toMillis(), latest)
                : latest;
    }

    @Override
    public WatermarkGenerator<LogRecord> createWatermarkGenerator(
            WatermarkGeneratorSupplier.Context context) {
        if (reading == null) {
            reading = new Reading(context.getMetricGroup(), wallClock);
        }
        return new Generator(reading);
    }

    @Override
    public TimestampAssigner<LogRecord> createTimestampAssigner(
            TimestampAssignerSupplier.Context context) {
        return (element, kafkaMillis) ->
                switch (element.kind()) {
                    case CHANGE -> element.change().commitMillis();
                    case CLOCK -> Math.floorDiv(element.clock().commitMicros(), 1_000L);
                    case HEARTBEAT, TOMBSTONE, FOREIGN, UNREADABLE -> kafkaMillis;
                };
    }

    /** What the metrics tell of the clock. */
    private static final class Reading {
        private final LongSupplier wallClock;
        private final Counter steppedClock;
        private volatile long logMillis;

        Reading(MetricGroup metrics, LongSupplier wallClock) {
            this.wallClock = wallClock;
            long startedAt = wallClock.getAsLong();
            MetricGroup group = metrics.addGroup(METRIC_GROUP);
            group.gauge(CURRENT_LOG_TIME, () -> logMillis);
            group.gauge(
                    CLOCK_AGE,
                    () -> wallClock.getAsLong() - (logMillis == 0 ? startedAt : logMillis));
            steppedClock = group.counter(STEPPED_CLOCK);
        }

        long latestMillis(long envelopeMillis) {
            return CdcClock.latestMillis(envelopeMillis, wallClock.getAsLong());
        }

        /** Small where the log is read as it is written, larger the longer ago it was written. */
        long step() {
            long lag = wallClock.getAsLong() - logMillis;
            return Math.max(
                    LEAST_STEP.toMillis(),
                    Math.min(LARGEST_STEP.toMillis(), lag / STEPS_TO_CATCH_UP));
        }
    }

    private static final class Generator implements WatermarkGenerator<LogRecord> {
        private final Reading reading;
        private long highestMicros = Long.MIN_VALUE;
        private long emitted = Long.MIN_VALUE;

        /**
         * Between the rows of a snapshot and the clock message that tells what it has not shown.
         */
        private boolean afterSnapshot;

        Generator(Reading reading) {
            this.reading = reading;
        }

        @Override
        public void onEvent(LogRecord element, long timestamp, WatermarkOutput output) {
            switch (element.kind()) {
                case CHANGE -> {
                    ChangeEvent change = element.change();
                    if (isStreamed(change) && !element.replayed()) {
                        advance(change.commitMicros(), change.envelopeMillis());
                    } else if (isOfSnapshot(change) && !element.replayed()) {
                        afterSnapshot = true;
                    }
                }
                case CLOCK -> {
                    if (!element.replayed()) {
                        afterSnapshot = false;
                        advance(element.clock().commitMicros(), element.clock().envelopeMillis());
                    }
                }
                case HEARTBEAT, TOMBSTONE, FOREIGN, UNREADABLE -> {}
            }
            if (emitted == Long.MIN_VALUE || watermark() - emitted >= reading.step()) {
                emit(output);
            }
        }

        @Override
        public void onPeriodicEmit(WatermarkOutput output) {
            emit(output);
        }

        private static boolean isStreamed(ChangeEvent change) {
            return !change.fromSnapshot() && change.operation() != Operation.READ;
        }

        private static boolean isOfSnapshot(ChangeEvent change) {
            return change.fromSnapshot() && change.snapshot() != ChangeEvent.Snapshot.INCREMENTAL;
        }

        private void advance(long commitMicros, long envelopeMillis) {
            long mostMicros = reading.latestMillis(envelopeMillis) * 1_000;
            if (commitMicros > mostMicros) {
                reading.steppedClock.inc();
            }
            highestMicros = Math.max(highestMicros, Math.min(commitMicros, mostMicros));
            reading.logMillis = Math.floorDiv(highestMicros, 1_000L);
        }

        private long watermark() {
            return highestMicros == Long.MIN_VALUE
                    ? Long.MIN_VALUE
                    : Math.floorDiv(highestMicros - INVERSION_MICROS, 1_000L) - 1;
        }

        private void emit(WatermarkOutput output) {
            long watermark = watermark();
            if (watermark > emitted && !afterSnapshot) {
                emitted = watermark;
                output.emitWatermark(new Watermark(watermark));
            }
        }
    }
}
