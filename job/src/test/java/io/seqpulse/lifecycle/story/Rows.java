package io.seqpulse.lifecycle.story;

import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.ChangeEvent.Operation;
import io.seqpulse.connector.debezium.ChangeEvent.Snapshot;
import io.seqpulse.connector.debezium.ClockMessage;
import io.seqpulse.connector.debezium.LogRecord;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Changes of the product's rows as the connector hands them over. */
public final class Rows {

    private final String table;
    private final Operation operation;
    private final Map<String, String> key = new HashMap<>();
    private final Map<String, String> before = new HashMap<>();
    private final Map<String, String> after = new HashMap<>();
    private long committedAt = Facts.MORNING;
    private Snapshot snapshot = Snapshot.NONE;

    private Rows(String table, Operation operation) {
        this.table = table;
        this.operation = operation;
    }

    public static Rows inserted(String table, String id) {
        return new Rows(table, Operation.CREATE).with("id", id);
    }

    public static Rows updated(String table, String id) {
        return new Rows(table, Operation.UPDATE).with("id", id);
    }

    public static Rows read(String table, String id) {
        Rows row = new Rows(table, Operation.READ).with("id", id);
        row.snapshot = Snapshot.MIDDLE;
        return row;
    }

    public static Rows snapshot(String table, String id, Snapshot part, long takenAt) {
        Rows row = read(table, id).committedAt(takenAt);
        row.snapshot = part;
        return row;
    }

    /** A deleted row tells its key only. */
    public static Rows deleted(String table, String keyColumn, String key) {
        Rows row = new Rows(table, Operation.DELETE);
        row.key.put(keyColumn, key);
        return row;
    }

    public static Rows truncated(String table) {
        return new Rows(table, Operation.TRUNCATE);
    }

    public Rows with(String column, String value) {
        after.put(column, value);
        return this;
    }

    public Rows without(String column) {
        after.remove(column);
        return this;
    }

    /** What the log says was in a row before: genuine or invented. */
    public Rows before(String column, String value) {
        before.put(column, value);
        return this;
    }

    public Rows committedAt(long millis) {
        committedAt = millis;
        return this;
    }

    public ChangeEvent change() {
        return new ChangeEvent(
                table,
                operation,
                key,
                before,
                after,
                committedAt * 1_000 + 999,
                committedAt + 5,
                42,
                snapshot,
                0,
                0);
    }

    public LogRecord record() {
        return new LogRecord(
                LogRecord.Kind.CHANGE, 42, bytes("key"), bytes("value"), change(), null, 0, null);
    }

    public static LogRecord record(LogRecord.Kind kind, String reason) {
        ClockMessage clock =
                kind == LogRecord.Kind.CLOCK ? new ClockMessage(1_000, 1, 1, 0, "") : null;
        return new LogRecord(kind, 43, bytes("key"), bytes("value"), null, clock, 0, reason);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
