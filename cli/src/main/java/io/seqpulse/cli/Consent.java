package io.seqpulse.cli;

import io.seqpulse.cli.database.SqlPlan;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/** Shows what would be run in somebody's database, and asks. */
public final class Consent {

    /** Set by the script when somebody sits at both ends. */
    private static final String TERMINAL = "lifecycle.terminal";

    private final PrintWriter out;
    private final PrintStream questions;
    private final InputStream answers;

    /**
     * @param out takes the SQL, and nothing that {@code psql} would not understand
     * @param answers of whoever sits there, or null when nobody does
     */
    Consent(PrintWriter out, PrintStream questions, InputStream answers) {
        this.out = out;
        this.questions = questions;
        this.answers = answers;
    }

    /** With whoever started the program, if the script says that somebody is there. */
    public static Consent ofTerminal(PrintWriter out) {
        return new Consent(out, System.err, Boolean.getBoolean(TERMINAL) ? System.in : null);
    }

    /**
     * Shows a plan and returns whether it may be run.
     *
     * @param where the database, for people
     * @param yes whether it was given in advance
     * @throws UsageException if it was not, and nobody is there to be asked
     */
    public boolean isGiven(SqlPlan plan, String where, boolean yes) throws IOException {
        out.printf("-- %s:%n%n%s%n", where, plan.text());
        out.flush();
        if (yes) {
            return true;
        }
        if (answers == null) {
            throw new UsageException("nobody to ask here: add --yes; nothing was changed");
        }
        questions.print("Run this? Type yes: ");
        questions.flush();
        String line =
                new BufferedReader(new InputStreamReader(answers, StandardCharsets.UTF_8))
                        .readLine();
        if (line != null && line.strip().equals("yes")) {
            return true;
        }
        questions.println("Nothing was changed. With --yes it is run.");
        return false;
    }
}
