package io.seqpulse.connector.debezium;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
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
 * @param previousCommitLsn where the commit before it stands; 0 where the log does not say
 * @param content what the action wrote, as text
 */
public record ClockMessage(
        long commitMicros, long envelopeMillis, long lsn, long previousCommitLsn, String content) {

    /**
     * Which database wrote it, and since which of its histories; null where it does not say.
     * Positions in another one's log mean nothing in this one's.
     */
    public String identity() {
        JsonNode note = note();
        JsonNode system = note.path("system_identifier");
        return system.isMissingNode() ? null : system.asText() + "/" + note.path("timeline");
    }

    /** Captured tables that had no row when it was written; none where it does not say. */
    public Set<String> emptyTables() {
        Set<String> empty = new HashSet<>();
        note().path("empty").forEach(name -> empty.add(name.asText()));
        return empty;
    }

    private JsonNode note() {
        try {
            return DebeziumEnvelope.JSON.readValue(content);
        } catch (IOException e) {
            return MissingNode.getInstance(); // a note in another form
        }
    }
}
