package io.seqpulse.quickstart;

import picocli.CommandLine;

/** What all commands of {@code ./lifecycle} that end by themselves have in common. */
public final class Commands {

    private Commands() {}

    /** A command whose failures that somebody can mend are told in words, and end it with 1. */
    public static CommandLine of(Object command) {
        return new CommandLine(command)
                .setExecutionExceptionHandler(
                        (failure, failed, parsed) -> {
                            if (failure instanceof StackException) {
                                failed.getErr().println(failure.getMessage());
                                return 1;
                            }
                            throw failure;
                        });
    }
}
