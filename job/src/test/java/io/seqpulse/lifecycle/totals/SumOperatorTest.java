package io.seqpulse.lifecycle.totals;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;
import java.util.List;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SumOperatorTest {

    private OneInputStreamOperatorTestHarness<Increment, Increment> harness;

    @BeforeEach
    void open() throws Exception {
        harness = new OneInputStreamOperatorTestHarness<>(new SumOperator());
        harness.setProcessingTime(1_000);
        harness.open();
    }

    @AfterEach
    void close() throws Exception {
        harness.close();
    }

    @Test
    void addsUpUntilTheWatermarkAndPassesOnBeforeIt() throws Exception {
        add(1, 0, 1);
        add(1, 1, 0);
        add(2, 0, 1);
        assertThat(harness.getOutput()).isEmpty();

        harness.processWatermark(new Watermark(5));

        List<Object> output = List.copyOf(harness.getOutput());
        assertThat(output).hasSize(3);
        assertThat(output.get(2)).isEqualTo(new Watermark(5));
        assertThat(harness.extractOutputValues())
                .containsExactlyInAnyOrder(increment(1, 1, 1), increment(2, 0, 1));
    }

    @Test
    void passesOnBeforeACheckpointAndAfterAMoment() throws Exception {
        add(1, 0, 1);
        harness.prepareSnapshotPreBarrier(1);
        assertThat(harness.extractOutputValues()).containsExactly(increment(1, 0, 1));
        add(1, 0, 1);
        harness.setProcessingTime(1_050);
        assertThat(harness.extractOutputValues()).hasSize(2);
    }

    @Test
    void saysNothingWhereNothingIsLeft() throws Exception {
        add(1, 1, 1);
        add(1, -1, -1);
        harness.processWatermark(new Watermark(5));
        assertThat(harness.extractOutputValues()).isEmpty();
    }

    private void add(long minute, long numerator, long denominator) throws Exception {
        harness.processElement(new StreamRecord<>(increment(minute, numerator, denominator)));
    }

    private static Increment increment(long minute, long numerator, long denominator) {
        return new Increment(Relation.COHORT, "kpi", minute, numerator, denominator);
    }
}
