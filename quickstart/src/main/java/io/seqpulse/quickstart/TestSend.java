package io.seqpulse.quickstart;

import io.seqpulse.cli.CommandException;
import io.seqpulse.cli.NearestName;
import io.seqpulse.cli.SubCommand;
import io.seqpulse.cli.UsageException;
import io.seqpulse.quickstart.stack.JobEmails;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./lifecycle test-send}: one email with sample data to an address of one's own. */
@Command(
        name = "test-send",
        description = {
            "Sends one email with sample data to an address, and says what the mail server answered.",
            "It leaves as the job's mail does, by the same settings: EMAIL_PROVIDER, EMAIL_FROM,"
                    + " EMAIL_API_KEY, LIFECYCLE_SMTP_HOST and the others of docs/configuration.md,"
                    + " from the environment or the job's file. Its subject begins with [TEST]; it is"
                    + " not journalled and counts nowhere."
        },
        customSynopsis = "./lifecycle test-send CODE LANG --to=ADDRESS [OPTIONS]",
        sortOptions = false,
        footer = {
            "",
            "Ends with 0 when the server took the mail, and with 1 when it did not or cannot be asked."
        })
public final class TestSend implements SubCommand {

    private static final Set<String> LANGUAGES = Set.of("fr", "en");

    private final Map<String, String> environment;

    @Spec private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "CODE", description = "Such as E-ACT-05.")
    private String code;

    @Parameters(index = "1", paramLabel = "LANG", description = "fr or en.")
    private String language;

    @Option(names = "--to", paramLabel = "ADDRESS", required = true, description = "Who gets it.")
    private String to;

    @Option(
            names = "--step",
            paramLabel = "NAME",
            description =
                    "Which of the email's steps, verdicts or variants, by its name in ./lifecycle"
                            + " preview; default: the first.")
    private String step;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "The job's properties file; what it says wins over the environment.")
    private Path config;

    @Mixin private RulesOption rules = new RulesOption();

    /** With the environment of this process. */
    public TestSend() {
        this(System.getenv());
    }

    TestSend(Map<String, String> environment) {
        this.environment = Map.copyOf(environment);
    }

    @Override
    public Integer call() throws IOException {
        if (!LANGUAGES.contains(language)) {
            throw new UsageException(
                    "there are no mails in '%s': LANG is fr or en".formatted(language));
        }
        if (config != null && (!Files.isReadable(config) || Files.isDirectory(config))) {
            throw new UsageException("--config: %s cannot be read".formatted(config));
        }
        Map<String, String> settings = new HashMap<>();
        if (config != null) {
            settings.put("config", config.toAbsolutePath().toString());
        }
        Path folder = rules.folder();
        if (folder != null) {
            settings.put("rules.dir", folder.toString());
        }
        try (JobEmails emails = RulesOption.emails()) {
            Map<String, String> mail = mail(emails.names(settings, environment));
            Map<String, String> answer = emails.send(mail, settings, environment);
            if (answer.containsKey("refused")) {
                throw new CommandException("not sent: " + answer.get("refused"));
            }
            spec.commandLine()
                    .getOut()
                    .printf("Sent \"%s\" to %s%n", answer.get("subject"), to)
                    .printf("%s%n", answer.get("accepted"));
            return 0;
        }
    }

    /** What is to be sent, of the mails there are. */
    private Map<String, String> mail(Map<String, List<String>> names) {
        String known = code.toUpperCase(Locale.ROOT);
        if (!names.containsKey(known)) {
            throw new UsageException(
                    "there is no email '%s'%s".formatted(code, instead(known, names.keySet())));
        }
        Map<String, String> mail = new HashMap<>();
        mail.put("code", known);
        mail.put("language", language);
        mail.put("to", to);
        if (step != null) {
            if (!names.get(known).contains(step)) {
                throw new UsageException(
                        "%s has no step '%s'%s"
                                .formatted(known, step, instead(step, names.get(known))));
            }
            mail.put("step", step);
        }
        return mail;
    }

    private static String instead(String typed, Collection<String> names) {
        return NearestName.to(typed, names)
                .map("; did you mean %s?"::formatted)
                .orElseGet(
                        () ->
                                ": there are %s"
                                        .formatted(
                                                names.stream()
                                                        .sorted()
                                                        .collect(Collectors.joining(", "))));
    }
}
