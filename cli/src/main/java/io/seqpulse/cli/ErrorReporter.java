package io.seqpulse.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Tells of what went wrong as the last thing that is printed, on stderr: the command and what is
 * wrong, and after a wrong usage where its help is. A stack trace goes into a file.
 */
final class ErrorReporter implements IParameterExceptionHandler, IExecutionExceptionHandler {

    @Override
    public int handleParseException(ParameterException wrong, String[] arguments) {
        return usage(wrong.getCommandLine(), words(wrong));
    }

    @Override
    public int handleExecutionException(
            Exception failure, CommandLine command, ParseResult parsed) {
        if (failure instanceof UsageException) {
            return usage(command, failure.getMessage());
        }
        command.getOut().flush();
        command.getErr().println(prefixed(command, failureWords(failure)));
        return command.getCommandSpec().exitCodeOnExecutionException();
    }

    private static int usage(CommandLine command, String words) {
        command.getOut().flush();
        command.getErr().println(prefixed(command, words));
        command.getErr().println("See " + name(command) + " --help");
        return command.getCommandSpec().exitCodeOnInvalidInput();
    }

    private static String prefixed(CommandLine command, String words) {
        return name(command) + ": " + words;
    }

    private static String name(CommandLine command) {
        return command.getCommandSpec().qualifiedName();
    }

    private static String words(ParameterException wrong) {
        if (wrong instanceof UnmatchedArgumentException unmatched) {
            return words(unmatched);
        }
        return uncapitalized(wrong.getMessage().replaceFirst("^Error: ", ""));
    }

    private static String words(UnmatchedArgumentException unmatched) {
        String argument = unmatched.getUnmatched().get(0).split("=", 2)[0];
        CommandLine command = unmatched.getCommandLine();
        if (unmatched.isUnknownOption()) {
            return "unknown option '%s'%s"
                    .formatted(
                            argument,
                            suggestion(argument, command.getCommandSpec().optionsMap().keySet()));
        }
        return command.getSubcommands().isEmpty()
                ? "unexpected argument '%s'".formatted(argument)
                : "unknown command '%s'%s"
                        .formatted(
                                argument, suggestion(argument, command.getSubcommands().keySet()));
    }

    private static String suggestion(String typed, Collection<String> names) {
        return NearestName.to(typed, names).map(name -> "; did you mean " + name + "?").orElse("");
    }

    /** Picocli's messages are sentences; ours go on from the command's name. */
    private static String uncapitalized(String message) {
        return message.length() > 1 && Character.isLowerCase(message.charAt(1))
                ? Character.toLowerCase(message.charAt(0)) + message.substring(1)
                : message;
    }

    private static String failureWords(Exception failure) {
        if (failure instanceof CommandException) {
            return failure.getMessage();
        }
        return "failed unexpectedly: %s%s"
                .formatted(
                        String.join(" ", failure.toString().lines().toList()),
                        traceFile(failure).map(file -> "%nDetails: %s".formatted(file)).orElse(""));
    }

    private static Optional<Path> traceFile(Exception failure) {
        StringWriter trace = new StringWriter();
        failure.printStackTrace(new PrintWriter(trace, true));
        try {
            Path file = Files.createTempFile(Scratch.outside(), "lifecycle-", ".log");
            Files.write(file, List.of(trace.toString()));
            return Optional.of(file);
        } catch (IOException noRoom) {
            return Optional.empty();
        }
    }
}
