package io.seqpulse.cli.dashboards;

import io.seqpulse.cli.CommandException;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * A KPI of {@code lifecycle.yaml} that has thresholds, as far as Grafana is told of it.
 *
 * @param name as it stands in the tables and in the titles of panels
 * @param description what it is, in English
 * @param horizon whether the goal must be reached within a time, its own or its emails' goals'
 * @param redBelow percent; below it is red
 * @param greenFrom percent; from there on it is green, orange between the two if they differ
 */
record KpiThresholds(
        String name,
        String description,
        boolean horizon,
        BigDecimal redBelow,
        BigDecimal greenFrom) {

    private static final BigDecimal HUNDRED = BigDecimal.valueOf(100);

    /**
     * Those of a catalogue, by name. The job is what checks a catalogue as a whole; here only what
     * is used has to be there.
     *
     * @param file a {@code lifecycle.yaml}
     * @throws CommandException if it cannot be read or says something else than thresholds in
     *     percent
     */
    static Map<String, KpiThresholds> read(Path file) {
        Object content;
        try {
            content =
                    new Load(LoadSettings.builder().setLabel(file.toString()).build())
                            .loadFromString(Files.readString(file));
        } catch (IOException e) {
            throw new CommandException(file + " cannot be read: " + e.getMessage(), e);
        } catch (YamlEngineException e) {
            throw new CommandException(file + " is no YAML: " + e.getMessage(), e);
        }
        if (!(content instanceof Map<?, ?> catalogue)
                || !(catalogue.get("kpis") instanceof List<?> entries)) {
            throw new CommandException(file + ": there is no list 'kpis' in it");
        }
        Map<String, KpiThresholds> found = new LinkedHashMap<>();
        for (Object entry : entries) {
            if (!(entry instanceof Map<?, ?> kpi) || !(kpi.get("kpi") instanceof String name)) {
                throw new CommandException(file + ": an entry of 'kpis' has no name ('kpi')");
            }
            if (kpi.get("thresholds") instanceof Map<?, ?> thresholds) {
                found.put(name, of(file, name, kpi, thresholds));
            }
        }
        return found;
    }

    private static KpiThresholds of(Path file, String name, Map<?, ?> kpi, Map<?, ?> thresholds) {
        BigDecimal redBelow = percent(file, name, thresholds, "red-below");
        BigDecimal greenFrom = percent(file, name, thresholds, "green-from");
        if (redBelow.compareTo(greenFrom) > 0) {
            throw new CommandException(
                    "%s: kpi %s: green-from %s is less than red-below %s"
                            .formatted(file, name, greenFrom, redBelow));
        }
        if (!(kpi.get("description") instanceof Map<?, ?> description)
                || !(description.get("en") instanceof String english)) {
            throw new CommandException(
                    "%s: kpi %s: there is no description in English".formatted(file, name));
        }
        boolean horizon = kpi.containsKey("within") || "goal".equals(kpi.get("success"));
        return new KpiThresholds(name, english.strip(), horizon, redBelow, greenFrom);
    }

    private static BigDecimal percent(Path file, String name, Map<?, ?> thresholds, String key) {
        BigDecimal percent = null;
        try {
            percent = new BigDecimal(String.valueOf(thresholds.get(key)));
        } catch (NumberFormatException noNumber) {
            // Said below.
        }
        if (percent == null || percent.signum() < 0 || percent.compareTo(HUNDRED) > 0) {
            throw new CommandException(
                    "%s: kpi %s: thresholds.%s must be a percentage, 0 to 100"
                            .formatted(file, name, key));
        }
        // 30 and 30.0 are the same threshold, and 30 is not 3E+1.
        return new BigDecimal(percent.stripTrailingZeros().toPlainString());
    }
}
