package io.seqpulse.benchmark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.seqpulse.cli.OutputFile;
import io.seqpulse.cli.UsageException;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./lifecycle bench kpi}: what a dashboard costs a large product's database. */
@Command(
        name = "kpi",
        description = {
            "Measures what a dashboard costs a large product's database.",
            "Fills PostgreSQL with a year of a large product, and asks for the four KPIs and a trend"
                    + " of the last 30 days: by the product's own SQL on its own tables, and from"
                    + " the KPI tables. Both must say the same.",
            "The tables are filled by SQL, with what the pipeline would have written. Nothing else"
                    + " should run meanwhile; a million users take about 15 minutes and 20 GB."
        },
        sortOptions = false,
        abbreviateSynopsis = true)
final class KpiScale implements Callable<Integer> {

    private static final int DAYS = 30;
    private static final ObjectMapper JSON =
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /**
     * A panel of the dashboard.
     *
     * @param theirs the product's SQL for what it shows
     */
    private record Question(String panel, String theirs) {
        boolean isTrend() {
            return panel.startsWith("Trend");
        }
    }

    @Option(
            names = "--users",
            paramLabel = "N",
            defaultValue = "1000000",
            description =
                    "How many; 0.7 times as many projects, 10 times as many deployments and 8 times"
                            + " as many verdicts (default: ${DEFAULT-VALUE}).")
    private int users;

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "5",
            description = "Runs of each query, of which the median counts (default: 5).")
    private int runs;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "Write everything there, as JSON.")
    private Path reportFile;

    @Spec private CommandSpec spec;

    private final Instant begun = Instant.now();

    private static List<Question> questions() {
        return List.of(
                stat("signup_to_project_24h"),
                stat("project_to_first_verdict_72h"),
                stat("free_to_pro_from_quota_emails"),
                stat("critical_alert_open_rate"),
                new Question(
                        "Trend - signup_to_project_24h (daily)",
                        product("signup_to_project_24h_daily")));
    }

    private static Question stat(String kpi) {
        return new Question(kpi, product(kpi));
    }

    /** What our dashboard asks for a panel. */
    private static String panel(String title) throws IOException {
        Path dashboard = home().resolve("grafana/dashboards/seqpulse-kpi-mvp-lifecycle.json");
        for (JsonNode panel : JSON.readTree(dashboard.toFile()).path("panels")) {
            if (panel.path("title").asText().equals(title)) {
                return panel.path("targets").path(0).path("rawSql").asText();
            }
        }
        throw new BenchmarkException("there is no panel '%s' in %s".formatted(title, dashboard));
    }

    /** The product's own SQL for a KPI. */
    private static String product(String kpi) {
        Path file = home().resolve("sql/checks/kpi").resolve(kpi + ".sql");
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new BenchmarkException(file + " cannot be read", e);
        }
    }

    private static Path home() {
        return Path.of(System.getProperty("lifecycle.home", ""));
    }

    private static String filling() {
        try (InputStream in = KpiScale.class.getResourceAsStream("/kpi/fill.sql")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new BenchmarkException("the benchmark's SQL cannot be read", e);
        }
    }

    @Override
    public Integer call() throws Exception {
        if (users < 1) {
            throw new UsageException("--users must be at least 1");
        }
        if (runs < 1) {
            throw new UsageException("--runs must be at least 1");
        }
        OutputFile.require("--report", reportFile);
        say("Starting PostgreSQL");
        try (EmbeddedStack stack = EmbeddedStack.builder().withoutJob().start();
                Connection product = stack.connect()) {
            new Connector(stack).stop();
            execute(product, "select pg_drop_replication_slot('seqpulse_lifecycle')");
            execute(product, "set timezone to 'UTC'");
            say("Writing a year of %,d users", users);
            for (String statement :
                    filling().replace("${users}", Integer.toString(users)).split(";\n")) {
                if (!statement.isBlank()) {
                    execute(product, statement);
                }
            }
            report(product);
            return 0;
        }
    }

    private void report(Connection product) throws SQLException, IOException {
        PrintWriter out = spec.commandLine().getOut();
        Map<String, Object> report = new LinkedHashMap<>();
        Map<String, Long> rows = new LinkedHashMap<>();
        for (String table :
                List.of(
                        "public.users",
                        "public.projects",
                        "public.deployments",
                        "public.deployment_verdicts",
                        "public.email_deliveries",
                        "kpi.cohort_rows",
                        "kpi.exposure_rows",
                        "kpi.activity_rows",
                        "kpi.email_rows")) {
            rows.put(table, number(product, "select count(*) from " + table));
        }
        report.put("rows", rows);
        report.put("productBytes", bytes(product, "public"));
        report.put("kpiBytes", bytes(product, "kpi"));
        Map<String, Object> questions = new LinkedHashMap<>();
        Instant to = Instant.now().truncatedTo(ChronoUnit.MINUTES);
        Instant from = to.minus(DAYS, ChronoUnit.DAYS);
        double theirs = 0;
        double ours = 0;
        out.printf(
                Locale.ROOT,
                "%n%-34s %12s %12s %8s  %s%n",
                "",
                "product, ms",
                "kpi, ms",
                "ratio",
                "value");
        for (Question question : questions()) {
            Answer slow = ask(product, question, question.theirs(), from, to);
            Answer quick = ask(product, question, panel(question.panel()), from, to);
            if (!slow.text().equals(quick.text())) {
                throw new BenchmarkException(
                        "%s is %s by the product's SQL and %s from the KPI tables"
                                .formatted(question.panel(), slow.text(), quick.text()));
            }
            theirs += slow.millis();
            ours += quick.millis();
            out.printf(
                    Locale.ROOT,
                    "%-34s %12.1f %12.1f %8.0f  %s%n",
                    question.panel(),
                    slow.millis(),
                    quick.millis(),
                    slow.millis() / quick.millis(),
                    question.isTrend() ? "(the same)" : slow.text());
            questions.put(
                    question.panel(),
                    Map.of("productMillis", slow.millis(), "kpiMillis", quick.millis()));
        }
        out.printf(
                Locale.ROOT,
                "%-34s %12.1f %12.1f %8.0f%n%n",
                "in sum",
                theirs,
                ours,
                theirs / ours);
        report.put("questions", questions);
        report.put("ratio", theirs / ours);
        rows.forEach((table, count) -> out.printf(Locale.ROOT, "%-34s %,12d rows%n", table, count));
        out.printf(
                Locale.ROOT,
                "schema kpi: %,d MB; the product's tables: %,d MB%n",
                bytes(product, "kpi") >> 20,
                bytes(product, "public") >> 20);
        if (reportFile != null) {
            JSON.writeValue(reportFile.toFile(), report);
        }
    }

    /**
     * @param text all rows
     * @param millis median of the runs, after one that is not counted
     */
    private record Answer(String text, double millis) {}

    private Answer ask(
            Connection product, Question question, String query, Instant from, Instant to)
            throws SQLException {
        String sql = halfOpen(query, from, to);
        double[] millis = new double[runs];
        String text = rows(product, sql, question.isTrend());
        for (int run = 0; run < runs; run++) {
            long start = System.nanoTime();
            text = rows(product, sql, question.isTrend());
            millis[run] = (System.nanoTime() - start) / 1e6;
        }
        Arrays.sort(millis);
        return new Answer(text, millis[runs / 2]);
    }

    /**
     * Windows are {@code [from, to)}: to the product's SQL, which takes both ends, the last
     * microsecond before the end is the end.
     */
    private static String halfOpen(String query, Instant from, Instant to) {
        return query.replace(
                        "BETWEEN $__timeFrom() AND $__timeTo()",
                        "BETWEEN '%s' AND '%s'".formatted(from, to.minus(1, ChronoUnit.MICROS)))
                .replace("$__timeFrom()", "'" + from + "'")
                .replace("$__timeTo()", "'" + to + "'");
    }

    /** All rows of a trend; of a stat the last, which is the window's. */
    private static String rows(Connection product, String sql, boolean trend) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Statement statement = product.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                BigDecimal value = result.getBigDecimal("value");
                String text = value == null ? "0" : value.stripTrailingZeros().toPlainString();
                rows.add(trend ? result.getTimestamp("time").toInstant() + " " + text : text);
            }
        }
        return trend ? String.join(", ", rows) : rows.get(rows.size() - 1);
    }

    private static long bytes(Connection product, String schema) throws SQLException {
        return number(
                product,
                "select sum(pg_total_relation_size(c.oid)) from pg_class c where c.relkind = 'r'"
                        + " and c.relnamespace = '%s'::regnamespace".formatted(schema));
    }

    private static long number(Connection product, String sql) throws SQLException {
        try (Statement statement = product.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }

    private static void execute(Connection product, String sql) throws SQLException {
        try (Statement statement = product.createStatement()) {
            statement.execute(sql);
        }
    }

    private void say(String format, Object... arguments) {
        spec.commandLine()
                .getErr()
                .printf(
                        Locale.ROOT,
                        "%4d s  %s%n",
                        Duration.between(begun, Instant.now()).toSeconds(),
                        format.formatted(arguments));
    }
}
