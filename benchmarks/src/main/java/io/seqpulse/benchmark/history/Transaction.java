package io.seqpulse.benchmark.history;

import java.util.List;

/**
 * Changes that are committed together.
 *
 * @param commitMicros when, in microseconds since the epoch
 */
public record Transaction(long commitMicros, List<Change> changes) {

    public Transaction {
        changes = List.copyOf(changes);
    }
}
