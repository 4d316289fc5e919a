package io.seqpulse.cli.dashboards;

import io.seqpulse.cli.CommandException;
import io.seqpulse.lifecycle.catalogue.CatalogueLoader;
import io.seqpulse.lifecycle.catalogue.InvalidCatalogueException;
import io.seqpulse.lifecycle.catalogue.Kpi;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A KPI of the catalogue that has thresholds, as far as Grafana is told of it.
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

    /**
     * Those of a catalogue, by name.
     *
     * @param rules the folder of a {@code lifecycle.yaml}; null: the built-in one
     * @throws CommandException if the job would not take it, with every problem
     */
    static Map<String, KpiThresholds> read(Path rules) {
        Map<String, KpiThresholds> found = new LinkedHashMap<>();
        try {
            for (Kpi kpi : CatalogueLoader.load(rules).kpis()) {
                if (kpi.redBelow() != null) {
                    found.put(kpi.name(), of(kpi));
                }
            }
        } catch (InvalidCatalogueException e) {
            throw new CommandException(
                    e.problems().size() == 1 ? e.problems().get(0) : e.getMessage(), e);
        }
        return found;
    }

    private static KpiThresholds of(Kpi kpi) {
        return new KpiThresholds(
                kpi.name(),
                kpi.description().get("en").strip(),
                kpi.within() != null || kpi.success() == Kpi.Success.GOAL,
                plain(kpi.redBelow()),
                plain(kpi.greenFrom()));
    }

    /** 30 and 30.0 are the same threshold, and 30 is not 3E+1. */
    private static BigDecimal plain(BigDecimal percent) {
        return new BigDecimal(percent.stripTrailingZeros().toPlainString());
    }
}
