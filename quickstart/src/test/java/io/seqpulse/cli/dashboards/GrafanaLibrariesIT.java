package io.seqpulse.cli.dashboards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The dashboards against what Grafana publishes to npm: its types, and the code that chooses a
 * stat's colour. Needs Node 18 or newer and npm.
 */
class GrafanaLibrariesIT {

    private static final Path CHECK = Panel.grafana().resolve("check");

    @TempDir private Path scratch;

    private record Ran(int code, String printed) {}

    @BeforeAll
    static void installLibraries() throws Exception {
        assumeFalse(
                "skip".equals(System.getProperty("grafana.node")),
                "left out by -Dgrafana.node=skip");
        assertThat(run("sh", "-c", "command -v node && command -v npm").code())
                .as(
                        "Node and npm are not on this machine: install Node 18 or newer, or leave these"
                                + " tests out with -Dgrafana.node=skip")
                .isZero();
        Path installed = CHECK.resolve("node_modules/.package-lock.json");
        Path wanted = CHECK.resolve("package-lock.json");
        if (!Files.exists(installed)
                || Files.getLastModifiedTime(installed).compareTo(Files.getLastModifiedTime(wanted))
                        < 0) {
            Ran ran = run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts");
            assertThat(ran.code()).as(ran.printed()).isZero();
        }
    }

    private static Ran run(String... command) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(command)
                        .directory(CHECK.toFile())
                        .redirectErrorStream(true)
                        .start();
        String printed = new String(process.getInputStream().readAllBytes());
        return new Ran(process.waitFor(), printed);
    }

    @Test
    void dashboardsAreOfGrafanasTypes() throws Exception {
        Ran ran = run("node", "check.mjs");
        assertThat(ran.code()).as(ran.printed()).isZero();
        assertThat(ran.printed()).contains("4 dashboards are of Grafana's types");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"graphMode\": \"area\" | \"graphMode\": \"areas\"",
                "\"showPoints\": | \"showPoint\":",
                "\"schemaVersion\": | \"schemaVersions\":",
                "\"mode\": \"thresholds\" | \"mode\": \"threshold\"",
            })
    void aWordThatGrafanaDoesNotKnowIsNoticed(String ours, String wrong) throws Exception {
        String text =
                Files.readString(
                        Panel.grafana().resolve("dashboards/seqpulse-kpi-mvp-lifecycle.json"));
        assertThat(text).contains(ours);
        Files.writeString(scratch.resolve("wrong.json"), text.replace(ours, wrong));
        assertThat(run("node", "check.mjs", scratch.toString()).code()).isOne();
    }

    @Test
    void aStatHasTheColourOfItsThresholdAndGreyWithoutData() throws Exception {
        Ran ran = run("npm", "run", "--silent", "colours");
        assertThat(ran.code()).as(ran.printed()).isZero();
        Map<String, KpiThresholds> kpis = KpiThresholds.read(null);
        List<String> expected = new ArrayList<>();
        for (String kpi :
                List.of(
                        "signup_to_project_24h",
                        "project_to_first_verdict_72h",
                        "free_to_pro_from_quota_emails",
                        "critical_alert_open_rate")) {
            double red = kpis.get(kpi).redBelow().doubleValue();
            double green = kpis.get(kpi).greenFrom().doubleValue();
            expected.add(line(kpi, red - 0.01, "red"));
            expected.add(line(kpi, red, "orange"));
            expected.add(line(kpi, green - 0.01, "orange"));
            expected.add(line(kpi, green, "green"));
            expected.add(kpi + " no data yet #8e8e8e");
        }
        List<String> printed =
                ran.printed()
                        .lines()
                        .map(line -> line.split("\t"))
                        .filter(parts -> parts.length == 4)
                        .filter(parts -> !parts[1].equals("[12,null]"))
                        .map(parts -> parts[0] + " " + parts[2] + " " + parts[3])
                        .distinct()
                        .toList();
        assertThat(printed).containsExactlyElementsOf(expected);
    }

    private static String line(String kpi, double value, String colour) {
        return String.format(Locale.ROOT, "%s %.2f%% %s", kpi, value, colour);
    }
}
