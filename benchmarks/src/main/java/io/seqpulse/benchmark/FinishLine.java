package io.seqpulse.benchmark;

import java.io.IOException;
import java.time.Instant;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/**
 * A sink that ends a lap when the log's clock has passed a time: all that was committed before has
 * gone through every operator then, and what came of it is flushed.
 */
final class FinishLine<T> implements Sink<T> {

    private static final long serialVersionUID = 1L;

    private final int lap;
    private final long endMillis;
    private final Sink<T> sink;

    private FinishLine(int lap, Instant end, Sink<T> sink) {
        this.lap = lap;
        this.endMillis = end.toEpochMilli();
        this.sink = sink;
    }

    /** Discards everything. */
    static <T> FinishLine<T> discarding(Lap lap, Instant end) {
        return new FinishLine<>(lap.number(), end, null);
    }

    /** Hands everything on to another sink. */
    static <T> FinishLine<T> before(Sink<T> sink, Lap lap, Instant end) {
        return new FinishLine<>(lap.number(), end, sink);
    }

    @Override
    public SinkWriter<T> createWriter(WriterInitContext context) throws IOException {
        return new Writer<>(
                Lap.of(lap),
                context.getTaskInfo().getIndexOfThisSubtask(),
                endMillis,
                sink == null ? null : sink.createWriter(context));
    }

    private record Writer<T>(Lap lap, int index, long endMillis, SinkWriter<T> writer)
            implements SinkWriter<T> {

        @Override
        public void write(T element, Context context) throws IOException, InterruptedException {
            lap.arrive();
            if (writer != null) {
                writer.write(element, context);
            }
        }

        @Override
        public void flush(boolean endOfInput) throws IOException, InterruptedException {
            if (writer != null) {
                writer.flush(endOfInput);
            }
        }

        @Override
        public void writeWatermark(Watermark watermark) throws IOException, InterruptedException {
            if (writer != null) {
                writer.writeWatermark(watermark);
            }
            if (watermark.getTimestamp() >= endMillis) {
                flush(false);
                lap.finish(index);
            }
        }

        @Override
        public void close() throws Exception {
            if (writer != null) {
                writer.close();
            }
        }
    }
}
