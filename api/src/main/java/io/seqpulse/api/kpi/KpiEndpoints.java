package io.seqpulse.api.kpi;

import io.javalin.http.Context;
import io.seqpulse.api.Csv;
import io.seqpulse.api.Problem;
import io.seqpulse.api.Times;
import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.Kpi;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * KPIs as JSON and CSV.
 *
 * <p>The overview is the founding document's (000 §3bis), key by key: times of the window with
 * {@code +00:00}, {@code computed_at} with {@code Z}, value 0.0 at denominator 0. Windows are
 * {@code [from, to)} at whole minutes.
 */
public final class KpiEndpoints {

    /** What the founding document's answer holds, in its order. */
    static final List<String> OVERVIEW =
            List.of(
                    "signup_to_project_24h",
                    "project_to_first_verdict_72h",
                    "free_to_pro_from_quota_emails",
                    "critical_alert_open_rate");

    private static final int DEFAULT_DAYS = 7;
    private static final int MOST_DAYS = 90;
    private static final int MOST_POINTS = 3_000;
    private static final Duration LONGEST = Duration.ofDays(400);
    private static final String CSV_TYPE = "text/csv; charset=utf-8";
    private static final String CSV_SUFFIX = ".csv";
    private static final DateTimeFormatter WITH_OFFSET =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ssxxx", Locale.ROOT);

    private final KpiTables tables;
    private final Catalogue catalogue;
    private final Clock clock;

    /** Answers from these tables about the KPIs of this catalogue. */
    public KpiEndpoints(KpiTables tables, Catalogue catalogue, Clock clock) {
        this.tables = tables;
        this.catalogue = catalogue;
        this.clock = clock;
    }

    /** {@code GET /analytics/kpi/lifecycle?window_days=7}. */
    public void overview(Context context) {
        int days = days(context.queryParam("window_days"));
        Instant now = clock.instant();
        Window window = Window.lastDays(now, days);
        List<Kpi> kpis = OVERVIEW.stream().flatMap(name -> catalogue.kpi(name).stream()).toList();
        Map<String, Availability> availability = tables.availability();
        Map<String, Figure> figures = tables.figures(window, kpis);
        Map<String, Object> values = new LinkedHashMap<>();
        for (Kpi kpi : kpis) {
            values.put(
                    kpi.name(),
                    value(
                            availability.getOrDefault(kpi.name(), Availability.NOT_YET),
                            figures.get(kpi.name())));
        }
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("from", withOffset(window.from()));
        shown.put("to", withOffset(window.to()));
        shown.put("days", days);
        shown.put("computed_at", now.truncatedTo(ChronoUnit.SECONDS).toString());
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("window", shown);
        answer.put("kpis", values);
        context.json(answer);
    }

    /** {@code GET /analytics/kpi/{name}?from&to&grain}, as JSON or CSV. */
    public void series(Context context) {
        String asked = context.pathParam("name");
        boolean suffixed = asked.endsWith(CSV_SUFFIX);
        String name = suffixed ? asked.substring(0, asked.length() - CSV_SUFFIX.length()) : asked;
        Kpi kpi = catalogue.kpi(name).orElseThrow(this::unknown);
        Instant now = clock.instant();
        Instant to = time(context, "to", now);
        Instant from = time(context, "from", to.minus(Duration.ofDays(DEFAULT_DAYS)));
        Grain grain = grain(context.queryParam("grain"));
        Window window = new Window(from, to);
        check(window, grain);
        Availability availability =
                tables.availability().getOrDefault(kpi.name(), Availability.NOT_YET);
        List<Point> points =
                availability.available()
                        ? tables.series(window, grain, List.of(kpi)).get(kpi.name())
                        : List.of();
        if (suffixed || wantsCsv(context)) {
            csv(context, kpi, points);
            return;
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("kpi", kpi.name());
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("from", withOffset(window.from()));
        shown.put("to", withOffset(window.to()));
        shown.put("grain", grain.label());
        shown.put("computed_at", now.truncatedTo(ChronoUnit.SECONDS).toString());
        answer.put("window", shown);
        answer.put("unit", "percent");
        answer.put(
                "total", value(availability, tables.figures(window, List.of(kpi)).get(kpi.name())));
        List<Map<String, Object>> steps = new ArrayList<>();
        for (Point point : points) {
            Map<String, Object> step = new LinkedHashMap<>();
            step.put("at", withOffset(point.at()));
            step.put("value", point.figure().value());
            step.put("numerator", point.figure().numerator());
            step.put("denominator", point.figure().denominator());
            steps.add(step);
        }
        answer.put("points", steps);
        context.json(answer);
    }

    private static void csv(Context context, Kpi kpi, List<Point> points) {
        Csv csv = new Csv("kpi", "at", "value", "numerator", "denominator");
        for (Point point : points) {
            csv.row(
                    kpi.name(),
                    withOffset(point.at()),
                    point.figure().value(),
                    point.figure().numerator(),
                    point.figure().denominator());
        }
        context.contentType(CSV_TYPE)
                .header(
                        "Content-Disposition",
                        "attachment; filename=\"%s.csv\"".formatted(kpi.name()))
                .result(csv.toString());
    }

    private static Map<String, Object> value(Availability availability, Figure figure) {
        Map<String, Object> value = new LinkedHashMap<>();
        Optional<String> reason = availability.reason().or(figure::unread);
        if (reason.isEmpty()) {
            value.put("value", figure.valueOrZero());
            value.put("numerator", figure.numerator());
            value.put("denominator", figure.denominator());
        } else {
            value.put("value", null);
            value.put("available", false);
            value.put("reason", reason.get());
        }
        return value;
    }

    private Problem unknown() {
        return new Problem(404, "Unknown KPI", "There is no KPI of that name; 'known' lists them")
                .with("known", catalogue.kpis().stream().map(Kpi::name).toList());
    }

    static int days(String text) {
        if (text == null) {
            return DEFAULT_DAYS;
        }
        if (text.matches("[0-9]{1,3}")) {
            int days = Integer.parseInt(text);
            if (days >= 1 && days <= MOST_DAYS) {
                return days;
            }
        }
        throw Problem.parameter(
                "window_days", "window_days must be a whole number from 1 to " + MOST_DAYS);
    }

    private static Grain grain(String text) {
        return Grain.of(text == null ? Grain.DAY.label() : text)
                .orElseThrow(
                        () -> Problem.parameter("grain", "grain must be one of " + Grain.labels()));
    }

    private Instant time(Context context, String parameter, Instant otherwise) {
        return new Times(clock).read(parameter, context.queryParam(parameter)).orElse(otherwise);
    }

    private static void check(Window window, Grain grain) {
        if (!window.from().isBefore(window.to())) {
            throw Problem.parameter("from", "from must be at least a minute before to");
        }
        if (window.length().compareTo(LONGEST) > 0) {
            throw Problem.parameter(
                    "from", "from and to may be %s days apart at most".formatted(LONGEST.toDays()));
        }
        if (grain.stepsOf(window) > MOST_POINTS) {
            throw Problem.parameter(
                    "grain",
                    String.format(
                            Locale.ROOT,
                            "this would be more than %,d points: choose a coarser grain or a shorter window",
                            MOST_POINTS));
        }
    }

    private static boolean wantsCsv(Context context) {
        String accept = context.header("Accept");
        return accept != null && accept.toLowerCase(Locale.ROOT).startsWith("text/csv");
    }

    private static String withOffset(Instant time) {
        return WITH_OFFSET.format(time.atOffset(ZoneOffset.UTC));
    }
}
