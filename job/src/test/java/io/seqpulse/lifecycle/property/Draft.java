package io.seqpulse.lifecycle.property;

import io.seqpulse.lifecycle.property.History.Change;
import io.seqpulse.lifecycle.property.History.Transaction;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Transactions as they are thought of, in any order and careless of each other, until {@link
 * #transactions()} makes of them what a database would have let happen.
 */
final class Draft {

    /** Least distance of two commits of a history, in milliseconds. */
    private static final long APART = 3;

    /** A column that refers to a row of another table. */
    private record Reference(String table, String column, String to) {}

    private static final List<Reference> REFERENCES =
            List.of(
                    new Reference("email_preferences", "user_id", "users"),
                    new Reference("projects", "owner_id", "users"),
                    new Reference("project_members", "project_id", "projects"),
                    new Reference("project_members", "user_id", "users"),
                    new Reference("deployments", "project_id", "projects"),
                    new Reference("deployment_verdicts", "deployment_id", "deployments"),
                    new Reference("sdh_hints", "deployment_id", "deployments"),
                    new Reference("metric_samples", "deployment_id", "deployments"),
                    new Reference("quota_refusals", "project_id", "projects"),
                    new Reference("email_deliveries", "user_id", "users"));

    /** What is to be written of a row; a null value clears the column. */
    record Edit(char operation, String table, String id, Map<String, String> columns) {}

    private record Intended(long commit, List<Edit> edits) {}

    private final List<Intended> intended = new ArrayList<>();

    void commit(long at, Edit... edits) {
        commit(at, List.of(edits));
    }

    void commit(long at, List<Edit> edits) {
        intended.add(new Intended(at, edits));
    }

    /** Ids of the rows of a table that are meant to be inserted by then. */
    List<String> inserted(String table, long by) {
        return intended.stream()
                .filter(transaction -> transaction.commit() <= by)
                .flatMap(transaction -> transaction.edits().stream())
                .filter(edit -> edit.operation() == 'c' && edit.table().equals(table))
                .map(Edit::id)
                .distinct()
                .toList();
    }

    static Edit insert(String table, String id, Object... columns) {
        return new Edit('c', table, id, columns(columns));
    }

    static Edit update(String table, String id, Object... columns) {
        return new Edit('u', table, id, columns(columns));
    }

    static Edit delete(String table, String id) {
        return new Edit('d', table, id, Map.of());
    }

    /** Names and values by turns; a Long is a time. */
    private static Map<String, String> columns(Object... namesAndValues) {
        Map<String, String> columns = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            Object value = namesAndValues[i + 1];
            columns.put(
                    (String) namesAndValues[i],
                    value instanceof Long time
                            ? Instant.ofEpochMilli(time).toString()
                            : value == null ? null : value.toString());
        }
        return columns;
    }

    /** In commit order, without what refers to nothing, with what a deletion takes along. */
    List<Transaction> transactions() {
        intended.sort(Comparator.comparingLong(Intended::commit));
        Map<String, Map<String, Map<String, String>>> tables = new LinkedHashMap<>();
        List<Transaction> transactions = new ArrayList<>();
        long last = Long.MIN_VALUE;
        for (Intended transaction : intended) {
            List<Change> changes = new ArrayList<>();
            for (Edit edit : transaction.edits()) {
                apply(edit, tables, changes);
            }
            if (!changes.isEmpty()) {
                last = Math.max(transaction.commit(), last + APART);
                transactions.add(new Transaction(last, changes));
            }
        }
        return transactions;
    }

    /** The history without one transaction; empty if what follows could not have been. */
    static Optional<History> without(History history, int index) {
        List<Transaction> left = new ArrayList<>(history.transactions());
        left.remove(index);
        Set<String> rows = new HashSet<>();
        for (Transaction transaction : left) {
            for (Change change : transaction.changes()) {
                String row = change.table() + " " + change.id();
                boolean possible =
                        change.operation() == 'd'
                                ? rows.remove(row)
                                : change.operation() == 'c' ? rows.add(row) : rows.contains(row);
                for (Reference reference : REFERENCES) {
                    String id = change.row().get(reference.column());
                    possible &=
                            change.operation() == 'd'
                                    || id == null
                                    || !reference.table().equals(change.table())
                                    || rows.contains(reference.to() + " " + id);
                }
                if (!possible) {
                    return Optional.empty();
                }
            }
        }
        return Optional.of(new History(history.id(), history.seed(), left, history.intents()));
    }

    private static void apply(
            Edit edit, Map<String, Map<String, Map<String, String>>> tables, List<Change> changes) {
        Map<String, Map<String, String>> table =
                tables.computeIfAbsent(edit.table(), name -> new LinkedHashMap<>());
        Map<String, String> before = table.get(edit.id());
        if ((before == null) != (edit.operation() == 'c')) {
            return;
        }
        if (edit.operation() == 'd') {
            delete(edit.table(), edit.id(), tables, changes);
            return;
        }
        Map<String, String> row = new HashMap<>(before == null ? Map.of() : before);
        row.putAll(edit.columns());
        for (Reference reference : REFERENCES) {
            String id = row.get(reference.column());
            if (id != null
                    && reference.table().equals(edit.table())
                    && !tables.getOrDefault(reference.to(), Map.of()).containsKey(id)) {
                return;
            }
        }
        if (edit.table().equals("quota_refusals")
                && !"free".equals(tables.get("projects").get(row.get("project_id")).get("plan"))) {
            return; // the product refuses nobody who pays
        }
        table.put(edit.id(), row);
        changes.add(new Change(edit.operation(), edit.table(), edit.id(), row));
    }

    private static void delete(
            String table,
            String id,
            Map<String, Map<String, Map<String, String>>> tables,
            List<Change> changes) {
        Map<String, String> row = tables.get(table).remove(id);
        changes.add(new Change('d', table, id, row));
        for (Reference reference : REFERENCES) {
            if (!reference.to().equals(table)) {
                continue;
            }
            List<String> orphans =
                    tables.getOrDefault(reference.table(), Map.of()).entrySet().stream()
                            .filter(child -> id.equals(child.getValue().get(reference.column())))
                            .map(Map.Entry::getKey)
                            .toList();
            orphans.forEach(orphan -> delete(reference.table(), orphan, tables, changes));
        }
    }
}
