package io.seqpulse.connector.debezium;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import io.seqpulse.connector.debezium.ChangeEvent.Operation;
import io.seqpulse.connector.debezium.ChangeEvent.Snapshot;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Row changes in the form that nearly all of them have, read in one pass without a tree in between.
 * Whatever is unusual about a record, {@link DebeziumEnvelope} reads it with the tree, and says
 * what is wrong.
 */
final class UsualChange {

    private static final JsonFactory JSON = new JsonFactory();

    /** For a value in the middle of a record. */
    private static final ObjectReader TREE =
            DebeziumEnvelope.JSON.without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** Longer numbers are no ids, times or counts. */
    private static final int MOST_DIGITS = 18;

    private Map<String, String> before = Map.of();
    private Map<String, String> after = Map.of();

    private String text(JsonParser json, JsonToken token) throws IOException {
        if (token == JsonToken.VALUE_STRING) {
            return json.getText();
        }
        odd = true;
        return "";
    }

    private Operation operation;
    private Long handledMillis;
    private String table;
    private Long commitMicros;
    private Long lsn;
    private long previousCommitLsn;
    private Snapshot snapshot;

    /** Something was passed over that may be no JSON. */
    private boolean odd;

    private UsualChange() {}

    /** The change, or null where it has to be looked at more closely. */
    static ChangeEvent read(byte[] key, byte[] value, long offset) {
        if (key == null) {
            return null;
        }
        try (JsonParser keyColumns = JSON.createParser(key);
                JsonParser envelope = JSON.createParser(value)) {
            UsualChange change = new UsualChange();
            Map<String, String> identity = columnsOfAll(keyColumns);
            if (identity == null || !change.readAll(envelope)) {
                return null;
            }
            return change.event(identity, offset);
        } catch (IOException | NumberFormatException e) {
            return null;
        }
    }

    private ChangeEvent event(Map<String, String> key, long offset) {
        boolean complete =
                operation != null
                        && handledMillis != null
                        && table != null
                        && !table.isEmpty()
                        && commitMicros != null
                        && ChangeEvent.isTime(commitMicros)
                        && lsn != null
                        && snapshot != null
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
                        lsn,
                        previousCommitLsn)
                : null;
    }

    private boolean readAll(JsonParser json) throws IOException {
        if (json.nextToken() != JsonToken.START_OBJECT) {
            return false;
        }
        for (String field = json.nextFieldName(); field != null; field = json.nextFieldName()) {
            JsonToken token = json.nextToken();
            switch (field) {
                case "before" -> before = columnsOrNone(json, token);
                case "after" -> after = columnsOrNone(json, token);
                case "op" -> operation = DebeziumEnvelope.operation(text(json, token));
                case "ts_ms" -> handledMillis = integer(json, token);
                case "source" -> readSource(json, token);
                case "payload", "schema", "message" -> {
                    return false;
                }
                default -> pass(json);
            }
            if (before == null || after == null || odd) {
                return false;
            }
        }
        return json.currentToken() == JsonToken.END_OBJECT && json.nextToken() == null;
    }

    private void readSource(JsonParser json, JsonToken start) throws IOException {
        if (start != JsonToken.START_OBJECT) {
            odd = true;
            return;
        }
        for (String field = json.nextFieldName();
                field != null && !odd;
                field = json.nextFieldName()) {
            JsonToken token = json.nextToken();
            switch (field) {
                case "table" -> table = text(json, token);
                case "ts_us" -> commitMicros = integer(json, token);
                case "sequence" -> {
                    if (token == JsonToken.VALUE_STRING) {
                        previousCommitLsn = DebeziumEnvelope.previousCommitLsn(json.getText());
                    } else {
                        pass(json);
                    }
                }
                case "lsn" -> lsn = integer(json, token);
                case "snapshot" -> snapshot = DebeziumEnvelope.snapshot(text(json, token));
                default -> pass(json);
            }
        }
    }

    /** Passes over a value, which must be JSON all the same. */
    private void pass(JsonParser json) throws IOException {
        int depth = 0;
        for (JsonToken token = json.currentToken(); ; token = json.nextToken()) {
            if (token == null) {
                odd = true;
                return;
            }
            json.finishToken();
            odd |= token == JsonToken.VALUE_NUMBER_FLOAT;
            depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
            if (depth == 0) {
                return;
            }
        }
    }

    private Long integer(JsonParser json, JsonToken token) throws IOException {
        if (token == JsonToken.VALUE_NUMBER_INT
                && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
            return json.getLongValue();
        }
        odd = true;
        return null;
    }

    private static Map<String, String> columnsOfAll(JsonParser json) throws IOException {
        Map<String, String> columns = columnsOrNone(json, json.nextToken());
        return columns != null && json.nextToken() == null ? columns : null;
    }

    /** The columns of a row; none of JSON's null; null where a value is unusual. */
    private static Map<String, String> columnsOrNone(JsonParser json, JsonToken start)
            throws IOException {
        if (start == JsonToken.VALUE_NULL) {
            return Map.of();
        }
        if (start != JsonToken.START_OBJECT) {
            return null;
        }
        Map<String, String> columns = new LinkedHashMap<>();
        for (String column = json.nextFieldName(); column != null; column = json.nextFieldName()) {
            String text;
            switch (json.nextToken()) {
                case VALUE_NULL -> text = null;
                case VALUE_STRING -> text = DebeziumEnvelope.wellFormed(json.getText());
                case VALUE_TRUE -> text = "true";
                case VALUE_FALSE -> text = "false";
                case VALUE_NUMBER_INT -> {
                    text = json.getText();
                    if (text.length() > MOST_DIGITS || text.equals("-0")) {
                        return null;
                    }
                }
                default -> text = DebeziumEnvelope.text(TREE.readTree(json));
            }
            if (column.equals("payload") || column.equals("schema")) {
                return null; // a key that may be wrapped
            }
            if (!DebeziumEnvelope.UNAVAILABLE.equals(text)
                    && !column.equals(DebeziumEnvelope.ROUTING_KEY)) {
                columns.put(column, text);
            }
        }
        return Collections.unmodifiableMap(columns);
    }
}
