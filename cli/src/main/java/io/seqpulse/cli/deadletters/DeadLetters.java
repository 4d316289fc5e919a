package io.seqpulse.cli.deadletters;

import io.seqpulse.cli.UsageException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code ./lifecycle deadletters}: looks at what could not be read, and lets it be read again. */
@Command(
        name = "deadletters",
        description = {
            "Lists or replays changes that could not be read.",
            "Such a dead letter is a record of the change log that could not be used. Once the cause"
                    + " is gone, it can be read again."
        },
        subcommands = {ListLetters.class, ReplayLetters.class},
        synopsisSubcommandLabel = "COMMAND")
public final class DeadLetters implements Callable<Integer> {

    @Override
    public Integer call() {
        throw new UsageException("say what to do: list or replay");
    }
}
