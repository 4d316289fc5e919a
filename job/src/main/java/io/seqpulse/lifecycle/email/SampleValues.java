package io.seqpulse.lifecycle.email;

import io.seqpulse.connector.email.EmailCategory;
import io.seqpulse.lifecycle.catalogue.Rule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Values to try templates with: everything known, each case, and only what is always known. */
final class SampleValues {

    private static final String VERDICT = "verdict";
    private static final String STEP = "step";

    /** A week in which nothing went wrong, of a project that deployed the first time. */
    private static final String QUIET =
            "[{\"project_id\":\"p0\",\"project_name\":\"Billing\",\"deployments\":1,\"ok\":1,"
                    + "\"warnings\":0,\"rollbacks\":0,\"critical_hints\":0}]";

    private SampleValues() {}

    /**
     * A mail that a rule can come to send.
     *
     * @param name what is special about it, in one word: its step, its verdict, what is missing
     * @param variant ends the name of the template, such as {@link EmailRenderer#DIGEST}; or empty
     * @param values as {@link EmailRenderer#render} takes them; may be changed
     */
    record Case(String name, String variant, Map<String, String> values) {}

    /** What a rule can come to send, the most usual first and the barest last. */
    static List<Case> of(Rule rule, String language) {
        List<Case> cases = new ArrayList<>(told(rule, language));
        cases.add(new Case("least", "", leastOf(language)));
        return cases;
    }

    private static List<Case> told(Rule rule, String language) {
        Map<String, String> all = everything(language);
        Map<String, String> fewer = with(all, "used", "45");
        return switch (rule.template()) {
            case "E-TRX-02" -> {
                Map<String, String> invitation = with(all, "first_name", "Nadia");
                invitation.put("name", "Nadia Haddad");
                invitation.put("project_name", "API Gateway");
                yield each(invitation, STEP, "j0", "j2", "j5");
            }
            case "E-SEC-01" -> each(all, "state", "off", "on");
            case "E-SEC-02" -> {
                Map<String, String> countryOnly = new HashMap<>(all);
                countryOnly.remove("device");
                countryOnly.remove("city");
                yield List.of(full(all), new Case("country", "", countryOnly));
            }
            case "E-ACT-04" -> {
                Map<String, String> good = with(all, VERDICT, "ok");
                good.remove("summary");
                good.put("latency_delta", "-4.2");
                good.put("error_rate_delta", "0");
                yield List.of(
                        new Case("ok", "", good),
                        new Case("warning", "", with(all, VERDICT, "warning")));
            }
            case "E-ACT-05" ->
                    List.of(
                            new Case("rollback", "", all),
                            new Case("warning", "", with(all, VERDICT, "warning")),
                            new Case("free", "", with(all, "plan", TemplateModel.FREE_PLAN)),
                            new Case("digest", EmailRenderer.DIGEST, new HashMap<>(all)));
            case "E-CONV-02" ->
                    List.of(
                            full(fewer),
                            new Case("last", "", with(with(fewer, "used", "49"), "hints", "0")),
                            new Case("reached", "", with(with(fewer, "used", "50"), "hints", "1")));
            case "E-CONV-04" ->
                    each(all, "feature", "export_csv", "alerts_slack", "sdh_full", "custom_roles");
            case "E-CONV-05" -> reports(with(all, "month", "2026-10"));
            case "E-RET-01" -> {
                List<Case> weeks = new ArrayList<>(reports(with(all, "week", "2026-W46")));
                Map<String, String> calm = with(all, "week", "2026-W44");
                calm.put("report", QUIET);
                weeks.add(new Case("calm", "", calm));
                yield weeks;
            }
            case "E-RET-02" -> {
                Map<String, String> week = with(all, "week", "2026-W46");
                yield List.of(full(week), new Case("none", "", with(week, "current_count", "0")));
            }
            case "E-RET-03" -> List.of(full(with(all, "silent_days", "14")));
            case "E-RET-04" -> {
                Map<String, String> reminder = with(all, STEP, "reminder");
                reminder.put("silent_days", "37");
                yield List.of(
                        new Case("first", "", with(all, STEP, "first")),
                        new Case("reminder", "", reminder));
            }
            case "E-BILL-01" -> each(all, STEP, "j0", "j3", "j7", "j10");
            case "E-ADV-02" -> each(all, "score", "10", "9");
            default -> usual(rule, all);
        };
    }

    /** Of a template that is not ours, or has but one form. */
    private static List<Case> usual(Rule rule, Map<String, String> all) {
        return rule.category() == EmailCategory.ALERT
                ? List.of(full(all), new Case("digest", EmailRenderer.DIGEST, new HashMap<>(all)))
                : List.of(full(all));
    }

    private static List<Case> reports(Map<String, String> values) {
        return List.of(
                full(values),
                new Case("one", "", with(values, "report", report(1))),
                new Case("many", "", with(values, "report", report(23))));
    }

    private static Case full(Map<String, String> values) {
        return new Case("full", "", values);
    }

    private static List<Case> each(Map<String, String> values, String name, String... one) {
        List<Case> cases = new ArrayList<>();
        for (String value : one) {
            cases.add(new Case(value, "", with(values, name, value)));
        }
        return cases;
    }

    /** One map for each case a template has to cope with. */
    static List<Map<String, String>> each(String language) {
        List<Map<String, String>> each = new ArrayList<>();
        for (String verdict : List.of("ok", "warning", "rollback_recommended")) {
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
        values.put("happened_at", "2026-11-18T11:05:00Z");
        values.put("changed_at", "2026-11-18T11:05:00Z");
        values.put("expires_at", "2026-11-25T11:05:00Z");
        values.put("country", "BR");
        values.put("city", "São Paulo");
        values.put("device", french ? "Firefox sur Windows" : "Firefox on Windows");
        values.put("hints", "3");
        values.put("feature", "export_csv");
        values.put("report", report(3));
        values.put("previous_count", "20");
        values.put("current_count", "7");
        values.put("last_activity_date", "2026-10-19");
        values.put("silent_days", "30");
        values.put("amount_cents", "4900");
        values.put("currency", "EUR");
        values.put("invoice_url", "https://app.seqpulse.example/invoices/F-2026-1042.pdf");
        values.put("score", "10");
        return values;
    }

    /** Figures of so many projects, as a report carries them. */
    private static String report(int projects) {
        List<String> names = List.of("Checkout API", "API Gateway", "Billing");
        return IntStream.range(0, projects)
                .mapToObj(
                        i -> {
                            int deployments = Math.max(1, 47 - 18 * i);
                            int warnings = Math.max(0, 6 - 5 * i);
                            int rollbacks = i == 0 ? 1 : 0;
                            return String.format(
                                    Locale.ROOT,
                                    """
                                    {"project_id":"p%d","project_name":"%s","deployments":%d,\
                                    "ok":%d,"warnings":%d,"rollbacks":%d,"critical_hints":%d,\
                                    "previous_deployments":%d}""",
                                    i,
                                    i < names.size() ? names.get(i) : "Service " + i,
                                    deployments,
                                    deployments - warnings - rollbacks,
                                    warnings,
                                    rollbacks,
                                    Math.max(0, 2 - i),
                                    Math.max(1, 41 - 10 * i));
                        })
                .collect(Collectors.joining(",", "[", "]"));
    }

    /** What the journal and the links cannot do without. */
    static Map<String, String> leastOf(String language) {
        Map<String, String> values = new HashMap<>();
        values.put("language", language);
        values.put("user_id", "7f1c9a52-3f0e-4a63-9d61-0a5f5c1e2b34");
        values.put("project_id", "c0a80101-5f0e-4a63-9d61-0a5f5c1e2b35");
        values.put("deployment_id", "d3b07384-d113-4ec6-a7d1-0a5f5c1e2b36");
        values.put("invitation_id", "5b1f6f0e-8c1d-4b0e-9d57-0a5f5c1e2b37");
        values.put("login_id", "9e107d9d-372b-4b66-a4d6-0a5f5c1e2b38");
        values.put("dedupe_key", "sample:7f1c9a52-3f0e-4a63-9d61-0a5f5c1e2b34");
        return values;
    }

    static Map<String, String> with(Map<String, String> values, String name, String value) {
        Map<String, String> changed = new HashMap<>(values);
        changed.put(name, value);
        return changed;
    }
}
