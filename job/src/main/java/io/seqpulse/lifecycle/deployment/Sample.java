package io.seqpulse.lifecycle.deployment;

import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.fact.Columns.Samples;
import io.seqpulse.lifecycle.fact.RowChange;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * The metrics of a deployment in one phase.
 *
 * @param at when they were collected, epoch milliseconds
 * @param latencyP95 95th percentile of latency, in milliseconds, as the product writes it; or null
 * @param errorRate a share of 1, as the product writes it; or null
 */
record Sample(long at, String latencyP95, String errorRate) {

    static Sample of(RowChange change) {
        return new Sample(
                change.at(),
                change.row().get(Samples.LATENCY_P95),
                change.row().get(Samples.ERROR_RATE));
    }

    void write(DataOutput out) throws IOException {
        Compact.writeNumber(out, at);
        Compact.writeText(out, latencyP95);
        Compact.writeText(out, errorRate);
    }

    static Sample read(DataInput in) throws IOException {
        return new Sample(Compact.readNumber(in), Compact.readText(in), Compact.readText(in));
    }
}
