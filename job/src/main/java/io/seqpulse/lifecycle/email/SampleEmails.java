package io.seqpulse.lifecycle.email;

import io.seqpulse.connector.email.EmailContent;
import io.seqpulse.lifecycle.catalogue.Rule;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The emails of rules with sample data: what each can come to send, its steps, verdicts and
 * variants, in every language. Not thread-safe.
 */
public final class SampleEmails {

    /** Who they are from where nobody is configured. */
    public static final String FROM = "SEQPULSE <notifications@seqpulse.example>";

    private static final Instant NOW = Instant.parse("2026-11-18T12:00:00Z");

    private final EmailRenderer renderer;

    /**
     * An email as it would be sent.
     *
     * @param name what is special about it among the rule's, in one word
     * @param template name of its files, without language
     * @param why it says that the recipient gets it, or empty
     */
    public record Sample(
            Rule rule, String name, String template, String why, EmailContent content) {}

    /**
     * Compiles and tries out the templates of these rules.
     *
     * @param linkHosts {@link io.seqpulse.lifecycle.catalogue.Catalogue#linkHosts()}
     * @throws InvalidTemplatesException if one is missing, malformed, or renders to something that
     *     cannot be sent; names every file and line
     */
    public SampleEmails(EmailSettings settings, Collection<Rule> rules, Set<String> linkHosts) {
        renderer = new EmailRenderer(settings, rules, linkHosts);
    }

    /**
     * Settings of an installation that does not exist, for mails that nobody is sent.
     *
     * @param templates directory of overrides; null, or one that does not exist: none
     */
    public static EmailSettings settings(Path templates) {
        return new EmailSettings(
                "https://app.seqpulse.example",
                "/dashboard",
                "/pricing",
                "/onboarding",
                "https://lifecycle.seqpulse.example",
                "0".repeat(64),
                "en",
                ZoneId.of("Europe/Paris"),
                templates != null && Files.isDirectory(templates) ? templates.toString() : null);
    }

    /** The languages there are mails in: {@code fr}, {@code en}. */
    public static List<String> languages() {
        return Arrays.stream(Typography.values()).map(Typography::tag).toList();
    }

    /** What a rule's emails are called in {@link Sample#name}. */
    public static List<String> names(Rule rule) {
        return languages().stream()
                .flatMap(language -> SampleValues.of(rule, language).stream())
                .map(SampleValues.Case::name)
                .distinct()
                .toList();
    }

    /** What a rule can come to send in a language, the most usual first. */
    public List<Sample> of(Rule rule, String language) {
        List<Sample> samples = new ArrayList<>();
        for (SampleValues.Case sample : SampleValues.of(rule, language)) {
            String template = rule.template() + sample.variant();
            Map<String, String> values = sample.values();
            TemplateCheck.addPlaceholders(rule, values);
            EmailContent content = renderer.render(rule, template, values, NOW);
            String why = renderer.why(rule, template, values, NOW);
            samples.add(new Sample(rule, sample.name(), template, why, content));
        }
        return samples;
    }

    /** The same without those that read as an earlier one does. */
    public List<Sample> distinct(Rule rule, String language) {
        Set<EmailContent> seen = new HashSet<>();
        return of(rule, language).stream().filter(sample -> seen.add(sample.content())).toList();
    }
}
