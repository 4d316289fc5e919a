package io.seqpulse.lifecycle.story;

import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.CatalogueLoader;
import io.seqpulse.lifecycle.catalogue.CatalogueResolution;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.kpi.Measures;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The rules that are delivered, as stories let them run. */
public final class Rules {

    private static final Catalogue CATALOGUE = CatalogueLoader.load(null);

    private Rules() {}

    public static List<Rule> all() {
        return CATALOGUE.rules();
    }

    /** The catalogue that is delivered. */
    public static Catalogue catalogue() {
        return CATALOGUE;
    }

    /** What it counts. */
    public static Measures measures() {
        return Measures.of(CATALOGUE);
    }

    public static Rule rule(String code) {
        return CATALOGUE.rule(code).orElseThrow();
    }

    /** All rules, running since then. */
    public static List<ActiveRule> liveSince(long millis) {
        return active(all(), millis);
    }

    /** All rules as they run on a database without the table. */
    public static List<ActiveRule> withoutTable(String missing, long liveSince) {
        Set<String> tables =
                Arrays.stream(FactKind.values())
                        .map(FactKind::table)
                        .filter(table -> !table.equals(missing))
                        .collect(Collectors.toSet());
        return active(CatalogueResolution.of(CATALOGUE, tables).catalogue().rules(), liveSince);
    }

    public static List<ActiveRule> active(List<Rule> rules, long liveSince) {
        return rules.stream().map(rule -> new ActiveRule(rule, liveSince)).toList();
    }
}
