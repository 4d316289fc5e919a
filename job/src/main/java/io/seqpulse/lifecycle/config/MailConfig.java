package io.seqpulse.lifecycle.config;

import io.seqpulse.connector.email.SmtpSettings;
import io.seqpulse.lifecycle.email.EmailSettings;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What sending one mail needs of the job's configuration, read as the job reads it. The rest need
 * not be there; where the product and its links are not, they are samples.
 *
 * @param smtp how mail leaves: a server
 * @param emailFrom who mails are from
 * @param emailReplyTo where answers go, or null
 * @param emailSettings what writing them needs
 * @param rulesDir directory of overrides for the catalogue and its templates, or null
 */
public record MailConfig(
        SmtpSettings smtp,
        String emailFrom,
        String emailReplyTo,
        EmailSettings emailSettings,
        Path rulesDir) {

    private static final String CONSEQUENCE = "no mail can be sent";

    /** By environment variable. */
    private static final Map<String, String> SAMPLES =
            Map.of(
                    "FRONTEND_URL", "https://app.seqpulse.example",
                    "LIFECYCLE_PUBLIC_URL", "https://lifecycle.seqpulse.example",
                    "LIFECYCLE_LINK_SECRET", "0".repeat(64));

    /**
     * Reads it.
     *
     * @param settings {@code config} (a file), and keys with values that win over it
     * @param environment environment variables by name
     * @throws InvalidConfigurationException if a key of it is missing or has a bad value, or mail
     *     leaves to the log only; names all of them
     */
    public static MailConfig of(Map<String, String> settings, Map<String, String> environment) {
        ConfigReader reader = reader(settings, environment);
        if (reader.value(LifecycleOptions.EMAIL_FROM) == null) {
            reader.problem(
                    LifecycleOptions.EMAIL_FROM, "is missing; set it in the file or as EMAIL_FROM");
        }
        MailConfig config = of(reader);
        if (config.smtp != null && config.smtp.console()) {
            reader.problem(
                    LifecycleOptions.EMAIL_PROVIDER,
                    "is console, which logs mails and sends none; set resend, postmark or smtp");
        }
        reader.throwIfAnyProblem(CONSEQUENCE);
        return config;
    }

    /**
     * Only where the rules are.
     *
     * @return directory of overrides, or null
     * @throws InvalidConfigurationException if it is not there, or the file cannot be read
     */
    public static Path rulesDir(Map<String, String> settings, Map<String, String> environment) {
        ConfigReader reader = reader(settings, environment);
        Path rulesDir = LifecycleConfig.directory(reader);
        reader.throwIfAnyProblem(CONSEQUENCE);
        return rulesDir;
    }

    private static ConfigReader reader(
            Map<String, String> settings, Map<String, String> environment) {
        Map<String, String> given = new HashMap<>(SAMPLES);
        environment.forEach(
                (name, value) -> {
                    if (!value.isBlank()) {
                        given.put(name, value);
                    }
                });
        String[] arguments =
                settings.entrySet().stream()
                        .flatMap(set -> Stream.of("--" + set.getKey(), set.getValue()))
                        .toArray(String[]::new);
        return new ConfigReader(arguments, given);
    }

    private static MailConfig of(ConfigReader reader) {
        Path rulesDir = LifecycleConfig.directory(reader);
        return new MailConfig(
                LifecycleConfig.smtp(reader),
                LifecycleConfig.address(reader, LifecycleOptions.EMAIL_FROM, "from"),
                LifecycleConfig.address(reader, LifecycleOptions.EMAIL_REPLY_TO, "reply-to"),
                LifecycleConfig.emails(reader, rulesDir),
                rulesDir);
    }

    /** Without secrets. */
    @Override
    public String toString() {
        return "MailConfig[%s, from=%s, replyTo=%s, %s, rulesDir=%s]"
                .formatted(smtp, emailFrom, emailReplyTo, emailSettings, rulesDir);
    }
}
