package io.seqpulse.quickstart;

import io.seqpulse.cli.UsageException;
import io.seqpulse.quickstart.stack.BuiltJars;
import io.seqpulse.quickstart.stack.JobEmails;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** {@code --rules} of the commands about emails, which are those of the job's jar otherwise. */
final class RulesOption {

    @Option(
            names = "--rules",
            paramLabel = "DIR",
            description =
                    "Folder with a lifecycle.yaml and emails/ of your own, as for ./lifecycle up.")
    private Path rules;

    /**
     * The folder, or null.
     *
     * @throws UsageException if there is none
     */
    Path folder() {
        if (rules != null && !Files.isDirectory(rules)) {
            throw new UsageException("--rules: there is no folder " + rules);
        }
        return rules == null ? null : rules.toAbsolutePath();
    }

    /** The emails of the job that the repository's build made. */
    static JobEmails emails() {
        return new JobEmails(new BuiltJars(home()).newest("job"));
    }

    /** The repository. */
    static Path home() {
        return Path.of(System.getProperty("lifecycle.home", "")).toAbsolutePath();
    }
}
