package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import java.util.Objects;

/**
 * What a row says now, or that it was deleted.
 *
 * @param deleted whether the row is no more; nothing is known of its columns then
 * @param key id of the subject whose stream it is on
 * @param id id of the row
 * @param atMicros the row's own time, microseconds since the epoch; its commit's where it has none
 * @param source where it comes from
 * @param row the columns that its stream is told
 */
public record RowChange(
        boolean deleted, String key, String id, long atMicros, Source source, Row row)
        implements Fact {

    public RowChange {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(row, "row");
    }

    /** The row {@code id} was deleted, at its commit. */
    public static RowChange deletion(CapturedTable table, String key, String id, Source source) {
        long atMicros = source.committedAt() * MICROS_PER_MILLI;
        return new RowChange(true, key, id, atMicros, source, Row.unknown(table));
    }

    @Override
    public CapturedTable table() {
        return row.table();
    }

    /** Whether it says what is in the row of a table. */
    public boolean tells(CapturedTable table) {
        return !deleted && table() == table;
    }

    /** Whether it says that a row of a table was deleted. */
    public boolean deletes(CapturedTable table) {
        return deleted && table() == table;
    }

    /** The same change, told without its columns. */
    RowChange withoutColumns() {
        return new RowChange(deleted, key, id, atMicros, source, Row.unknown(table()));
    }
}
