package io.seqpulse.cli.suppressions;

import io.seqpulse.cli.UsageException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/**
 * {@code ./lifecycle suppressions}: which addresses get no mail, why, and how they get it again.
 */
@Command(
        name = "suppressions",
        description = {
            "Lists addresses that get no mail, and why, or lifts that.",
            "Mail servers refused them for good; they get none until the time given."
        },
        subcommands = {ListSuppressions.class, LiftSuppressions.class},
        synopsisSubcommandLabel = "COMMAND")
public final class Suppressions implements Callable<Integer> {

    @Override
    public Integer call() {
        throw new UsageException("say what to do: list or lift");
    }
}
