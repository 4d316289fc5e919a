package io.seqpulse.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/**
 * {@code ./lifecycle bench} where the benchmarks are not on the class path: it is listed and found
 * all the same. The script builds and runs the benchmarks' own command of that name.
 */
@Command(name = BuiltApart.NAME, description = BuiltApart.DESCRIPTION)
public final class BuiltApart implements Callable<Integer> {

    /** Of the command. */
    public static final String NAME = "bench";

    /** First line of its description, as the list of commands shows it. */
    public static final String DESCRIPTION = "Measures how fast the pipeline is on this machine.";

    @Override
    public Integer call() {
        throw new CommandException(
                "the benchmarks are not part of this build: ./lifecycle bench builds and runs them");
    }
}
