package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.CapturedTable.Column;
import java.util.Map;
import java.util.TreeMap;

/** What facts say, in texts, for assertions. */
public final class FactTexts {

    private FactTexts() {}

    /**
     * What a fact says: an event's type, a signal's kind, or a row's table, with {@code DELETED}
     * behind it where it says so.
     */
    public static String kind(Fact fact) {
        if (fact instanceof Event event) {
            return event.type().name();
        }
        if (fact instanceof RowChange change) {
            return change.table().name() + (change.deleted() ? " DELETED" : "");
        }
        if (fact instanceof DeploymentSignal signal) {
            return "DEPLOYMENT " + signal.kind().name();
        }
        if (fact instanceof EmailSignal signal) {
            return signal.sent() ? "EMAIL SENT" : "EMAIL UNSENT";
        }
        if (fact instanceof OwnershipSignal signal) {
            return signal.owned() ? "PROJECT OWNED" : "PROJECT LEFT";
        }
        if (fact instanceof ActivitySignal signal) {
            return signal.change() == null ? "ACTIVITY ENDED" : "ACTIVITY";
        }
        return ((ProjectSignal) fact).project() == null ? "SUMMARY ENDED" : "SUMMARY";
    }

    /** What a fact says beside who, what and when; what is null and known is null. */
    public static Map<String, String> values(Fact fact) {
        Map<String, String> values = new TreeMap<>();
        if (fact instanceof Event event) {
            values.putAll(event.attributes());
        } else if (fact instanceof RowChange change) {
            for (Column column : change.table().columns()) {
                Field<?> field = field(change.table(), column.name());
                if (change.row().knows(field)) {
                    Object value = change.row().get(field);
                    values.put(column.name(), value == null ? null : value.toString());
                }
            }
        } else if (fact instanceof DeploymentSignal signal) {
            values.put("env", signal.environment());
            values.put("verdict", signal.verdict());
            values.put("deleted", signal.deleted() ? "true" : null);
            values.values().removeIf(value -> value == null);
        } else if (fact instanceof EmailSignal signal) {
            values.put("email_type", signal.code());
        }
        return values;
    }

    /** One of {@link #values}. */
    public static String value(Fact fact, String name) {
        return values(fact).get(name);
    }

    /** A row of which such a column is known: a flag as {@code true}, a time in microseconds. */
    public static Row with(Row row, String column, String value) {
        Field<?> field = field(row.table(), column);
        Row copy = row.with(field, null);
        Object typed = value;
        if (field.type() == Boolean.class && value != null) {
            typed = Boolean.valueOf(value);
        } else if (field.type() == Long.class && value != null) {
            typed = Long.valueOf(value);
        }
        copy.set(field, typed);
        return copy;
    }

    private static Field<?> field(CapturedTable table, String column) {
        return switch (table.columns().get(table.position(column)).type()) {
            case TIME -> Field.time(table, column);
            case FLAG -> Field.flag(table, column);
            case KEY, WORD, LIST, JSON, NUMBER, ID, TEXT -> Field.text(table, column);
        };
    }
}
