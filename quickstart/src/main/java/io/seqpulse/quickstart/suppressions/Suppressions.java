package io.seqpulse.quickstart.suppressions;

import io.seqpulse.quickstart.Commands;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code ./lifecycle suppressions}: which addresses get no mail, why, and how they get it again.
 */
@Command(
        name = "./lifecycle suppressions",
        description =
                "Addresses that mail servers refused for good, and that get no mail until the time"
                        + " given: which, why and since when, and how to lift it.",
        subcommands = {ListSuppressions.class, LiftSuppressions.class},
        usageHelpAutoWidth = true)
public final class Suppressions implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli reads it
    private boolean help;

    /** Runs the command and ends this JVM: 0 when done, 1 on failure, 2 on bad usage. */
    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    /** The command as {@code main} runs it. */
    static CommandLine commandLine() {
        return Commands.of(new Suppressions());
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "say what to do: list or lift");
    }
}
