package io.seqpulse.lifecycle.deployment;

import io.seqpulse.lifecycle.fact.Departure;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Resnapshot;
import io.seqpulse.lifecycle.host.DeadLetters;
import io.seqpulse.lifecycle.host.KpiOutputs;
import io.seqpulse.lifecycle.kpi.DeploymentCohorts;
import io.seqpulse.lifecycle.kpi.Measures;
import io.seqpulse.lifecycle.state.CodecType;
import io.seqpulse.lifecycle.state.RecentState;
import io.seqpulse.lifecycle.state.SweptFunction;
import io.seqpulse.lifecycle.state.TimeToLive;
import java.time.Duration;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.util.Collector;

/**
 * Keyed by deployment: attaches what names only a deployment to the project it belongs to. What
 * waits ten minutes for its deployment is a dead letter, and waits on.
 */
public final class AttachDeployment extends SweptFunction<Fact, Fact> {

    /**
     * Longer than figures are corrected: what is told anew of a deployment that was forgotten must
     * not count a second time.
     */
    private static final Duration KEPT = Duration.ofDays(402);

    private final String topic;
    private final DeploymentCohorts cohorts;

    private transient DeadLetters deadLetters;
    private transient RecentState<Deployment> deployments;

    /**
     * @param topic the change log, named in dead letters
     * @param measures what is counted
     */
    public AttachDeployment(String topic, Measures measures) {
        this.topic = topic;
        this.cohorts = new DeploymentCohorts(measures);
    }

    @Override
    public void open(OpenContext context) {
        deployments = new RecentState<>(getRuntimeContext().getState(swept()));
        deadLetters = new DeadLetters(topic, getRuntimeContext().getMetricGroup());
    }

    @Override
    public RecentState<Deployment> recentState() {
        return deployments;
    }

    /** A deleted deployment was one all the same: its project is told only for the figures. */
    @Override
    public void processElement(Fact fact, ReadOnlyContext context, Collector<Fact> out)
            throws Exception {
        Deployment deployment = deployments.value(context.getCurrentKey());
        if (deployment == null) {
            deployment = new Deployment();
        }
        if (deployment.isOver(fact)) {
            return;
        }
        if (fact.kind() == FactKind.DEPLOYMENT_DELETED) {
            if (!deployment.outlived(fact)) {
                Departure departure = new Departure(fact.committedAt(), fact.position());
                depart(context.getCurrentKey(), deployment, departure, out, context::output);
            }
            return;
        }
        deployment.take(context.getCurrentKey(), fact).forEach(out::collect);
        count(deployment, fact, context::output);
        deployment.awaitRow(fact, context.timerService().currentWatermark());
        save(context.getCurrentKey(), deployment);
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
            deployment.forgetDeletions();
        }
        save(context.getCurrentKey(), deployment);
    }

    @Override
    protected ValueStateDescriptor<Deployment> swept() {
        return TimeToLive.of(
                KEPT,
                new ValueStateDescriptor<>("deployment", new CodecType<>(new DeploymentCodec())));
    }

    @Override
    protected void sweep(
            String currentKey, Resnapshot resnapshot, Collector<Fact> out, SideOutputs side)
            throws Exception {
        Deployment deployment = deployments.value(currentKey);
        if (deployment != null && deployment.isLackedBy(resnapshot)) {
            depart(currentKey, deployment, resnapshot.departure(), out, side);
        }
    }

    private void count(Deployment deployment, Fact fact, SideOutputs side) {
        boolean counted =
                switch (fact.kind()) {
                    case DEPLOYMENT, VERDICT, VERDICT_DELETED -> true;
                    default -> false;
                };
        if (counted && deployment.projectId() != null) {
            deployment.contributed.become(
                    cohorts.figures(deployment.counted()),
                    increment -> side.output(KpiOutputs.INCREMENTS, increment));
        }
    }

    @Override
    protected String counts() {
        return cohorts.measures().definition();
    }

    @Override
    protected void recount(String currentKey, SideOutputs side) throws Exception {
        Deployment deployment = deployments.value(currentKey);
        if (deployment != null && deployment.projectId() != null) {
            deployment.contributed.become(
                    cohorts.figures(deployment.counted()),
                    increment -> side.output(KpiOutputs.INCREMENTS, increment));
            deployments.update(currentKey, deployment);
        }
    }

    /** Forgets everything but that it was there. */
    private void depart(
            String key,
            Deployment deployment,
            Departure departure,
            Collector<Fact> out,
            SideOutputs side)
            throws Exception {
        deployment.contributed.become(
                Map.of(), increment -> side.output(KpiOutputs.INCREMENTS, increment));
        Fact end = deployment.end(key, departure);
        if (end != null) {
            out.collect(end);
        }
        Deployment gone = new Deployment();
        gone.timerAt = deployment.timerAt;
        gone.departure = departure;
        save(key, gone);
    }

    private void save(String key, Deployment deployment) throws Exception {
        long next = deployment.nextTime() == Long.MAX_VALUE ? 0 : deployment.nextTime();
        deployment.timerAt = moveTimer(key, deployment.timerAt, next);
        if (deployment.isEmpty()) {
            deployments.clear(key);
        } else {
            deployments.update(key, deployment);
        }
    }
}
