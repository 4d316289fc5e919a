package io.seqpulse.lifecycle;

import io.seqpulse.connector.jdbc.KpiDefinition;
import io.seqpulse.lifecycle.catalogue.Kpi;
import io.seqpulse.lifecycle.catalogue.Rule;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Whether there is anything to count for a KPI, and if not, why. */
final class KpiAvailability {

    private static final Map<String, Set<String>> USERS =
            Map.of("users", Set.of("id", "created_at"));
    private static final Map<String, Set<String>> PROJECTS =
            Map.of("projects", Set.of("id", "owner_id", "plan", "created_at"));
    private static final Map<String, Set<String>> DEPLOYMENTS =
            Map.of("deployments", Set.of("id", "project_id", "state", "started_at"));
    private static final Map<String, Set<String>> VERDICTS =
            Map.of(
                    "deployments", DEPLOYMENTS.get("deployments"),
                    "deployment_verdicts", Set.of("id", "deployment_id", "created_at"));
    private static final Map<String, Set<String>> DELIVERIES =
            Map.of(
                    "email_deliveries",
                    Set.of("id", "project_id", "email_type", "status", "sent_at"));
    private static final Map<String, Set<String>> EVENTS =
            Map.of("email_events", Set.of("id", "email_delivery_id", "event_type"));

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
        return Stream.of(USERS, PROJECTS, VERDICTS, DELIVERIES, EVENTS)
                .flatMap(table -> table.keySet().stream())
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
        for (Map.Entry<String, Set<String>> needed : needed(kpi).entrySet()) {
            Set<String> columns = captured.get(needed.getKey());
            if (columns == null) {
                return needed.getKey() + "_table_missing";
            }
            if (!columns.containsAll(needed.getValue())) {
                return needed.getKey() + "_table_incomplete";
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

    private Map<String, Set<String>> needed(Kpi kpi) {
        Map<String, Set<String>> needed = new TreeMap<>();
        switch (kpi.cohort()) {
            case USER_CREATED -> needed.putAll(USERS);
            case PROJECT_CREATED, FREE_PROJECT_CREATED -> needed.putAll(PROJECTS);
            case DEPLOYMENT_STARTED -> needed.putAll(DEPLOYMENTS);
            case EMAIL_SENT -> needed.putAll(DELIVERIES);
        }
        if (kpi.success() == Kpi.Success.GOAL) {
            rules.stream()
                    .filter(rule -> kpi.codes().contains(rule.code()) && rule.goal() != null)
                    .forEach(rule -> needed.putAll(toReach(rule.goal().success())));
        } else {
            needed.putAll(toReach(kpi.success()));
        }
        return needed;
    }

    private static Map<String, Set<String>> toReach(Kpi.Success success) {
        return switch (success) {
            case PROJECT_CREATED, PRO -> PROJECTS;
            case DEPLOYMENT_STARTED, DEPLOYMENT_FINISHED -> DEPLOYMENTS;
            case VERDICT_CREATED -> VERDICTS;
            case OPENED, OPENED_BY_PEOPLE, CLICKED -> EVENTS;
            case GOAL -> throw new IllegalArgumentException("no goal is to reach a goal");
        };
    }
}
