package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import java.util.Objects;

/**
 * A project tells a user whether it is theirs, for the figures.
 *
 * @param owned whether it is; otherwise it was deleted or has another owner
 * @param key id of the user
 * @param id id of the project
 * @param atMicros when the project was created, microseconds since the epoch
 * @param source where it comes from
 */
public record OwnershipSignal(boolean owned, String key, String id, long atMicros, Source source)
        implements Signal {

    public OwnershipSignal {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(source, "source");
    }

    @Override
    public CapturedTable table() {
        return CapturedTable.PROJECTS;
    }
}
