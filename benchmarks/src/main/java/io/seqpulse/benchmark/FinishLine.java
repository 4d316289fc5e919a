package io.seqpulse.benchmark;

import java.io.IOException;
import java.io.Serializable;
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
    private final Kinds<T> kinds;
    private final Sink<T> sink;

    /** Under what an element is counted. */
    interface Kinds<T> extends Serializable {
        String of(T element);
    }

    private FinishLine(int lap, Instant end, Kinds<T> kinds, Sink<T> sink) {
        this.lap = lap;
        this.endMillis = end.toEpochMilli();
        this.kinds = kinds;
        this.sink = sink;
    }

    /** Discards everything. */
    static <T> FinishLine<T> discarding(Lap lap, Instant end, Kinds<T> kinds) {
        return new FinishLine<>(lap.number(), end, kinds, null);
    }

    /** Hands everything on to another sink. */
    static <T> FinishLine<T> before(Sink<T> sink, Lap lap, Instant end, Kinds<T> kinds) {
        return new FinishLine<>(lap.number(), end, kinds, sink);
    }

    @Override
    public SinkWriter<T> createWriter(WriterInitContext context) throws IOException {
        return new Writer<>(
                Lap.of(lap),
                context.getTaskInfo().getIndexOfThisSubtask(),
                endMillis,
                kinds,
                sink == null ? null : sink.createWriter(context));
    }

    private record Writer<T>(
            Lap lap, int index, long endMillis, Kinds<T> kinds, SinkWriter<T> writer)
            implements SinkWriter<T> {

        @Override
        public void write(T element, Context context) throws IOException, InterruptedException {
            lap.arrive(kinds.of(element));
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
