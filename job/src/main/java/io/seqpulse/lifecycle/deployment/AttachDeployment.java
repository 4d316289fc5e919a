package io.seqpulse.lifecycle.deployment;

import io.seqpulse.lifecycle.fact.Departure;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.host.DeadLetters;
import io.seqpulse.lifecycle.state.BuffersState;
import io.seqpulse.lifecycle.state.RecentState;
import java.time.Duration;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Keyed by deployment: attaches what names only a deployment to the project it belongs to. What
 * waits ten minutes for its deployment is a dead letter, and waits on.
 */
public final class AttachDeployment extends KeyedProcessFunction<String, Fact, Fact>
        implements BuffersState {

    /** The change log keeps 120 days; what is older than this can no longer be repeated. */
    private static final Duration KEPT = Duration.ofDays(180);

    private final String topic;

    private transient DeadLetters deadLetters;
    private transient RecentState<Deployment> deployments;

    /**
     * @param topic the change log, named in dead letters
     */
    public AttachDeployment(String topic) {
        this.topic = topic;
    }

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
        deployments = new RecentState<>(getRuntimeContext().getState(descriptor));
        deadLetters = new DeadLetters(topic, getRuntimeContext().getMetricGroup());
    }

    @Override
    public RecentState<Deployment> recentState() {
        return deployments;
    }

    /** A deleted deployment was one all the same: its project is told nothing. */
    @Override
    public void processElement(Fact fact, Context context, Collector<Fact> out) throws Exception {
        Deployment deployment = deployments.value(context.getCurrentKey());
        if (deployment == null) {
            deployment = new Deployment();
        }
        if (deployment.isOver(fact)) {
            return;
        }
        if (fact.kind() == FactKind.DEPLOYMENT_DELETED) {
            if (!deployment.outlived(fact)) {
                depart(deployment, new Departure(fact.committedAt(), fact.position()), context);
            }
            return;
        }
        deployment.take(context.getCurrentKey(), fact).forEach(out::collect);
        deployment.awaitRow(fact, context.timerService().currentWatermark());
        save(deployment, context);
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<Fact> out)
            throws Exception {
        Deployment deployment = deployments.value(context.getCurrentKey());
        if (deployment == null || deployment.timerAt != timestamp) {
            return;
        }
        deployment.timerAt = 0;
        if (deployment.orphans != null) {
            long wall = context.timerService().currentProcessingTime();
            deadLetters.giveUp(
                    deployment.orphans,
                    timestamp,
                    wall,
                    letter -> context.output(DeadLetters.OUTPUT, letter));
        }
        if (deployment.departure != null && timestamp >= deployment.departure.forgetAt()) {
            deployment.departure = null;
        }
        save(deployment, context);
    }

    /** Forgets everything but that it was there. */
    private void depart(Deployment deployment, Departure departure, Context context)
            throws Exception {
        Deployment gone = new Deployment();
        gone.timerAt = deployment.timerAt;
        gone.departure = departure;
        save(gone, context);
    }

    private void save(Deployment deployment, Context context) throws Exception {
        long next = deployment.nextTime() == Long.MAX_VALUE ? 0 : deployment.nextTime();
        if (next != deployment.timerAt) {
            if (deployment.timerAt != 0) {
                context.timerService().deleteEventTimeTimer(deployment.timerAt);
            }
            if (next != 0) {
                context.timerService().registerEventTimeTimer(next);
            }
            deployment.timerAt = next;
        }
        if (deployment.isEmpty()) {
            deployments.clear(context.getCurrentKey());
        } else {
            deployments.update(context.getCurrentKey(), deployment);
        }
    }
}
