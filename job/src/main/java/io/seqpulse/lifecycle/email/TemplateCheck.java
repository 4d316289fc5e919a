package io.seqpulse.lifecycle.email;

import io.pebbletemplates.pebble.error.PebbleException;
import io.seqpulse.connector.email.EmailContent;
import io.seqpulse.lifecycle.catalogue.Placeholders;
import io.seqpulse.lifecycle.catalogue.Rule;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Renders every template with sample values and looks at what comes out. */
final class TemplateCheck {

    private static final Instant NOW = Instant.parse("2026-11-18T12:00:00Z");

    private final EmailRenderer renderer;
    private final List<String> problems = new ArrayList<>();

    TemplateCheck(EmailRenderer renderer) {
        this.renderer = renderer;
    }

    List<String> problemsOf(Collection<Rule> rules) {
        for (Rule rule : rules) {
            for (Typography language : Typography.values()) {
                if (!rule.ctaLabel().containsKey(language.tag())) {
                    problems.add(rule.code() + ": no text for its link in " + language.tag());
                    continue;
                }
                for (Map<String, String> values : SampleValues.each(language.tag())) {
                    addPlaceholders(rule, values);
                    check(rule, rule.template(), values);
                    for (String subject : rule.experiment().otherSubjects()) {
                        checkSubject(rule, subject, values);
                    }
                    if (renderer.hasDigest(rule)) {
                        check(rule, rule.template() + EmailRenderer.DIGEST, values);
                    }
                }
                for (SampleValues.Case sample : SampleValues.of(rule, language.tag())) {
                    addPlaceholders(rule, sample.values());
                    check(rule, rule.template() + sample.variant(), sample.values());
                }
            }
        }
        return problems;
    }

    /** What the rule's own link needs, of a fact that no sample is of. */
    static void addPlaceholders(Rule rule, Map<String, String> values) {
        Placeholders.names(rule.ctaPath()).forEach(name -> values.putIfAbsent(name, "sample"));
    }

    private void check(Rule rule, String template, Map<String, String> values) {
        String file = template + "." + values.get("language");
        if (!renderer.isCompiled(template, values.get("language"))) {
            return; // told of already
        }
        EmailContent content;
        try {
            content = renderer.render(rule, template, values, NOW);
        } catch (RuntimeException broken) {
            addEverythingWrong(rule, template, values, file, broken);
            return;
        }
        expect(!content.subject().isBlank(), file + ".subject.txt: the subject is empty");
        int buttons = content.html().split("class=\"cta\"", -1).length - 1;
        expect(buttons == 1, file + ".html: " + buttons + " calls to action; there must be one");
        if (rule.category().capped()) {
            String link = content.headers().get("List-Unsubscribe");
            String url = link.substring(1, link.length() - 1);
            expect(content.html().contains(url), file + ".html: no unsubscribe link");
            expect(content.text().contains(url), file + ".txt: no unsubscribe link");
        }
    }

    /** What broke it first, and whatever else would. */
    private void addEverythingWrong(
            Rule rule,
            String template,
            Map<String, String> values,
            String file,
            RuntimeException broken) {
        List<String> all;
        try {
            all = renderer.problems(rule, template, values, NOW);
        } catch (IllegalArgumentException missing) {
            all = List.of(file + ": " + missing.getMessage());
        }
        if (all.isEmpty()) {
            all =
                    List.of(
                            broken instanceof PebbleException error
                                    ? EmailRenderer.problem(error, file)
                                    : file + ": " + broken);
        }
        problems.addAll(all);
    }

    private void checkSubject(Rule rule, String subject, Map<String, String> values) {
        try {
            problems.addAll(renderer.subjectProblems(rule, subject, values, NOW));
        } catch (IllegalArgumentException missing) {
            // told of the template itself
        }
    }

    private void expect(boolean holds, String problem) {
        if (!holds) {
            problems.add(problem);
        }
    }
}
