package io.seqpulse.lifecycle.decode;

import io.seqpulse.connector.debezium.LogRecord;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * Stands behind the source and refuses an end of the log, which has none: a stop with {@code
 * --drain} fails the attempt, and the job goes on from its last checkpoint. Let through, the end
 * would be the end of time, at which everything is due; and a job that has finished has no
 * checkpoints left, which Flink removes then.
 */
public final class EndlessLog extends AbstractStreamOperator<LogRecord>
        implements OneInputStreamOperator<LogRecord, LogRecord> {

    private static final long serialVersionUID = 1L;

    @Override
    public void processElement(StreamRecord<LogRecord> record) {
        output.collect(record);
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        if (mark.getTimestamp() == Watermark.MAX_WATERMARK.getTimestamp()) {
            throw new FlinkRuntimeException(
                    "the change log was told to end, and it never does: stop the job with a"
                            + " savepoint and without --drain; it goes on from its last checkpoint");
        }
        super.processWatermark(mark);
    }
}
