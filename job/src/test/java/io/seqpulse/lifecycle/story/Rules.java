package io.seqpulse.lifecycle.story;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.CatalogueLoader;
import io.seqpulse.lifecycle.catalogue.CatalogueResolution;
import io.seqpulse.lifecycle.catalogue.Experiment;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Trigger;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.kpi.KpiIndex;
import java.time.LocalTime;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The rules that are delivered, as stories let them run. */
public final class Rules {

    private static final Catalogue CATALOGUE = CatalogueLoader.load(null);

    /** Those that production needs first, about which most stories are. */
    private static final Set<String> FIRST =
            Set.of("E-TRX-01", "E-ACT-01", "E-ACT-04", "E-ACT-05", "E-CONV-01", "E-CONV-03");

    private Rules() {}

    /** The six that production needs first: their stories and oracles know no others. */
    public static List<Rule> all() {
        return CATALOGUE.rules().stream().filter(rule -> FIRST.contains(rule.code())).toList();
    }

    /** The catalogue that is delivered. */
    public static Catalogue catalogue() {
        return CATALOGUE;
    }

    /** What it counts. */
    public static KpiIndex measures() {
        return KpiIndex.of(CATALOGUE);
    }

    public static Rule rule(String code) {
        return CATALOGUE.rule(code).orElseThrow();
    }

    /** The same rule with another trigger. */
    public static Rule withTrigger(Rule rule, Trigger trigger) {
        return new Rule(
                rule.code(),
                rule.name(),
                rule.category(),
                rule.mode(),
                rule.subject(),
                trigger,
                rule.fallback(),
                rule.expires(),
                rule.audience(),
                rule.plans(),
                rule.priority(),
                rule.dedupeKey(),
                rule.supersedes(),
                rule.template(),
                rule.ctaPath(),
                rule.ctaLabel(),
                rule.kpi(),
                rule.goal());
    }

    /** The same rule, that waits for a local time. */
    public static Rule notBefore(Rule rule, LocalTime notBefore) {
        return with(rule, notBefore, rule.experiment());
    }

    /** The same rule, tried out on people. */
    public static Rule withExperiment(Rule rule, Experiment experiment) {
        return with(rule, rule.notBefore(), experiment);
    }

    private static Rule with(Rule rule, LocalTime notBefore, Experiment experiment) {
        return new Rule(
                rule.code(),
                rule.name(),
                rule.category(),
                rule.mode(),
                rule.subject(),
                rule.trigger(),
                rule.fallback(),
                rule.expires(),
                rule.audience(),
                rule.plans(),
                rule.priority(),
                rule.dedupeKey(),
                rule.supersedes(),
                rule.template(),
                rule.ctaPath(),
                rule.ctaLabel(),
                rule.kpi(),
                rule.goal(),
                notBefore,
                experiment,
                rule.accountYoungerThan());
    }

    /** All rules, running since then. */
    public static List<ActiveRule> liveSince(long millis) {
        return active(all(), millis);
    }

    /** All rules as they run on a database without the table. */
    public static List<ActiveRule> withoutTable(String missing, long liveSince) {
        Set<String> tables =
                CapturedTable.labels().stream()
                        .filter(table -> !table.equals(missing))
                        .collect(Collectors.toSet());
        Catalogue first = new Catalogue(all(), CATALOGUE.kpis(), CATALOGUE.linkHosts());
        return active(CatalogueResolution.of(first, tables).catalogue().rules(), liveSince);
    }

    public static List<ActiveRule> active(List<Rule> rules, long liveSince) {
        return rules.stream().map(rule -> new ActiveRule(rule, liveSince)).toList();
    }
}
