package io.seqpulse.lifecycle.fact;

import java.util.Map;
import java.util.Objects;

/**
 * Something the change log says, about one subject. A fact changes state in a way that any order
 * and any repetition ends the same.
 *
 * @param kind what it says
 * @param key id of the user, project or deployment whose stream it is on
 * @param id id of the row or event itself, for counting distinct ones
 * @param at business time, in milliseconds since the epoch
 * @param committedAt commit time on the log's clock, in milliseconds since the epoch
 * @param position offset in the change log; orders what was committed at the same time
 * @param snapshot whether it was read from a snapshot rather than as it was committed
 * @param values the kind's attributes; an absent one is unknown or null
 * @param microsOfMilli what {@code at} leaves of the microsecond, 0 to 999
 */
public record Fact(
        FactKind kind,
        String key,
        String id,
        long at,
        long committedAt,
        long position,
        boolean snapshot,
        Map<String, String> values,
        int microsOfMilli) {

    private static final long MICROS_PER_MILLI = 1_000;

    public Fact {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(id, "id");
        values = values == null ? Map.of() : values;
    }

    /** One whose business time is a whole millisecond. */
    public Fact(
            FactKind kind,
            String key,
            String id,
            long at,
            long committedAt,
            long position,
            boolean snapshot,
            Map<String, String> values) {
        this(kind, key, id, at, committedAt, position, snapshot, values, 0);
    }

    /** Business time, in microseconds since the epoch, as a database tells it. */
    public long atMicros() {
        return at * MICROS_PER_MILLI + microsOfMilli;
    }

    /** The same fact at another business time, in microseconds since the epoch. */
    public Fact atMicros(long micros) {
        return new Fact(
                kind,
                key,
                id,
                Math.floorDiv(micros, MICROS_PER_MILLI),
                committedAt,
                position,
                snapshot,
                values,
                (int) Math.floorMod(micros, MICROS_PER_MILLI));
    }

    /** The same fact without its attributes. */
    public Fact withoutValues() {
        return new Fact(
                kind, key, id, at, committedAt, position, snapshot, Map.of(), microsOfMilli);
    }

    /** An attribute, or null where it is unknown. */
    public String value(String attribute) {
        return values.get(attribute);
    }
}
