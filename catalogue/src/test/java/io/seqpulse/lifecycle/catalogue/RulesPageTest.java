package io.seqpulse.lifecycle.catalogue;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.seqpulse.lifecycle.catalogue.Rule.Audience;
import io.seqpulse.lifecycle.catalogue.Rule.Mode;
import io.seqpulse.lifecycle.catalogue.Trigger.Calendar;
import io.seqpulse.lifecycle.catalogue.Trigger.Dropped;
import io.seqpulse.lifecycle.catalogue.Trigger.Happened;
import io.seqpulse.lifecycle.catalogue.Trigger.Kind;
import io.seqpulse.lifecycle.catalogue.Trigger.Milestone;
import io.seqpulse.lifecycle.catalogue.Trigger.Missing;
import io.seqpulse.lifecycle.catalogue.Trigger.Occurrence;
import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import io.seqpulse.lifecycle.catalogue.Trigger.Reached;
import io.seqpulse.lifecycle.catalogue.Trigger.Sequence;
import io.seqpulse.lifecycle.catalogue.Trigger.Silent;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * {@code docs/rules.md} and the README's table of emails say what the code says. With {@code
 * -Dwrite} the test writes the tables instead; the last column of the facts and what the README
 * says of when an email is due are by hand, and stay.
 */
class RulesPageTest {

    private static final Path PAGE = Path.of("../docs/rules.md");
    private static final Path README = Path.of("../README.md");
    private static final String NOT_YET = "*not yet*";

    /** The code of an example that shows none. */
    private static final String UNNAMED = "E-DOC-01";

    /** What an example that does not show it has, key by key. */
    private static final Map<String, String> UNSHOWN = new LinkedHashMap<>();

    static {
        UNSHOWN.put("code", "code: " + UNNAMED);
        UNSHOWN.put("name", "name: example");
        UNSHOWN.put("category", "category: service");
        UNSHOWN.put("mode", "mode: live");
        UNSHOWN.put("expires", "expires: 24h");
        UNSHOWN.put("template", "template: T");
        UNSHOWN.put("cta", "cta: {path: /, label: {fr: Voir, en: See}}");
        UNSHOWN.put("kpi", "kpi: example_kpi");
    }

    @Test
    void thePageListsEveryFact() throws IOException {
        Map<String, List<String>> written = rows(Files.readString(PAGE), "EventType");
        holds(PAGE, "EventType", facts(written));

        assertThat(rows(Files.readString(PAGE), "EventType"))
                .allSatisfy(
                        (fact, row) -> assertThat(row.get(5)).as("what %s is", fact).isNotEmpty());
    }

    @Test
    void thePageSaysWhatKeysMayName() throws IOException {
        holds(PAGE, "Trigger", placeholders());
    }

    @Test
    void everyExampleIsReadByTheLoader() throws IOException {
        List<Rule> rules = new ArrayList<>();
        for (String example : examples()) {
            rules.addAll(read(whole(example)).rules());
        }

        assertThat(rules.stream().map(rule -> rule.trigger().kind())).contains(Kind.values());
        assertThat(rules.stream().flatMap(rule -> rule.audience().stream()))
                .contains(Audience.values());
        assertThat(
                        rules.stream()
                                .map(Rule::trigger)
                                .filter(Happened.class::isInstance)
                                .map(trigger -> ((Happened) trigger).occurrence()))
                .contains(Occurrence.values());
        assertThat(rules).anyMatch(rule -> rule.notBefore() != null);
        assertThat(rules).anyMatch(rule -> rule.experiment().holdout() > 0);
        assertThat(rules).anyMatch(rule -> !rule.experiment().subjects().isEmpty());
    }

    @Test
    void thePageSaysWhatEveryKeyOfARuleIs() throws IOException {
        assertThat(described("The keys of a rule"))
                .containsExactlyInAnyOrderElementsOf(
                        known(
                                whole(examples().get(0)) + "    nonsense: 1\n",
                                code(examples().get(0))));
    }

    @Test
    void thePageSaysAndShowsWhatEveryParameterIs() throws IOException {
        for (Kind kind : Kind.values()) {
            Set<String> parameters = new LinkedHashSet<>();
            StringBuilder shown = new StringBuilder();
            for (String example : examples()) {
                String marked = "  kind: %s\n".formatted(kind.label());
                if (example.contains("trigger:\n" + marked)) {
                    parameters.addAll(
                            known(
                                    whole(example.replace(marked, marked + "  nonsense: 1\n")),
                                    code(example) + ".trigger"));
                    shown.append(example);
                }
            }
            parameters.remove("kind");

            assertThat(described("`%s`".formatted(kind.label())))
                    .as("parameters of %s", kind.label())
                    .containsExactlyInAnyOrderElementsOf(parameters);
            assertThat(parameters)
                    .as("in an example of %s", kind.label())
                    .allMatch(parameter -> shown.indexOf("\n  " + parameter + ":") >= 0);
        }
    }

    @Test
    void theReadmeListsEveryEmail() throws IOException {
        Map<String, List<String>> written = rows(Files.readString(README), "lifecycle.yaml");
        holds(README, "lifecycle.yaml", emails(written));

        Map<String, List<String>> emails = rows(Files.readString(README), "lifecycle.yaml");
        assertThat(emails)
                .allSatisfy(
                        (code, row) ->
                                assertThat(row.get(2)).as("when %s is due", code).isNotEmpty());
        assertThat(README).content().contains("The catalogue names " + emails.size() + " emails");
    }

    private static String facts(Map<String, List<String>> written) {
        StringBuilder rows = new StringBuilder();
        rows.append(
                "| fact | read from | about | always there | may be missing | what happened |\n");
        rows.append("| --- | --- | --- | --- | --- | --- |\n");
        for (EventType fact : EventType.values()) {
            String name = "`%s`".formatted(fact.label());
            List<String> row = written.get(name);
            Predicate<String> certain = fact.certainAttributes()::contains;
            rows.append(
                    row(
                            name,
                            "`%s`".formatted(fact.table().label()),
                            about(fact),
                            names(fact.attributes().stream().filter(certain).toList()),
                            names(fact.attributes().stream().filter(certain.negate()).toList()),
                            row == null ? "" : row.get(5)));
        }
        return rows.toString();
    }

    /** Whose state it reaches, and whom it reaches in other ways, for some kinds of trigger. */
    private static String about(EventType fact) {
        String subjects =
                fact.subjects().stream().map(Subject::label).sorted().collect(joining(", "));
        List<String> kinds =
                triggers(fact).values().stream()
                        .filter(trigger -> trigger.reaches(fact, Subject.USER))
                        .filter(trigger -> !fact.subjects().contains(Subject.USER))
                        .map(trigger -> trigger.kind().label())
                        .distinct()
                        .toList();
        return kinds.isEmpty() ? subjects : "%s; user in %s".formatted(subjects, names(kinds));
    }

    private static String placeholders() {
        EventType fact = EventType.INVITATION_SENT;
        StringBuilder rows = new StringBuilder();
        rows.append("| trigger | a key may name | and must name |\n| --- | --- | --- |\n");
        triggers(fact)
                .forEach(
                        (name, trigger) -> {
                            List<String> own = new ArrayList<>(trigger.values());
                            boolean attributes = own.removeAll(fact.attributes());
                            own.sort(null);
                            String may = braced(own);
                            String also = may.isEmpty() ? "" : may + ", ";
                            rows.append(
                                    row(
                                            name,
                                            attributes ? also + "the fact's attributes" : may,
                                            braced(
                                                    trigger.period()
                                                            .map(Period::label)
                                                            .map(List::of)
                                                            .orElse(List.of()))));
                        });
        return rows.toString();
    }

    /** A trigger of each kind, and of each form that keys differ by, about a fact. */
    private static Map<String, Trigger> triggers(EventType fact) {
        Map<String, Trigger> triggers = new LinkedHashMap<>();
        Duration day = Duration.ofDays(1);
        triggers.put("`happened`", new Happened(fact, Occurrence.EACH, Map.of(), day));
        triggers.put(
                "`happened`, `first_of_month`",
                new Happened(fact, Occurrence.FIRST_OF_MONTH, Map.of(), day));
        triggers.put("`missing`", new Missing(fact, fact, day));
        for (Period period : Period.values()) {
            String per = "per: " + period.label();
            triggers.put("`reached`, `%s`".formatted(per), new Reached(fact, period, 1));
        }
        for (Period period : Period.values()) {
            String per = "per: " + period.label();
            triggers.put("`dropped`, `%s`".formatted(per), new Dropped(fact, period, 50, 1));
        }
        triggers.put("`silent`", new Silent(List.of(fact), day, List.of()));
        triggers.put("`sequence`", new Sequence(fact, Map.of(), List.of(day), List.of(), null));
        for (Period period : Period.values()) {
            triggers.put(
                    "`calendar`, `each: %s`".formatted(period.label()),
                    new Calendar(period, "08:00", day, List.of(fact), Set.of()));
        }
        triggers.put("`milestone`", new Milestone(fact, day, 1, List.of(fact), day, day));
        assertThat(triggers.values().stream().map(Trigger::kind)).contains(Kind.values());
        return triggers;
    }

    /** In the order of the page; what the page does not name yet comes last. */
    private static String emails(Map<String, List<String>> written) {
        Catalogue catalogue = CatalogueLoader.load(null);
        Set<String> codes = new LinkedHashSet<>(written.keySet());
        catalogue.rules().forEach(rule -> codes.add(rule.code()));
        StringBuilder rows = new StringBuilder();
        rows.append("| code | name | when | kind |\n| --- | --- | --- | --- |\n");
        for (String code : codes) {
            Rule rule = catalogue.rule(code).orElse(null);
            String when = written.containsKey(code) ? written.get(code).get(2) : "";
            rows.append(
                    rule == null
                            ? row(code, NOT_YET, when, "")
                            : row(code, "`%s`".formatted(rule.name()), when, kind(rule)));
        }
        return rows.toString();
    }

    private static String kind(Rule rule) {
        String category = rule.category().label();
        return rule.mode() == Mode.LIVE
                ? category
                : category + ", " + TriggerReader.label(rule.mode());
    }

    private static String row(String... cells) {
        return Arrays.stream(cells).collect(joining(" | ", "| ", " |\n"));
    }

    private static String names(Collection<String> names) {
        return names.stream().map("`%s`"::formatted).collect(joining(", "));
    }

    private static String braced(Collection<String> names) {
        return names.stream().map("`{%s}`"::formatted).collect(joining(", "));
    }

    private static void holds(Path file, String source, String table) throws IOException {
        Matcher region = region(Files.readString(file), source);
        String wanted =
                region.replaceFirst(
                        Matcher.quoteReplacement(region.group(1) + table + region.group(3)));
        if (System.getProperty("write") != null) {
            Files.writeString(file, wanted);
        }
        assertThat(file)
                .as(
                        "%s says something else than %s; write it anew with ./mvnw -pl catalogue"
                                + " -am test -Dtest=RulesPageTest -Dwrite"
                                + " -Dsurefire.failIfNoSpecifiedTests=false",
                        file, source)
                .hasContent(wanted);
    }

    private static Matcher region(String page, String source) {
        Matcher region =
                Pattern.compile(
                                "(?s)(<!-- written from %s -->\n)(.*?)(<!-- end -->\n)"
                                        .formatted(Pattern.quote(source)))
                        .matcher(page);
        assertThat(region.find()).as("a region for %s", source).isTrue();
        return region;
    }

    /** The rows of a written table, by their first cell. */
    private static Map<String, List<String>> rows(String page, String source) {
        return rows(region(page, source).group(2));
    }

    private static Map<String, List<String>> rows(String table) {
        Map<String, List<String>> rows = new LinkedHashMap<>();
        table.lines()
                .filter(line -> line.startsWith("| "))
                .map(line -> List.of(line.substring(2, line.length() - 2).split(" \\| ", -1)))
                .forEach(
                        cells ->
                                assertThat(rows.put(cells.get(0), cells))
                                        .as(cells.get(0))
                                        .isNull());
        rows.values().removeIf(cells -> cells.get(1).startsWith("---"));
        rows.keySet().removeIf(head -> Set.of("fact", "code").contains(head));
        return rows;
    }

    /** The names in the first column of a section's table. */
    private static List<String> described(String section) throws IOException {
        Matcher body =
                Pattern.compile("(?s)\n## %s\n(.*?)(?=\n## |$)".formatted(Pattern.quote(section)))
                        .matcher(Files.readString(PAGE));
        assertThat(body.find()).as("a section %s", section).isTrue();
        Pattern name = Pattern.compile("`([a-z-]+)`");
        return body.group(1)
                .lines()
                .filter(line -> line.startsWith("| `"))
                .map(line -> line.substring(0, line.indexOf(" |", 1)))
                .flatMap(cell -> name.matcher(cell).results().map(found -> found.group(1)))
                .toList();
    }

    private static List<String> examples() throws IOException {
        List<String> examples =
                Pattern.compile("(?s)```yaml\n(.*?)```")
                        .matcher(Files.readString(PAGE))
                        .results()
                        .map(example -> example.group(1))
                        .toList();
        assertThat(examples).isNotEmpty();
        return examples;
    }

    /** A file with one rule: what the example shows, and the rest. */
    private static String whole(String example) {
        Stream<String> rest =
                UNSHOWN.entrySet().stream()
                        .filter(key -> !("\n" + example).contains("\n" + key.getKey() + ":"))
                        .map(Map.Entry::getValue);
        String rule =
                Stream.concat(example.lines(), rest).map("    %s\n"::formatted).collect(joining());
        return "version: 1\nrules:\n  -" + rule.substring(3);
    }

    private static String code(String example) {
        Matcher code = Pattern.compile("(?m)^code: (\\S+)$").matcher(example);
        return code.find() ? code.group(1) : UNNAMED;
    }

    private static Catalogue read(String yaml) {
        return CatalogueLoader.read(
                "docs/rules.md",
                () -> new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)),
                file -> true);
    }

    /** The keys that the loader names where it refuses the key {@code nonsense}. */
    private static List<String> known(String yaml, String section) {
        InvalidCatalogueException refused =
                catchThrowableOfType(InvalidCatalogueException.class, () -> read(yaml));
        assertThat(refused).as(yaml).isNotNull();
        MatchResult found =
                Pattern.compile(
                                Pattern.quote(section)
                                        + "\\.nonsense: unknown key; known here: (.*)")
                        .matcher(String.join("\n", refused.problems()))
                        .results()
                        .findFirst()
                        .orElseThrow(() -> new AssertionError(refused.problems()));
        return List.of(found.group(1).split(", "));
    }
}
