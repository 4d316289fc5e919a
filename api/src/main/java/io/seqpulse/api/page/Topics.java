package io.seqpulse.api.page;

import io.seqpulse.api.Database;
import io.seqpulse.api.kpi.Availability;
import io.seqpulse.api.kpi.Figure;
import io.seqpulse.api.kpi.Grain;
import io.seqpulse.api.kpi.Heartbeat;
import io.seqpulse.api.kpi.KpiTables;
import io.seqpulse.api.kpi.Point;
import io.seqpulse.api.kpi.Window;
import io.seqpulse.api.mail.Deliveries;
import io.seqpulse.api.mail.Delivery;
import io.seqpulse.api.mail.Explanation;
import io.seqpulse.api.mail.MailEndpoints;
import io.seqpulse.api.mail.WaitingEmails;
import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.Goal;
import io.seqpulse.lifecycle.catalogue.Kpi;
import io.seqpulse.lifecycle.catalogue.Rule;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the live page shows, topic by topic, as it is sent to it. */
public final class Topics {

    private static final int LATEST = 30;

    /** Openings and clicks are counted from this table of the product, where it has one. */
    private static final String EVENTS = "email_events";

    /** Below this the lag is what one commit takes; above the second, somebody should look. */
    private static final Duration CURRENT = Duration.ofSeconds(5);

    private static final Duration STALE = Duration.ofSeconds(60);

    /** Its goal is no share: it is the time until all is well again. */
    private static final String CRITICAL_ALERT = "E-ACT-05";

    private static final String SEGMENTS = "select segment, members from kpi.segments";

    private static final String FUNNEL =
            """
            select code,
                (sum(denominator) filter (where measure = 'opened'))::bigint as sent,
                (sum(numerator) filter (where measure = 'opened'))::bigint as opened,
                (sum(numerator) filter (where measure = 'opened_by_people'))::bigint
                    as opened_by_people,
                (sum(numerator) filter (where measure = 'clicked'))::bigint as clicked,
                (sum(numerator) filter (where measure = 'goal'))::bigint as goal,
                (sum(denominator) filter (where measure = 'goal'))::bigint as goal_of
            from kpi.email_series s
            cross join lateral (
                select sum(r.numerator) as numerator, sum(r.denominator) as denominator
                from kpi.cohort_between(s.series, ?, ?) as r) as figures
            group by code
            having sum(denominator) filter (where measure = 'opened') > 0
            order by code
            """;

    /** How many critical verdicts were followed by an ok, and within what time half of them. */
    private static final String RECOVERIES =
            """
            select coalesce(sum(count), 0)::bigint as count,
                nullif(min(up_to_ms) filter (where share >= 0.5), 9223372036854775807) as half
            from (
                select up_to_ms, count,
                    sum(count) over (order by up_to_ms) / sum(count) over () as share
                from (
                    select up_to_ms, sum(count) as count
                    from kpi.duration
                    where measure = 'critical_alert_mttr' and bucket >= ? and bucket < ?
                    group by up_to_ms) as counted) as ranked
            """;

    private static final String ACTIVITY =
            """
            select s.activity, sum(a.count)::bigint as count
            from kpi.activity_series as s
            cross join lateral kpi.activity_between(s.activity, ?, ?) as a
            group by s.activity
            """;

    private static final String OUTCOMES =
            """
            select outcome, reason, sum(count)::bigint as count
            from kpi.emails
            where bucket >= ? and bucket < ?
            group by outcome, reason
            order by count desc, outcome, reason
            """;

    private final Database database;
    private final KpiTables tables;
    private final Catalogue catalogue;
    private final Deliveries deliveries;
    private final WaitingEmails waiting;
    private final MailEndpoints lines;
    private final Explanation explanation;

    /** Says what these say. */
    public Topics(
            Database database,
            KpiTables tables,
            Catalogue catalogue,
            Deliveries deliveries,
            WaitingEmails waiting,
            MailEndpoints lines,
            Explanation explanation) {
        this.database = database;
        this.tables = tables;
        this.catalogue = catalogue;
        this.deliveries = deliveries;
        this.waiting = waiting;
        this.lines = lines;
        this.explanation = explanation;
    }

    /** How current everything else is. */
    Map<String, Object> freshness(Instant now) {
        Optional<Heartbeat> heartbeat = tables.heartbeat();
        Map<String, Object> topic = new LinkedHashMap<>();
        topic.put("checked_at", now.truncatedTo(ChronoUnit.SECONDS));
        topic.put("as_of", heartbeat.map(Heartbeat::asOf).orElse(null));
        Duration lag = heartbeat.map(beat -> Duration.between(beat.asOf(), now)).orElse(null);
        topic.put("lag_ms", lag == null ? null : Math.max(0, lag.toMillis()));
        topic.put("state", state(lag));
        return topic;
    }

    private static String state(Duration lag) {
        if (lag == null) {
            return "empty";
        }
        if (lag.compareTo(CURRENT) <= 0) {
            return "current";
        }
        return lag.compareTo(STALE) <= 0 ? "late" : "stale";
    }

    /** What the page says when the database does not answer. */
    static Map<String, Object> unreachable(Instant now) {
        Map<String, Object> topic = new LinkedHashMap<>();
        topic.put("checked_at", now.truncatedTo(ChronoUnit.SECONDS));
        topic.put("as_of", null);
        topic.put("lag_ms", null);
        topic.put("state", "unreachable");
        return topic;
    }

    /** The tiles. */
    Map<String, Object> kpis(Instant now, int days) {
        Window window = Window.untilNow(now, days);
        Map<String, Availability> availability = tables.availability();
        Map<String, Figure> figures = tables.figures(window, catalogue.kpis());
        Map<String, Object> tiles = new LinkedHashMap<>();
        for (Kpi kpi : catalogue.kpis()) {
            Availability known = availability.getOrDefault(kpi.name(), Availability.NOT_YET);
            Figure figure = known.available() ? figures.get(kpi.name()) : Figure.NONE;
            Map<String, Object> tile = new LinkedHashMap<>();
            tile.put("kpi", kpi.name());
            tile.put("title", kpi.title());
            tile.put("description", kpi.description());
            tile.put("value", figure.value());
            tile.put("numerator", figure.numerator());
            tile.put("denominator", figure.denominator());
            Optional<String> reason = known.reason().or(figure::unread);
            tile.put("available", reason.isEmpty());
            tile.put("reason", reason.orElse(null));
            tile.put("tone", known.tone(figure.value()));
            tile.put("red_below", known.redBelow());
            tile.put("green_from", known.greenFrom());
            tile.put("open_for_ms", openFor(kpi).map(Duration::toMillis).orElse(null));
            tiles.put(kpi.name(), tile);
        }
        Map<String, Object> topic = window(window, days);
        topic.put("kpis", tiles);
        return topic;
    }

    /**
     * How long after they began somebody may still reach the goal, so that a figure of the latest
     * ones may still rise; empty where there is no such time.
     */
    private Optional<Duration> openFor(Kpi kpi) {
        return kpi.within() != null
                ? Optional.of(kpi.within())
                : kpi.success() == Kpi.Success.GOAL
                        ? kpi.codes().stream()
                                .flatMap(code -> catalogue.rule(code).stream())
                                .flatMap(rule -> Optional.ofNullable(rule.goal()).stream())
                                .map(Goal::within)
                                .max(Duration::compareTo)
                        : Optional.empty();
    }

    /** The lines of the charts: one a KPI, of points at the beginning of each step. */
    Map<String, Object> trends(Instant now, int days) {
        Window window = Window.untilNow(now, days);
        Grain grain = days <= 2 ? Grain.HOUR : Grain.DAY;
        Map<String, Availability> availability = tables.availability();
        List<Kpi> counted =
                catalogue.kpis().stream()
                        .filter(
                                kpi ->
                                        availability
                                                .getOrDefault(kpi.name(), Availability.NOT_YET)
                                                .available())
                        .toList();
        Map<String, List<Point>> series = tables.series(window, grain, counted);
        Map<String, Object> lines = new LinkedHashMap<>();
        for (Kpi kpi : counted) {
            Map<String, Object> points = new LinkedHashMap<>();
            for (Point point : series.get(kpi.name())) {
                points.put(
                        Long.toString(point.at().toEpochMilli()),
                        Arrays.<Object>asList(
                                point.figure().value(),
                                point.figure().numerator(),
                                point.figure().denominator()));
            }
            lines.put(kpi.name(), points);
        }
        Map<String, Object> topic = window(window, days);
        topic.put("grain", grain.label());
        topic.put("series", lines);
        return topic;
    }

    /** The last emails. */
    Map<String, Object> deliveries() {
        Map<String, Object> latest = new LinkedHashMap<>();
        for (Delivery delivery : deliveries.latest(LATEST)) {
            latest.put(delivery.id().toString(), lines.line(delivery));
        }
        Map<String, Object> names = new LinkedHashMap<>();
        for (Rule rule : catalogue.rules()) {
            names.put(rule.code(), explanation.name(rule.code()));
        }
        return Map.of("deliveries", latest, "names", names, "waiting", waiting.counted());
    }

    /** How many people are in each segment; the reason instead where nobody was counted yet. */
    Map<String, Object> segments() {
        Map<String, Object> topic = new LinkedHashMap<>();
        topic.put("reason", notYet());
        Map<String, Object> members = new LinkedHashMap<>();
        database.query(
                SEGMENTS, row -> members.put(row.getString("segment"), row.getLong("members")));
        topic.put("segments", members);
        return topic;
    }

    /**
     * What became of the emails sent, code by code. What of it cannot be known is null: openings
     * and clicks where the product does not say of any.
     */
    Map<String, Object> funnel(Instant now, int days) {
        Window window = Window.untilNow(now, days);
        Map<String, Object> topic = window(window, days);
        topic.put("reason", notYet());
        String eventsReason = tables.uncounted(EVENTS).orElse(null);
        boolean events = eventsReason == null;
        topic.put("events_reason", eventsReason);
        Map<String, Object> emails = new LinkedHashMap<>();
        database.query(
                FUNNEL,
                row -> {
                    Map<String, Object> email = new LinkedHashMap<>();
                    String code = row.getString("code");
                    email.put("code", code);
                    email.put("name", explanation.name(code));
                    email.put("sent", row.getLong("sent"));
                    email.put("opened", events ? row.getLong("opened") : null);
                    email.put("opened_by_people", events ? row.getLong("opened_by_people") : null);
                    email.put("clicked", events ? row.getLong("clicked") : null);
                    email.put(
                            "goal",
                            events || !isGoalAClick(code)
                                    ? row.getObject("goal", Long.class)
                                    : null);
                    email.put("goal_of", row.getObject("goal_of", Long.class));
                    return emails.put(code, email);
                },
                window.fromUtc(),
                window.toUtc());
        topic.put("emails", emails);
        topic.put(
                "recovery",
                database.query(
                                RECOVERIES,
                                row -> {
                                    Map<String, Object> recovery = new LinkedHashMap<>();
                                    recovery.put("code", CRITICAL_ALERT);
                                    recovery.put("count", row.getLong("count"));
                                    recovery.put(
                                            "half_within_ms", row.getObject("half", Long.class));
                                    return recovery;
                                },
                                window.fromUtc(),
                                window.toUtc())
                        .get(0));
        Map<String, Object> outcomes = new LinkedHashMap<>();
        database.query(
                OUTCOMES,
                row -> {
                    Map<String, Object> outcome = new LinkedHashMap<>();
                    String reason = row.getString("reason");
                    outcome.put("outcome", row.getString("outcome"));
                    outcome.put("reason", reason);
                    outcome.put(
                            "reason_text",
                            explanation.reason(row.getString("outcome"), reason).orElse(null));
                    outcome.put(
                            "reason_name", reason == null ? null : explanation.reasonName(reason));
                    outcome.put("count", row.getLong("count"));
                    return outcomes.put(outcome.get("outcome") + "/" + reason, outcome);
                },
                window.fromUtc(),
                window.toUtc());
        topic.put("outcomes", outcomes);
        return topic;
    }

    private boolean isGoalAClick(String code) {
        return catalogue
                .rule(code)
                .map(Rule::goal)
                .filter(goal -> goal.success() == Kpi.Success.CLICKED)
                .isPresent();
    }

    /** Why nothing is known of anything, or null: before a first reading, no row is no 0. */
    private String notYet() {
        return tables.heartbeat().isPresent() ? null : Availability.NOT_COMPUTED_YET;
    }

    /** What happened in the product; the reason instead where nothing was counted yet. */
    Map<String, Object> activity(Instant now, int days) {
        Window window = Window.untilNow(now, days);
        Map<String, Object> counts = new LinkedHashMap<>();
        database.query(
                ACTIVITY,
                row -> counts.put(row.getString("activity"), row.getLong("count")),
                window.fromUtc(),
                window.toUtc());
        Map<String, Object> topic = window(window, days);
        topic.put("reason", notYet());
        topic.put("activity", counts);
        return topic;
    }

    private static Map<String, Object> window(Window window, int days) {
        Map<String, Object> topic = new LinkedHashMap<>();
        topic.put("from", window.from());
        topic.put("to", window.to());
        topic.put("days", days);
        return topic;
    }
}
