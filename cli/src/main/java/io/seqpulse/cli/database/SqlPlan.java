package io.seqpulse.cli.database;

import io.seqpulse.cli.CommandException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * SQL that is shown to somebody before it is run: what is shown and what is run are the same
 * statements. All of it happens, or nothing.
 *
 * @param before what cannot be undone and goes first, each by itself
 * @param statements in one transaction; without its {@code begin} and {@code commit}
 * @param notes what to know beside the statements, a line each
 */
public record SqlPlan(List<String> before, List<String> statements, List<String> notes) {

    /** Somebody's long transaction must not make everybody else wait behind us. */
    private static final String IMPATIENT = "set local lock_timeout = '10s'";

    public SqlPlan {
        before = List.copyOf(before);
        statements = List.copyOf(statements);
        notes = List.copyOf(notes);
    }

    /** A plan of one transaction. */
    static SqlPlan of(List<String> statements, List<String> notes) {
        return new SqlPlan(List.of(), statements, notes);
    }

    /** Whether there is nothing to run. */
    public boolean isEmpty() {
        return before.isEmpty() && statements.isEmpty();
    }

    /** Every statement, in order. */
    private List<String> all() {
        List<String> all = new ArrayList<>(before);
        if (!statements.isEmpty()) {
            all.add("begin");
            all.add(IMPATIENT);
            all.addAll(statements);
            all.add("commit");
        }
        return all;
    }

    /** The statements and notes as a script: what {@code psql} would run. */
    public String text() {
        String script = all().stream().map(sql -> sql + ";\n").collect(Collectors.joining("\n"));
        String comments =
                notes.stream()
                        .flatMap(note -> note.lines())
                        .map(line -> "-- " + line + "\n")
                        .collect(Collectors.joining());
        return comments.isEmpty() ? script : script + "\n" + comments;
    }

    /**
     * Runs the statements.
     *
     * @throws CommandException if the database refuses one; the transaction is undone then
     */
    public void run(Connection connection) {
        for (String sql : all()) {
            try (Statement statement = connection.createStatement()) {
                statement.setEscapeProcessing(false);
                statement.execute(sql);
            } catch (SQLException refused) {
                undo(connection);
                throw new CommandException(
                        "the database refuses a statement, and the transaction it belongs to was"
                                + " undone: %s%nthe statement: %s"
                                        .formatted(
                                                refused.getMessage(),
                                                SqlScript.withoutComment(sql)
                                                        .lines()
                                                        .findFirst()
                                                        .orElse("")),
                        refused);
            }
        }
    }

    private static void undo(Connection connection) {
        try (Statement statement = connection.createStatement()) {
            statement.execute("rollback");
        } catch (SQLException gone) {
            // Without its connection the server undoes it by itself.
        }
    }
}
