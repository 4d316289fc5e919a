package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import java.util.Objects;

/**
 * A project tells its owner what it is to the segments they are in.
 *
 * @param key id of the owner
 * @param id id of the project
 * @param source where it comes from
 * @param project null: it is theirs no more
 */
public record ProjectSignal(String key, String id, Source source, OwnedProject project)
        implements Signal {

    public ProjectSignal {
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
        return CapturedTable.PROJECTS;
    }
}
