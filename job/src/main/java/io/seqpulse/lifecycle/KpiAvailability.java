package io.seqpulse.lifecycle;

import io.seqpulse.connector.jdbc.KpiDefinition;
import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.Kpi;
import io.seqpulse.lifecycle.catalogue.Kpi.Success;
import io.seqpulse.lifecycle.catalogue.Rule;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Whether there is anything to count for a KPI, and if not, why. */
final class KpiAvailability {

    private final Map<String, Set<String>> captured;
    private final List<Rule> rules;

    /**
     * @param captured the captured tables with their columns
     * @param rules those that run, in their modes
     */
    KpiAvailability(Map<String, Set<String>> captured, List<Rule> rules) {
        this.captured = captured;
        this.rules = rules;
    }

    /** Every table that a KPI may need. */
    static Set<String> tables() {
        return Arrays.stream(CapturedTable.values())
                .filter(table -> !table.counted().isEmpty())
                .map(CapturedTable::label)
                .collect(Collectors.toSet());
    }

    /** What readers are told of it. */
    KpiDefinition definition(Kpi kpi) {
        return new KpiDefinition(
                kpi.name(),
                kpi.aliases(),
                kpi.title().get("fr"),
                kpi.title().get("en"),
                kpi.description().get("fr"),
                kpi.description().get("en"),
                kpi.kind().name().toLowerCase(Locale.ROOT),
                kpi.codes(),
                unavailable(kpi),
                kpi.within(),
                kpi.redBelow(),
                kpi.greenFrom());
    }

    /** The reason, or null where there is none. */
    String unavailable(Kpi kpi) {
        for (CapturedTable needed : needed(kpi)) {
            Set<String> columns = captured.get(needed.label());
            if (columns == null) {
                return needed.label() + "_table_missing";
            }
            if (!columns.containsAll(needed.counted())) {
                return needed.label() + "_table_incomplete";
            }
        }
        boolean off =
                !kpi.codes().isEmpty()
                        && rules.stream()
                                .noneMatch(
                                        rule ->
                                                kpi.codes().contains(rule.code())
                                                        && rule.mode() != Rule.Mode.DISABLED);
        return off ? "rule_disabled:" + kpi.codes().get(0) : null;
    }

    private List<CapturedTable> needed(Kpi kpi) {
        Stream<Success> successes =
                kpi.success() == Success.GOAL
                        ? rules.stream()
                                .filter(r -> kpi.codes().contains(r.code()) && r.goal() != null)
                                .map(rule -> rule.goal().success())
                        : Stream.of(kpi.success());
        return Stream.concat(
                        Stream.of(kpi.cohort().table()),
                        successes.flatMap(success -> success.tables().stream()))
                .sorted(Comparator.comparing(CapturedTable::label))
                .toList();
    }
}
