package io.seqpulse.lifecycle.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.seqpulse.connector.email.SmtpSettings.Security;
import io.seqpulse.lifecycle.config.LifecycleOptions.Option;
import io.seqpulse.lifecycle.policy.QuietHours;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LifecycleConfigTest {

    private static final String SECRET = "0123456789abcdef0123456789abcdef";

    private static final Map<String, String> NEEDED =
            Map.of(
                    "kafka.bootstrap.servers", "localhost:9092",
                    "database.url", "jdbc:postgresql://localhost:5432/seqpulse",
                    "database.user", "lifecycle_job",
                    "database.password", "hunter2-db",
                    "smtp.host", "mail.example.com",
                    "email.from", "SEQPULSE <hello@example.com>",
                    "frontend.url", "https://app.example.com/",
                    "public.url", "https://mail.example.com",
                    "link.secret", SECRET);

    @TempDir private Path directory;

    private static LifecycleConfig with(String... keysAndValues) {
        return LifecycleConfig.of(args(keysAndValues), Map.of());
    }

    private static String[] args(String... keysAndValues) {
        Map<String, String> values = new HashMap<>(NEEDED);
        for (int i = 0; i < keysAndValues.length; i += 2) {
            values.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        List<String> args = new ArrayList<>();
        values.forEach(
                (key, value) -> {
                    args.add("--" + key);
                    args.add(value);
                });
        return args.toArray(String[]::new);
    }

    private static List<String> problems(String[] args, Map<String, String> environment) {
        InvalidConfigurationException thrown =
                catchThrowableOfType(
                        InvalidConfigurationException.class,
                        () -> LifecycleConfig.of(args, environment));
        assertThat(thrown).as("refused").isNotNull();
        return thrown.problems();
    }

    @Test
    void hasTheseKeysAndDefaults() {
        List<String> keys =
                LifecycleOptions.ALL.stream()
                        .map(
                                option ->
                                        "%s | %s | %s%s"
                                                .formatted(
                                                        option.key(),
                                                        option.environment(),
                                                        option.required()
                                                                ? "required"
                                                                : option.option().defaultValue(),
                                                        option.secret() ? " | secret" : ""))
                        .toList();

        assertThat(keys)
                .containsExactly(
                        "kafka.bootstrap.servers | LIFECYCLE_KAFKA_BOOTSTRAP_SERVERS | required",
                        "kafka.properties-file | LIFECYCLE_KAFKA_PROPERTIES_FILE | null",
                        "kafka.topic | LIFECYCLE_KAFKA_TOPIC | seqpulse.changes",
                        "kafka.dead-letter-topic | LIFECYCLE_KAFKA_DEAD_LETTER_TOPIC |"
                                + " seqpulse.dead-letters",
                        "database.url | LIFECYCLE_DATABASE_URL | required",
                        "database.user | LIFECYCLE_DATABASE_USER | required",
                        "database.password | LIFECYCLE_DATABASE_PASSWORD | required | secret",
                        "email.provider | EMAIL_PROVIDER | smtp",
                        "email.api-key | EMAIL_API_KEY | null | secret",
                        "email.from | EMAIL_FROM | required",
                        "email.reply-to | EMAIL_REPLY_TO | null",
                        "email.marketing-cooldown-hours | EMAIL_MARKETING_COOLDOWN_HOURS | 24",
                        "email.quiet-hours | LIFECYCLE_EMAIL_QUIET_HOURS | ",
                        "email.enabled-types | EMAIL_ENABLED_TYPES | ",
                        "smtp.host | LIFECYCLE_SMTP_HOST | null",
                        "smtp.port | LIFECYCLE_SMTP_PORT | 587",
                        "smtp.security | LIFECYCLE_SMTP_SECURITY | STARTTLS",
                        "smtp.user | LIFECYCLE_SMTP_USER | null",
                        "smtp.password | LIFECYCLE_SMTP_PASSWORD | null | secret",
                        "smtp.connections | LIFECYCLE_SMTP_CONNECTIONS | 4",
                        "frontend.url | FRONTEND_URL | required",
                        "cta.dashboard-path | EMAIL_CTA_DASHBOARD_PATH | /dashboard",
                        "cta.pricing-path | EMAIL_CTA_PRICING_PATH | /pricing",
                        "cta.onboarding-path | EMAIL_CTA_ONBOARDING_PATH | /onboarding",
                        "public.url | LIFECYCLE_PUBLIC_URL | required",
                        "link.secret | LIFECYCLE_LINK_SECRET | required | secret",
                        "rules.dir | LIFECYCLE_RULES_DIR | null",
                        "rules.mode | LIFECYCLE_RULES_MODE | CATALOGUE",
                        "locale | LIFECYCLE_LOCALE | fr",
                        "timezone | LIFECYCLE_TIMEZONE | Europe/Paris");
    }

    @Test
    void needsOnlyTheRequiredKeys() {
        LifecycleConfig config = with();

        assertThat(config.kafkaBootstrapServers()).isEqualTo("localhost:9092");
        assertThat(config.kafkaClient()).isEmpty();
        assertThat(config.kafkaTopic()).isEqualTo("seqpulse.changes");
        assertThat(config.deadLetterTopic()).isEqualTo("seqpulse.dead-letters");
        assertThat(config.database().password()).isEqualTo("hunter2-db");
        assertThat(config.smtp().port()).isEqualTo(587);
        assertThat(config.smtp().security()).isEqualTo(Security.STARTTLS);
        assertThat(config.smtp().connections()).isEqualTo(4);
        assertThat(config.smtp().user()).isNull();
        assertThat(config.emailReplyTo()).isNull();
        assertThat(config.marketingCooldown()).isEqualTo(Duration.ofHours(24));
        assertThat(config.quietHours()).isEqualTo(QuietHours.NONE);
        assertThat(config.enabledTypes()).isEmpty();
        assertThat(config.emailSettings().frontendUrl()).isEqualTo("https://app.example.com");
        assertThat(config.emailSettings().language()).isEqualTo("fr");
        assertThat(config.emailSettings().templates()).isNull();
        assertThat(config.emailSettings().timezone()).isEqualTo(ZoneId.of("Europe/Paris"));
        assertThat(config.rulesDir()).isNull();
        assertThat(config.rulesMode()).isEqualTo(RulesMode.CATALOGUE);
    }

    @Test
    void readsTheCommandLineBeforeTheFileBeforeTheEnvironmentBeforeTheDefaults()
            throws IOException {
        Path file = directory.resolve("job.properties");
        Files.writeString(
                file, "kafka.topic=of the file\nemail.from=Société <a@example.com>\nlocale=fr\n");
        String[] args = args("config", file.toString(), "locale", "en");
        Map<String, String> environment =
                Map.of(
                        "LIFECYCLE_KAFKA_TOPIC", "of the environment",
                        "LIFECYCLE_KAFKA_DEAD_LETTER_TOPIC", "of the environment",
                        "EMAIL_MARKETING_COOLDOWN_HOURS", "48",
                        "EMAIL_REPLY_TO", " ",
                        "LIFECYCLE_SERVICE_HOST", "not ours");

        LifecycleConfig config = LifecycleConfig.of(args, environment);

        assertThat(config.emailSettings().language()).isEqualTo("en");
        assertThat(config.kafkaTopic()).isEqualTo("of the file");
        assertThat(config.deadLetterTopic()).isEqualTo("of the environment");
        assertThat(config.marketingCooldown()).isEqualTo(Duration.ofDays(2));
        assertThat(config.emailReplyTo()).isNull();
        assertThat(LifecycleConfig.of(withoutKey(args, "email.from"), environment).emailFrom())
                .isEqualTo("Société <a@example.com>");
    }

    @Test
    void understandsTheProductsEnvironmentAlone() {
        Map<String, String> environment = new HashMap<>();
        NEEDED.forEach(
                (key, value) -> environment.put(LifecycleConfig.option(key).environment(), value));
        environment.put("EMAIL_PROVIDER", "Resend");
        environment.put("EMAIL_API_KEY", "re_123");
        environment.put("EMAIL_ENABLED_TYPES", "E-TRX-01, E-ACT-05,");
        environment.put("EMAIL_CTA_PRICING_PATH", "/plans");

        LifecycleConfig config = LifecycleConfig.of(new String[0], environment);

        assertThat(config.smtp().idempotencyHeader()).isEqualTo("Resend-Idempotency-Key");
        assertThat(config.smtp().password()).isEqualTo("re_123");
        assertThat(config.enabledTypes()).containsExactlyInAnyOrder("E-TRX-01", "E-ACT-05");
        assertThat(config.emailSettings().pricingPath()).isEqualTo("/plans");
    }

    @Test
    void logsMailWithoutAServerWhenAskedTo() {
        String[] args = withoutKey(args("email.provider", "console"), "smtp.host");

        assertThat(LifecycleConfig.of(args, Map.of()).smtp().console()).isTrue();
    }

    @Test
    void namesEveryMissingKeyAtOnce() {
        assertThat(problems(new String[0], Map.of()))
                .contains(
                        "kafka.bootstrap.servers: is missing; set it in the file, as"
                                + " --kafka.bootstrap.servers or as"
                                + " LIFECYCLE_KAFKA_BOOTSTRAP_SERVERS",
                        "email.from: is missing; set it in the file, as --email.from or as"
                                + " EMAIL_FROM",
                        "smtp.host: is required for email.provider smtp; set it or"
                                + " LIFECYCLE_SMTP_HOST")
                .hasSize(NEEDED.size());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    smtp.hots                      | x            | smtp.hots: unknown key in the command line; correct it
                    smtp.port                      | many         | smtp.port: 'many' is not a whole number
                    smtp.port                      | 70000        | smtp.port: is 70000; give a number from 1 to 65535
                    smtp.connections               | 0            | smtp.connections: is 0; give a number from 1 to 100
                    smtp.security                  | ssl          | smtp.security: 'ssl' is not one of none, starttls, tls
                    smtp.user                      | u            | smtp.password: is missing; set both
                    smtp.password                  | p            | smtp.user: is missing; set both
                    email.provider                 | pigeon       | email.provider: no email provider 'pigeon': use resend
                    email.provider                 | postmark     | email.api-key: is required for email.provider postmark
                    email.marketing-cooldown-hours | -1           | email.marketing-cooldown-hours: is -1; give a number from 0
                    email.quiet-hours              | 22-8         | email.quiet-hours: '22-8' are no quiet hours; give two
                    email.quiet-hours              | 08:00-08:00  | email.quiet-hours: '08:00-08:00' are no quiet hours
                    email.quiet-hours              | 24:00-08:00  | email.quiet-hours: '24:00-08:00' are no quiet hours
                    email.enabled-types            | welcome      | email.enabled-types: 'welcome' is no code
                    database.url                   | localhost    | database.url: database URL must look like jdbc:postgresql://
                    frontend.url                   | example.com  | frontend.url is 'example.com'; it must be an http
                    public.url                     | example.com  | public.url is 'example.com'; it must be an http
                    public.url                     | http://example.com | public.url is 'http://example.com'; it must be an https
                    public.url                     | https://a b  | public.url is 'https://a b'; it must be an http
                    email.from                     | hello        | email.from: email from must be one address
                    email.from                     | jörg@example.org | email.from: email from must be one address
                    email.reply-to                 | a@b.org,c@d.org | email.reply-to: email reply-to must be one address
                    link.secret                    | short        | link.secret must have at least 32 characters
                    locale                         | de           | locale is 'de'; mails exist in
                    timezone                       | Paris        | timezone: 'Paris' is no time zone
                    rules.mode                     | live         | rules.mode: 'live' is not one of catalogue, shadow
                    rules.dir                      | /no/such     | rules.dir: there is no directory /no/such
                    config                         | /no/such     | config: /no/such cannot be read
                    """)
    void refuses(String key, String value, String problem) {
        assertThat(problems(args(key, value), Map.of()))
                .singleElement()
                .asString()
                .startsWith(problem);
    }

    @Test
    void logsInToKafkaAsAFileSaysAndNeverPrintsIt() throws IOException {
        Path file = directory.resolve("kafka.properties");
        Files.writeString(
                file,
                "bootstrap.servers=elsewhere:1\nsecurity.protocol=SASL_SSL\nsasl.jaas.config=hunter2\n");

        LifecycleConfig config = with("kafka.properties-file", file.toString());

        assertThat(config.kafkaClient())
                .isEqualTo(Map.of("security.protocol", "SASL_SSL", "sasl.jaas.config", "hunter2"));
        assertThat(config.kafkaBootstrapServers()).isEqualTo("localhost:9092");
        assertThat(config.toString()).doesNotContain("hunter2");

        Files.writeString(file, "auto.offset.reset=latest\n");
        assertThat(problems(args("kafka.properties-file", file.toString()), Map.of()))
                .containsExactly(
                        "kafka.properties-file: auto.offset.reset in "
                                + file
                                + " is no setting of a login or of encryption; take it out");
        Files.delete(file);
        assertThat(problems(args("kafka.properties-file", file.toString()), Map.of()))
                .containsExactly(
                        "kafka.properties-file: "
                                + file
                                + " cannot be read as properties in UTF-8 (NoSuchFileException)");
    }

    @Test
    void refusesUnknownKeysOfTheFile() throws IOException {
        Path file = directory.resolve("job.properties");
        Files.writeString(file, "kafka.topics=x\n");

        assertThat(problems(args("config", file.toString()), Map.of()))
                .containsExactly(
                        "kafka.topics: unknown key in " + file + "; correct it or take it out");
    }

    @Test
    void refusesACommandLineItCannotPairWithoutRepeatingIt() {
        assertThat(problems(new String[] {"hunter2"}, Map.of()))
                .contains(
                        "the command line: argument 1 is no key; give --config FILE and --key value")
                .noneMatch(problem -> problem.contains("hunter2"));
        assertThat(problems(new String[] {"--locale"}, Map.of()))
                .contains("locale: has no value on the command line; give --locale VALUE");
        assertThat(problems(new String[] {"--locale", "fr", "--locale", "en"}, Map.of()))
                .contains("locale: stands twice on the command line; take one out");
    }

    @Test
    void takesASecretThatLooksLikeAKey() {
        assertThat(with("database.password", "--hunter2").database().password())
                .isEqualTo("--hunter2");
    }

    @Test
    void neverPrintsASecret() {
        String secretEach = "top-secret-%s-0123456789abcdef0123456789";
        Map<String, String> values = new HashMap<>();
        for (Option option : LifecycleOptions.ALL) {
            if (option.secret()) {
                assertThat(option.option().hasDefaultValue()).as(option.key()).isFalse();
                values.put(option.key(), secretEach.formatted(option.key()));
            }
        }
        values.put("smtp.user", "u");
        String[] pairs =
                values.entrySet().stream()
                        .flatMap(e -> List.of(e.getKey(), e.getValue()).stream())
                        .toArray(String[]::new);

        for (String provider : List.of("smtp", "resend", "postmark", "console")) {
            String[] args = args(pairs);
            String text = LifecycleConfig.of(args, Map.of("EMAIL_PROVIDER", provider)).toString();
            assertThat(text).contains("***").doesNotContain("top-secret");
        }
    }

    @Test
    void takesTemplatesFromTheOverridesOnlyWhereThereAreAny() throws IOException {
        String rules = directory.toString();
        assertThat(with("rules.dir", rules).emailSettings().templates()).isNull();

        Path emails = Files.createDirectory(directory.resolve("emails"));
        assertThat(with("rules.dir", rules).emailSettings().templates())
                .isEqualTo(emails.toString());
        assertThat(with("rules.dir", rules).rulesDir()).isEqualTo(directory);
    }

    /** docs/configuration.md is this text; after a change here, copy it from the failure. */
    @Test
    void isDocumented() throws IOException {
        Path document = Path.of("..", "docs", "configuration.md");

        assertThat(Files.readString(document)).isEqualTo(document());
    }

    private static String document() {
        String table =
                LifecycleOptions.ALL.stream()
                        .map(LifecycleConfigTest::row)
                        .collect(Collectors.joining("\n"));
        return """
               # Configuration of the job

               The job reads its configuration once, when it starts, and refuses to start if a key is unknown,
               missing or has a bad value; the error names every such key and what to do. Set a key

               1. on the command line: `--smtp.port 25`,
               2. in a properties file in UTF-8, named by `--config FILE`: `smtp.port=25`,
               3. in the environment, by the name in the table.

               The first of these wins. An empty value counts as none. Put secrets into the file (readable by the
               job's user only) or the environment: Flink shows a job's command line to everybody who can see its
               web interface. A secret has no default and is never printed.

               State backend, checkpoints, parallelism and buffer timeout are Flink's and stand in the cluster's
               own configuration.

               | key | environment | default | what it is |
               | --- | --- | --- | --- |
               %s

               ## Times in `lifecycle.yaml`

               [rules.md](rules.md) says all that a rule can be made of. A time is a whole number of at most six digits and a unit: `90s`, `15m` (minutes), `2h`, `30d`. One written otherwise stops the start; the
               error says how to write what was probably meant (`30min`: write `30m`).

               A `missing` rule is asked `within` after the first fact and 60 s of grace later: rows are committed after the moment they tell of, and so long
               the second fact may still become known. What counts is the time that the facts tell. A project created within the time was never missing; one
               created in the minute of grace came late, and the email about it is not sent either (`resolved`). `expires` counts from the due time, without
               the grace. `dropped`, `silent`, `calendar` and the later steps of a `sequence` are asked after the same grace.
               """
                .formatted(table);
    }

    private static String row(Option option) {
        Object value = option.option().defaultValue();
        String shown =
                option.required()
                        ? "**required**"
                        : value == null || value.toString().isEmpty()
                                ? ""
                                : "`%s`"
                                        .formatted(
                                                value instanceof Enum<?> constant
                                                        ? constant.name().toLowerCase(Locale.ROOT)
                                                        : value);
        return "| `%s` | `%s` | %s | %s%s |"
                .formatted(
                        option.key(),
                        option.environment(),
                        shown,
                        option.description(),
                        option.secret() ? " *Secret.*" : "");
    }

    private static String[] withoutKey(String[] args, String key) {
        List<String> rest = new ArrayList<>();
        for (int i = 0; i < args.length; i += 2) {
            if (!args[i].equals("--" + key)) {
                rest.add(args[i]);
                rest.add(args[i + 1]);
            }
        }
        return rest.toArray(String[]::new);
    }
}
