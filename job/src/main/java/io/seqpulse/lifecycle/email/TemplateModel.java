package io.seqpulse.lifecycle.email;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.connector.email.EmailCategory;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Rule;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * What a template may use. Every name a fact can carry is there, null where it is unknown, so that
 * a misspelt name is an error and an unknown value is not. User text has been through {@link
 * SafeText}, figures are written as the language writes them; docs/templates.md lists the names.
 */
final class TemplateModel {

    static final String FREE_PLAN = "free";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_ACTIONS = 3;
    private static final int MOST_ALERTS = 20;
    private static final Pattern DECIMAL = Pattern.compile("[+-]?\\d{1,12}(\\.\\d{1,20})?");
    private static final Set<String> SENTENCES = Set.of("summary", "title");
    private static final Set<String> VERDICTS = Set.of("ok", "warning", "rollback_recommended");

    /** Larger figures are no shares of anything, but a broken measurement. */
    private static final BigDecimal LARGEST_DELTA = new BigDecimal("100000");

    private static final Map<String, Object> UNKNOWN = unknown();

    /** Given as values, but told in other words, or to no template. */
    private static final Set<String> MADE_HERE =
            Set.of(
                    "actions",
                    "alerts",
                    "dedupe_key",
                    "error_rate_delta",
                    "first_name",
                    "hinted",
                    "language",
                    "latency_delta",
                    "used",
                    "verdict");

    private final Typography typography;
    private final ZoneId zone;
    private final Names names = new Names();

    private TemplateModel(Typography typography, ZoneId zone) {
        this.typography = typography;
        this.zone = zone;
    }

    static Map<String, Object> of(
            Rule rule,
            Map<String, String> values,
            Instant now,
            Typography typography,
            ZoneId zone,
            Links links) {
        TemplateModel model = new TemplateModel(typography, zone);
        model.addText(values);
        model.addPerson(values);
        model.addVerdict(values);
        model.addQuota(values, now);
        model.addLinks(rule, values, links);
        return model.names;
    }

    private void addText(Map<String, String> values) {
        names.putAll(UNKNOWN);
        values.forEach(
                (name, value) -> {
                    if (!MADE_HERE.contains(name)) {
                        names.putWhenAsked(name, () -> text(name, value));
                    }
                });
    }

    /** Every name that an event, a person or a project can give. */
    private static Map<String, Object> unknown() {
        Map<String, Object> unknown = new HashMap<>();
        for (EventType type : EventType.values()) {
            type.attributes().forEach(attribute -> unknown.put(attribute, null));
        }
        for (String name :
                List.of(
                        "name",
                        "first_name",
                        "email",
                        "locale",
                        "timezone",
                        "user_id",
                        "project_id",
                        "project_name",
                        "plan",
                        "used",
                        "month",
                        "week")) {
            unknown.put(name, null);
        }
        return unknown;
    }

    private static String text(String name, String value) {
        return SENTENCES.contains(name) ? SafeText.sentence(value) : SafeText.name(value);
    }

    private void addPerson(Map<String, String> values) {
        names.put("language", typography.tag());
        names.putWhenAsked(
                "first_name",
                () -> SafeText.firstName(values.get("first_name"), values.get("name")));
    }

    private void addVerdict(Map<String, String> values) {
        names.putAll(verdict(values));
        boolean free = FREE_PLAN.equals(values.get("plan"));
        names.put("is_free", free);
        names.put("actions", free ? List.of() : sentences(values.get("actions")));
        if (free) {
            names.put("summary", null);
        }
        List<Map<String, Object>> alerts = alerts(values.get("alerts"));
        names.put("alert_count", alerts.size());
        names.put("alerts", alerts.subList(0, Math.min(MOST_ALERTS, alerts.size())));
        names.put("more_alerts", Math.max(0, alerts.size() - MOST_ALERTS));
    }

    private Map<String, Object> verdict(Map<String, String> values) {
        Map<String, Object> verdict = new HashMap<>();
        String name = values.get("verdict");
        verdict.put("verdict", name != null && VERDICTS.contains(name) ? name : null);
        BigDecimal latency = decimal(values.get("latency_delta"));
        verdict.put("latency_delta", latency == null ? null : typography.percent(latency));
        verdict.put("latency_worse", latency != null && latency.signum() > 0);
        BigDecimal errors = decimal(values.get("error_rate_delta"));
        verdict.put("error_rate_delta", errors == null ? null : typography.points(errors));
        verdict.put("error_rate_worse", errors != null && errors.signum() > 0);
        return verdict;
    }

    private void addQuota(Map<String, String> values, Instant now) {
        BigDecimal given = decimal(values.get("used"));
        Integer used = given == null || given.signum() < 0 ? null : given.intValue();
        Integer ofMonth = values.get("week") == null ? used : null; // there is no quota of a week
        int limit = Figures.FREE_MONTHLY_DEPLOYMENTS;
        names.put("used", used);
        names.put("limit", limit);
        names.put("left", ofMonth == null ? null : Math.max(0, limit - ofMonth));
        names.put("used_percent", ofMonth == null ? null : Math.min(100, ofMonth * 100 / limit));
        Supplier<YearMonth> month = () -> month(values.get("month"), now);
        names.putWhenAsked("days_left", () -> daysLeft(ofMonth, limit, month.get(), now));
        names.putWhenAsked("month_name", () -> typography.month(month.get().getMonth()));
        names.putWhenAsked("quota_renewal", () -> day(Figures.startOf(month.get().plusMonths(1))));
    }

    /** The day that it is then where the recipient lives. */
    private String day(Instant time) {
        return typography.day(LocalDate.ofInstant(time, zone));
    }

    private static Long daysLeft(Integer used, int limit, YearMonth month, Instant now) {
        OptionalLong days =
                used == null ? OptionalLong.empty() : Figures.daysToLimit(used, limit, month, now);
        return days.isPresent() ? days.getAsLong() : null;
    }

    private void addLinks(Rule rule, Map<String, String> values, Links links) {
        EmailCategory category = rule.category();
        String projectId = values.get("project_id");
        boolean mutable = category == EmailCategory.ALERT && projectId != null;
        names.put("code", rule.code());
        names.put("category", category.label());
        names.put("can_unsubscribe", category.capped());
        names.put("cta_label", rule.ctaLabel().get(typography.tag()));
        names.put("cta_url", links.callToAction(rule.ctaPath(), values));
        names.put("dashboard_url", links.dashboard());
        names.put("mute_url", mutable ? links.mute(values, projectId) : null);
        names.put(
                "unsubscribe_url",
                category.capped() ? links.unsubscribe(values, category.label()) : null);
        names.put("preferences_url", category.capped() ? links.preferences(values) : null);
    }

    private List<String> sentences(String json) {
        List<String> sentences = new ArrayList<>();
        for (JsonNode item : array(json)) {
            String sentence = SafeText.sentence(item.asText(null));
            if (sentence != null && sentences.size() < MOST_ACTIONS) {
                sentences.add(sentence);
            }
        }
        return sentences;
    }

    private List<Map<String, Object>> alerts(String json) {
        List<Map<String, Object>> alerts = new ArrayList<>();
        for (JsonNode item : array(json)) {
            Map<String, String> values = new HashMap<>();
            item.properties().forEach(it -> values.put(it.getKey(), it.getValue().asText(null)));
            Map<String, Object> alert = verdict(values);
            for (String name : List.of("deployment_number", "env", "branch")) {
                alert.put(name, SafeText.name(values.get(name)));
            }
            alerts.add(alert);
        }
        return alerts;
    }

    /** An array of JSON; anything else counts as none, since a mail without it is still true. */
    private static Iterable<JsonNode> array(String json) {
        if (json == null) {
            return List.of();
        }
        try {
            JsonNode node = JSON.readTree(json);
            return node.isArray() ? node : List.of();
        } catch (JsonProcessingException notJson) {
            return List.of();
        }
    }

    private static BigDecimal decimal(String text) {
        if (text == null || !DECIMAL.matcher(text).matches()) {
            return null;
        }
        BigDecimal value = new BigDecimal(text);
        return value.abs().compareTo(LARGEST_DELTA) > 0 ? null : value;
    }

    private static YearMonth month(String text, Instant now) {
        try {
            return text == null ? Figures.monthOf(now) : YearMonth.parse(text);
        } catch (DateTimeParseException notAMonth) {
            return Figures.monthOf(now);
        }
    }
}
