package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import java.util.Objects;

/**
 * A deployment tells its project what events do not say.
 *
 * @param key id of the project
 * @param id id of the deployment
 * @param atMicros when, microseconds since the epoch
 * @param source where it comes from
 * @param environment where the deployment is, or was; null where unknown
 * @param verdict the one it has; only with {@link Kind#VERDICT_KEPT}
 * @param deleted whether the row was deleted
 */
public record DeploymentSignal(
        Kind kind,
        String key,
        String id,
        long atMicros,
        Source source,
        String environment,
        String verdict,
        boolean deleted)
        implements Signal {

    /** What is told. */
    public enum Kind {
        /** The deployment was deleted, or is another project's, or has not started after all. */
        GONE(0),
        /** The verdict was deleted, or its environment or time changed. */
        VERDICT_GONE(1),
        /** A deployment that came from another project or environment has a verdict. */
        VERDICT_KEPT(2);

        private static final Kind[] BY_ID = values();

        private final int id;

        Kind(int id) {
            this.id = id;
        }

        int id() {
            return id;
        }

        static Kind byId(int id) {
            return BY_ID[id];
        }
    }

    public DeploymentSignal {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(source, "source");
    }

    /** Something is no more since its cause was committed. */
    public static DeploymentSignal gone(
            Kind kind,
            String project,
            String id,
            Source source,
            String environment,
            boolean deleted) {
        long atMicros = source.committedAt() * MICROS_PER_MILLI;
        return new DeploymentSignal(
                kind, project, id, atMicros, source, environment, null, deleted);
    }

    @Override
    public CapturedTable table() {
        return kind == Kind.GONE ? CapturedTable.DEPLOYMENTS : CapturedTable.DEPLOYMENT_VERDICTS;
    }
}
