package io.seqpulse.api.mail;

import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Trigger;
import io.seqpulse.lifecycle.fact.FactKind;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

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

    /** Why an email has this outcome, by language; empty for one that was just sent. */
    public Optional<Map<String, String>> reason(String outcome, String reason) {
        if (reason == null) {
            return Optional.empty();
        }
        return Optional.of(
                each(
                        language ->
                                wording.text(language, "reason.%s.%s".formatted(outcome, reason))
                                        .or(() -> wording.text(language, "reason." + reason))
                                        .orElse(reason.replace('_', ' '))));
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
                                        ? wording.text(language, "expires.month", Map.of())
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
        String key;
        if (trigger instanceof Trigger.Happened happened) {
            key = "trigger.happened." + happened.occurrence().name().toLowerCase(Locale.ROOT);
            places.put("fact", fact(language, happened.fact()) + where(happened.where()));
        } else if (trigger instanceof Trigger.Missing missing) {
            key = "trigger.missing";
            places.put("after", fact(language, missing.after()));
            places.put("without", fact(language, missing.without()));
            places.put("within", time(language, missing.within()));
        } else if (trigger instanceof Trigger.Reached reached) {
            key = "trigger.reached." + reached.per().name().toLowerCase(Locale.ROOT);
            places.put("fact", fact(language, reached.count()));
            places.put("count", Integer.toString(reached.atLeast()));
        } else if (trigger instanceof Trigger.Dropped dropped) {
            key = "trigger.dropped." + dropped.per().name().toLowerCase(Locale.ROOT);
            places.put("fact", fact(language, dropped.count()));
            places.put("percent", Integer.toString(dropped.toPercent()));
        } else if (trigger instanceof Trigger.Silent silent) {
            key = "trigger.silent";
            places.put("facts", facts(language, silent.facts()));
            places.put("time", time(language, silent.after()));
        } else if (trigger instanceof Trigger.Sequence sequence) {
            key = "trigger.sequence";
            places.put("after", fact(language, sequence.after()));
            places.put("until", facts(language, sequence.until()));
        } else {
            Trigger.Calendar calendar = (Trigger.Calendar) trigger;
            key = "trigger.calendar." + calendar.each().name().toLowerCase(Locale.ROOT);
            places.put("time", calendar.localTime());
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

    private String facts(String language, List<FactKind> facts) {
        return facts.stream().map(fact -> fact(language, fact)).collect(Collectors.joining(" / "));
    }

    private String fact(String language, FactKind fact) {
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
