package io.seqpulse.lifecycle.host;

import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.state.ReconciledFunction.SideOutputs;
import java.util.function.Consumer;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * What the current subject tells other operators.
 *
 * @param main the main output
 * @param side the side outputs
 */
public record Effects<O>(Collector<O> main, SideOutputs side) {

    /** Emits a value downstream. */
    public void emit(O value) {
        main.collect(value);
    }

    /** Emits a value by a side output. */
    public <X> void emit(OutputTag<X> tag, X value) {
        side.output(tag, value);
    }

    /** Where changes of KPIs go. */
    public Consumer<Increment> kpis() {
        return increment -> side.output(KpiOutputs.INCREMENTS, increment);
    }
}
