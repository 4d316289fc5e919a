package io.seqpulse.cli.dashboards;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.cli.Lifecycle;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import picocli.CommandLine;

/** The dashboards and alert rules as files, and the command that writes thresholds into them. */
class DashboardsTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> KPIS =
            List.of(
                    "signup_to_project_24h",
                    "project_to_first_verdict_72h",
                    "free_to_pro_from_quota_emails",
                    "critical_alert_open_rate");

    @TempDir private Path scratch;

    private record Ran(int code, String out, String err) {}

    private static Path home() {
        Path folder = Path.of(System.getProperty("lifecycle.home", "")).toAbsolutePath();
        while (!Files.exists(folder.resolve("docker-compose.yml"))) {
            folder = folder.getParent();
        }
        System.setProperty("lifecycle.home", folder.toString());
        return folder;
    }

    private static Ran run(String... arguments) {
        home();
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command =
                Lifecycle.commandLine()
                        .setOut(new PrintWriter(out, true))
                        .setErr(new PrintWriter(err, true));
        String[] all =
                Stream.concat(Stream.of("dashboards"), Stream.of(arguments)).toArray(String[]::new);
        return new Ran(command.execute(all), out.toString(), err.toString());
    }

    @Test
    void thresholdsAreThoseOfTheCatalogue() {
        Ran ran = run("--check");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err()).isEmpty();
    }

    @Test
    void aChangedThresholdIsNoticedAndWrittenOnceEverywhere() throws IOException {
        Path grafana = copyOf(home().resolve("grafana"));
        Path rules = Files.createDirectories(scratch.resolve("rules"));
        String catalogue =
                Files.readString(home().resolve("catalogue/src/main/resources/lifecycle.yaml"));
        Files.writeString(
                rules.resolve("lifecycle.yaml"),
                catalogue.replace("red-below: 30\n", "red-below: 32.5\n"));
        String[] arguments = {"--rules", rules.toString(), "--grafana", grafana.toString()};

        Ran checked = run(with(arguments, "--check"));
        assertThat(checked.code()).isOne();
        assertThat(checked.err())
                .contains("seqpulse-kpi-mvp-lifecycle.json differs", "rules.yaml differs");
        Path alerts = grafana.resolve("provisioning/alerting/rules.yaml");
        String before = Files.readString(alerts);

        assertThat(run(arguments).code()).isZero();
        assertThat(run(with(arguments, "--check")).code()).isZero();
        // Nothing but the number changes.
        assertThat(Files.readString(alerts))
                .isEqualTo(before.replace("lt, params: [30]", "lt, params: [32.5]"));
        JsonNode dashboard =
                JSON.readTree(
                        grafana.resolve("dashboards/seqpulse-kpi-mvp-lifecycle.json").toFile());
        for (JsonNode panel : dashboard.path("panels")) {
            if (panel.path("title").asText().contains("signup_to_project_24h")) {
                assertThat(panel.at("/fieldConfig/defaults/thresholds/steps").toString())
                        .isEqualTo(
                                "[{\"color\":\"red\",\"value\":null},{\"color\":\"orange\",\"value\":32.5},"
                                        + "{\"color\":\"green\",\"value\":45}]");
            }
        }
    }

    /** As the job takes it. */
    @Test
    void withoutOrangeWhereThereIsNothingBetweenRedAndGreen() throws IOException {
        Path grafana = copyOf(home().resolve("grafana"));
        Path rules = Files.createDirectories(scratch.resolve("equal"));
        String catalogue =
                Files.readString(home().resolve("catalogue/src/main/resources/lifecycle.yaml"));
        Files.writeString(
                rules.resolve("lifecycle.yaml"),
                catalogue.replace("red-below: 30\n", "red-below: 45\n"));

        Ran ran = run("--rules", rules.toString(), "--grafana", grafana.toString());

        assertThat(ran.code()).as(ran.err()).isZero();
        String dashboard =
                JSON.readTree(
                                grafana.resolve("dashboards/seqpulse-kpi-mvp-lifecycle.json")
                                        .toFile())
                        .toString();
        assertThat(dashboard)
                .contains(
                        "\"steps\":[{\"color\":\"red\",\"value\":null},{\"color\":\"green\",\"value\":45}]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "red-below: 30 | red-below: x | must be a percentage, 0 to 100",
                "green-from: 45 | green-from: 101 | must be a percentage, 0 to 100",
                "green-from: 45 | green-from: 2 | thresholds.green-from: is less than red-below",
                "kpis: | kpis: [ | lifecycle.yaml:",
                "kpis: | kpi: | unknown key",
            })
    void aCatalogueThatTheJobWouldNotTakeIsRefused(String part, String instead, String said)
            throws IOException {
        Path grafana = copyOf(home().resolve("grafana"));
        String catalogue =
                Files.readString(home().resolve("catalogue/src/main/resources/lifecycle.yaml"));
        assertThat(catalogue).contains(part);
        Files.writeString(
                scratch.resolve("lifecycle.yaml"),
                catalogue.replaceFirst(Pattern.quote(part), instead));
        Ran ran = run("--rules", scratch.toString(), "--grafana", grafana.toString());
        assertThat(ran.code()).isOne();
        assertThat(ran.err()).contains(said).doesNotContain("\tat ");
    }

    @Test
    void theKpiDashboardIsLaidOutAsTheProductKnowsIt() throws IOException {
        JsonNode dashboard = dashboard("seqpulse-kpi-mvp-lifecycle.json");
        assertThat(dashboard.path("title").asText()).isEqualTo("SEQPULSE - KPI MVP Lifecycle");
        assertThat(dashboard.path("refresh").asText()).isEqualTo("5s");
        assertThat(dashboard.path("time").toString())
                .isEqualTo("{\"from\":\"now-7d\",\"to\":\"now\"}");
        assertThat(dashboard.path("links").toString())
                .contains("\"Last 30 days\"", "from=now-30d&to=now");
        for (int i = 0; i < KPIS.size(); i++) {
            JsonNode stat = dashboard.path("panels").path(i);
            assertThat(stat.path("title").asText()).isEqualTo(KPIS.get(i));
            assertThat(stat.path("type").asText()).isEqualTo("stat");
            assertThat(stat.at("/fieldConfig/defaults/unit").asText()).isEqualTo("percent");
            assertThat(stat.at("/options/graphMode").asText()).isEqualTo("area");
            assertThat(place(stat)).isEqualTo(List.of(6 * i, 0, 6, 5));
            JsonNode trend = dashboard.path("panels").path(KPIS.size() + i);
            assertThat(trend.path("title").asText())
                    .isEqualTo("Trend - " + KPIS.get(i) + " (daily)");
            assertThat(trend.path("type").asText()).isEqualTo("timeseries");
            assertThat(place(trend)).isEqualTo(List.of(12 * (i % 2), 5 + 8 * (i / 2), 12, 8));
        }
    }

    @Test
    void segmentsAreDefinedAsInTheDocumentation() throws IOException {
        Matcher row =
                Pattern.compile("(?m)^\\| `(\\w+)` \\| (.+) \\|$")
                        .matcher(
                                Files.readString(home().resolve("docs/kpis.md"))
                                        .split("\\| segment \\| who \\|", 2)[1]);
        List<String> definitions = new ArrayList<>();
        while (row.find()) {
            definitions.add("- **%s**: %s".formatted(row.group(1), row.group(2)));
        }
        assertThat(definitions).hasSize(7);
        assertThat(Panel.titled("Segments now").json().path("description").asText().lines())
                .containsSubsequence(definitions);
    }

    @Test
    void onlyWhereThereIsAHorizonSomebodysTimeIsNotOver() throws IOException {
        for (JsonNode panel : dashboard("seqpulse-kpi-mvp-lifecycle.json").path("panels")) {
            String title = panel.path("title").asText();
            assertThat(panel.path("description").asText().contains("whose time is not over yet"))
                    .as(title)
                    .isEqualTo(title.contains("_24h") || title.contains("_72h"));
        }
    }

    @Test
    void everyDashboardCanBeProvisioned() throws IOException {
        home();
        Set<String> uids = new TreeSet<>();
        for (Path file : Panel.dashboards()) {
            JsonNode dashboard = JSON.readTree(file.toFile());
            String name = file.getFileName().toString();
            assertThat(uids.add(dashboard.path("uid").asText())).as(name).isTrue();
            assertThat(dashboard.path("schemaVersion").asInt()).as(name).isBetween(39, 42);
            assertThat(dashboard.has("__inputs") || dashboard.has("spec")).as(name).isFalse();
            assertThat(dashboard.path("timezone").asText()).as(name).isEqualTo("utc");
            Set<Integer> ids = new TreeSet<>();
            List<List<Integer>> places = new ArrayList<>();
            for (JsonNode panel : dashboard.path("panels")) {
                String where = name + ": " + panel.path("title").asText();
                assertThat(ids.add(panel.path("id").asInt())).as(where).isTrue();
                assertThat(panel.path("description").asText()).as(where).hasSizeGreaterThan(30);
                List<Integer> place = place(panel);
                assertThat(place.get(0) + place.get(2)).as(where).isLessThanOrEqualTo(24);
                assertThat(places).as(where).noneMatch(other -> overlap(other, place));
                places.add(place);
                if (panel.path("type").asText().equals("text")) {
                    continue;
                }
                assertThat(panel.path("description").asText())
                        .as(where)
                        .contains("UTC")
                        .containsPattern("window|[Nn]ow");
                List<JsonNode> sources = panel.findValues("datasource");
                assertThat(sources).as(where).isNotEmpty();
                for (JsonNode source : sources) {
                    assertThat(source.toString())
                            .as(where)
                            .isIn(
                                    "{\"type\":\"grafana-postgresql-datasource\",\"uid\":\"DS_POSTGRESQL\"}",
                                    "{\"type\":\"prometheus\",\"uid\":\"DS_PROMETHEUS\"}");
                }
            }
        }
        assertThat(uids).hasSize(4);
    }

    /** The last value there was may be hours old: a job that is gone would stay green. */
    @Test
    void healthIsAskedOfNowAndRedWithoutAnAnswer() throws IOException {
        int asked = 0;
        for (JsonNode panel : dashboard("job-health.json").path("panels")) {
            if (!panel.path("type").asText().equals("stat")) {
                continue;
            }
            String title = panel.path("title").asText();
            for (JsonNode target : panel.path("targets")) {
                if (target.has("expr")) {
                    asked++;
                    assertThat(target.path("instant").asBoolean()).as(title).isTrue();
                    assertThat(target.path("range").asBoolean()).as(title).isFalse();
                    assertThat(target.path("expr").asText())
                            .as(title)
                            .containsPattern(" or vector\\((NaN|0)\\)$");
                    assertThat(panel.at("/options/reduceOptions/calcs").toString())
                            .as(title)
                            .isEqualTo("[\"last\"]");
                }
            }
            JsonNode silence = panel.at("/fieldConfig/defaults/mappings").findValue("result");
            assertThat(silence.path("color").asText()).as(title).isEqualTo("red");
        }
        assertThat(asked).isEqualTo(6);
    }

    @Test
    void aTimeThatLiesAheadIsNotGreen() throws IOException {
        List<String> ages = new ArrayList<>();
        for (Path file : Panel.dashboards()) {
            for (JsonNode panel : JSON.readTree(file.toFile()).path("panels")) {
                if (Set.of("Clock age", "Log lag", "Last checkpoint", "Behind by")
                                .contains(panel.path("title").asText())
                        && panel.path("type").asText().equals("stat")) {
                    ages.add(panel.path("title").asText());
                    assertThat(panel.at("/fieldConfig/defaults/thresholds/steps/0").toString())
                            .isEqualTo("{\"color\":\"orange\",\"value\":null}");
                }
            }
        }
        assertThat(ages).hasSize(4);
    }

    @Test
    void linksBetweenDashboardsKeepTheTimeAndEachShowsTheMarks() throws IOException {
        home();
        for (Path file : Panel.dashboards()) {
            JsonNode dashboard = JSON.readTree(file.toFile());
            if (file.endsWith("runbooks.json")) {
                // Text only: there is no time to mark.
                continue;
            }
            for (JsonNode link : dashboard.path("links")) {
                assertThat(link.path("keepTime").asBoolean())
                        .as(link.toString())
                        .isEqualTo(!link.path("url").asText().contains("from="));
            }
            assertThat(dashboard.at("/annotations/list").findValuesAsText("name"))
                    .as(file.toString())
                    .containsExactly(
                            "Restarts after a failure",
                            "Starts and upgrades",
                            "Rules that went live");
        }
    }

    @Test
    void nothingOfTheProductsTablesIsRead() throws IOException {
        home();
        List<String> queries = new ArrayList<>();
        for (Panel panel : Panel.all()) {
            panel.sqlTargets().forEach(target -> queries.add(target.path("rawSql").asText()));
        }
        for (AlertRule rule : AlertRule.all()) {
            if (!rule.asksPrometheus()) {
                queries.add(rule.query());
            }
        }
        assertThat(queries).hasSizeGreaterThan(25);
        // The role has no right to them; this says it sooner.
        Pattern source = Pattern.compile("(?i)\\b(?:from|join)\\s+([a-z_]+(?:\\.[a-z_]+)?)");
        Set<String> product =
                Set.of("users", "projects", "deployments", "deployment_verdicts", "subscriptions");
        for (String query : queries) {
            Matcher read = source.matcher(query);
            while (read.find()) {
                String table = read.group(1);
                assertThat(table.startsWith("kpi.") || !table.contains(".")).as(query).isTrue();
                assertThat(product).as(query).doesNotContain(table);
            }
        }
    }

    /** Whether opening and clicking are recorded is asked in SQL, which does not know the rules. */
    @Test
    void goalsThatAreClicksAreKnownToTheFunnel() throws IOException {
        Path catalogue = home().resolve("catalogue/src/main/resources/lifecycle.yaml");
        JsonNode rules =
                JSON.valueToTree(
                                new Load(LoadSettings.builder().build())
                                        .loadFromString(Files.readString(catalogue)))
                        .path("rules");
        List<String> clicks = new ArrayList<>();
        for (JsonNode rule : rules) {
            if (rule.at("/goal/success").asText().equals("clicked")) {
                clicks.add("'" + rule.path("code").asText() + "'");
            }
        }
        assertThat(clicks).isNotEmpty();
        assertThat(Panel.titled("By email").sqlTargets().get(0).path("rawSql").asText())
                .contains("s.code not in (" + String.join(", ", clicks) + ")");
    }

    @Test
    void everyRuleIsExplainedAndLinksToItsSection() throws IOException {
        String page = Files.readString(home().resolve("docs/alerts.md"));
        List<AlertRule> rules = AlertRule.all();
        assertThat(rules.get(0).uid()).isEqualTo("seqpulse-clock-old");
        List<String> rows = page.lines().filter(line -> line.startsWith("| [")).toList();
        assertThat(rows).isNotEmpty();
        for (AlertRule rule : rules) {
            String link = rule.json().at("/annotations/runbook_url").asText();
            assertThat(link)
                    .as(rule.uid())
                    .matches("\\$__env\\{GRAFANA_RUNBOOKS}\\?viewPanel=panel-\\d+#[\\w-]+");
            String anchor = link.substring(link.indexOf('#') + 1);
            assertThat(anchors(page)).as(rule.uid()).contains(anchor);
            String panel = link.substring(link.indexOf("panel-") + 6, link.indexOf('#'));
            assertThat(runbook(Integer.parseInt(panel)))
                    .as(rule.uid())
                    .isEqualTo(anchors(page).indexOf(anchor));
            List<String> cells =
                    rows.stream()
                            .filter(
                                    row ->
                                            row.contains(
                                                    "[%s](#%s)".formatted(rule.title(), anchor)))
                            .map(row -> List.of(row.split("\\s*\\|\\s*")))
                            .findFirst()
                            .orElseThrow(() -> new AssertionError("no row for " + rule));
            assertThat(cells.get(2))
                    .as(rule.uid())
                    .startsWith(rule.asksPrometheus() ? "Prometheus: " : "SQL: ");
            assertThat(threshold(cells.get(3))).as(rule.uid()).isEqualTo(rule.threshold());
            assertThat(cells.get(4)).as(rule.uid()).isEqualTo(rule.json().path("for").asText());
            assertThat(cells.get(5))
                    .as(rule.uid())
                    .isEqualTo(rule.json().at("/labels/severity").asText());
            assertThat(cells.get(6)).as(rule.uid()).isNotBlank();
            assertThat(rule.json().path("noDataState").asText())
                    .as(rule.uid())
                    .isEqualTo(cells.get(3).contains("silence too") ? "Alerting" : "OK");
        }
        assertThat(rows).hasSameSizeAs(rules);
    }

    /** Which section of the page a panel of the dashboard of runbooks shows. */
    private static int runbook(int panel) throws IOException {
        List<String> titles = new ArrayList<>();
        for (JsonNode text : dashboard("runbooks.json").path("panels")) {
            titles.add(text.path("title").asText());
            assertThat(text.at("/options/content").asText()).isNotBlank().doesNotContain("](");
            if (text.path("id").asInt() == panel) {
                List<String> headings =
                        Files.readString(home().resolve("docs/alerts.md"))
                                .lines()
                                .filter(line -> line.startsWith("## "))
                                .map(line -> line.substring(3))
                                .toList();
                return headings.indexOf(text.path("title").asText());
            }
        }
        throw new AssertionError("no panel " + panel + " in " + titles);
    }

    @Test
    void aRuleWhoseSectionIsMissingIsNamed() throws IOException {
        Path grafana = copyOf(home().resolve("grafana"));
        Path alerts = grafana.resolve("provisioning/alerting/rules.yaml");
        Files.writeString(
                alerts, Files.readString(alerts).replace("#no-checkpoint", "#no-such-section"));

        Ran ran = run("--grafana", grafana.toString());

        assertThat(ran.code()).isOne();
        assertThat(ran.err()).contains(alerts.toString(), "#no-such-section", "docs/alerts.md");
    }

    /** As the rules have it, in seconds, bytes and percent: of {@code > 1 GiB, silence too}. */
    private static String threshold(String documented) {
        Matcher figure =
                Pattern.compile("([<>]) ([\\d.]+)(?: (s|h|GiB|%))?(?:,.*)?").matcher(documented);
        assertThat(figure.matches()).as(documented).isTrue();
        String unit = figure.group(3) == null ? "" : figure.group(3);
        long factor =
                switch (unit) {
                    case "h" -> 3600;
                    case "GiB" -> 1L << 30;
                    default -> 1;
                };
        return figure.group(1)
                + " "
                + new BigDecimal(figure.group(2))
                        .multiply(BigDecimal.valueOf(factor))
                        .toPlainString();
    }

    /** Anchors of a page's headings, as GitHub makes them. */
    private static List<String> anchors(String page) {
        return page.lines()
                .filter(line -> line.startsWith("## "))
                .map(
                        line ->
                                line.substring(3)
                                        .toLowerCase(Locale.ROOT)
                                        .replaceAll("[^a-z0-9 _-]", "")
                                        .replace(' ', '-'))
                .toList();
    }

    private static JsonNode dashboard(String name) throws IOException {
        return JSON.readTree(home().resolve("grafana/dashboards").resolve(name).toFile());
    }

    private static List<Integer> place(JsonNode panel) {
        JsonNode place = panel.path("gridPos");
        return Stream.of("x", "y", "w", "h").map(side -> place.path(side).asInt()).toList();
    }

    private static boolean overlap(List<Integer> a, List<Integer> b) {
        return a.get(0) < b.get(0) + b.get(2)
                && b.get(0) < a.get(0) + a.get(2)
                && a.get(1) < b.get(1) + b.get(3)
                && b.get(1) < a.get(1) + a.get(3);
    }

    private static String[] with(String[] arguments, String more) {
        List<String> all = new ArrayList<>(List.of(arguments));
        Collections.addAll(all, more);
        return all.toArray(String[]::new);
    }

    /** Without what npm puts beside them. */
    private Path copyOf(Path folder) throws IOException {
        Path copy = scratch.resolve("grafana");
        for (String part : List.of("dashboards", "provisioning")) {
            try (Stream<Path> files = Files.walk(folder.resolve(part))) {
                for (Path file : files.toList()) {
                    Path target = copy.resolve(folder.relativize(file).toString());
                    if (Files.isDirectory(file)) {
                        Files.createDirectories(target);
                    } else {
                        Files.copy(file, target);
                    }
                }
            }
        }
        return copy;
    }
}
