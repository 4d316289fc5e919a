package io.seqpulse.quickstart;

import io.seqpulse.quickstart.database.SqlPlan;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/** Shows what would be run in somebody's database, and asks. */
final class Consent {

    /** Set by the script when somebody sits at both ends. */
    private static final String TERMINAL = "lifecycle.terminal";

    private final PrintWriter out;
    private final PrintStream questions;
    private final boolean yes;

    /**
     * @param out takes the SQL, and nothing that {@code psql} would not understand
     * @param yes whether it was given in advance
     */
    Consent(PrintWriter out, PrintStream questions, boolean yes) {
        this.out = out;
        this.questions = questions;
        this.yes = yes;
    }

    /**
     * Shows a plan and returns whether it may be run.
     *
     * @param where the database, for people
     */
    boolean isGiven(SqlPlan plan, String where) throws IOException {
        out.printf("-- %s:%n%n%s%n", where, plan.text());
        out.flush();
        if (yes) {
            return true;
        }
        if (Boolean.getBoolean(TERMINAL)) {
            questions.print("Run this? Type yes: ");
            questions.flush();
            BufferedReader answer =
                    new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            String line = answer.readLine();
            if (line != null && line.strip().equals("yes")) {
                return true;
            }
        }
        questions.println("Nothing was changed. With --yes it is run.");
        return false;
    }
}
