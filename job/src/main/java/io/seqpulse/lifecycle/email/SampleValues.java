package io.seqpulse.lifecycle.email;

import io.seqpulse.connector.email.EmailCategory;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Trigger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Values to try templates with: everything known, each verdict, and only what is always known. */
final class SampleValues {

    private static final String VERDICT = "verdict";
    private static final List<String> VERDICTS = List.of("ok", "warning", "rollback_recommended");

    private SampleValues() {}

    /**
     * A mail that a rule can come to send.
     *
     * @param name what is special about it, in one word: it is a heading, and chosen by {@code
     *     test-send --step}
     * @param variant ends the name of the template, such as {@link EmailRenderer#DIGEST}; or empty
     * @param values as {@link EmailRenderer#render} takes them
     */
    record Case(String name, String variant, Map<String, String> values) {}

    /** What a rule can come to send, the most usual first; two of them may read the same. */
    static List<Case> of(Rule rule, String language) {
        Map<String, String> everything = everything(language);
        List<Case> cases = new ArrayList<>();
        Set<String> verdicts = verdicts(rule);
        if (verdicts.isEmpty()) {
            cases.add(new Case("full", "", everything));
        }
        verdicts.forEach(verdict -> cases.add(new Case(verdict, "", withVerdict(everything, verdict))));
        cases.add(new Case("free", "", with(everything, "plan", TemplateModel.FREE_PLAN)));
        if (rule.category() == EmailCategory.ALERT) {
            cases.add(new Case("digest", EmailRenderer.DIGEST, everything));
        }
        cases.add(new Case("least", "", leastOf(language)));
        return cases;
    }

    /** Those that the rule asks for, of a rule about verdicts; empty for another rule. */
    private static Set<String> verdicts(Rule rule) {
        boolean told =
                rule.trigger().facts().stream()
                        .anyMatch(fact -> fact.attributes().contains(VERDICT));
        if (!told) {
            return Set.of();
        }
        return new LinkedHashSet<>(
                rule.trigger() instanceof Trigger.Happened happened
                        ? happened.where().getOrDefault(VERDICT, VERDICTS)
                        : VERDICTS);
    }

    private static Map<String, String> withVerdict(Map<String, String> values, String verdict) {
        Map<String, String> changed = with(values, VERDICT, verdict);
        if (verdict.equals("ok")) {
            changed.remove("summary");
            changed.remove("actions");
            changed.put("latency_delta", "-4.2");
            changed.put("error_rate_delta", "0");
        }
        return changed;
    }

    /** One map for each case a template has to cope with. */
    static List<Map<String, String>> each(String language) {
        List<Map<String, String>> each = new ArrayList<>();
        for (String verdict : VERDICTS) {
            each.add(with(everything(language), VERDICT, verdict));
        }
        each.add(with(everything(language), "plan", TemplateModel.FREE_PLAN));
        each.add(leastOf(language));
        return each;
    }

    /** A project in trouble whose owner we know well. */
    static Map<String, String> everything(String language) {
        Map<String, String> values = new HashMap<>(leastOf(language));
        boolean french = language.equals("fr");
        values.put("first_name", "Nassir");
        values.put("name", "Nassir Benali");
        values.put("email", "nassir@example.com");
        values.put("project_name", "Checkout API");
        values.put("plan", "pro");
        values.put("deployment_number", "12");
        values.put("env", "prod");
        values.put("branch", "main");
        values.put("verdict", "rollback_recommended");
        values.put("confidence", "high");
        values.put(
                "summary",
                french
                        ? "La latence p95 et le taux d'erreur ont nettement augmenté."
                        : "p95 latency and the error rate rose markedly.");
        values.put("latency_delta", "18");
        values.put("error_rate_delta", "1.3");
        values.put(
                "actions",
                french
                        ? "[\"Revenir à la version précédente\","
                                + "\"Vérifier les changements de base de données\","
                                + "\"Surveiller le trafic pendant 15 min\"]"
                        : "[\"Roll back to the previous version\","
                                + "\"Check the database changes\","
                                + "\"Watch the traffic for 15 min\"]");
        values.put(
                "alerts",
                "[{\"deployment_number\":\"48\",\"env\":\"prod\",\"verdict\":\"rollback_recommended\","
                        + "\"latency_delta\":\"42\",\"error_rate_delta\":\"2.4\"},"
                        + "{\"deployment_number\":\"49\",\"env\":\"staging\",\"verdict\":\"warning\","
                        + "\"latency_delta\":\"9.5\"},"
                        + "{\"deployment_number\":\"50\",\"verdict\":\"warning\"}]");
        values.put("used", "42");
        values.put("month", "2026-11");
        return values;
    }

    /** What the journal and the links cannot do without. */
    static Map<String, String> leastOf(String language) {
        Map<String, String> values = new HashMap<>();
        values.put("language", language);
        values.put("user_id", "7f1c9a52-3f0e-4a63-9d61-0a5f5c1e2b34");
        values.put("project_id", "c0a80101-5f0e-4a63-9d61-0a5f5c1e2b35");
        values.put("deployment_id", "d3b07384-d113-4ec6-a7d1-0a5f5c1e2b36");
        values.put("dedupe_key", "sample:7f1c9a52-3f0e-4a63-9d61-0a5f5c1e2b34");
        return values;
    }

    static Map<String, String> with(Map<String, String> values, String name, String value) {
        Map<String, String> changed = new HashMap<>(values);
        changed.put(name, value);
        return changed;
    }
}
