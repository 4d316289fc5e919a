package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Something happened.
 *
 * @param key id of the subject whose stream it is on
 * @param id id of the event
 * @param atMicros when it happened, microseconds since the epoch
 * @param source where it comes from
 * @param values of the type's attributes, in their order; an unknown one is null; empty where all
 *     of them are
 */
public record Event(
        EventType type, String key, String id, long atMicros, Source source, List<String> values)
        implements Fact {

    public Event {
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(source, "source");
        if (!values.isEmpty() && values.size() != type.attributes().size()) {
            throw new IllegalArgumentException(
                    "%s has %s values for %s".formatted(type, values.size(), type.attributes()));
        }
    }

    /** An event with the values of its type's attributes, in their order. */
    public static Event of(
            EventType type, String key, String id, long atMicros, Source source, String... values) {
        return new Event(
                type,
                key,
                id,
                atMicros,
                source,
                values.length == 0
                        ? List.of()
                        : Collections.unmodifiableList(Arrays.asList(values)));
    }

    @Override
    public CapturedTable table() {
        return type.table();
    }

    /** The same event at another business time, in milliseconds since the epoch. */
    public Event atMillis(long millis) {
        return new Event(type, key, id, millis * MICROS_PER_MILLI, source, values);
    }

    /** An attribute, or null where it is unknown. */
    public String value(String attribute) {
        int position = type.attributes().indexOf(attribute);
        if (position < 0) {
            throw new IllegalArgumentException(type + " has no attribute " + attribute);
        }
        return values.isEmpty() ? null : values.get(position);
    }

    /** The attributes that are known, by name. */
    public Map<String, String> attributes() {
        Map<String, String> attributes = new HashMap<>();
        for (int position = 0; position < values.size(); position++) {
            if (values.get(position) != null) {
                attributes.put(type.attributes().get(position), values.get(position));
            }
        }
        return attributes;
    }
}
