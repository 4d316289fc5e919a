package io.seqpulse.lifecycle.property;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What happened in the product among a few people and their projects: transactions in the order of
 * their commits, none within three milliseconds of another (which of two changes within the
 * resolution of commit times came first, no reader of the log can say).
 *
 * @param id prefix of all its keys
 * @param seed what it was generated from
 * @param intents what the generator meant to try, for counting
 */
record History(String id, long seed, List<Transaction> transactions, Set<String> intents) {

    /** Changes that were committed together. */
    record Transaction(long commit, List<Change> changes) {}

    /**
     * A change of a row.
     *
     * @param operation {@code c}, {@code u} or {@code d}
     * @param id the primary key's value
     * @param row after the change; of a deleted one, before
     */
    record Change(char operation, String table, String id, Map<String, String> row) {

        String text(String column) {
            return row.get(column);
        }

        /** A time in milliseconds since the epoch, or null. */
        Long millis(String column) {
            return row.get(column) == null
                    ? null
                    : Long.valueOf(Instant.parse(row.get(column)).toEpochMilli());
        }

        boolean is(String column) {
            return "true".equals(row.get(column));
        }
    }

    /** When the user was deleted; {@link Long#MAX_VALUE}: never. */
    long deletedAt(String user) {
        for (Transaction transaction : transactions) {
            for (Change change : transaction.changes()) {
                if (change.operation() == 'd'
                        && change.table().equals("users")
                        && change.id().equals(user)) {
                    return transaction.commit();
                }
            }
        }
        return Long.MAX_VALUE;
    }

    String describe() {
        StringBuilder text =
                new StringBuilder("history ").append(id).append(", seed ").append(seed);
        for (Transaction transaction : transactions) {
            text.append("\n  ").append(Instant.ofEpochMilli(transaction.commit()));
            for (Change change : transaction.changes()) {
                text.append("\n      ")
                        .append(change.operation())
                        .append(' ')
                        .append(change.table())
                        .append(' ')
                        .append(change.id())
                        .append(change.operation() == 'd' ? "" : " " + new TreeMap<>(change.row()));
            }
        }
        return text.toString();
    }
}
