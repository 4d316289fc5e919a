package io.seqpulse.connector.debezium;

import io.seqpulse.connector.debezium.ChangeEvent.Operation;
import io.seqpulse.connector.debezium.ChangeEvent.Snapshot;
import io.seqpulse.connector.debezium.PlainJson.Unusual;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Row changes in the form that nearly all of them have, read in one pass without a tree in between.
 * Whatever is unusual about a record, {@link DebeziumEnvelope} reads it with the tree, and says
 * what is wrong.
 */
final class UsualChange {

    private Map<String, String> before = Map.of();
    private Map<String, String> after = Map.of();
    private Operation operation;
    private Snapshot snapshot;
    private String table = "";
    private long handledMillis = UNKNOWN;
    private long commitMicros = UNKNOWN;
    private long lsn = UNKNOWN;

    /** No number that {@link PlainJson} reads. */
    private static final long UNKNOWN = Long.MIN_VALUE;

    private UsualChange() {}

    /** The change, or null where it has to be looked at more closely. */
    static ChangeEvent read(byte[] key, byte[] value, long offset) {
        if (key == null) {
            return null;
        }
        try {
            PlainJson keyColumns = new PlainJson(key);
            Map<String, String> identity = columns(keyColumns, 1);
            keyColumns.end();
            UsualChange change = new UsualChange();
            PlainJson envelope = new PlainJson(value);
            change.read(envelope);
            envelope.end();
            return change.event(identity, offset);
        } catch (Unusual e) {
            return null;
        }
    }

    private ChangeEvent event(Map<String, String> key, long offset) {
        boolean complete =
                operation != null
                        && snapshot != null
                        && !table.isEmpty()
                        && handledMillis != UNKNOWN
                        && commitMicros != UNKNOWN
                        && lsn != UNKNOWN
                        && (operation == Operation.DELETE ? !key.isEmpty() : !after.isEmpty());
        return complete
                ? new ChangeEvent(
                        table,
                        operation,
                        key,
                        before,
                        after,
                        commitMicros,
                        handledMillis,
                        offset,
                        snapshot,
                        lsn)
                : null;
    }

    private void read(PlainJson json) throws Unusual {
        json.beginObject();
        for (String field = json.nextName(); field != null; field = json.nextName()) {
            switch (field) {
                case "before" -> before = columns(json, 10);
                case "after" -> after = columns(json, 10);
                case "op" -> operation = DebeziumEnvelope.operation(json.text());
                case "ts_ms" -> handledMillis = json.integer();
                case "source" -> readSource(json);
                // an envelope inside another, or of no row
                case "payload", "schema", "message" -> PlainJson.require(false);
                default -> json.pass();
            }
        }
    }

    private void readSource(PlainJson json) throws Unusual {
        json.beginObject();
        for (String field = json.nextName(); field != null; field = json.nextName()) {
            switch (field) {
                case "table" -> table = json.text();
                case "ts_us" -> commitMicros = json.integer();
                case "lsn" -> lsn = json.integer();
                case "snapshot" -> snapshot = DebeziumEnvelope.snapshot(json.text());
                default -> json.pass();
            }
        }
    }

    /** The columns of a row; none of JSON's null. */
    private static Map<String, String> columns(PlainJson json, int usually) throws Unusual {
        if (json.next() != '{') {
            PlainJson.require(json.anyAsText() == null);
            return Map.of();
        }
        Map<String, String> columns = new LinkedHashMap<>(usually * 4 / 3 + 1);
        json.beginObject();
        for (String column = json.nextName(); column != null; column = json.nextName()) {
            // a key that may be wrapped
            PlainJson.require(!column.equals("payload") && !column.equals("schema"));
            String text = json.anyAsText();
            if (!DebeziumEnvelope.UNAVAILABLE.equals(text)
                    && !column.equals(DebeziumEnvelope.ROUTING_KEY)) {
                columns.put(column, text);
            }
        }
        return Collections.unmodifiableMap(columns);
    }
}
