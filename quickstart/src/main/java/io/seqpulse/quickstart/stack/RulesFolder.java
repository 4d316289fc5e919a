package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.CommandException;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.List;

/** The folder of {@code ./lifecycle up --rules}, looked at by the job's own code before it runs. */
public final class RulesFolder {

    private static final String CHECK = "io.seqpulse.lifecycle.RulesCheck";

    private RulesFolder() {}

    /**
     * Refuses rules with which the job would not start.
     *
     * @param jobJar the job's jar
     * @throws CommandException if there is anything wrong with them; the message has it all, by
     *     file, line and key
     */
    public static void requireUsable(Path rules, Path jobJar) throws IOException {
        List<?> problems;
        try (JarClasses job = new JarClasses(jobJar)) {
            problems = (List<?>) job.call(CHECK, "problems", Path.class, rules);
        } catch (InvocationTargetException e) {
            throw new StackException(
                    "--rules: %s cannot be read: %s"
                            .formatted(rules, RootCause.message(e.getCause())),
                    e);
        }
        if (!problems.isEmpty()) {
            throw new CommandException(
                    "--rules: the job cannot run with %s; nothing was started%n  %s"
                            .formatted(
                                    rules,
                                    String.join(
                                            System.lineSeparator() + "  ",
                                            problems.stream().map(String::valueOf).toList())));
        }
    }
}
