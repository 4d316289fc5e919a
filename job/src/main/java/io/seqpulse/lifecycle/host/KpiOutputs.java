package io.seqpulse.lifecycle.host;

import io.seqpulse.lifecycle.kpi.Increment;
import org.apache.flink.util.OutputTag;

/** Side outputs carrying KPI increments. */
public final class KpiOutputs {

    /** Changes of figures, from every operator that counts something. */
    public static final OutputTag<Increment> INCREMENTS =
            new OutputTag<>("kpi-increments", StreamTypes.INCREMENT);

    private KpiOutputs() {}
}
