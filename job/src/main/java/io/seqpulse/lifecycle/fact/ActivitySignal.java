package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import java.util.Objects;

/**
 * By how much the activity of a project has changed: a deployment tells it its project, and the
 * project its owner.
 *
 * @param key id of the project that is told, or of its owner
 * @param id id of the project
 * @param source where it comes from
 * @param projectName its name; null where unknown, and from a deployment
 * @param change what is to be added; null: the project is theirs no more
 */
public record ActivitySignal(
        String key, String id, Source source, String projectName, Activity change)
        implements Signal {

    public ActivitySignal {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(source, "source");
    }

    @Override
    public long atMicros() {
        return source.committedAt() * MICROS_PER_MILLI;
    }

    @Override
    public CapturedTable table() {
        return CapturedTable.DEPLOYMENTS;
    }
}
