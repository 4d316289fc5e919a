package io.seqpulse.cli.dashboards;

import io.seqpulse.cli.CommandException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code ./lifecycle dashboards}: thresholds and definitions of KPIs stand once, in {@code
 * lifecycle.yaml}, and what to do about an alert once, in {@code docs/alerts.md}; both are written
 * from there into Grafana's dashboards and alert rules.
 */
@Command(
        name = "dashboards",
        description = {
            "Writes the thresholds of lifecycle.yaml into Grafana's dashboards and alert rules.",
            "So it does with the definitions of the KPIs there, and with the runbooks of"
                    + " docs/alerts.md. Running it again changes nothing."
        },
        sortOptions = false,
        abbreviateSynopsis = true)
public final class Dashboards implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(
            names = "--check",
            description = "Change nothing; fail and name the files that differ, if any.")
    private boolean check;

    @Option(
            names = "--rules",
            paramLabel = "DIR",
            description = "Take lifecycle.yaml of that folder instead of the built-in one.")
    private Path rules;

    @Option(
            names = "--grafana",
            paramLabel = "DIR",
            description = "Where dashboards/ and provisioning/ are (default: the project's).")
    private Path grafana;

    @Override
    public Integer call() {
        Path home = Path.of(System.getProperty("lifecycle.home", "")).toAbsolutePath();
        String catalogue =
                rules == null
                        ? "the built-in lifecycle.yaml"
                        : rules.resolve("lifecycle.yaml").toString();
        Path folder = grafana == null ? home.resolve("grafana") : grafana;
        Map<String, KpiThresholds> kpis = KpiThresholds.read(rules);
        Path rulesFile = folder.resolve("provisioning/alerting/rules.yaml");
        Set<String> shown = new TreeSet<>();
        Set<String> watched = new TreeSet<>();
        List<Path> different = new ArrayList<>();
        for (Path file : dashboards(folder.resolve("dashboards"))) {
            String text = read(file);
            keep(file, text, DashboardFile.with(kpis, file.toString(), text, shown), different);
        }
        String text = read(rulesFile);
        Runbooks runbooks = Runbooks.read(read(home.resolve("docs/alerts.md")));
        keep(
                rulesFile,
                text,
                runbooks.linkedFrom(
                        rulesFile.toString(),
                        AlertRules.with(kpis, rulesFile.toString(), text, watched)),
                different);
        Path runbooksFile = folder.resolve("dashboards/runbooks.json");
        keep(
                runbooksFile,
                Files.exists(runbooksFile) ? read(runbooksFile) : "",
                runbooks.dashboard(),
                different);

        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        for (String kpi : kpis.keySet()) {
            if (!shown.contains(kpi) || !watched.contains(kpi)) {
                err.printf(
                        "note: kpi %s has thresholds, but no %s%n",
                        kpi, shown.contains(kpi) ? "alert rule" : "panel");
            }
        }
        if (check && !different.isEmpty()) {
            different.forEach(
                    file ->
                            err.println(
                                    file + " differs from " + catalogue + " or docs/alerts.md"));
            err.println("run ./lifecycle dashboards and commit what it changes");
            return 1;
        }
        if (different.isEmpty()) {
            out.printf("dashboards and alert rules are those of %s%n", catalogue);
        } else {
            different.forEach(file -> out.println("written: " + file));
        }
        return 0;
    }

    private void keep(Path file, String before, String after, List<Path> different) {
        if (before.equals(after)) {
            return;
        }
        different.add(file);
        if (!check) {
            try {
                Files.writeString(file, after);
            } catch (IOException e) {
                throw new CommandException(file + " cannot be written: " + e.getMessage(), e);
            }
        }
    }

    private static List<Path> dashboards(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
        } catch (IOException e) {
            throw new CommandException(folder + " cannot be read: there are no dashboards", e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new CommandException(file + " cannot be read: " + e.getMessage(), e);
        }
    }
}
