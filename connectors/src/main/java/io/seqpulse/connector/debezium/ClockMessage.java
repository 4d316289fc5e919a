package io.seqpulse.connector.debezium;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/**
 * A logical message that the heartbeat's action wrote into the database's log: everything committed
 * before it has been read.
 *
 * @param commitMicros when it was committed, in microseconds since the epoch
 * @param envelopeMillis when Debezium handled it, in milliseconds since the epoch
 * @param lsn log sequence number; 0 where the log gives none
 * @param content what the action wrote, as text
 */
public record ClockMessage(long commitMicros, long envelopeMillis, long lsn, String content) {

    /** Captured tables that had no row when it was written; none where it does not say. */
    public Set<String> emptyTables() {
        Set<String> empty = new HashSet<>();
        try {
            JsonNode names = DebeziumEnvelope.JSON.<JsonNode>readValue(content).path("empty");
            names.forEach(name -> empty.add(name.asText()));
        } catch (IOException e) {
            return Set.of(); // a note in another form
        }
        return empty;
    }
}
