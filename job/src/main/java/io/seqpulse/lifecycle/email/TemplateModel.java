package io.seqpulse.lifecycle.email;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.connector.email.EmailCategory;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Rule;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.time.temporal.IsoFields;
import java.util.ArrayList;
import java.util.Currency;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

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
    private static final Pattern COUNT = Pattern.compile("\\d{1,9}");
    private static final Pattern CENTS = Pattern.compile("\\d{1,12}");
    private static final Pattern CURRENCY = Pattern.compile("[A-Za-z]{3}");
    private static final Pattern WEEK = Pattern.compile("(\\d{4})-W(\\d{2})");
    private static final int BEST_SCORE = 10;

    /** Facts are younger than that and no prophecies: other times are broken values. */
    private static final int FIRST_YEAR = 2000;

    private static final int LAST_YEAR = 2199;

    /** A day that is farther away is written with its year. */
    private static final int DAYS_WITHOUT_YEAR = 180;

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
                    "changed_at",
                    "current_count",
                    "dedupe_key",
                    "drop_percent",
                    "error_rate_delta",
                    "expires_at",
                    "first_name",
                    "happened_at",
                    "hinted",
                    "hints",
                    "invoice_url",
                    "language",
                    "latency_delta",
                    "previous_count",
                    "report",
                    "score",
                    "silent_days",
                    "used",
                    "verdict");

    private final Typography typography;
    private final ZoneId zone;
    private final Instant now;
    private final Names names = new Names();

    private TemplateModel(Typography typography, ZoneId zone, Instant now) {
        this.typography = typography;
        this.zone = zone;
        this.now = now;
    }

    static Map<String, Object> of(
            Rule rule,
            Map<String, String> values,
            Instant now,
            Typography typography,
            ZoneId zone,
            Links links) {
        TemplateModel model = new TemplateModel(typography, zone, now);
        model.addText(values);
        model.addPerson(values);
        model.addVerdict(values);
        model.addQuota(values);
        model.addTimes(values);
        model.addActivity(values);
        model.addPayment(values, links);
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
                        "week",
                        "step",
                        "last_activity_date")) {
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
        names.putWhenAsked(
                "inviter_name",
                () -> SafeText.personName(values.get("first_name"), values.get("name")));
        names.putWhenAsked("country_name", () -> country(values.get("country")));
        Integer score = count(values.get("score"));
        names.put("score", score == null || score > BEST_SCORE ? null : score);
    }

    private String country(String code) {
        String name = code == null ? null : typography.country(code);
        return name == null ? SafeText.name(code) : name;
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

    private void addQuota(Map<String, String> values) {
        BigDecimal given = decimal(values.get("used"));
        Integer used = given == null || given.signum() < 0 ? null : given.intValue();
        // There is no quota of a week; what happened at a time lies in a month as well.
        boolean perWeek = values.get("week") != null && values.get("month") == null;
        Integer ofMonth = perWeek ? null : used;
        int limit = Figures.FREE_MONTHLY_DEPLOYMENTS;
        names.put("used", used);
        names.put("limit", limit);
        names.put("left", ofMonth == null ? null : Math.max(0, limit - ofMonth));
        names.put("used_percent", ofMonth == null ? null : Math.min(100, ofMonth * 100 / limit));
        YearMonth current = Figures.monthOf(now);
        Supplier<YearMonth> month = () -> month(values.get("month"), current);
        names.putWhenAsked("days_left", () -> daysLeft(ofMonth, limit, month.get(), now));
        names.putWhenAsked("month_name", () -> typography.month(month.get().getMonth()));
        names.putWhenAsked("quota_renewal", () -> day(Figures.startOf(month.get().plusMonths(1))));
    }

    /** The day that it is then where the recipient lives. */
    private String day(Instant time) {
        return typography.day(LocalDate.ofInstant(time, zone));
    }

    /** A day that is told of, with its year where one would ask for it. */
    private String dayOrDate(LocalDate day) {
        long away = ChronoUnit.DAYS.between(day, LocalDate.ofInstant(now, zone));
        return Math.abs(away) > DAYS_WITHOUT_YEAR ? typography.date(day) : typography.day(day);
    }

    private void addTimes(Map<String, String> values) {
        Instant happened = instant(values.get("happened_at"));
        names.putWhenAsked("happened_at", () -> moment(happened));
        names.putWhenAsked("changed_at", () -> moment(instant(values.get("changed_at"))));
        Instant expiry = instant(values.get("expires_at"));
        names.putWhenAsked("expires_at", () -> moment(expiry));
        names.putWhenAsked(
                "expires_day",
                () ->
                        expiry == null || expiry.isBefore(now)
                                ? null
                                : dayOrDate(LocalDate.ofInstant(expiry, zone)));
        if (happened != null && values.get("month") == null) {
            names.put("month", Figures.monthOf(happened).toString());
        }
        if (happened != null && values.get("week") == null) {
            names.put("week", weekOf(happened));
        }
        names.putWhenAsked("week_days", () -> weekDays(values.get("week")));
        names.putWhenAsked(
                "reported_month",
                () -> {
                    YearMonth month = month(values.get("month"), null);
                    return month == null ? null : typography.month(month.getMonth());
                });
    }

    private String moment(Instant time) {
        return time == null ? null : typography.moment(time.atZone(zone));
    }

    private String weekDays(String week) {
        LocalDate monday = monday(week);
        return monday == null ? null : typography.week(monday);
    }

    private void addActivity(Map<String, String> values) {
        Integer hints = count(values.get("hints"));
        names.put("hints", hints == null || hints == 0 ? null : hints);
        Integer before = count(values.get("previous_count"));
        Integer after = count(values.get("current_count"));
        names.put("previous_count", before);
        names.put("current_count", after);
        names.put("drop_percent", dropPercent(before, after));
        names.put("silent_days", count(values.get("silent_days")));
        names.putWhenAsked(
                "last_activity_day",
                () -> {
                    LocalDate day = date(values.get("last_activity_date"));
                    return day == null ? null : dayOrDate(day);
                });
        String given = values.get("report");
        Report report = given == null ? Report.NONE : Report.of(given);
        names.put("projects", report.projects());
        names.put("more_projects", report.more());
        names.put("totals", report.totals());
    }

    /** By how much a count fell; all of it only where nothing is left. Null where it did not. */
    private static Integer dropPercent(Integer before, Integer after) {
        if (before == null || after == null || after >= before) {
            return null;
        }
        int percent =
                BigDecimal.valueOf(100L * (before - after))
                        .divide(BigDecimal.valueOf(before), 0, RoundingMode.HALF_UP)
                        .intValue();
        return after == 0 ? percent : Math.min(99, percent);
    }

    private void addPayment(Map<String, String> values, Links links) {
        names.putWhenAsked(
                "amount", () -> money(values.get("amount_cents"), values.get("currency")));
        names.put("invoice_url", links.trusted(values.get("invoice_url")));
    }

    /** An amount in the currency's smallest unit, which is not a hundredth everywhere. */
    private String money(String cents, String code) {
        if (cents == null
                || code == null
                || !CENTS.matcher(cents).matches()
                || !CURRENCY.matcher(code).matches()) {
            return null;
        }
        try {
            Currency currency = Currency.getInstance(code.toUpperCase(Locale.ROOT));
            int digits = currency.getDefaultFractionDigits();
            return digits < 0
                    ? null
                    : typography.money(new BigDecimal(cents).movePointLeft(digits), currency);
        } catch (IllegalArgumentException noCurrency) {
            return null;
        }
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
        names.putWhenAsked("confirm_url", () -> links.confirmLogin(values.get("login_id")));
        names.putWhenAsked("stay_url", links::stay);
        names.putWhenAsked(
                "nps_links",
                () ->
                        IntStream.rangeClosed(0, BEST_SCORE)
                                .mapToObj(n -> Map.of("score", n, "url", links.score(n)))
                                .toList());
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
    static Iterable<JsonNode> array(String json) {
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

    /** A whole number of things; null where the text is none. */
    static Integer count(String text) {
        return text == null || !COUNT.matcher(text).matches() ? null : Integer.valueOf(text);
    }

    private static Instant instant(String text) {
        try {
            Instant time = text == null ? null : Instant.parse(text);
            return time == null || isOdd(time.atOffset(ZoneOffset.UTC).getYear()) ? null : time;
        } catch (DateTimeException noInstant) {
            return null;
        }
    }

    private static LocalDate date(String text) {
        try {
            LocalDate day = text == null ? null : LocalDate.parse(text);
            return day == null || isOdd(day.getYear()) ? null : day;
        } catch (DateTimeParseException noDate) {
            return null;
        }
    }

    private static boolean isOdd(int year) {
        return year < FIRST_YEAR || year > LAST_YEAR;
    }

    private static String weekOf(Instant time) {
        LocalDate day = LocalDate.ofInstant(time, ZoneOffset.UTC);
        return String.format(
                Locale.ROOT,
                "%d-W%02d",
                day.get(IsoFields.WEEK_BASED_YEAR),
                day.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
    }

    /** The day an ISO week begins with; null where the text names none. */
    private static LocalDate monday(String week) {
        Matcher parts = WEEK.matcher(week == null ? "" : week);
        if (!parts.matches()) {
            return null;
        }
        int year = Integer.parseInt(parts.group(1));
        try {
            // The fourth of January is in the year's first week.
            LocalDate monday =
                    LocalDate.of(year, 1, 4)
                            .with(
                                    IsoFields.WEEK_OF_WEEK_BASED_YEAR,
                                    Integer.parseInt(parts.group(2)))
                            .with(DayOfWeek.MONDAY);
            return isOdd(year) || monday.get(IsoFields.WEEK_BASED_YEAR) != year ? null : monday;
        } catch (DateTimeException noWeek) {
            return null;
        }
    }

    private static BigDecimal decimal(String text) {
        if (text == null || !DECIMAL.matcher(text).matches()) {
            return null;
        }
        BigDecimal value = new BigDecimal(text);
        return value.abs().compareTo(LARGEST_DELTA) > 0 ? null : value;
    }

    private static YearMonth month(String text, YearMonth otherwise) {
        try {
            YearMonth month = text == null ? null : YearMonth.parse(text);
            return month == null || isOdd(month.getYear()) ? otherwise : month;
        } catch (DateTimeParseException notAMonth) {
            return otherwise;
        }
    }
}
