package io.seqpulse.lifecycle.deployment;

import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.state.RecentState;
import java.time.Duration;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/** Keyed by deployment: attaches what names only a deployment to the project it belongs to. */
public final class AttachDeployment extends KeyedProcessFunction<String, Fact, Fact> {

    /** The change log keeps 120 days; what is older than this can no longer be repeated. */
    private static final Duration KEPT = Duration.ofDays(180);

    /** About a kilobyte each. */
    private static final int RECENT_DEPLOYMENTS = 4_096;

    private transient RecentState<Deployment> deployments;

    @Override
    public void open(OpenContext context) {
        ValueStateDescriptor<Deployment> descriptor =
                new ValueStateDescriptor<>("deployment", Types.POJO(Deployment.class));
        descriptor.enableTimeToLive(
                StateTtlConfig.newBuilder(KEPT)
                        .setUpdateType(StateTtlConfig.UpdateType.OnCreateAndWrite)
                        .setStateVisibility(StateTtlConfig.StateVisibility.NeverReturnExpired)
                        .cleanupInRocksdbCompactFilter(10_000)
                        .build());
        deployments =
                new RecentState<>(getRuntimeContext().getState(descriptor), RECENT_DEPLOYMENTS);
    }

    /** A deleted deployment was one all the same: its project is told nothing. */
    @Override
    public void processElement(Fact fact, Context context, Collector<Fact> out) throws Exception {
        if (fact.kind() == FactKind.DEPLOYMENT_DELETED) {
            deployments.clear(context.getCurrentKey());
            return;
        }
        Deployment deployment = deployments.value(context.getCurrentKey());
        if (deployment == null) {
            deployment = new Deployment();
        }
        deployment.take(context.getCurrentKey(), fact).forEach(out::collect);
        deployments.update(context.getCurrentKey(), deployment);
    }
}
