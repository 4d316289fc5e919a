package io.seqpulse.lifecycle;

import io.seqpulse.connector.jdbc.JdbcSettings;
import io.seqpulse.connector.jdbc.KpiDefinition;
import io.seqpulse.connector.jdbc.StartUpDatabase;
import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.CatalogueResolution;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.config.RulesMode;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.policy.Reasons;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is settled once, when the job starts: which rules run, in which mode, since when. */
final class LifecycleStart {

    private static final Logger LOG = LoggerFactory.getLogger(LifecycleStart.class);

    private LifecycleStart() {}

    /**
     * The rules as they run against a database. A rule that never ran starts now: what was due
     * before is history (DESIGN D4).
     *
     * @param mode over what the catalogue says of each rule
     * @param enabledTypes codes that may send; empty: all
     * @throws IllegalStateException if the database cannot be used, or not be read as it is
     */
    static List<ActiveRule> rules(
            Catalogue catalogue, RulesMode mode, Set<String> enabledTypes, JdbcSettings database) {
        StartUpDatabase startUp = new StartUpDatabase(database);
        startUp.readable().forEach(leftOut -> LOG.warn("{}", leftOut));
        startUp.requireSight(
                Arrays.stream(CapturedTable.values())
                        .filter(table -> !table.required().isEmpty())
                        .map(CapturedTable::label)
                        .toList());
        Set<String> tables = startUp.captured(CapturedTable.labels());
        CatalogueResolution resolution = CatalogueResolution.of(catalogue, tables);
        resolution.notes().forEach(note -> LOG.info("{}", note));
        List<Rule> rules =
                resolution.catalogue().rules().stream()
                        .map(rule -> enabled(rule, enabledTypes))
                        .map(rule -> inMode(rule, mode))
                        .toList();
        Map<String, Instant> liveSince = startUp.liveSince(rules.stream().map(Rule::code).toList());
        for (Rule rule : rules) {
            LOG.info(
                    "{} runs since {}, mode {}",
                    rule.code(),
                    liveSince.get(rule.code()),
                    rule.mode());
        }
        return rules.stream()
                .map(rule -> new ActiveRule(rule, liveSince.get(rule.code()).toEpochMilli()))
                .toList();
    }

    /**
     * Tells readers of the KPIs what these are, and which of them there is nothing to count for.
     *
     * @throws IllegalStateException if the database cannot be used
     */
    static void define(Catalogue catalogue, List<ActiveRule> rules, JdbcSettings database) {
        StartUpDatabase startUp = new StartUpDatabase(database);
        KpiAvailability availability =
                new KpiAvailability(
                        startUp.capturedColumns(KpiAvailability.tables()),
                        rules.stream().map(ActiveRule::rule).toList());
        List<KpiDefinition> definitions =
                catalogue.kpis().stream().map(availability::definition).toList();
        for (KpiDefinition kpi : definitions) {
            if (kpi.unavailable() != null) {
                LOG.info("{} is not available: {}", kpi.kpi(), kpi.unavailable());
            }
        }
        startUp.define(definitions);
    }

    /** The codes of the rules that run in a mode. */
    static Set<String> codes(List<ActiveRule> rules, Rule.Mode mode) {
        return rules.stream()
                .map(ActiveRule::rule)
                .filter(rule -> rule.mode() == mode)
                .map(Rule::code)
                .collect(Collectors.toSet());
    }

    /** Code → why its emails are not sent, be they queued since it was otherwise. */
    static Map<String, String> heldBack(List<ActiveRule> rules) {
        Map<String, String> reasons = new HashMap<>();
        codes(rules, Rule.Mode.SHADOW).forEach(code -> reasons.put(code, Reasons.SHADOW));
        codes(rules, Rule.Mode.DISABLED).forEach(code -> reasons.put(code, Reasons.DISABLED));
        return reasons;
    }

    private static Rule enabled(Rule rule, Set<String> enabledTypes) {
        return enabledTypes.isEmpty() || enabledTypes.contains(rule.code())
                ? rule
                : rule.withMode(Rule.Mode.DISABLED);
    }

    private static Rule inMode(Rule rule, RulesMode mode) {
        return mode == RulesMode.SHADOW && rule.mode() == Rule.Mode.LIVE
                ? rule.withMode(Rule.Mode.SHADOW)
                : rule;
    }
}
