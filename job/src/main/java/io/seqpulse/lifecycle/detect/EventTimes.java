package io.seqpulse.lifecycle.detect;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/** When an event happened, as far as the clock of its writer can be believed. */
final class EventTimes {

    /** The value that says when it happened, as ISO 8601 writes it. */
    static final String HAPPENED_AT = "happened_at";

    /** By how much the clock that wrote an event's time may be ahead of the log's. */
    private static final Duration TOLERANCE = Duration.ofMinutes(5);

    private EventTimes() {}

    /** What was committed has happened, whatever the clock of its writer said. */
    static long at(EventRecord record) {
        return isAhead(record) ? record.committedAt() : record.at();
    }

    /** Whether nothing tells when it happened: a snapshot's commit time is its own. */
    static boolean isUnknown(EventRecord record) {
        return isAhead(record) && record.snapshot();
    }

    /** What keys and texts say of a time. */
    static Map<String, String> values(long at) {
        return Map.of(
                "month",
                Periods.month(at),
                "week",
                Periods.week(at),
                HAPPENED_AT,
                Instant.ofEpochMilli(at).toString());
    }

    private static boolean isAhead(EventRecord record) {
        return record.at() > record.committedAt() + TOLERANCE.toMillis();
    }
}
