package io.seqpulse.connector.jdbc;

import java.util.List;

/**
 * Rows that are written together, and up to when all rows are there then.
 *
 * @param rows each target once
 * @param checkpoint the checkpoint after which they were told
 * @param asOfMillis the time on the log's clock up to which everything has been written with them,
 *     in milliseconds since the epoch; null: that is not the case yet
 * @param claim how many claims whoever tells it knew of; its time is not told under a later one
 */
public record KpiBatch(List<KpiRow> rows, long checkpoint, Long asOfMillis, long claim) {

    public KpiBatch {
        rows = List.copyOf(rows);
    }
}
