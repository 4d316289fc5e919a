package io.seqpulse.benchmark.history;

import java.util.Objects;

/**
 * A captured column.
 *
 * @param type what its values are; any of them may be null
 */
record Column(String name, Type type) {

    /** The kinds of column there are, and the Java values that stand for theirs. */
    enum Type {
        /** {@link java.util.UUID}. */
        UUID,
        /** {@link String}. */
        TEXT,
        /** {@link Boolean}. */
        BOOLEAN,
        /** {@link Number}, whole. */
        INTEGER,
        /** {@link java.math.BigDecimal} of the column's scale. */
        NUMERIC,
        /** {@link Long}: microseconds since the epoch. */
        TIMESTAMPTZ,
        /** {@link Long}: microseconds since the epoch, in UTC. */
        TIMESTAMP,
        /** {@link java.util.List} of texts. */
        TEXT_ARRAY
    }

    Column {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(type, "type");
    }
}
