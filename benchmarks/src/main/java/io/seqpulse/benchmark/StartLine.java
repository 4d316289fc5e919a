package io.seqpulse.benchmark;

import io.seqpulse.connector.debezium.LogRecord;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/** Holds the first record back until the lap is started, then lets everything pass. */
final class StartLine extends ProcessFunction<LogRecord, LogRecord> {

    private static final long serialVersionUID = 1L;

    private final int lap;
    private final long uncounted;
    private transient long seen;

    /**
     * @param uncounted how many records pass before time counts
     */
    StartLine(int lap, long uncounted) {
        this.lap = lap;
        this.uncounted = uncounted;
    }

    @Override
    public void processElement(LogRecord record, Context context, Collector<LogRecord> out)
            throws InterruptedException {
        if (seen == 0) {
            Lap.of(lap).awaitStart();
        }
        if (seen == uncounted) {
            Lap.of(lap).begin();
        }
        seen++;
        out.collect(record);
    }
}
