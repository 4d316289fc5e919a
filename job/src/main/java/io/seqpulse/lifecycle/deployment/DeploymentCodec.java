package io.seqpulse.lifecycle.deployment;

import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.detect.HappeningCodec;
import io.seqpulse.lifecycle.fact.AbsenceCodec;
import io.seqpulse.lifecycle.kpi.LedgerCodec;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** How state keeps a deployment. */
public final class DeploymentCodec implements Codec<Deployment> {

    private static final long serialVersionUID = 1L;

    private static final int LAYOUT = 2;

    @Override
    public Class<Deployment> type() {
        return Deployment.class;
    }

    @Override
    public void write(Deployment deployment, DataOutput out) throws IOException {
        Compact.writeVersion(out, LAYOUT);
        Compact.writeTexts(out, deployment.row);
        out.writeBoolean(deployment.toldFinished);
        Compact.writeNumber(out, deployment.committedAt);
        Compact.writeNumber(out, deployment.position);
        Compact.writeNumber(out, deployment.seen);
        out.writeBoolean(deployment.verdict != null);
        if (deployment.verdict != null) {
            HappeningCodec.write(deployment.verdict, out);
        }
        Compact.writeNumber(out, deployment.verdictPosition);
        Compact.writeMap(out, deployment.hints, HappeningCodec::write);
        Compact.writeNumbers(out, deployment.hintPositions);
        Compact.writeMap(out, deployment.samples, HappeningCodec::write);
        AbsenceCodec.write(deployment.orphans, out);
        AbsenceCodec.writeDeparture(deployment.departure, out);
        Compact.writeNumber(out, deployment.timerAt);
        Compact.writeNumber(out, deployment.verdictMicros);
        Compact.writeText(out, deployment.deletedVerdict);
        AbsenceCodec.writeDeparture(deployment.verdictDeletion, out);
        Compact.writeNumber(out, deployment.finishedSeenAt);
        LedgerCodec.write(deployment.contributed, out);
    }

    @Override
    public Deployment read(DataInput in) throws IOException {
        int layout = Compact.readVersion(in, "a deployment", LAYOUT);
        Deployment deployment = new Deployment();
        deployment.row = Compact.readTexts(in);
        deployment.toldFinished = in.readBoolean();
        deployment.committedAt = Compact.readNumber(in);
        deployment.position = Compact.readNumber(in);
        deployment.seen = Compact.readNumber(in);
        deployment.verdict = in.readBoolean() ? HappeningCodec.read(in) : null;
        deployment.verdictPosition = Compact.readNumber(in);
        deployment.hints = Compact.readMap(in, HappeningCodec::read);
        deployment.hintPositions = Compact.readNumbers(in);
        deployment.samples = Compact.readMap(in, HappeningCodec::read);
        deployment.orphans = AbsenceCodec.read(in);
        deployment.departure = AbsenceCodec.readDeparture(in);
        deployment.timerAt = Compact.readNumber(in);
        if (layout >= 2) {
            deployment.verdictMicros = (int) Compact.readNumber(in);
            deployment.deletedVerdict = Compact.readText(in);
            deployment.verdictDeletion = AbsenceCodec.readDeparture(in);
            deployment.finishedSeenAt = Compact.readNumber(in);
            LedgerCodec.read(deployment.contributed, in);
        }
        return deployment;
    }
}
