package io.seqpulse.lifecycle.config;

import io.seqpulse.connector.email.SmtpSettings;
import io.seqpulse.connector.email.SmtpSettings.Security;
import java.util.List;
import java.util.Locale;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.description.HtmlFormatter;

/** Every key of the job's configuration. */
public final class LifecycleOptions {

    /**
     * A key as people set it.
     *
     * @param option key, type, default and description
     * @param environment the environment variable that sets it too
     * @param required whether the job refuses to start without it
     * @param secret whether it is never printed; a secret has no default
     */
    public record Option(
            ConfigOption<?> option, String environment, boolean required, boolean secret) {

        /** The key in a file or, after two dashes, on the command line. */
        public String key() {
            return option.key();
        }

        /** What it is, in Markdown. */
        public String description() {
            String html = new HtmlFormatter().format(option.description());
            return html.replace("&lt;", "<").replace("&gt;", ">");
        }
    }

    public static final ConfigOption<String> KAFKA_BOOTSTRAP_SERVERS =
            text("kafka.bootstrap.servers")
                    .noDefaultValue()
                    .withDescription("Kafka's `host:port` list.");
    public static final ConfigOption<String> KAFKA_PROPERTIES_FILE =
            text("kafka.properties-file")
                    .noDefaultValue()
                    .withDescription(
                            "File with what Kafka's clients need over that, as its own tools take it with `--command-config`: `security.protocol`, `sasl.mechanism`, `sasl.jaas.config`, `ssl.…`. Read where the job is submitted; keep it readable by that user only.");
    public static final ConfigOption<String> KAFKA_TOPIC =
            text("kafka.topic")
                    .defaultValue("seqpulse.changes")
                    .withDescription(
                            "The change log that Debezium writes: an existing topic with exactly one partition.");
    public static final ConfigOption<String> KAFKA_DEAD_LETTER_TOPIC =
            text("kafka.dead-letter-topic")
                    .defaultValue("seqpulse.dead-letters")
                    .withDescription("Where records go that cannot be read.");

    public static final ConfigOption<String> DATABASE_URL =
            text("database.url")
                    .noDefaultValue()
                    .withDescription(
                            "The product's database, with the journal: `jdbc:postgresql://host:port/database`.");
    public static final ConfigOption<String> DATABASE_USER =
            text("database.user").noDefaultValue().withDescription("The job's role there.");
    public static final ConfigOption<String> DATABASE_PASSWORD =
            text("database.password").noDefaultValue().withDescription("That role's password.");

    public static final ConfigOption<String> EMAIL_PROVIDER =
            text("email.provider")
                    .defaultValue("smtp")
                    .withDescription(
                            "How mail leaves: `resend` or `postmark` (with `email.api-key`), `smtp` (with the `smtp.` keys), or `console` (log it instead of sending).");
    public static final ConfigOption<String> EMAIL_API_KEY =
            text("email.api-key")
                    .noDefaultValue()
                    .withDescription("The key for `resend` or `postmark`.");
    public static final ConfigOption<String> EMAIL_FROM =
            text("email.from")
                    .noDefaultValue()
                    .withDescription("Who mails are from: `SEQPULSE <hello@example.org>`.");
    public static final ConfigOption<String> EMAIL_REPLY_TO =
            text("email.reply-to")
                    .noDefaultValue()
                    .withDescription("Where answers go, if not to `email.from`.");
    public static final ConfigOption<Integer> EMAIL_MARKETING_COOLDOWN_HOURS =
            ConfigOptions.key("email.marketing-cooldown-hours")
                    .intType()
                    .defaultValue(24)
                    .withDescription(
                            "Least number of hours between two marketing emails to one person; 0: no limit.");
    public static final ConfigOption<String> EMAIL_QUIET_HOURS =
            text("email.quiet-hours")
                    .defaultValue("")
                    .withDescription(
                            "When nobody gets marketing mail or reports, in the recipient's time zone, such as `22:00-08:00`: they wait until then. Asked when an email is decided: one that the mail server put off may be sent later all the same. Empty: mail goes at any hour.");
    public static final ConfigOption<String> EMAIL_ENABLED_TYPES =
            text("email.enabled-types")
                    .defaultValue("")
                    .withDescription(
                            "Codes of the emails that may be sent, separated by commas, such as `E-TRX-01,E-ACT-05`; empty: all. The others are journalled as `disabled`, be they queued already.");

    public static final ConfigOption<String> SMTP_HOST =
            text("smtp.host")
                    .noDefaultValue()
                    .withDescription(
                            "The mail server; required for `smtp`, otherwise instead of the provider's own.");
    public static final ConfigOption<Integer> SMTP_PORT =
            ConfigOptions.key("smtp.port")
                    .intType()
                    .defaultValue(587)
                    .withDescription("Its port, 1 to 65535.");
    public static final ConfigOption<Security> SMTP_SECURITY =
            ConfigOptions.key("smtp.security")
                    .enumType(Security.class)
                    .defaultValue(Security.STARTTLS)
                    .withDescription(
                            "`starttls` (must succeed before anything is sent), `tls` (from the first byte) or `none`.");
    public static final ConfigOption<String> SMTP_USER =
            text("smtp.user")
                    .noDefaultValue()
                    .withDescription("Who logs in; without it nobody does.");
    public static final ConfigOption<String> SMTP_PASSWORD =
            text("smtp.password").noDefaultValue().withDescription("The login's password.");
    public static final ConfigOption<Integer> SMTP_CONNECTIONS =
            ConfigOptions.key("smtp.connections")
                    .intType()
                    .defaultValue(SmtpSettings.DEFAULT_CONNECTIONS)
                    .withDescription(
                            "How many mails a sender has on their way at a time, each on its own connection; 1 to 100.");

    public static final ConfigOption<String> FRONTEND_URL =
            text("frontend.url")
                    .noDefaultValue()
                    .withDescription("Where the product lives: `https://app.example.org`.");
    public static final ConfigOption<String> CTA_DASHBOARD_PATH =
            text("cta.dashboard-path")
                    .defaultValue("/dashboard")
                    .withDescription("Path of the dashboard under it.");
    public static final ConfigOption<String> CTA_PRICING_PATH =
            text("cta.pricing-path")
                    .defaultValue("/pricing")
                    .withDescription("Path of the plans under it.");
    public static final ConfigOption<String> CTA_ONBOARDING_PATH =
            text("cta.onboarding-path")
                    .defaultValue("/onboarding")
                    .withDescription("Path where a first project is created.");
    public static final ConfigOption<String> PUBLIC_URL =
            text("public.url")
                    .noDefaultValue()
                    .withDescription(
                            "Base of the links to unsubscribe, set preferences and mute: `https://`, but on this machine.");
    public static final ConfigOption<String> LINK_SECRET =
            text("link.secret")
                    .noDefaultValue()
                    .withDescription(
                            "Signs those links: at least 32 characters, such as the output of `openssl rand -hex 32`. Links in mails already sent stop working when it changes.");

    public static final ConfigOption<String> RULES_DIR =
            text("rules.dir")
                    .noDefaultValue()
                    .withDescription(
                            "A directory whose `lifecycle.yaml` and `emails/` files stand in for those in the job's jar.");
    public static final ConfigOption<RulesMode> RULES_MODE =
            ConfigOptions.key("rules.mode")
                    .enumType(RulesMode.class)
                    .defaultValue(RulesMode.CATALOGUE)
                    .withDescription(
                            "`catalogue`: each rule's own `mode`; `shadow`: no mail is sent, what would have been is journalled as `shadow`, and no mail server is spoken to.");
    public static final ConfigOption<String> LOCALE =
            text("locale")
                    .defaultValue("fr")
                    .withDescription(
                            "Language for people whose own is unknown or not supported: `fr` or `en`.");
    public static final ConfigOption<String> TIMEZONE =
            text("timezone")
                    .defaultValue("Europe/Paris")
                    .withDescription(
                            "Time zone of people whose own (`users.timezone`) is unknown or no zone: of the dates in their mails, of the hours of the day at which they get them.");

    /** All of them, in the order of docs/configuration.md. */
    public static final List<Option> ALL =
            List.of(
                    required(KAFKA_BOOTSTRAP_SERVERS),
                    optional(KAFKA_PROPERTIES_FILE),
                    optional(KAFKA_TOPIC),
                    optional(KAFKA_DEAD_LETTER_TOPIC),
                    required(DATABASE_URL),
                    required(DATABASE_USER),
                    new Option(DATABASE_PASSWORD, ours(DATABASE_PASSWORD), true, true),
                    product(EMAIL_PROVIDER, "EMAIL_PROVIDER"),
                    new Option(EMAIL_API_KEY, "EMAIL_API_KEY", false, true),
                    new Option(EMAIL_FROM, "EMAIL_FROM", true, false),
                    product(EMAIL_REPLY_TO, "EMAIL_REPLY_TO"),
                    product(EMAIL_MARKETING_COOLDOWN_HOURS, "EMAIL_MARKETING_COOLDOWN_HOURS"),
                    optional(EMAIL_QUIET_HOURS),
                    product(EMAIL_ENABLED_TYPES, "EMAIL_ENABLED_TYPES"),
                    optional(SMTP_HOST),
                    optional(SMTP_PORT),
                    optional(SMTP_SECURITY),
                    optional(SMTP_USER),
                    new Option(SMTP_PASSWORD, ours(SMTP_PASSWORD), false, true),
                    optional(SMTP_CONNECTIONS),
                    new Option(FRONTEND_URL, "FRONTEND_URL", true, false),
                    product(CTA_DASHBOARD_PATH, "EMAIL_CTA_DASHBOARD_PATH"),
                    product(CTA_PRICING_PATH, "EMAIL_CTA_PRICING_PATH"),
                    product(CTA_ONBOARDING_PATH, "EMAIL_CTA_ONBOARDING_PATH"),
                    required(PUBLIC_URL),
                    new Option(LINK_SECRET, ours(LINK_SECRET), true, true),
                    optional(RULES_DIR),
                    optional(RULES_MODE),
                    optional(LOCALE),
                    optional(TIMEZONE));

    private LifecycleOptions() {}

    private static ConfigOptions.TypedConfigOptionBuilder<String> text(String key) {
        return ConfigOptions.key(key).stringType();
    }

    private static Option required(ConfigOption<?> option) {
        return new Option(option, ours(option), true, false);
    }

    private static Option optional(ConfigOption<?> option) {
        return new Option(option, ours(option), false, false);
    }

    /** Set by a variable that the product already has. */
    private static Option product(ConfigOption<?> option, String environment) {
        return new Option(option, environment, false, false);
    }

    private static String ours(ConfigOption<?> option) {
        return "LIFECYCLE_" + option.key().toUpperCase(Locale.ROOT).replaceAll("[.-]", "_");
    }
}
