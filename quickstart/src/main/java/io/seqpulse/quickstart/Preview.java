package io.seqpulse.quickstart;

import io.seqpulse.cli.CommandException;
import io.seqpulse.cli.SubCommand;
import io.seqpulse.cli.UsageException;
import io.seqpulse.quickstart.stack.JobEmails;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./lifecycle preview}: every email with sample data, on one page. */
@Command(
        name = "preview",
        description = {
            "Writes every email with sample data, in every language, on one HTML page.",
            "Each with its steps, verdicts and variants, as HTML at 360 and 1200 px, light and dark,"
                    + " and as plain text. Nothing has to run. A template with a mistake is refused,"
                    + " by file and line."
        },
        abbreviateSynopsis = true,
        sortOptions = false)
public final class Preview implements SubCommand {

    private static final String PAGE = "index.html";

    @Spec private CommandSpec spec;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Where to; default: quickstart/target/emails.")
    private Path out;

    @Mixin private RulesOption rules = new RulesOption();

    @Override
    public Integer call() throws IOException {
        Path folder =
                (out == null ? RulesOption.home().resolve("quickstart/target/emails") : out)
                        .toAbsolutePath()
                        .normalize();
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new UsageException("--out: %s is a file; name a folder".formatted(folder));
        }
        Path own = rules.folder();
        String page;
        try (JobEmails emails = RulesOption.emails()) {
            page = emails.gallery(own);
        }
        Path file = folder.resolve(PAGE);
        try {
            Files.createDirectories(folder);
            Files.writeString(file, page);
        } catch (IOException e) {
            throw new CommandException(
                    "%s cannot be written (%s); name another folder with --out"
                            .formatted(file, e.getClass().getSimpleName()),
                    e);
        }
        spec.commandLine().getOut().println(file);
        return 0;
    }
}
