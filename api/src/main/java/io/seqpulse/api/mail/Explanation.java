package io.seqpulse.api.mail;

import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Experiment;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Trigger;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Says in words what an email is, what triggers it, and why one was or was not sent. */
public final class Explanation {

    private final Catalogue catalogue;
    private final Wording wording;

    /** Explains the rules of this catalogue. */
    public Explanation(Catalogue catalogue, Wording wording) {
        this.catalogue = catalogue;
        this.wording = wording;
    }

    /** What an email is called, by language. */
    public Map<String, String> name(String code) {
        return each(
                language ->
                        wording.text(language, "email." + code)
                                .orElseGet(
                                        () ->
                                                catalogue
                                                        .rule(code)
                                                        .map(rule -> rule.name().replace('_', ' '))
                                                        .orElse(code)));
    }

    /**
     * Why an email has its outcome, by language; empty for one that was just sent. An alert of
     * which a digest told is no weaker for that, so a reason may have words of its own for a
     * category.
     */
    public Optional<Map<String, String>> reason(Delivery delivery) {
        return reason(delivery.outcome(), delivery.reason(), delivery.category());
    }

    /**
     * Why emails of any category have this outcome, by language; empty where there is no reason.
     */
    public Optional<Map<String, String>> reason(String outcome, String reason) {
        return reason(outcome, reason, "any");
    }

    private Optional<Map<String, String>> reason(String outcome, String reason, String category) {
        if (reason == null) {
            return Optional.empty();
        }
        return Optional.of(
                each(
                        language ->
                                Stream.of(outcome + "." + reason, reason + "." + category, reason)
                                        .flatMap(
                                                key ->
                                                        wording
                                                                .text(language, "reason." + key)
                                                                .stream())
                                        .findFirst()
                                        .orElse(reason.replace('_', ' '))));
    }

    /** Which variant of its rule's experiment an email is, by language; empty for most emails. */
    public Optional<Map<String, String>> variant(Delivery delivery) {
        if (delivery.variant() == null) {
            return Optional.empty();
        }
        String key =
                delivery.variant().equals(Experiment.HELD_OUT)
                        ? "variant.holdout"
                        : "variant.subject";
        return Optional.of(
                each(
                        language ->
                                wording.text(
                                        language, key, Map.of("variant", delivery.variant()))));
    }

    /** A reason in a few words, by language. */
    public Map<String, String> reasonName(String reason) {
        return each(
                language ->
                        wording.text(language, "reason_name." + reason)
                                .orElse(reason.replace('_', ' ')));
    }

    /** What an email that is under way waits for, by language. */
    public Map<String, String> waiting(String reason) {
        return each(
                language ->
                        wording.text(language, "waiting." + reason)
                                .orElse(reason.replace('_', ' ')));
    }

    /** What the outcome means, by language. */
    public Map<String, String> outcome(String outcome) {
        return each(language -> wording.text(language, "outcome." + outcome).orElse(outcome));
    }

    /** The rule of an email as it stands in the catalogue now; empty where it no longer does. */
    public Optional<Map<String, Object>> rule(String code) {
        return catalogue.rule(code).map(this::shown);
    }

    private Map<String, Object> shown(Rule rule) {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("code", rule.code());
        shown.put("name", rule.name());
        shown.put("category", rule.category().label());
        shown.put(
                "category_text",
                each(
                        language ->
                                wording.text(language, "category." + rule.category().label())
                                        .orElse(rule.category().label())));
        shown.put("mode", rule.mode().name().toLowerCase(Locale.ROOT));
        shown.put("trigger_text", each(language -> trigger(language, rule.trigger())));
        if (rule.fallback() != null) {
            shown.put("fallback_text", each(language -> trigger(language, rule.fallback())));
        }
        shown.put(
                "expires_text",
                each(
                        language ->
                                rule.expires() == null
                                        ? wording.text(
                                                language,
                                                "expires."
                                                        + rule.trigger()
                                                                .period()
                                                                .orElse(Trigger.Period.MONTH)
                                                                .label(),
                                                Map.of())
                                        : wording.text(
                                                language,
                                                "expires.after",
                                                Map.of("time", time(language, rule.expires())))));
        shown.put("plans", rule.plans().stream().sorted().toList());
        shown.put("kpi", rule.kpi());
        return shown;
    }

    private String trigger(String language, Trigger trigger) {
        Map<String, String> places = new LinkedHashMap<>();
        String key = "trigger." + trigger.kind().label();
        switch (trigger.kind()) {
            case HAPPENED -> {
                Trigger.Happened happened = (Trigger.Happened) trigger;
                key += "." + happened.occurrence().name().toLowerCase(Locale.ROOT);
                if (!happened.unfamiliar().isEmpty()) {
                    key += ".unfamiliar";
                }
                places.put("fact", fact(language, happened.fact()) + where(happened.where()));
            }
            case MISSING -> {
                Trigger.Missing missing = (Trigger.Missing) trigger;
                places.put("after", fact(language, missing.after()));
                places.put("without", fact(language, missing.without()));
                places.put("within", time(language, missing.within()));
            }
            case REACHED -> {
                Trigger.Reached reached = (Trigger.Reached) trigger;
                key += "." + reached.per().label();
                places.put("fact", fact(language, reached.count()));
                places.put("count", Integer.toString(reached.atLeast()));
            }
            case DROPPED -> {
                Trigger.Dropped dropped = (Trigger.Dropped) trigger;
                key += "." + dropped.per().label();
                places.put("fact", fact(language, dropped.count()));
                places.put("percent", Integer.toString(dropped.toPercent()));
            }
            case SILENT -> {
                Trigger.Silent silent = (Trigger.Silent) trigger;
                places.put("facts", facts(language, silent.facts()));
                places.put("time", time(language, silent.after()));
            }
            case MILESTONE -> {
                Trigger.Milestone milestone = (Trigger.Milestone) trigger;
                places.put("fact", fact(language, milestone.since()));
                places.put("time", time(language, milestone.after()));
                places.put("count", Integer.toString(milestone.deployments()));
            }
            case SEQUENCE -> {
                Trigger.Sequence sequence = (Trigger.Sequence) trigger;
                places.put("after", fact(language, sequence.after()) + where(sequence.where()));
                if (sequence.until().isEmpty()) {
                    key += ".open";
                }
                places.put("until", facts(language, sequence.until()));
            }
            case CALENDAR -> {
                Trigger.Calendar calendar = (Trigger.Calendar) trigger;
                key += "." + calendar.each().label();
                places.put("time", calendar.localTime());
            }
        }
        return wording.text(language, key, places);
    }

    private static String where(Map<String, List<String>> where) {
        return where.isEmpty()
                ? ""
                : where.values().stream()
                        .map(values -> String.join(", ", values))
                        .collect(Collectors.joining("; ", " (", ")"));
    }

    private String facts(String language, List<EventType> facts) {
        return facts.stream().map(fact -> fact(language, fact)).collect(Collectors.joining(" / "));
    }

    private String fact(String language, EventType fact) {
        return wording.text(language, "fact." + fact.label())
                .orElse(fact.label().replace('_', ' '));
    }

    private String time(String language, Duration time) {
        String day = wording.text(language, "unit.day", Map.of());
        if (time.toHours() >= 48 && time.toHours() % 24 == 0) {
            return time.toDays() + " " + day;
        }
        if (time.toMinutes() >= 60 && time.toMinutes() % 60 == 0) {
            return time.toHours() + " h";
        }
        return time.toSeconds() % 60 == 0 ? time.toMinutes() + " min" : time.toSeconds() + " s";
    }

    private static Map<String, String> each(Function<String, String> text) {
        Map<String, String> texts = new LinkedHashMap<>();
        for (String language : Wording.LANGUAGES) {
            texts.put(language, text.apply(language));
        }
        return texts;
    }
}
