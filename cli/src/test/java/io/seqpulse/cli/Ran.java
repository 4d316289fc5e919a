package io.seqpulse.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/**
 * A command line that was run, as the script runs it.
 *
 * @param code it ended with
 */
record Ran(int code, String out, String err) {

    /** Runs one. */
    static Ran of(String... arguments) {
        return of(Lifecycle.commandLine(), arguments);
    }

    /** Runs one on a root with commands of a test's own. */
    static Ran of(CommandLine root, String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        root.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        int code = root.execute(arguments);
        return new Ran(code, out.toString(), err.toString());
    }
}
