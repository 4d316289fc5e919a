package io.seqpulse.lifecycle.config;

import io.seqpulse.connector.email.EmailCode;
import io.seqpulse.connector.email.EmailSink;
import io.seqpulse.connector.email.Providers;
import io.seqpulse.connector.email.SmtpSettings;
import io.seqpulse.connector.jdbc.JdbcSettings;
import io.seqpulse.lifecycle.catalogue.CatalogueLoader;
import io.seqpulse.lifecycle.config.LifecycleOptions.Option;
import io.seqpulse.lifecycle.email.EmailSettings;
import io.seqpulse.lifecycle.policy.QuietHours;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.flink.configuration.ConfigOption;

/**
 * The job's configuration, read once and checked. Its text is safe to log.
 *
 * @param kafkaBootstrapServers Kafka's {@code host:port} list
 * @param kafkaClient what Kafka's clients need over that, such as a login
 * @param kafkaTopic the change log
 * @param deadLetterTopic where records go that cannot be read
 * @param database the product's database, with the journal
 * @param smtp how mail leaves
 * @param emailFrom who mails are from
 * @param emailReplyTo where answers go, or null
 * @param marketingCooldown least time between two marketing emails to one person
 * @param quietHours when nobody gets marketing mail, where the recipient lives
 * @param enabledTypes codes of the emails that may be sent; empty: all
 * @param emailSettings what writing them needs
 * @param rulesDir directory of overrides for the catalogue and its templates, or null
 * @param rulesMode over what the catalogue says of each rule
 */
public record LifecycleConfig(
        String kafkaBootstrapServers,
        Map<String, String> kafkaClient,
        String kafkaTopic,
        String deadLetterTopic,
        JdbcSettings database,
        SmtpSettings smtp,
        String emailFrom,
        String emailReplyTo,
        Duration marketingCooldown,
        QuietHours quietHours,
        Set<String> enabledTypes,
        EmailSettings emailSettings,
        Path rulesDir,
        RulesMode rulesMode) {

    private static final Set<String> API_KEY_PROVIDERS = Set.of("resend", "postmark");
    private static final Pattern CLIENT_KEYS = Pattern.compile("security\\..*|sasl\\..*|ssl\\..*");
    private static final int A_YEAR_IN_HOURS = 8_760;

    /**
     * Reads the configuration. The command line wins over the file, the file over the environment,
     * that over the defaults; an empty value counts as none.
     *
     * @param args {@code --config FILE} (properties in UTF-8) and {@code --key value}
     * @param environment environment variables by name; unknown ones are not ours and ignored
     * @throws InvalidConfigurationException if a key is unknown, missing or has a bad value; names
     *     all of them
     */
    public static LifecycleConfig of(String[] args, Map<String, String> environment) {
        ConfigReader reader = new ConfigReader(args, environment);
        reader.requireAll();
        LifecycleConfig config = of(reader);
        reader.throwIfAnyProblem("the job cannot start");
        return config;
    }

    private static LifecycleConfig of(ConfigReader reader) {
        Path rulesDir = directory(reader);
        return new LifecycleConfig(
                reader.value(LifecycleOptions.KAFKA_BOOTSTRAP_SERVERS),
                kafkaClient(reader),
                reader.value(LifecycleOptions.KAFKA_TOPIC),
                reader.value(LifecycleOptions.KAFKA_DEAD_LETTER_TOPIC),
                database(reader),
                smtp(reader),
                address(reader, LifecycleOptions.EMAIL_FROM, "from"),
                address(reader, LifecycleOptions.EMAIL_REPLY_TO, "reply-to"),
                cooldown(reader),
                quietHours(reader),
                enabledTypes(reader),
                emails(reader, rulesDir),
                rulesDir,
                reader.value(LifecycleOptions.RULES_MODE));
    }

    /** Where to is said by its own key, and whatever else the job needs it sets itself. */
    private static Map<String, String> kafkaClient(ConfigReader reader) {
        String file = reader.value(LifecycleOptions.KAFKA_PROPERTIES_FILE);
        if (file == null) {
            return Map.of();
        }
        Map<String, String> client = new HashMap<>(reader.file("kafka.properties-file", file));
        client.remove("bootstrap.servers");
        client.keySet().stream()
                .filter(key -> !CLIENT_KEYS.matcher(key).matches())
                .sorted()
                .forEach(
                        key ->
                                reader.problem(
                                        LifecycleOptions.KAFKA_PROPERTIES_FILE,
                                        "%s in %s is no setting of a login or of encryption; take it out"
                                                .formatted(key, file)));
        return Map.copyOf(client);
    }

    private static JdbcSettings database(ConfigReader reader) {
        String url = reader.value(LifecycleOptions.DATABASE_URL);
        String user = reader.value(LifecycleOptions.DATABASE_USER);
        String password = reader.value(LifecycleOptions.DATABASE_PASSWORD);
        if (url == null || user == null || password == null) {
            return null;
        }
        return reader.settings(
                LifecycleOptions.DATABASE_URL, () -> new JdbcSettings(url, user, password));
    }

    static SmtpSettings smtp(ConfigReader reader) {
        String provider = reader.value(LifecycleOptions.EMAIL_PROVIDER);
        String apiKey = reader.value(LifecycleOptions.EMAIL_API_KEY);
        String host = reader.value(LifecycleOptions.SMTP_HOST);
        Integer port = reader.inRange(LifecycleOptions.SMTP_PORT, 1, 65_535);
        SmtpSettings.Security security = reader.value(LifecycleOptions.SMTP_SECURITY);
        String user = reader.value(LifecycleOptions.SMTP_USER);
        String password = reader.value(LifecycleOptions.SMTP_PASSWORD);
        Integer connections = reader.inRange(LifecycleOptions.SMTP_CONNECTIONS, 1, 100);
        boolean smtp = provider.equalsIgnoreCase("smtp");
        if (smtp && host == null) {
            reader.problem(
                    LifecycleOptions.SMTP_HOST,
                    "is required for email.provider smtp; set it or LIFECYCLE_SMTP_HOST");
        }
        if (smtp && (user == null) != (password == null)) {
            reader.problem(
                    user == null ? LifecycleOptions.SMTP_USER : LifecycleOptions.SMTP_PASSWORD,
                    "is missing; set both smtp.user and smtp.password, or neither");
        }
        if (API_KEY_PROVIDERS.contains(provider.toLowerCase(Locale.ROOT)) && apiKey == null) {
            reader.problem(
                    LifecycleOptions.EMAIL_API_KEY,
                    "is required for email.provider " + provider + "; set EMAIL_API_KEY");
        }
        if (reader.hasProblemWith("smtp.", LifecycleOptions.EMAIL_API_KEY.key())) {
            return null;
        }
        return reader.settings(
                LifecycleOptions.EMAIL_PROVIDER,
                () -> {
                    SmtpSettings settings =
                            Providers.smtp(provider, apiKey, host, port, security, user, password);
                    return settings.console() ? settings : settings.withConnections(connections);
                });
    }

    static String address(ConfigReader reader, ConfigOption<String> option, String name) {
        String address = reader.value(option);
        return address == null || address.isBlank()
                ? address
                : reader.settings(option, () -> EmailSink.checkAddress(name, address));
    }

    private static Duration cooldown(ConfigReader reader) {
        Integer hours =
                reader.inRange(LifecycleOptions.EMAIL_MARKETING_COOLDOWN_HOURS, 0, A_YEAR_IN_HOURS);
        return hours == null ? null : Duration.ofHours(hours);
    }

    private static QuietHours quietHours(ConfigReader reader) {
        String text = reader.value(LifecycleOptions.EMAIL_QUIET_HOURS);
        return reader.settings(LifecycleOptions.EMAIL_QUIET_HOURS, () -> QuietHours.parse(text));
    }

    private static Set<String> enabledTypes(ConfigReader reader) {
        Set<String> types = new HashSet<>();
        for (String type : reader.value(LifecycleOptions.EMAIL_ENABLED_TYPES).split(",")) {
            String code = type.strip();
            if (!code.isEmpty() && !EmailCode.matches(code)) {
                reader.problem(
                        LifecycleOptions.EMAIL_ENABLED_TYPES,
                        "'"
                                + code
                                + "' is no code; give codes such as E-ACT-01, separated by commas");
            } else if (!code.isEmpty()) {
                types.add(code);
            }
        }
        return Set.copyOf(types);
    }

    static EmailSettings emails(ConfigReader reader, Path rulesDir) {
        String frontendUrl = reader.value(LifecycleOptions.FRONTEND_URL);
        String publicUrl = reader.value(LifecycleOptions.PUBLIC_URL);
        String secret = reader.value(LifecycleOptions.LINK_SECRET);
        ZoneId timezone = timezone(reader);
        if (frontendUrl == null || publicUrl == null || secret == null || timezone == null) {
            return null;
        }
        Path templates = rulesDir == null ? null : rulesDir.resolve(CatalogueLoader.TEMPLATES);
        boolean overridden = templates != null && Files.isDirectory(templates);
        return reader.settings(
                null,
                () ->
                        new EmailSettings(
                                frontendUrl,
                                reader.value(LifecycleOptions.CTA_DASHBOARD_PATH),
                                reader.value(LifecycleOptions.CTA_PRICING_PATH),
                                reader.value(LifecycleOptions.CTA_ONBOARDING_PATH),
                                publicUrl,
                                secret,
                                reader.value(LifecycleOptions.LOCALE),
                                timezone,
                                overridden ? templates.toString() : null));
    }

    private static ZoneId timezone(ConfigReader reader) {
        String zone = reader.value(LifecycleOptions.TIMEZONE);
        if (ZoneId.getAvailableZoneIds().contains(zone)) {
            return ZoneId.of(zone);
        }
        reader.problem(
                LifecycleOptions.TIMEZONE,
                "'" + zone + "' is no time zone; give one such as Europe/Paris or UTC");
        return null;
    }

    static Path directory(ConfigReader reader) {
        String directory = reader.value(LifecycleOptions.RULES_DIR);
        if (directory == null) {
            return null;
        }
        Path path = Path.of(directory);
        if (!Files.isDirectory(path)) {
            reader.problem(
                    LifecycleOptions.RULES_DIR,
                    "there is no directory " + directory + "; create it or leave the key out");
        }
        return path;
    }

    /** Without secrets; a provider's user may be one too, so it is not shown either. */
    @Override
    public String toString() {
        String mail =
                smtp.console()
                        ? "console"
                        : smtp.host() + ":" + smtp.port() + " " + smtp.security();
        return "LifecycleConfig[kafka=%s, topic=%s, deadLetters=%s, %s, mail=%s by %s connections from %s, replyTo=%s, cooldown=%s, quietHours=%s, enabledTypes=%s, %s, rulesDir=%s, rulesMode=%s]"
                .formatted(
                        kafkaBootstrapServers,
                        kafkaTopic,
                        deadLetterTopic,
                        database,
                        mail,
                        smtp.connections(),
                        emailFrom,
                        emailReplyTo,
                        marketingCooldown,
                        quietHours.equals(QuietHours.NONE) ? "none" : quietHours,
                        enabledTypes,
                        emailSettings,
                        rulesDir,
                        rulesMode);
    }

    /** The option of a key. */
    static Option option(String key) {
        return LifecycleOptions.ALL.stream()
                .filter(option -> option.key().equals(key))
                .findFirst()
                .orElse(null);
    }
}
