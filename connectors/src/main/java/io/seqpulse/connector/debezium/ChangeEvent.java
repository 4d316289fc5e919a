package io.seqpulse.connector.debezium;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One committed change of one row, or a row as a snapshot found it.
 *
 * <p>Column values are text: booleans {@code true} and {@code false}, numbers in plain notation,
 * arrays and objects as JSON. A column that is null in the database is <em>present with a null
 * value</em>; a column the log does not tell (not captured, or a large value the update did not
 * touch) is <em>absent</em>: keep what you remember.
 *
 * <p>The accessors read {@link #row()}: the row after the change, or only the key when the row was
 * deleted. They return null for a null or absent column and throw {@link UnusableChangeException}
 * for a value of another type.
 *
 * @param table name of the table, without its schema
 * @param operation what happened
 * @param key the columns of the primary key; empty for a table that has none
 * @param before the row before the change as the log gives it, empty where it gives none. Of a
 *     deleted row it may hold invented defaults: unless the table's replica identity is full, only
 *     the key's columns are genuine, and the log does not say which it is
 * @param after the row after the change; empty for a delete
 * @param commitMicros when the change was committed, in microseconds since the epoch; for a
 *     snapshot's row when the snapshot was taken
 * @param envelopeMillis when Debezium handled the change, in milliseconds since the epoch
 * @param offset position in the change log
 * @param snapshot whether it comes from a snapshot, and where in it
 * @param lsn log sequence number; 0 where the log gives none
 * @param previousCommitLsn where the commit before the change's own stands; 0 where the log does
 *     not say, as of the first transaction after a snapshot. With {@code lsn} it orders what a
 *     database streams
 */
public record ChangeEvent(
        String table,
        Operation operation,
        Map<String, String> key,
        Map<String, String> before,
        Map<String, String> after,
        long commitMicros,
        long envelopeMillis,
        long offset,
        Snapshot snapshot,
        long lsn,
        long previousCommitLsn) {

    /** What happened to the row. */
    public enum Operation {
        CREATE,
        UPDATE,
        DELETE,
        /** Nothing happened: a snapshot read the row. */
        READ,
        /** The table lost all its rows; there is no row and no key. */
        TRUNCATE
    }

    /** Whether a change comes from a snapshot, and where in it. */
    public enum Snapshot {
        /** Streamed as it was committed. */
        NONE,
        FIRST,
        MIDDLE,
        LAST,
        INCREMENTAL
    }

    /**
     * The first point in time that is understood, in microseconds since the epoch: year 1. A
     * database can store others, from 4713 BC to the year 294276, and two infinities; but to no
     * business time can be added what would leave the range of a {@code long}, of a calendar or of
     * the database where it is written, if it lies in the years 1 to 9999.
     */
    public static final long FIRST_MICROS = micros(LocalDate.of(1, 1, 1));

    /** The first point in time after those that are understood: year 10000. */
    public static final long END_MICROS = micros(LocalDate.of(10_000, 1, 1));

    /** Of a {@code timestamptz}; those of a {@code timestamp} are the ends of a {@code long}. */
    private static final Set<String> INFINITIES = Set.of("infinity", "-infinity");

    private static final String OUT_OF_RANGE = "is infinite, or not in the years 1 to 9999";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long MICROS_PER_MILLI = 1_000;

    /** Whether it is a point in time that is understood, in microseconds since the epoch. */
    static boolean isTime(long micros) {
        return micros >= FIRST_MICROS && micros < END_MICROS;
    }

    private static long micros(LocalDate day) {
        return day.toEpochDay() * 86_400_000_000L;
    }

    public ChangeEvent {
        key = key == null ? Map.of() : key;
        before = before == null ? Map.of() : before;
        after = after == null ? Map.of() : after;
    }

    /** The same change at another commit time, in microseconds since the epoch. */
    public ChangeEvent committedAt(long micros) {
        return micros == commitMicros
                ? this
                : new ChangeEvent(
                        table,
                        operation,
                        key,
                        before,
                        after,
                        micros,
                        envelopeMillis,
                        offset,
                        snapshot,
                        lsn,
                        previousCommitLsn);
    }

    /** When the change was committed, in milliseconds since the epoch. */
    public long commitMillis() {
        return Math.floorDiv(commitMicros, MICROS_PER_MILLI);
    }

    /** Whether the row was read by a snapshot rather than streamed as it was committed. */
    public boolean fromSnapshot() {
        return snapshot != Snapshot.NONE;
    }

    /**
     * What may be believed about the row: the key of a deleted one, else the row after the change.
     */
    public Map<String, String> row() {
        return operation == Operation.DELETE ? key : after;
    }

    /** Whether the log says what is in the column, be it null. */
    public boolean knows(String column) {
        return row().containsKey(column);
    }

    /** The column as text, or null. */
    public String text(String column) {
        return row().get(column);
    }

    /** A boolean column, or null. */
    public Boolean bool(String column) {
        String value = text(column);
        if (value == null) {
            return null;
        }
        return switch (value) {
            case "true" -> Boolean.TRUE;
            case "false" -> Boolean.FALSE;
            default -> throw unusable(column, "is neither true nor false");
        };
    }

    /** A {@code timestamptz} or {@code timestamp} in milliseconds since the epoch, or null. */
    public Long millis(String column) {
        Long micros = micros(column);
        return micros == null ? null : Math.floorDiv(micros, MICROS_PER_MILLI);
    }

    /**
     * A point in time in microseconds since the epoch, or null. ISO text ({@code timestamptz}) and
     * plain microseconds ({@code timestamp}) are understood; what has no zone is UTC. It is always
     * in {@code [FIRST_MICROS, END_MICROS)}.
     */
    public Long micros(String column) {
        String value = text(column);
        if (value == null) {
            return null;
        }
        if (INFINITIES.contains(value)) {
            throw unusable(column, OUT_OF_RANGE);
        }
        long micros;
        try {
            micros = isInteger(value) ? Long.parseLong(value) : IsoTime.micros(value);
        } catch (ArithmeticException e) {
            throw unusable(column, OUT_OF_RANGE);
        } catch (DateTimeParseException | NumberFormatException e) {
            throw unusable(column, "is no point in time");
        }
        if (!isTime(micros)) {
            throw unusable(column, OUT_OF_RANGE);
        }
        return micros;
    }

    /** The elements of an array column as text, null elements left out; null if the array is. */
    public List<String> list(String column) {
        String value = text(column);
        if (value == null) {
            return null;
        }
        JsonNode array;
        try {
            array = JSON.readTree(value);
        } catch (JsonProcessingException e) {
            throw unusable(column, "is no array");
        }
        if (!array.isArray()) {
            throw unusable(column, "is no array");
        }
        List<String> elements = new ArrayList<>(array.size());
        for (JsonNode element : array) {
            if (!element.isNull()) {
                elements.add(element.isValueNode() ? element.asText() : element.toString());
            }
        }
        return elements;
    }

    /**
     * A column's text, which must be there.
     *
     * @throws UnusableChangeException if it is absent or null
     */
    public String required(String column) {
        return present(column, text(column));
    }

    /**
     * A column's {@link #millis(String)}, which must be there.
     *
     * @throws UnusableChangeException if it is absent, null or no point in time
     */
    public long requiredMillis(String column) {
        return present(column, millis(column));
    }

    /**
     * A column's {@link #micros(String)}, which must be there.
     *
     * @throws UnusableChangeException if it is absent, null or no point in time
     */
    public long requiredMicros(String column) {
        return present(column, micros(column));
    }

    /**
     * A column's {@link #bool(String)}, which must be there.
     *
     * @throws UnusableChangeException if it is absent, null or no boolean
     */
    public boolean requiredBool(String column) {
        return present(column, bool(column));
    }

    private <T> T present(String column, T value) {
        if (value == null) {
            throw unusable(column, knows(column) ? "is null" : "is not in the change log");
        }
        return value;
    }

    private UnusableChangeException unusable(String column, String what) {
        return new UnusableChangeException(table, table + "." + column + " " + what);
    }

    private static boolean isInteger(String value) {
        int start = value.startsWith("-") ? 1 : 0;
        for (int i = start; i < value.length(); i++) {
            if (value.charAt(i) < '0' || value.charAt(i) > '9') {
                return false;
            }
        }
        return value.length() > start;
    }
}
