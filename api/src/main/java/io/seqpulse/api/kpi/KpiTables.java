package io.seqpulse.api.kpi;

import io.seqpulse.api.Database;
import io.seqpulse.lifecycle.catalogue.Kpi;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Reads the views of schema {@code kpi}; every figure of the service comes from here. */
public final class KpiTables {

    private static final String FIGURES =
            """
            select kpi, numerator, denominator,
                round(100.0 * numerator / nullif(denominator, 0), 2) as value
            from (
                select k.kpi,
                    sum(c.numerator)::bigint as numerator, sum(c.denominator)::bigint as denominator
                from unnest(?) as k (kpi)
                cross join lateral kpi.cohort_between(k.kpi, ?, ?) as c
                group by k.kpi) as cohorts
            """;

    private static final String EXPOSED =
            """
            select numerator, denominator,
                round(100.0 * numerator / nullif(denominator, 0), 2) as value
            from (
                select count(distinct project_id) filter (where converted) as numerator,
                    count(distinct project_id) as denominator
                from kpi.exposure
                where bucket >= ? and bucket < ? and code = any (?)) as projects
            """;

    private static final String MINUTES =
            """
            select kpi, bucket as at, numerator, denominator,
                round(100.0 * numerator / nullif(denominator, 0), 2) as value
            from kpi.cohort
            where kpi = any (?) and bucket >= ? and bucket < ?
            """;

    private static final String STEPS =
            """
            select kpi, at, numerator, denominator,
                round(100.0 * numerator / nullif(denominator, 0), 2) as value
            from (
                select k.kpi, date_trunc(?, c.bucket, 'UTC') as at,
                    sum(c.numerator)::bigint as numerator, sum(c.denominator)::bigint as denominator
                from unnest(?) as k (kpi)
                cross join lateral kpi.cohort_between(k.kpi, ?, ?) as c
                group by 1, 2) as steps
            """;

    private static final String EXPOSED_SERIES =
            """
            select at, numerator, denominator,
                round(100.0 * numerator / nullif(denominator, 0), 2) as value
            from (
                select date_trunc(?, bucket, 'UTC') as at,
                    count(distinct project_id) filter (where converted) as numerator,
                    count(distinct project_id) as denominator
                from kpi.exposure
                where bucket >= ? and bucket < ? and code = any (?)
                group by 1) as steps
            """;

    private static final String AVAILABILITY =
            "select kpi, reason, red_below, green_from from kpi.definition";

    private static final String HEARTBEAT = "select as_of, written_at from kpi.heartbeat";

    private final Database database;

    /** Reads them as a role that may. */
    public KpiTables(Database database) {
        this.database = database;
    }

    /** How current the tables are; empty before a job has filled them once. */
    public Optional<Heartbeat> heartbeat() {
        return database
                .query(
                        HEARTBEAT,
                        row -> new Heartbeat(instant(row, "as_of"), instant(row, "written_at")))
                .stream()
                .filter(heartbeat -> heartbeat.asOf() != null)
                .findFirst();
    }

    /** What is said of each KPI; none has values before a job has filled the tables once. */
    public Map<String, Availability> availability() {
        Map<String, Availability> known = new HashMap<>();
        if (heartbeat().isEmpty()) {
            return known;
        }
        database.query(
                AVAILABILITY,
                row ->
                        known.put(
                                row.getString("kpi"),
                                new Availability(
                                        Optional.ofNullable(row.getString("reason")),
                                        row.getBigDecimal("red_below"),
                                        row.getBigDecimal("green_from"))));
        return known;
    }

    /**
     * Why nothing is counted from a table that the product may have, such as {@code
     * email_events_table_missing}; empty where it is counted.
     */
    public Optional<String> uncounted(String table) {
        return availability().values().stream()
                .flatMap(known -> known.reason().stream())
                .filter(reason -> reason.startsWith(table + "_table_"))
                .findFirst();
    }

    /** Each KPI in a window; one whose table cannot be read now says so, and costs no other. */
    public Map<String, Figure> figures(Window window, Collection<Kpi> kpis) {
        Map<String, Figure> figures = new HashMap<>();
        String[] cohorts = cohorts(kpis);
        if (cohorts.length > 0) {
            Figure rest =
                    read(
                            () -> {
                                database.query(
                                        FIGURES,
                                        row -> figures.put(row.getString("kpi"), figure(row)),
                                        cohorts,
                                        window.fromUtc(),
                                        window.toUtc());
                                return Figure.NONE;
                            });
            for (String kpi : cohorts) {
                figures.putIfAbsent(kpi, rest);
            }
        }
        for (Kpi kpi : kpis) {
            if (countsProjects(kpi)) {
                figures.put(kpi.name(), read(() -> exposed(window, kpi)));
            }
        }
        return figures;
    }

    private Figure exposed(Window window, Kpi kpi) {
        return database.query(
                        EXPOSED, KpiTables::figure, window.fromUtc(), window.toUtc(), codes(kpi))
                .get(0);
    }

    /** What the database says, or why not now, if others of it may be read all the same. */
    private static Figure read(Supplier<Figure> figure) {
        try {
            return figure.get();
        } catch (Database.Unavailable e) {
            if (e.reason() == Database.Unavailable.Reason.UNREACHABLE) {
                throw e;
            }
            return Figure.unread(e.reason().label());
        }
    }

    /** Each KPI step by step; the first and the last step hold what of them is in the window. */
    public Map<String, List<Point>> series(Window window, Grain grain, Collection<Kpi> kpis) {
        Map<String, Map<Instant, Figure>> steps = new HashMap<>();
        Database.RowReader<Figure> reader =
                row ->
                        steps.computeIfAbsent(row.getString("kpi"), kpi -> new HashMap<>())
                                .put(instant(row, "at"), figure(row));
        if (grain == Grain.MINUTE) {
            database.query(MINUTES, reader, cohorts(kpis), window.fromUtc(), window.toUtc());
        } else {
            database.query(
                    STEPS, reader, grain.label(), cohorts(kpis), window.fromUtc(), window.toUtc());
        }
        Map<String, List<Point>> series = new HashMap<>();
        for (Kpi kpi : kpis) {
            Map<Instant, Figure> known = steps.computeIfAbsent(kpi.name(), name -> new HashMap<>());
            if (countsProjects(kpi)) {
                database.query(
                        EXPOSED_SERIES,
                        row -> known.put(instant(row, "at"), figure(row)),
                        grain.label(),
                        window.fromUtc(),
                        window.toUtc(),
                        codes(kpi));
            }
            List<Point> points = new ArrayList<>();
            long count = grain.stepsOf(window);
            Instant at = grain.floor(window.from());
            for (long step = 0; step < count; step++) {
                points.add(new Point(at, known.getOrDefault(at, Figure.NONE)));
                at = at.plus(grain.step());
            }
            series.put(kpi.name(), points);
        }
        return series;
    }

    /** A column of a time, or null; an infinite one is none. */
    public static Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        boolean none =
                time == null || time.equals(OffsetDateTime.MAX) || time.equals(OffsetDateTime.MIN);
        return none ? null : time.toInstant();
    }

    private static Figure figure(ResultSet row) throws SQLException {
        return new Figure(
                row.getLong("numerator"), row.getLong("denominator"), row.getBigDecimal("value"));
    }

    private static boolean countsProjects(Kpi kpi) {
        return kpi.kind() == Kpi.Kind.DISTINCT_PROJECTS;
    }

    private static String[] cohorts(Collection<Kpi> kpis) {
        return kpis.stream()
                .filter(kpi -> !countsProjects(kpi))
                .map(Kpi::name)
                .toArray(String[]::new);
    }

    private static String[] codes(Kpi kpi) {
        return kpi.codes().toArray(String[]::new);
    }
}
