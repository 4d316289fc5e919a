package io.seqpulse.lifecycle.catalogue;

import io.seqpulse.lifecycle.catalogue.Trigger.Kind;
import io.seqpulse.lifecycle.catalogue.Trigger.Occurrence;
import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Reads the detector kinds with their parameters. */
final class TriggerReader {

    private static final EventType[] EVENTS = EventType.values();

    private static final Duration LONGEST_STEADY = Duration.ofDays(35);
    private static final Duration LONGEST_SPREAD = Duration.ofHours(12);

    /** What is remembered of a login, to tell a new one. */
    private static final List<String> FAMILIAR = List.of("country", "device");

    private TriggerReader() {}

    /** The trigger; null where anything in it was reported. */
    static Trigger read(YamlSection section) {
        Kind kind = section.oneOf("kind", Kind.values(), Kind::label);
        if (kind == null) {
            return null;
        }
        Trigger trigger =
                switch (kind) {
                    case HAPPENED -> happened(section);
                    case MISSING -> missing(section);
                    case REACHED -> reached(section);
                    case DROPPED -> dropped(section);
                    case SILENT -> silent(section);
                    case SEQUENCE -> sequence(section);
                    case CALENDAR -> calendar(section);
                    case MILESTONE -> milestone(section);
                };
        section.refuseUnknownKeys();
        return trigger;
    }

    static String label(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** The values that a key or link of a rule about such a subject may name. */
    static Set<String> placeholders(Trigger trigger, Subject subject) {
        Set<String> names = new LinkedHashSet<>();
        names.add(subject.idAttribute());
        names.addAll(trigger.values());
        return names;
    }

    /** Of the {@link #placeholders} those that every instance has a value for. */
    static Set<String> certain(Trigger trigger, Subject subject) {
        Set<String> certain = trigger.certainValues();
        Set<String> names = placeholders(trigger, subject);
        names.removeIf(name -> !certain.contains(name) && !name.equals(subject.idAttribute()));
        return names;
    }

    private static Trigger happened(YamlSection section) {
        EventType fact = event(section, "fact");
        Occurrence occurrence =
                section.oneOf("occurrence", Occurrence.values(), TriggerReader::label);
        Map<String, List<String>> where = where(section, fact);
        List<String> unfamiliar =
                section.has("unfamiliar") ? unfamiliar(section, fact, occurrence) : List.of();
        Duration wait = section.optionalDuration("wait", Duration.ZERO);
        return fact == null
                        || occurrence == null
                        || where == null
                        || unfamiliar == null
                        || wait == null
                ? null
                : new Trigger.Happened(fact, occurrence, where, unfamiliar, wait);
    }

    private static List<String> unfamiliar(
            YamlSection section, EventType fact, Occurrence occurrence) {
        List<String> attributes =
                section.list(
                        "unfamiliar",
                        text -> FAMILIAR.contains(text) ? text : null,
                        "is none of " + String.join(", ", FAMILIAR));
        if (fact != null && fact != EventType.LOGGED_IN) {
            section.problem("unfamiliar", "is known of logged_in alone");
        }
        if (occurrence != null && occurrence != Occurrence.EACH) {
            section.problem("unfamiliar", "is asked of each event: set 'occurrence: each'");
        }
        return attributes == null ? null : List.copyOf(attributes);
    }

    private static Map<String, List<String>> where(YamlSection section, EventType fact) {
        if (!section.has("where")) {
            return Map.of();
        }
        YamlSection conditions = section.section("where");
        if (conditions == null) {
            return null;
        }
        Map<String, List<String>> where = new TreeMap<>();
        conditions
                .lists()
                .forEach(
                        (attribute, accepted) -> {
                            if (fact != null && !fact.attributes().contains(attribute)) {
                                conditions.problem(
                                        attribute,
                                        "%s has no such attribute; it has %s"
                                                .formatted(
                                                        fact.label(),
                                                        new TreeSet<>(fact.attributes())));
                            }
                            // Not List.copyOf: a detector asks it about an attribute that is null.
                            where.put(
                                    attribute,
                                    Collections.unmodifiableList(new ArrayList<>(accepted)));
                        });
        return Collections.unmodifiableMap(where);
    }

    private static Trigger missing(YamlSection section) {
        EventType after = event(section, "after");
        EventType without = event(section, "without");
        Duration within = section.duration("within");
        if (after == null || without == null || within == null) {
            return null;
        }
        if (after == without) {
            section.problem("without", "is what it comes after: it can never be missing");
        }
        return new Trigger.Missing(after, without, within);
    }

    private static Trigger reached(YamlSection section) {
        EventType count = event(section, "count");
        Period per = period(section, "per");
        Integer atLeast = section.positive("at-least");
        return count == null || per == null || atLeast == null
                ? null
                : new Trigger.Reached(count, per, atLeast);
    }

    private static Trigger dropped(YamlSection section) {
        EventType count = event(section, "count");
        Period per = period(section, "per");
        Integer toPercent = section.positive("to-percent");
        Integer fromAtLeast = section.positive("from-at-least");
        if (toPercent != null && toPercent > 99) {
            section.problem("to-percent", "must be less than 100");
        }
        return count == null || per == null || toPercent == null || fromAtLeast == null
                ? null
                : new Trigger.Dropped(count, per, toPercent, fromAtLeast);
    }

    private static Trigger silent(YamlSection section) {
        List<EventType> facts = events(section, "facts");
        Duration after = section.duration("after");
        List<Duration> reminders =
                section.has("reminders") ? section.durations("reminders") : List.of();
        if (facts != null
                && after != null
                && facts.contains(EventType.DEPLOYMENT_STARTED)
                && after.compareTo(Trigger.Silent.OWNERS_TOLD_WITHIN) < 0) {
            section.problem(
                    "after",
                    "must be at least 14d where deployment_started counts: owners hear of one no"
                            + " earlier");
        }
        if (after != null && reminders != null) {
            Duration before = after;
            for (Duration reminder : reminders) {
                if (reminder.compareTo(before) <= 0) {
                    section.problem(
                            "reminders",
                            "must be later than 'after', each later than the one before: all count"
                                    + " from the last activity");
                }
                before = reminder;
            }
        }
        return facts == null || after == null || reminders == null
                ? null
                : new Trigger.Silent(List.copyOf(facts), after, List.copyOf(reminders));
    }

    private static Trigger sequence(YamlSection section) {
        EventType after = event(section, "after");
        // 0s is the step at once, so these are read apart from other times.
        List<Duration> steps =
                section.times(
                        "steps",
                        text -> text.equals("0s") ? Duration.ZERO : TimeText.parse(text),
                        ", or 0s");
        Map<String, List<String>> where = where(section, after);
        List<EventType> until = section.has("until") ? events(section, "until") : List.of();
        String ends = section.optionalText("ends");
        if (after != null && ends != null && !after.attributes().contains(ends)) {
            section.problem(
                    "ends",
                    "%s has no such attribute; it has %s"
                            .formatted(after.label(), new TreeSet<>(after.attributes())));
        }
        return after == null || steps == null || until == null || where == null
                ? null
                : new Trigger.Sequence(after, where, List.copyOf(steps), List.copyOf(until), ends);
    }

    private static Trigger calendar(YamlSection section) {
        Period each = period(section, "each");
        String localTime =
                section.value(
                        "local-time",
                        text -> TimeText.ofDay(text) == null ? null : text,
                        TimeText.OF_DAY_EXPECTED);
        Duration spread = section.optionalDuration("spread", Duration.ZERO);
        List<EventType> facts = events(section, "facts");
        if (facts != null && !facts.contains(EventType.DEPLOYMENT_STARTED)) {
            section.problem("facts", "must contain deployment_started, which is what is reported");
        }
        if (spread != null && spread.compareTo(LONGEST_SPREAD) > 0) {
            section.problem("spread", "must be at most 12h");
        }
        List<String> plans =
                section.has("plans")
                        ? section.list(
                                "plans",
                                text -> RuleReader.PLANS.contains(text) ? text : null,
                                "is none of " + String.join(", ", RuleReader.PLANS))
                        : List.of();
        return each == null || localTime == null || spread == null || facts == null || plans == null
                ? null
                : new Trigger.Calendar(
                        each, localTime, spread, List.copyOf(facts), Set.copyOf(plans));
    }

    private static Trigger milestone(YamlSection section) {
        EventType since = event(section, "since");
        Duration after = section.duration("after");
        Integer deployments = section.positive("deployments");
        List<EventType> facts = events(section, "facts");
        Duration activeWithin = section.duration("active-within");
        Duration steadyFor = section.duration("steady-for");
        if (facts != null && !facts.contains(EventType.DEPLOYMENT_STARTED)) {
            section.problem("facts", "must contain deployment_started, which is what is counted");
        }
        if (steadyFor != null && steadyFor.compareTo(LONGEST_STEADY) > 0) {
            section.problem("steady-for", "must be at most 35d: verdicts are counted for 70 days");
        }
        return since == null
                        || after == null
                        || deployments == null
                        || facts == null
                        || activeWithin == null
                        || steadyFor == null
                ? null
                : new Trigger.Milestone(
                        since, after, deployments, List.copyOf(facts), activeWithin, steadyFor);
    }

    private static Period period(YamlSection section, String key) {
        return section.oneOf(key, Period.values(), Period::label);
    }

    private static EventType event(YamlSection section, String key) {
        return section.oneOf(key, EVENTS, EventType::label);
    }

    private static List<EventType> events(YamlSection section, String key) {
        return section.listOf(key, EVENTS, EventType::label);
    }
}
