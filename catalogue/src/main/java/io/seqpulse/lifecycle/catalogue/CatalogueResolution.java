package io.seqpulse.lifecycle.catalogue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The catalogue as it runs against one database: rules whose tables are missing use their fallback
 * or are left out, which breaks nothing else.
 *
 * @param catalogue the rules that run
 * @param notes what differs from the file and why, one line a rule, to be logged once at the start
 */
public record CatalogueResolution(Catalogue catalogue, List<String> notes) {

    public CatalogueResolution {
        notes = List.copyOf(notes);
    }

    /** Fits a catalogue to the tables that are captured, given by name without schema. */
    public static CatalogueResolution of(Catalogue catalogue, Set<String> capturedTables) {
        List<Rule> rules = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        for (Rule rule : catalogue.rules()) {
            if (!rule.trigger().isHosted()) {
                notes.add(
                        "%s is left out: this version cannot notice '%s' yet"
                                .formatted(rule.code(), rule.trigger().kind().label()));
                continue;
            }
            List<String> missing = missing(rule.trigger(), capturedTables);
            if (missing.isEmpty()) {
                rules.add(rule);
            } else if (rule.fallback() != null
                    && rule.fallback().isHosted()
                    && missing(rule.fallback(), capturedTables).isEmpty()) {
                rules.add(withFallback(rule));
                notes.add("%s uses its fallback: %s".formatted(rule.code(), doesNotExist(missing)));
            } else {
                notes.add("%s is inert: %s".formatted(rule.code(), doesNotExist(missing)));
            }
        }
        return new CatalogueResolution(new Catalogue(rules, catalogue.kpis()), notes);
    }

    private static List<String> missing(Trigger trigger, Set<String> capturedTables) {
        return trigger.named().stream()
                .map(event -> event.table().label())
                .filter(table -> !capturedTables.contains(table))
                .distinct()
                .sorted()
                .toList();
    }

    private static String doesNotExist(List<String> tables) {
        return tables.stream().collect(Collectors.joining(", ", "there is no captured table ", ""));
    }

    private static Rule withFallback(Rule rule) {
        return new Rule(
                rule.code(),
                rule.name(),
                rule.category(),
                rule.mode(),
                rule.subject(),
                rule.fallback(),
                null,
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
                rule.notBefore(),
                rule.experiment());
    }
}
