package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Columns of one row, each with the type it has. A column that the log does not tell, such as a
 * long text that an update left alone, is unknown, which is not null.
 */
public final class Row {

    private final CapturedTable table;
    private final Object[] values;
    private long known;

    private Row(CapturedTable table) {
        this.table = table;
        this.values = new Object[table.columns().size()];
    }

    /** A row of which nothing is known. */
    static Row unknown(CapturedTable table) {
        return new Row(table);
    }

    /** Its table. */
    public CapturedTable table() {
        return table;
    }

    /** The same row, of which one column more is known. */
    public <T> Row with(Field<T> field, T value) {
        Row row = new Row(table);
        System.arraycopy(values, 0, row.values, 0, values.length);
        row.known = known;
        row.set(field, value);
        return row;
    }

    /** Only while it is made. */
    void set(Field<?> field, Object value) {
        check(field);
        values[field.position()] = field.type().cast(value);
        known |= bit(field.position());
    }

    /** Whether the log says what is in the column, be it null. */
    public boolean knows(Field<?> field) {
        check(field);
        return (known & bit(field.position())) != 0;
    }

    /** The column's value; null where that is null or unknown. */
    public <T> T get(Field<T> field) {
        check(field);
        return field.type().cast(values[field.position()]);
    }

    /** The column's value, or the one it had where the log does not tell it. */
    public <T> T get(Field<T> field, T before) {
        return knows(field) ? get(field) : before;
    }

    /** Whether a flag is known to be set. */
    public boolean isTrue(Field<Boolean> field) {
        return Boolean.TRUE.equals(get(field));
    }

    /** Whether a flag is known not to be set. */
    public boolean isFalse(Field<Boolean> field) {
        return Boolean.FALSE.equals(get(field));
    }

    /** A time in milliseconds since the epoch, or 0 where there is none. */
    public long millisOrZero(Field<Long> field) {
        Long micros = get(field);
        return micros == null ? 0 : Math.floorDiv(micros, Fact.MICROS_PER_MILLI);
    }

    private void check(Field<?> field) {
        if (field.table() != table) {
            throw new IllegalArgumentException(
                    "%s.%s in a row of %s"
                            .formatted(field.table().label(), field.name(), table.label()));
        }
    }

    private static long bit(int position) {
        return 1L << position;
    }

    void write(DataOutput out) throws IOException {
        Compact.writeNumber(out, known);
        for (int position = 0; position < values.length; position++) {
            if ((known & bit(position)) != 0) {
                write(values[position], position, out);
            }
        }
    }

    private void write(Object value, int position, DataOutput out) throws IOException {
        switch (table.columns().get(position).type()) {
            case TIME -> Compact.writeTime(out, (Long) value);
            case FLAG -> Compact.writeFlag(out, (Boolean) value);
            case KEY, WORD, LIST, JSON, NUMBER, ID, TEXT -> Compact.writeText(out, (String) value);
        }
    }

    static Row read(CapturedTable table, DataInput in) throws IOException {
        Row row = new Row(table);
        row.known = Compact.readNumber(in);
        for (int position = 0; position < row.values.length; position++) {
            if ((row.known & bit(position)) != 0) {
                row.values[position] = read(table, position, in);
            }
        }
        return row;
    }

    private static Object read(CapturedTable table, int position, DataInput in) throws IOException {
        return switch (table.columns().get(position).type()) {
            case TIME -> Compact.readTime(in);
            case FLAG -> Compact.readFlag(in);
            case KEY, WORD, LIST, JSON, NUMBER, ID, TEXT -> Compact.readText(in);
        };
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Row row
                && table == row.table
                && known == row.known
                && Arrays.equals(values, row.values);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(values) * 31 + Long.hashCode(known);
    }

    @Override
    public String toString() {
        List<String> told = new ArrayList<>();
        for (int position = 0; position < values.length; position++) {
            if ((known & bit(position)) != 0) {
                told.add(table.columns().get(position).name() + "=" + values[position]);
            }
        }
        return table.label() + told;
    }
}
