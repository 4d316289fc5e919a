package io.seqpulse.cli;

import io.seqpulse.cli.dashboards.Dashboards;
import io.seqpulse.cli.deadletters.DeadLetters;
import io.seqpulse.cli.suppressions.Suppressions;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/**
 * {@code ./lifecycle}: the root of all commands, those of this module and each {@link SubCommand}
 * on the class path. Results go to stdout, progress and errors to stderr.
 */
@Command(
        name = "./lifecycle",
        description = "Lifecycle emails and KPIs, from the changes of a product's database.",
        footer = {
            "",
            "The first run builds what it needs. A JDK 17 or newer is all that must be there."
        },
        versionProvider = Lifecycle.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        sortOptions = false)
public final class Lifecycle implements Callable<Integer> {

    /** Columns of a usage text. */
    static final int WIDTH = 100;

    /** As somebody comes to know them; others come after these. */
    private static final List<String> ORDER =
            List.of(
                    "up",
                    "down",
                    "status",
                    "deadletters",
                    "suppressions",
                    "preview",
                    "test-send",
                    "dashboards",
                    BuiltApart.NAME);

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli reads it
    private boolean help;

    @Option(
            names = {"-v", "--version"},
            versionHelp = true,
            description = "Show the version.")
    @SuppressWarnings("UnusedVariable") // picocli reads it
    private boolean version;

    /**
     * Runs a command and ends this JVM: 0 when all went well, 1 when it failed, 2 when it was told
     * what cannot be meant.
     */
    public static void main(String[] arguments) {
        // However it is started: Kafka and others compare and print by the default locale.
        Locale.setDefault(Locale.US);
        CommandLine root = commandLine();
        int code = root.execute(arguments);
        // Whatever came of it: the script made it before any option was looked at.
        Scratch.remove();
        root.getOut().flush();
        root.getErr().flush();
        // Every part was stopped in order. The libraries' own shutdown hooks would now wait for
        // parts that are gone, so they do not run.
        Runtime.getRuntime().halt(code);
    }

    /** The root with every command there is, as {@code main} runs it. */
    public static CommandLine commandLine() {
        CommandLine root = new CommandLine(new Lifecycle());
        Map<String, CommandLine> commands = commands();
        ORDER.forEach(
                name ->
                        Optional.ofNullable(commands.remove(name))
                                .ifPresent(command -> root.addSubcommand(name, command)));
        commands.forEach(root::addSubcommand);
        root.addSubcommand(new Help());
        ErrorReporter errors = new ErrorReporter();
        return root.setUsageHelpWidth(WIDTH)
                .setExpandAtFiles(false)
                .setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8))
                .setParameterExceptionHandler(errors)
                .setExecutionExceptionHandler(errors);
    }

    private static Map<String, CommandLine> commands() {
        Map<String, CommandLine> commands = new LinkedHashMap<>();
        for (Object command :
                List.of(
                        new Down(),
                        new Status(),
                        new DeadLetters(),
                        new Suppressions(),
                        new Dashboards(),
                        new BuiltApart())) {
            add(command, commands);
        }
        ServiceLoader.load(SubCommand.class).forEach(command -> add(command, commands));
        return commands;
    }

    private static void add(Object command, Map<String, CommandLine> commands) {
        CommandLine parsed = new CommandLine(command);
        commands.put(parsed.getCommandName(), parsed);
    }

    @Override
    public Integer call() {
        throw new UsageException("say what to do");
    }

    /** The version of the build. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"SEQPULSE Lifecycle " + version()};
        }
    }

    /** The version of the build; {@code development} where it does not come from a jar. */
    public static String version() {
        return Optional.ofNullable(Lifecycle.class.getPackage().getImplementationVersion())
                .orElse("development");
    }
}
