package io.seqpulse.lifecycle.property;

import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.ChangeEvent.Operation;
import io.seqpulse.connector.debezium.ChangeEvent.Snapshot;
import io.seqpulse.connector.debezium.LogRecord;
import io.seqpulse.lifecycle.property.History.Change;
import io.seqpulse.lifecycle.property.History.Transaction;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Writes the log as Debezium does: what is committed, snapshots, and repetitions. */
final class ChangeLogWriter {

    /** Parents first, as they stand in the connector's list. */
    private static final List<String> TABLES =
            List.of(
                    "users",
                    "email_preferences",
                    "projects",
                    "project_members",
                    "deployments",
                    "deployment_verdicts",
                    "sdh_hints",
                    "metric_samples",
                    "quota_refusals",
                    "email_deliveries");

    /** Two transactions' commit times may step back by this much; it stays below it. */
    private static final int SUB_MILLI_MICROS = 499;

    private final Random random;
    private final Map<String, Map<String, Map<String, String>>> tables = new HashMap<>();
    private final List<ChangeEvent> streamed = new ArrayList<>();
    private long offset;
    private long committed;

    /** Every table has a row that stays, so that every snapshot shows something of it. */
    ChangeLogWriter(Random random) {
        this.random = random;
        String longAgo = "2001-01-01T00:00:00Z";
        String id = "bystander";
        put("users", id, Map.of("id", id, "is_active", "true", "created_at", longAgo));
        put("email_preferences", id, Map.of("user_id", id));
        put("projects", id, Map.of("id", id, "owner_id", id, "created_at", longAgo));
        put("project_members", id, Map.of("id", id, "project_id", id, "user_id", id));
        put("deployments", id, Map.of("id", id, "project_id", id));
    }

    private void put(String table, String id, Map<String, String> row) {
        tables.computeIfAbsent(table, name -> new LinkedHashMap<>()).put(id, row);
    }

    /** Changes the database; the log says nothing of it yet. */
    void apply(Transaction transaction) {
        for (Change change : transaction.changes()) {
            Map<String, Map<String, String>> table =
                    tables.computeIfAbsent(change.table(), name -> new LinkedHashMap<>());
            if (change.operation() == 'd') {
                table.remove(change.id());
            } else {
                table.put(change.id(), change.row());
            }
        }
    }

    /** A row as it is, or null. */
    Map<String, String> row(String table, String id) {
        return tables.getOrDefault(table, Map.of()).get(id);
    }

    /** What Debezium streams of a transaction. */
    List<LogRecord> stream(Transaction transaction) {
        long micros = transaction.commit() * 1_000 + random.nextInt(SUB_MILLI_MICROS);
        List<LogRecord> records = new ArrayList<>();
        long previousCommit = committed;
        for (Change change : transaction.changes()) {
            Map<String, String> key = key(change.table(), change.id(), change.row());
            if (change.operation() == 'd' && key.isEmpty()) {
                continue; // without a primary key there is no delete in the log
            }
            ChangeEvent event =
                    new ChangeEvent(
                            change.table(),
                            switch (change.operation()) {
                                case 'c' -> Operation.CREATE;
                                case 'u' -> Operation.UPDATE;
                                default -> Operation.DELETE;
                            },
                            key,
                            change.operation() == 'd' ? before(change) : Map.of(),
                            change.operation() == 'd' ? Map.of() : change.row(),
                            micros,
                            micros / 1_000 + 1,
                            offset++,
                            Snapshot.NONE,
                            offset,
                            previousCommit);
            streamed.add(event);
            records.add(record(event));
        }
        committed = ++offset;
        return records;
    }

    /** The first microsecond at which nothing is streamed any more that is committed at a time. */
    static long after(long commit) {
        return commit * 1_000 + SUB_MILLI_MICROS;
    }

    /**
     * Every row as it is now, with one time for all.
     *
     * @param at in microseconds since the epoch
     */
    List<LogRecord> snapshot(long at, boolean incremental) {
        List<ChangeEvent> rows = new ArrayList<>();
        for (String table : TABLES) {
            tables.getOrDefault(table, Map.of())
                    .forEach(
                            (id, row) ->
                                    rows.add(
                                            new ChangeEvent(
                                                    table,
                                                    Operation.READ,
                                                    key(table, id, row),
                                                    Map.of(),
                                                    row,
                                                    at,
                                                    at / 1_000 + 1,
                                                    offset++,
                                                    Snapshot.MIDDLE,
                                                    0,
                                                    0)));
        }
        List<LogRecord> records = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            Snapshot part =
                    incremental
                            ? Snapshot.INCREMENTAL
                            : i == 0
                                    ? Snapshot.FIRST
                                    : i == rows.size() - 1 ? Snapshot.LAST : Snapshot.MIDDLE;
            records.add(record(at(rows.get(i), rows.get(i).offset(), part)));
        }
        return records;
    }

    /** A connector starts again where it last noted its position: what came after comes again. */
    List<LogRecord> repeatSuffix() {
        int length = 1 + random.nextInt(random.nextInt(4) == 0 ? 2_000 : 60);
        List<ChangeEvent> suffix =
                List.copyOf(
                        streamed.subList(Math.max(0, streamed.size() - length), streamed.size()));
        List<LogRecord> records = new ArrayList<>();
        for (ChangeEvent event : suffix) {
            records.add(record(at(event, offset++, event.snapshot())));
        }
        return records;
    }

    /** The slot is gone: what was streamed from it never comes again. */
    void loseSlot() {
        streamed.clear();
        committed = 0; // which the first transaction after a snapshot does not say
    }

    private static ChangeEvent at(ChangeEvent event, long offset, Snapshot snapshot) {
        return new ChangeEvent(
                event.table(),
                event.operation(),
                event.key(),
                event.before(),
                event.after(),
                event.commitMicros(),
                event.envelopeMillis(),
                offset,
                snapshot,
                event.lsn(),
                event.previousCommitLsn());
    }

    private static LogRecord record(ChangeEvent event) {
        return new LogRecord(
                LogRecord.Kind.CHANGE, event.offset(), null, null, event, null, 0, null);
    }

    private static Map<String, String> key(String table, String id, Map<String, String> row) {
        return switch (table) {
            case "metric_samples" -> Map.of();
            case "email_preferences" -> Map.of("user_id", row.get("user_id"));
            default -> Map.of("id", id);
        };
    }

    /** The whole row where the replica identity is full, else invented defaults beside the key. */
    private static Map<String, String> before(Change change) {
        if (change.table().equals("project_members")) {
            return change.row();
        }
        Map<String, String> before = new HashMap<>();
        change.row().forEach((column, value) -> before.put(column, ""));
        before.putAll(key(change.table(), change.id(), change.row()));
        return before;
    }
}
