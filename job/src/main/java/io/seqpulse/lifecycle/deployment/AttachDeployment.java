package io.seqpulse.lifecycle.deployment;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.fact.Source;
import io.seqpulse.lifecycle.fact.Tombstone;
import io.seqpulse.lifecycle.host.Effects;
import io.seqpulse.lifecycle.host.SubjectFunction;
import io.seqpulse.lifecycle.kpi.DeploymentCohorts;
import io.seqpulse.lifecycle.kpi.KpiIndex;
import io.seqpulse.lifecycle.state.CodecType;
import io.seqpulse.lifecycle.state.TimeToLive;
import java.time.Duration;
import java.util.Map;
import org.apache.flink.api.common.state.ValueStateDescriptor;

/**
 * Keyed by deployment: attaches what names only a deployment to the project it belongs to. What
 * waits ten minutes for its deployment is a dead letter, and waits on.
 */
public final class AttachDeployment extends SubjectFunction<RowChange, Deployment, Fact> {

    /**
     * Longer than figures are corrected: what is told anew of a deployment that was forgotten must
     * not count a second time.
     */
    private static final Duration KEPT = Duration.ofDays(402);

    private final DeploymentCohorts cohorts;

    /**
     * @param topic the change log, named in dead letters
     * @param measures what is counted
     */
    public AttachDeployment(String topic, KpiIndex measures) {
        super(topic);
        this.cohorts = new DeploymentCohorts(measures);
    }

    @Override
    protected Deployment create() {
        return new Deployment();
    }

    @Override
    protected ValueStateDescriptor<Deployment> stateDescriptor() {
        return TimeToLive.of(
                KEPT,
                new ValueStateDescriptor<>("deployment", new CodecType<>(new DeploymentCodec())));
    }

    /** A deleted deployment was one all the same: its project is told only for the figures. */
    @Override
    protected void apply(
            String id, Deployment deployment, RowChange change, Effects<Fact> effects) {
        if (deployment.row.isOver(change)) {
            return;
        }
        if (change.deletes(CapturedTable.DEPLOYMENTS)) {
            if (!deployment.row.outlived(change.position())) {
                delete(id, deployment, Tombstone.of(change), effects);
            }
            return;
        }
        deployment.take(id, change).forEach(effects::emit);
        if (change.table() != CapturedTable.METRIC_SAMPLES) {
            deployment.activityChanges(change.source()).forEach(effects::emit);
        }
        if (isCounted(change.table())) {
            count(deployment, effects);
        }
        deployment.awaitRow(change, clock());
    }

    @Override
    protected void advanceTo(String id, Deployment deployment, long now, Effects<Fact> effects) {
        for (Fact started : deployment.advanceTo(id, now)) {
            effects.emit(started);
            deployment.activityChanges(started.source()).forEach(effects::emit);
            count(deployment, effects);
        }
    }

    @Override
    protected boolean reconcile(
            String id, Deployment deployment, SnapshotBoundary boundary, Effects<Fact> effects) {
        if (!deployment.row.isMissingFrom(boundary, CapturedTable.DEPLOYMENTS.label())) {
            return false;
        }
        delete(id, deployment, boundary.tombstone(), effects);
        return true;
    }

    private static boolean isCounted(CapturedTable table) {
        return table == CapturedTable.DEPLOYMENTS || table == CapturedTable.DEPLOYMENT_VERDICTS;
    }

    private void count(Deployment deployment, Effects<Fact> effects) {
        if (deployment.projectId() != null) {
            deployment.contributed.become(cohorts.figures(deployment.counted()), effects.kpis());
        }
    }

    @Override
    protected String counts() {
        return cohorts.measures().definition();
    }

    @Override
    protected void recount(String id, Deployment deployment, long now, Effects<Fact> effects) {
        count(deployment, effects);
    }

    private static void delete(
            String id, Deployment deployment, Tombstone tombstone, Effects<Fact> effects) {
        deployment.contributed.become(Map.of(), effects.kpis());
        Fact end = deployment.end(id, tombstone);
        if (end != null) {
            effects.emit(end);
        }
        Source source = new Source(tombstone.at(), tombstone.position(), Origin.CHANGED);
        deployment.activityEnd(source).forEach(effects::emit);
        deployment.delete(tombstone);
    }
}
