package io.seqpulse.lifecycle;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/** A sink that keeps what arrives for the test to look at; of all jobs in this JVM together. */
final class Arrivals<T> implements Sink<T> {

    private static final long serialVersionUID = 1L;

    /** All that arrived, in its order. */
    static final Queue<Object> ARRIVED = new ConcurrentLinkedQueue<>();

    @Override
    public SinkWriter<T> createWriter(WriterInitContext context) {
        return new SinkWriter<>() {
            @Override
            public void write(T element, Context context) {
                ARRIVED.add(element);
            }

            @Override
            public void flush(boolean endOfInput) {}

            @Override
            public void close() {}
        };
    }
}
