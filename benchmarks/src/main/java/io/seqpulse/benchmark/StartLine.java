package io.seqpulse.benchmark;

import io.seqpulse.connector.debezium.LogRecord;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/** Holds the first record back until the lap is started, then lets everything pass. */
final class StartLine extends ProcessFunction<LogRecord, LogRecord> {

    private static final long serialVersionUID = 1L;

    private final int lap;
    private transient boolean started;

    StartLine(int lap) {
        this.lap = lap;
    }

    @Override
    public void processElement(LogRecord record, Context context, Collector<LogRecord> out)
            throws InterruptedException {
        if (!started) {
            Lap.of(lap).awaitStart();
            started = true;
        }
        out.collect(record);
    }
}
