package io.seqpulse.lifecycle.deployment;

import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.fact.Activity;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.Tombstone;
import io.seqpulse.lifecycle.kpi.CohortStateCodec;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Binary layout of {@link Deployment} in state. */
public final class DeploymentCodec implements Codec<Deployment> {

    private static final long serialVersionUID = 1L;

    private static final int LAYOUT = 1;

    @Override
    public Class<Deployment> type() {
        return Deployment.class;
    }

    @Override
    public void write(Deployment deployment, DataOutput out) throws IOException {
        Compact.writeVersion(out, LAYOUT);
        deployment.row.write(out);
        Deadlines.write(deployment.timerAt, out);
        deployment.columns.write(out);
        out.writeBoolean(deployment.toldFinished);
        Compact.writeNumber(out, deployment.seenAt);
        Compact.writeNumber(out, deployment.startsAt);
        out.writeBoolean(deployment.verdict != null);
        if (deployment.verdict != null) {
            deployment.verdict.write(out);
        }
        Compact.writeMap(out, deployment.hints, Hint::write);
        Compact.writeMap(out, deployment.samples, Sample::write);
        Compact.writeText(out, deployment.deletedVerdict);
        Tombstone.write(deployment.verdictDeletion, out);
        Compact.writeNumber(out, deployment.finishedSeenAt);
        CohortStateCodec.write(deployment.contributed, out);
        deployment.activity.write(out);
        Compact.writeText(out, deployment.activityOf);
    }

    @Override
    public Deployment read(DataInput in) throws IOException {
        Compact.readVersion(in, "a deployment", LAYOUT);
        Deployment deployment = new Deployment();
        deployment.row.read(in);
        deployment.timerAt = Deadlines.read(in);
        deployment.columns = DeploymentRow.read(in);
        deployment.toldFinished = in.readBoolean();
        deployment.seenAt = Compact.readNumber(in);
        deployment.startsAt = Compact.readNumber(in);
        deployment.verdict = in.readBoolean() ? Verdict.read(in) : null;
        deployment.hints = Compact.readMap(in, Hint::read);
        deployment.samples = Compact.readMap(in, Sample::read);
        deployment.deletedVerdict = Compact.readText(in);
        deployment.verdictDeletion = Tombstone.read(in);
        deployment.finishedSeenAt = Compact.readNumber(in);
        CohortStateCodec.read(deployment.contributed, in);
        deployment.activity = Activity.read(in);
        deployment.activityOf = Compact.readText(in);
        return deployment;
    }
}
