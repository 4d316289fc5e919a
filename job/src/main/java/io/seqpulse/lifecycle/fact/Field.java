package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.CapturedTable.Column;
import java.util.EnumSet;
import java.util.Set;

/**
 * A captured column as the job reads it. Times are microseconds since the epoch.
 *
 * @param <T> {@link Boolean}, {@link Long} for a time, or {@link String}
 * @param position its place among the table's captured columns
 */
public record Field<T>(CapturedTable table, int position, Class<T> type) {

    private static final Set<Column.Type> TEXTS =
            EnumSet.complementOf(EnumSet.of(Column.Type.FLAG, Column.Type.TIME));

    static Field<Boolean> flag(CapturedTable table, String column) {
        return of(table, column, Boolean.class, EnumSet.of(Column.Type.FLAG));
    }

    static Field<Long> time(CapturedTable table, String column) {
        return of(table, column, Long.class, EnumSet.of(Column.Type.TIME));
    }

    /** A column of any other type; a number stays the text that it is. */
    static Field<String> text(CapturedTable table, String column) {
        return of(table, column, String.class, TEXTS);
    }

    private static <T> Field<T> of(
            CapturedTable table, String column, Class<T> type, Set<Column.Type> accepted) {
        int position = table.position(column);
        if (!accepted.contains(table.columns().get(position).type())) {
            throw new IllegalArgumentException(
                    "%s.%s is no %s".formatted(table.label(), column, type.getSimpleName()));
        }
        return new Field<>(table, position, type);
    }

    /** The column's name. */
    public String name() {
        return column().name();
    }

    Column column() {
        return table.columns().get(position);
    }
}
