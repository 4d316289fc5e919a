package io.seqpulse.quickstart.deadletters;

import io.seqpulse.quickstart.Commands;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./lifecycle deadletters}: looks at what could not be read, and lets it be read again. */
@Command(
        name = "./lifecycle deadletters",
        description =
                "Records of the change log that could not be used: what they are and why, and how"
                        + " to have them read again once the cause is gone.",
        subcommands = {ListLetters.class, ReplayLetters.class},
        usageHelpAutoWidth = true)
public final class DeadLetters implements Callable<Integer> {

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
        return Commands.of(new DeadLetters());
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "say what to do: list or replay");
    }
}
