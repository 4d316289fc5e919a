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
                    Placeholders.names(rule.ctaPath())
                            .forEach(name -> values.putIfAbsent(name, "sample"));
                    check(rule, rule.template(), values);
                    for (String subject : rule.experiment().otherSubjects()) {
                        checkSubject(rule, subject, values);
                    }
                    if (renderer.hasDigest(rule)) {
                        check(rule, rule.template() + EmailRenderer.DIGEST, values);
                    }
                }
            }
        }
        return problems;
    }

    private void check(Rule rule, String template, Map<String, String> values) {
        String file = template + "." + values.get("language");
        if (!renderer.isCompiled(template, values.get("language"))) {
            return; // told of already
        }
        EmailContent content;
        try {
            List<String> unwritten = renderer.problems(rule, template, values, NOW);
            if (!unwritten.isEmpty()) {
                problems.addAll(unwritten);
                return;
            }
            content = renderer.render(rule, template, values, NOW);
        } catch (PebbleException error) {
            problems.add(EmailRenderer.problem(error, file));
            return;
        } catch (IllegalArgumentException missing) {
            problems.add(file + ": " + missing.getMessage());
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
