package io.seqpulse.lifecycle.deployment;

import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.fact.Columns.Deployments;
import io.seqpulse.lifecycle.fact.Row;
import io.seqpulse.lifecycle.kpi.EarliestTimes;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Objects;

/**
 * What a deployment's row says. Times are in microseconds since the epoch; {@link
 * EarliestTimes#NEVER} is none.
 */
record DeploymentRow(
        String projectId,
        String number,
        String environment,
        String branch,
        String state,
        long startedAt,
        long finishedAt) {

    static final DeploymentRow UNKNOWN =
            new DeploymentRow(
                    null, null, null, null, null, EarliestTimes.NEVER, EarliestTimes.NEVER);

    /** The row after a change; a column that the change does not tell is as before. */
    DeploymentRow after(Row row) {
        return new DeploymentRow(
                row.get(Deployments.PROJECT_ID, projectId),
                row.get(Deployments.NUMBER, number),
                row.get(Deployments.ENVIRONMENT, environment),
                row.get(Deployments.BRANCH, branch),
                row.get(Deployments.STATE, state),
                row.knows(Deployments.STARTED_AT)
                        ? orNever(row.get(Deployments.STARTED_AT))
                        : startedAt,
                row.knows(Deployments.FINISHED_AT)
                        ? orNever(row.get(Deployments.FINISHED_AT))
                        : finishedAt);
    }

    private static long orNever(Long micros) {
        return micros == null ? EarliestTimes.NEVER : micros;
    }

    boolean isFinished() {
        return "finished".equals(state) || "analyzed".equals(state);
    }

    /** Whether a verdict's email says the same of either. */
    boolean readsLike(DeploymentRow other) {
        return Objects.equals(projectId, other.projectId)
                && Objects.equals(number, other.number)
                && Objects.equals(environment, other.environment)
                && Objects.equals(branch, other.branch);
    }

    void write(DataOutput out) throws IOException {
        Compact.writeText(out, projectId);
        Compact.writeText(out, number);
        Compact.writeText(out, environment);
        Compact.writeText(out, branch);
        Compact.writeText(out, state);
        Compact.writeTime(out, orNull(startedAt));
        Compact.writeTime(out, orNull(finishedAt));
    }

    static DeploymentRow read(DataInput in) throws IOException {
        return new DeploymentRow(
                Compact.readText(in),
                Compact.readText(in),
                Compact.readText(in),
                Compact.readText(in),
                Compact.readText(in),
                orNever(Compact.readTime(in)),
                orNever(Compact.readTime(in)));
    }

    private static Long orNull(long micros) {
        return micros == EarliestTimes.NEVER ? null : micros;
    }
}
