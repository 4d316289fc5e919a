package io.seqpulse.lifecycle.catalogue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Reads {@code lifecycle.yaml} and refuses it as a whole if anything in it could not work, telling
 * every error at once with its file, line and key.
 */
public final class CatalogueLoader {

    /** Name of the file, on the class path and in a directory of overrides. */
    public static final String FILE = "lifecycle.yaml";

    /** Directory of the templates beside it. */
    public static final String TEMPLATES = "emails";

    private static final String VERSION = "1";

    private CatalogueLoader() {}

    /**
     * The catalogue of the job's jar, with the overrides of a directory: its {@value #FILE} instead
     * of the jar's, and files of its {@value #TEMPLATES} directory instead of those of the same
     * name. One without {@code kpis} keeps those of the jar.
     *
     * @param overrides the directory, or null for none
     * @throws InvalidCatalogueException if anything is wrong with it
     */
    public static Catalogue load(Path overrides) {
        ClassLoader jar = CatalogueLoader.class.getClassLoader();
        Predicate<String> inJar = name -> jar.getResource(name) != null;
        if (overrides == null) {
            return read(FILE, () -> jar.getResourceAsStream(FILE), inJar);
        }
        Path file = overrides.resolve(FILE);
        if (!Files.isRegularFile(file) && !Files.isDirectory(overrides.resolve(TEMPLATES))) {
            throw new InvalidCatalogueException(
                    file.toString(),
                    List.of(
                            "%s has neither %s nor %s/: check rules.dir"
                                    .formatted(overrides, FILE, TEMPLATES)));
        }
        Predicate<String> exists =
                name -> Files.isRegularFile(overrides.resolve(name)) || inJar.test(name);
        if (!Files.isRegularFile(file)) {
            return read(FILE, () -> jar.getResourceAsStream(FILE), exists);
        }
        Catalogue own = read(file.toString(), () -> Files.newInputStream(file), exists);
        return own.kpis().isEmpty()
                ? new Catalogue(own.rules(), load(null).kpis(), own.linkHosts())
                : own;
    }

    /** Opens the file's bytes. */
    interface Source {
        InputStream open() throws IOException;
    }

    static Catalogue read(String file, Source source, Predicate<String> templateFileExists) {
        YamlProblems problems = new YamlProblems(file);
        Optional<Node> root = compose(file, source, problems);
        problems.throwIfAny();
        YamlSection top = root.map(node -> YamlSection.of(node, "", problems)).orElse(null);
        problems.throwIfAny();
        if (top == null) {
            problems.add("is empty");
            problems.throwIfAny();
        }
        top.value(
                "version",
                text -> text.equals(VERSION) ? text : null,
                "is not the version this job reads, which is " + VERSION);
        Set<String> linkHosts =
                top.has("link-hosts")
                        ? hosts(top.list("link-hosts", CatalogueLoader::host, "is no host name"))
                        : Set.of();
        List<YamlSection> sections = top.sections("rules", "code");
        List<YamlSection> figures = top.has("kpis") ? top.sections("kpis", "kpi") : List.of();
        top.refuseUnknownKeys();
        List<Rule> rules = new ArrayList<>();
        for (YamlSection section : sections) {
            rules.add(new RuleReader(section, linkHosts, templateFileExists).read());
        }
        compareRules(rules, sections);
        List<Kpi> kpis = figures.stream().map(KpiReader::read).toList();
        compareKpis(kpis, figures, rules);
        if (!kpis.isEmpty()) {
            compareMeasures(rules, sections, kpis);
        }
        problems.throwIfAny();
        return new Catalogue(rules, kpis, linkHosts);
    }

    /** What stands in a key before its first placeholder. */
    static String prefix(String key) {
        int brace = key.indexOf('{');
        return brace < 0 ? key : key.substring(0, brace);
    }

    private static Optional<Node> compose(String file, Source source, YamlProblems problems) {
        LoadSettings settings = LoadSettings.builder().setLabel(file).build();
        try (InputStream in = source.open()) {
            if (in == null) {
                problems.add("is not in the job's jar");
                return Optional.empty();
            }
            return new Compose(settings).composeInputStream(in);
        } catch (MarkedYamlEngineException e) {
            String line =
                    e.getProblemMark()
                            .map(mark -> "line " + (mark.getLine() + 1) + ": ")
                            .orElse("");
            problems.add(line + e.getProblem());
        } catch (YamlEngineException e) {
            problems.add("is no YAML: " + e.getMessage());
        } catch (IOException e) {
            problems.add("cannot be read: " + e.getMessage());
        }
        return Optional.empty();
    }

    private static String host(String text) {
        return text.matches("[a-z0-9]([a-z0-9.-]*[a-z0-9])?") ? text : null;
    }

    private static Set<String> hosts(List<String> hosts) {
        return hosts == null ? Set.of() : new HashSet<>(hosts);
    }

    private static void compareRules(List<Rule> rules, List<YamlSection> sections) {
        Map<String, Rule> byCode = new HashMap<>();
        Map<Integer, String> byPriority = new HashMap<>();
        for (int i = 0; i < rules.size(); i++) {
            Rule rule = rules.get(i);
            YamlSection section = sections.get(i);
            if (rule.code() != null && byCode.putIfAbsent(rule.code(), rule) != null) {
                section.problem("code", "stands here twice");
            }
            if (rule.priority() != Integer.MAX_VALUE) {
                String other = byPriority.putIfAbsent(rule.priority(), rule.code());
                if (other != null) {
                    section.problem("priority", "is also that of " + other);
                }
            }
            for (Rule earlier : rules.subList(0, i)) {
                if (rule.dedupeKey() != null
                        && earlier.dedupeKey() != null
                        && mayCollide(rule.dedupeKey(), earlier.dedupeKey())) {
                    section.problem(
                            "key",
                            "could be a key of %s too; begin it with another name"
                                    .formatted(earlier.code()));
                }
            }
        }
        for (int i = 0; i < rules.size(); i++) {
            compareSuperseded(rules.get(i), byCode, sections.get(i));
        }
    }

    private static boolean mayCollide(String key, String other) {
        String prefix = prefix(key);
        String otherPrefix = prefix(other);
        return prefix.startsWith(otherPrefix) || otherPrefix.startsWith(prefix);
    }

    private static void compareSuperseded(
            Rule rule, Map<String, Rule> byCode, YamlSection section) {
        for (String code : rule.supersedes()) {
            Rule superseded = byCode.get(code);
            if (superseded == null) {
                section.problem("supersedes", "there is no rule " + code);
            } else if (code.equals(rule.code())) {
                section.problem("supersedes", "a rule cannot supersede itself");
            } else if (superseded.subject() != rule.subject()) {
                section.problem("supersedes", code + " is about another kind of subject");
            }
        }
    }

    private static void compareKpis(List<Kpi> kpis, List<YamlSection> sections, List<Rule> rules) {
        Set<String> names = new HashSet<>();
        Map<String, Rule> byCode = new HashMap<>();
        rules.forEach(rule -> byCode.put(rule.code(), rule));
        for (int i = 0; i < kpis.size(); i++) {
            Kpi kpi = kpis.get(i);
            YamlSection section = sections.get(i);
            if (!kpi.name().isEmpty() && !names.add(kpi.name())) {
                section.problem("kpi", "stands here twice");
            }
            for (String alias : kpi.aliases()) {
                if (!names.add(alias)) {
                    section.problem("aliases", "'" + alias + "' is the name of another");
                }
            }
            for (String code : kpi.codes()) {
                if (!byCode.containsKey(code)) {
                    section.problem("codes", "there is no rule " + code);
                } else if (kpi.success() == Kpi.Success.GOAL && byCode.get(code).goal() == null) {
                    section.problem("codes", code + " has no goal");
                }
            }
        }
    }

    private static void compareMeasures(
            List<Rule> rules, List<YamlSection> sections, List<Kpi> kpis) {
        for (int i = 0; i < rules.size(); i++) {
            Rule rule = rules.get(i);
            boolean ownGoal =
                    rule.goal() != null
                            && rule.kpi() != null
                            && rule.kpi().equals(rule.goal().name());
            if (rule.kpi() != null
                    && !ownGoal
                    && kpis.stream().noneMatch(kpi -> kpi.isCalled(rule.kpi()))) {
                sections.get(i)
                        .problem(
                                "kpi",
                                "there is no KPI '%s', nor is it the name of the rule's goal"
                                        .formatted(rule.kpi()));
            }
        }
    }
}
