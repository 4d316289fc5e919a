package io.seqpulse.lifecycle.catalogue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
            List<String> missing = missing(rule.trigger(), capturedTables);
            List<String> poorer = dispensed(rule.trigger(), capturedTables);
            if (missing.isEmpty() && !poorer.isEmpty()) {
                rules.add(
                        rule.withTrigger(
                                rule.trigger().without(Set.copyOf(poorer)), rule.fallback()));
                notes.add(
                        "%s looks at the rest alone: %s"
                                .formatted(rule.code(), doesNotExist(poorer)));
            } else if (missing.isEmpty()) {
                rules.add(rule);
            } else if (rule.fallback() != null
                    && missing(rule.fallback(), capturedTables).isEmpty()) {
                rules.add(rule.withTrigger(rule.fallback(), null));
                notes.add("%s uses its fallback: %s".formatted(rule.code(), doesNotExist(missing)));
            } else {
                notes.add("%s is inert: %s".formatted(rule.code(), doesNotExist(missing)));
            }
        }
        return new CatalogueResolution(
                new Catalogue(rules, catalogue.kpis(), catalogue.linkHosts()), notes);
    }

    private static List<String> missing(Trigger trigger, Set<String> capturedTables) {
        return absent(
                trigger.named().stream().filter(event -> !trigger.dispensable().contains(event)),
                capturedTables);
    }

    private static List<String> dispensed(Trigger trigger, Set<String> capturedTables) {
        return absent(trigger.dispensable().stream(), capturedTables);
    }

    private static List<String> absent(Stream<EventType> events, Set<String> capturedTables) {
        return events.map(event -> event.table().label())
                .filter(table -> !capturedTables.contains(table))
                .distinct()
                .sorted()
                .toList();
    }

    private static String doesNotExist(List<String> tables) {
        return tables.stream().collect(Collectors.joining(", ", "there is no captured table ", ""));
    }
}
