package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.catalogue.FactKind;
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
 * @param position its place in the change log, which orders what is said of one row
 * @param origin how the log came to tell it
 * @param values the kind's attributes; an absent one is unknown or null
 * @param microsOfMilli what {@code at} leaves of the microsecond, 0 to 999
 */
public record Fact(
        FactKind kind,
        String key,
        String id,
        long at,
        long committedAt,
        LogPosition position,
        Origin origin,
        Map<String, String> values,
        int microsOfMilli) {

    private static final long MICROS_PER_MILLI = 1_000;

    public Fact {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(position, "position");
        Objects.requireNonNull(origin, "origin");
        values = values == null ? Map.of() : values;
    }

    /** One whose business time is a whole millisecond. */
    public Fact(
            FactKind kind,
            String key,
            String id,
            long at,
            long committedAt,
            LogPosition position,
            Origin origin,
            Map<String, String> values) {
        this(kind, key, id, at, committedAt, position, origin, values, 0);
    }

    /** Whether it was read by a snapshot rather than as it was committed. */
    public boolean snapshot() {
        return origin.isSnapshot();
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
                origin,
                values,
                (int) Math.floorMod(micros, MICROS_PER_MILLI));
    }

    /** The same fact at another business time, in milliseconds since the epoch. */
    public Fact atMillis(long millis) {
        return atMicros(millis * MICROS_PER_MILLI);
    }

    /** The same fact at another place of the log. */
    public Fact toldAt(LogPosition place) {
        return new Fact(kind, key, id, at, committedAt, place, origin, values, microsOfMilli);
    }

    /** The same fact without its attributes. */
    public Fact withoutValues() {
        return new Fact(kind, key, id, at, committedAt, position, origin, Map.of(), microsOfMilli);
    }

    /** An attribute, or null where it is unknown. */
    public String value(String attribute) {
        return values.get(attribute);
    }
}
