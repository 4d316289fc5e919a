package io.seqpulse.benchmark.history;

import java.util.List;

/**
 * One row inserted or updated.
 *
 * @param values the row after it, in the order of {@link Table#columns()}; elements may be null
 */
record Change(Table table, Operation operation, List<Object> values) {

    /** What happens to the row. */
    enum Operation {
        INSERT,
        UPDATE
    }

    Change {
        if (values.size() != table.columns().size()) {
            throw new IllegalArgumentException(
                    "%s has %s columns, not %s"
                            .formatted(table.label(), table.columns().size(), values.size()));
        }
    }

    /** The primary key's value. */
    Object key() {
        return values.get(0);
    }
}
