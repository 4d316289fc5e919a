package io.seqpulse.lifecycle.property;

import static io.seqpulse.lifecycle.property.Setting.MINUTE;

import io.seqpulse.lifecycle.property.History.Change;
import io.seqpulse.lifecycle.property.History.Transaction;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.function.ToLongFunction;

/**
 * Stands for the email sink and what is behind it: keeps one row a dedupe key as {@code
 * email_deliveries} does, delivers what has not been withdrawn after a while that depends on the
 * key, and writes down what happened, to be captured.
 */
final class FakeJournal {

    private static final long COMMITTED_AFTER = 40;

    /** A row of the journal. */
    static final class Row {
        private final String key;
        private final long createdAt;
        private String rule;
        private String recipient;
        private String userId;
        private String status;
        private String reason;
        private String figures;
        private long offeredAt;
        private long decidedAt;
        private long deliverAt;
        private int version;
        private boolean captured;

        private Row(String key, long createdAt) {
            this.key = key;
            this.createdAt = createdAt;
        }

        String rule() {
            return rule;
        }

        String userId() {
            return userId;
        }

        String status() {
            return status;
        }

        String reason() {
            return reason;
        }

        /** From the offer to the decision, in milliseconds on the log's clock and the wall's. */
        long waited() {
            return decidedAt - offeredAt;
        }

        private String describe() {
            return "%s to %s: %s%s%s at %s"
                    .formatted(
                            rule,
                            recipient,
                            status,
                            reason == null ? "" : " (" + reason + ")",
                            figures == null ? "" : ", used " + figures,
                            Instant.ofEpochMilli(decidedAt));
        }
    }

    /** A mail that arrived. */
    record Mail(String rule, String key, String recipient, String userId, long sentAt) {}

    /** What is to be committed when; void if the row has gone on since. */
    private record Note(
            long commit, Row row, int version, String status, String userId, String reason) {}

    private final Setting setting;
    private final ToLongFunction<String> deletedAt;
    private final Map<String, Row> rows = new TreeMap<>();
    private final List<Mail> mails = new ArrayList<>();
    private final PriorityQueue<Note> notes =
            new PriorityQueue<>(
                    Comparator.comparingLong(Note::commit)
                            .thenComparing(note -> note.row().key)
                            .thenComparing(Note::version));

    /**
     * @param deletedAt user → when it was deleted
     */
    FakeJournal(Setting setting, ToLongFunction<String> deletedAt) {
        this.setting = setting;
        this.deletedAt = deletedAt;
    }

    /**
     * Takes a decision.
     *
     * @param wall now
     * @param key the key it is journalled under
     * @param reason why it is not sent; null: it is
     * @param offeredAt log time of the candidate
     * @return whether the row was written
     */
    boolean write(
            long wall,
            String rule,
            String key,
            String recipient,
            String userId,
            String reason,
            String figures,
            long offeredAt) {
        if (deletedAt.applyAsLong(userId) <= wall) {
            return false;
        }
        Row row = rows.get(key);
        if (row != null && deletedAt.applyAsLong(row.userId) <= wall) {
            row = null; // it went with its user
        }
        if (row == null) {
            row = new Row(key, wall);
            rows.put(key, row);
        } else {
            deliver(row, wall);
            boolean movedOn = row.status.equals("queued") && !row.userId.equals(userId);
            boolean moved = row.status.equals("suppressed") && "moved".equals(row.reason);
            if (!(movedOn || moved) || offeredAt <= row.offeredAt) {
                return false;
            }
        }
        row.rule = rule;
        row.recipient = recipient;
        row.userId = userId;
        row.reason = reason;
        row.figures = figures;
        row.offeredAt = offeredAt;
        row.decidedAt = wall;
        row.status = reason == null ? "queued" : "suppressed";
        row.version++;
        note(wall, row);
        if (reason == null) {
            row.deliverAt = setting.up(wall + latency(key));
            notes.add(new Note(row.deliverAt, row, row.version, null, userId, null));
        }
        return true;
    }

    /** Takes back what has not gone yet. */
    void withdraw(long wall, String key, String userId, String reason) {
        Row row = rows.get(key);
        if (row == null || !row.userId.equals(userId)) {
            return;
        }
        deliver(row, wall);
        if (row.status.equals("queued")) {
            row.status = "suppressed";
            row.reason = reason;
            row.version++;
            note(wall, row);
        }
    }

    private void note(long wall, Row row) {
        notes.add(
                new Note(
                        wall + COMMITTED_AFTER,
                        row,
                        row.version,
                        row.status,
                        row.userId,
                        row.reason));
    }

    private void deliver(Row row, long wall) {
        if (row.status.equals("queued") && row.deliverAt <= wall) {
            row.status = random(row.key) % 12 == 0 ? "failed" : "sent";
            if (row.status.equals("sent") && deletedAt.applyAsLong(row.userId) > row.deliverAt) {
                mails.add(new Mail(row.rule, row.key, row.recipient, row.userId, row.deliverAt));
            }
        }
    }

    private long latency(String key) {
        long random = random(key + " latency");
        return random % 8 == 0 ? 5 * MINUTE + random % (80 * MINUTE) : 100 + random % 800;
    }

    /** Looks random, and depends on nothing else. */
    private long random(String text) {
        long hash = setting.seed();
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        hash ^= hash >>> 29;
        return (hash * 0xbf58476d1ce4e5b9L >>> 8) & Long.MAX_VALUE;
    }

    /** When the log tells of the journal next; {@link Long#MAX_VALUE}: it does not. */
    long nextCommit() {
        return notes.isEmpty() || !setting.journalCaptured()
                ? Long.MAX_VALUE
                : notes.peek().commit();
    }

    /** What is committed at {@link #nextCommit()}; perhaps nothing. */
    Transaction commitNext() {
        Note note = notes.remove();
        Row row = note.row();
        String status = note.status();
        Long sentAt = null;
        if (status == null) {
            if (row.version != note.version()) {
                return new Transaction(note.commit(), List.of());
            }
            deliver(row, note.commit());
            status = row.status;
            sentAt = status.equals("sent") ? row.deliverAt : null;
        }
        if (deletedAt.applyAsLong(note.userId()) <= note.commit()) {
            return new Transaction(note.commit(), List.of());
        }
        Map<String, String> columns = new HashMap<>();
        columns.put("id", "row:" + row.key + row.createdAt);
        columns.put("user_id", note.userId());
        columns.put("email_type", row.rule);
        columns.put("dedupe_key", row.key);
        columns.put("status", status);
        columns.put("reason", note.reason());
        columns.put("sent_at", sentAt == null ? null : Instant.ofEpochMilli(sentAt).toString());
        columns.put("created_at", Instant.ofEpochMilli(row.createdAt).toString());
        char operation = row.captured ? 'u' : 'c';
        row.captured = true;
        return new Transaction(
                note.commit(),
                List.of(new Change(operation, "email_deliveries", columns.get("id"), columns)));
    }

    /** Everything has been delivered that ever will be. */
    void close() {
        rows.values().forEach(row -> deliver(row, Long.MAX_VALUE - 1));
    }

    /** The rows by key, without those that went with their users. */
    Map<String, Row> rows() {
        Map<String, Row> left = new TreeMap<>(rows);
        left.values().removeIf(row -> deletedAt.applyAsLong(row.userId) != Long.MAX_VALUE);
        return left;
    }

    List<Mail> mails() {
        return mails;
    }

    /** One line a row and a mail, for comparison. */
    static List<String> lines(Iterable<Row> rows, Iterable<Mail> mails) {
        List<String> lines = new ArrayList<>();
        rows.forEach(row -> lines.add(row.key + " " + row.describe()));
        mails.forEach(
                mail ->
                        lines.add(
                                "mail %s to %s at %s"
                                        .formatted(
                                                mail.key(),
                                                mail.recipient(),
                                                Instant.ofEpochMilli(mail.sentAt()))));
        lines.sort(null);
        return lines;
    }
}
