package io.seqpulse.lifecycle.totals;

import io.seqpulse.lifecycle.kpi.Count;
import io.seqpulse.lifecycle.kpi.Figure;
import io.seqpulse.lifecycle.kpi.Increment;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Adds up the increments of the same figure before they travel: subjects that come close together
 * count in the same minutes. Holds nothing back: what it has goes on before every watermark and
 * every checkpoint, and after {@value #LONGEST_MILLIS} ms.
 */
public final class SumOperator extends AbstractStreamOperator<Increment>
        implements OneInputStreamOperator<Increment, Increment> {

    private static final long serialVersionUID = 1L;

    private static final long LONGEST_MILLIS = 50;
    private static final int MOST = 10_000;

    private transient Map<Figure, Count> sums;

    @Override
    public void open() throws Exception {
        super.open();
        sums = new HashMap<>();
        tick();
    }

    private void tick() {
        getProcessingTimeService()
                .registerTimer(
                        getProcessingTimeService().getCurrentProcessingTime() + LONGEST_MILLIS,
                        time -> {
                            passOn();
                            tick();
                        });
    }

    @Override
    public void processElement(StreamRecord<Increment> record) {
        Increment increment = record.getValue();
        sums.merge(
                new Figure(increment.relation(), increment.series(), increment.bucketMinute()),
                new Count(increment.numerator(), increment.denominator()),
                Count::plus);
        if (sums.size() >= MOST) {
            passOn();
        }
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        passOn();
        if (mark.getTimestamp() != Watermark.MAX_WATERMARK.getTimestamp()) {
            super.processWatermark(mark); // the end of a stream is no time
        }
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpointId) {
        passOn();
    }

    @Override
    public void finish() throws Exception {
        passOn();
        super.finish();
    }

    private void passOn() {
        sums.forEach(
                (figure, sum) -> {
                    if (!sum.equals(Count.ZERO)) {
                        output.collect(new StreamRecord<>(Increment.of(figure, sum)));
                    }
                });
        sums.clear();
    }
}
