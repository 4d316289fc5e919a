package io.seqpulse.lifecycle.email;

import io.pebbletemplates.pebble.PebbleEngine;
import io.pebbletemplates.pebble.error.LoaderException;
import io.pebbletemplates.pebble.error.PebbleException;
import io.pebbletemplates.pebble.error.RootAttributeNotFoundException;
import io.pebbletemplates.pebble.loader.ClasspathLoader;
import io.pebbletemplates.pebble.loader.DelegatingLoader;
import io.pebbletemplates.pebble.loader.FileLoader;
import io.pebbletemplates.pebble.loader.Loader;
import io.pebbletemplates.pebble.template.PebbleTemplate;
import io.seqpulse.connector.email.EmailCategory;
import io.seqpulse.connector.email.EmailContent;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.fact.TimeZones;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Turns a decided email into what goes on the wire. Templates are compiled once, and every one has
 * been rendered with sample values before the constructor returns: a renderer that exists can
 * render every rule it was given, in every language.
 *
 * <p>A template {@code T} is {@code T.<language>.subject.txt}, {@code T.<language>.txt} and {@code
 * T.<language>.html}, in the directory {@link EmailSettings#templates()} or else in the jar's
 * {@code emails/}; a variant of it is the template {@code T.digest}, another subject of it {@code
 * T.b.<language>.subject.txt}. Not thread-safe.
 */
public final class EmailRenderer {

    /** Ends the name of the variant that lists several alerts in one mail. */
    public static final String DIGEST = ".digest";

    private static final int MOST_MISTAKES = 50;

    private static final String CLASS_PATH_DIRECTORY = "emails";
    private static final Pattern LINE_BREAKS = Pattern.compile("\\s*[\\r\\n]+\\s*");

    private final Links links;
    private final Typography defaultLanguage;
    private final ZoneId defaultZone;
    private final Map<String, Parts> templates = new HashMap<>();
    private final Map<String, PebbleTemplate> otherSubjects = new HashMap<>();
    private final Page page = new Page();

    /** The compiled files of one template in one language. */
    private record Parts(PebbleTemplate subject, PebbleTemplate text, PebbleTemplate html) {}

    /**
     * Compiles and tries out the templates of these rules.
     *
     * @throws InvalidTemplatesException if one is missing, malformed, or renders to something that
     *     cannot be sent; names every file and line
     */
    public EmailRenderer(EmailSettings settings, Collection<Rule> rules) {
        this(settings, rules, Set.of());
    }

    /**
     * The same, with hosts to which links that rows of the product name may lead.
     *
     * @param linkHosts {@link io.seqpulse.lifecycle.catalogue.Catalogue#linkHosts()}; the product's
     *     own is one of them anyway
     */
    public EmailRenderer(EmailSettings settings, Collection<Rule> rules, Set<String> linkHosts) {
        links = new Links(settings, linkHosts);
        defaultLanguage = Typography.of(settings.language(), Typography.FR);
        defaultZone = settings.timezone();
        Loader<?> loader = loader(settings.templates());
        PebbleEngine plain = engine(loader, false);
        PebbleEngine escaping = engine(loader, true);
        List<String> problems = new ArrayList<>();
        for (Rule rule : rules) {
            compile(rule.template(), plain, escaping, problems);
            for (String subject : rule.experiment().otherSubjects()) {
                compileSubject(subjectOf(rule, subject), plain, problems);
            }
            String digest = rule.template() + DIGEST;
            if (rule.category() == EmailCategory.ALERT
                    || loader.resourceExists(digest + ".fr.html")) {
                compile(digest, plain, escaping, problems);
            }
        }
        problems.addAll(new TemplateCheck(this).problemsOf(rules));
        if (!problems.isEmpty()) {
            throw new InvalidTemplatesException(problems.stream().distinct().toList());
        }
    }

    /**
     * The mail a rule sends.
     *
     * @param variantTemplate name of a template to use instead of the rule's, or null
     * @param values what is known of recipient, project and occasion: the attributes of facts, and
     *     {@code user_id} or {@code email}, {@code language}, {@code timezone}, {@code project_id},
     *     {@code project_name}, {@code used}, {@code month}, {@code alerts} (of a digest: JSON
     *     array of objects with {@code deployment_number, env, verdict, latency_delta,
     *     error_rate_delta}); marketing and reports need {@code dedupe_key}
     * @param now for figures that depend on how far the month has gone
     * @throws IllegalArgumentException if the call to action or a signed link lacks a value, or
     *     there is no such template
     */
    public EmailContent render(
            Rule rule, String variantTemplate, Map<String, String> values, Instant now) {
        return render(rule, variantTemplate, null, values, now);
    }

    /**
     * The mail a rule sends, with one of the subjects that it is tried out with.
     *
     * @param subjectVariant the subject's name; null: the template's own, which is also that of the
     *     first name
     */
    public EmailContent render(
            Rule rule,
            String variantTemplate,
            String subjectVariant,
            Map<String, String> values,
            Instant now) {
        Typography language = Typography.of(values.get("language"), defaultLanguage);
        String name = variantTemplate == null ? rule.template() : variantTemplate;
        String key = key(name, language);
        Parts parts = templates.get(key);
        if (parts == null) {
            throw new IllegalArgumentException("no template '" + key + "'");
        }
        ZoneId zone = zone(values.get("timezone"));
        Map<String, Object> model = TemplateModel.of(rule, values, now, language, zone, links);
        PebbleTemplate own = parts.subject();
        PebbleTemplate chosen =
                subjectVariant == null || variantTemplate != null
                        ? own
                        : otherSubjects.getOrDefault(
                                key(subjectOf(rule, subjectVariant), language), own);
        String subject = oneLine(written(chosen, model, language));
        model.put("subject", subject);
        String html = written(parts.html(), model, language);
        String text = tidy(written(parts.text(), model, language));
        return new EmailContent(language.tag(), subject, html, text, headers(model));
    }

    /**
     * Why the recipient gets a mail, as its plain text says it: the block {@code why} of the
     * template, on one line; empty where the template has none.
     */
    String why(Rule rule, String variantTemplate, Map<String, String> values, Instant now) {
        Typography language = Typography.of(values.get("language"), defaultLanguage);
        String name = variantTemplate == null ? rule.template() : variantTemplate;
        Map<String, Object> model =
                TemplateModel.of(rule, values, now, language, zone(values.get("timezone")), links);
        page.clear();
        try {
            templates.get(key(name, language)).text().evaluateBlock("why", page, model);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        language.space(page.text());
        return oneLine(page.text().toString());
    }

    /** Whether all files of a template are there and well-formed. */
    boolean isCompiled(String template, String language) {
        return templates.containsKey(key(template, Typography.of(language, defaultLanguage)));
    }

    /**
     * Everything that keeps the files of a template from being written, each of them tried: a name
     * that is not known is told of, and the rest of its file looked at as if it were.
     *
     * @throws IllegalArgumentException as {@link #render} does
     */
    List<String> problems(Rule rule, String template, Map<String, String> values, Instant now) {
        Typography language = Typography.of(values.get("language"), defaultLanguage);
        String key = key(template, language);
        Parts parts = templates.get(key);
        Map<String, Object> model =
                TemplateModel.of(rule, values, now, language, zone(values.get("timezone")), links);
        model.put("subject", "subject");
        List<String> problems = new ArrayList<>();
        tryOut(parts.subject(), key + ".subject.txt", model, language, problems);
        tryOut(parts.text(), key + ".txt", model, language, problems);
        tryOut(parts.html(), key + ".html", model, language, problems);
        return problems;
    }

    /**
     * Everything that keeps another subject of a rule's template from being written.
     *
     * @throws IllegalArgumentException as {@link #render} does
     */
    List<String> subjectProblems(
            Rule rule, String subjectVariant, Map<String, String> values, Instant now) {
        Typography language = Typography.of(values.get("language"), defaultLanguage);
        String key = key(subjectOf(rule, subjectVariant), language);
        PebbleTemplate subject = otherSubjects.get(key);
        List<String> problems = new ArrayList<>();
        if (subject != null) {
            Map<String, Object> model =
                    TemplateModel.of(
                            rule, values, now, language, zone(values.get("timezone")), links);
            String file = key + ".subject.txt";
            tryOut(subject, file, model, language, problems);
            if (problems.isEmpty() && oneLine(written(subject, model, language)).isBlank()) {
                problems.add(file + ": the subject is empty");
            }
        }
        return problems;
    }

    private void tryOut(
            PebbleTemplate template,
            String file,
            Map<String, Object> model,
            Typography language,
            List<String> problems) {
        Map<String, Object> known = new HashMap<>(model);
        for (int mistakes = 0; mistakes < MOST_MISTAKES; mistakes++) {
            try {
                written(template, known, language);
                return;
            } catch (RootAttributeNotFoundException unknown) {
                problems.add(problem(unknown, file));
                if (known.putIfAbsent(unknown.getAttributeName(), "sample") != null) {
                    return;
                }
            } catch (PebbleException error) {
                problems.add(problem(error, file));
                return;
            } catch (RuntimeException error) { // what a filter or a function throws itself
                problems.add(file + ": " + error);
                return;
            }
        }
    }

    /** Whether the rule's template has a variant that lists several alerts. */
    public boolean hasDigest(Rule rule) {
        return templates.containsKey(key(rule.template() + DIGEST, defaultLanguage));
    }

    /** The recipient's; the configured one where that is unknown or no zone. */
    private ZoneId zone(String name) {
        return TimeZones.named(name, defaultZone);
    }

    private static Map<String, String> headers(Map<String, Object> model) {
        Object unsubscribe = model.get("unsubscribe_url");
        return unsubscribe == null
                ? Map.of()
                : Map.of(
                        "List-Unsubscribe",
                        "<" + unsubscribe + ">",
                        "List-Unsubscribe-Post",
                        "List-Unsubscribe=One-Click");
    }

    private String written(
            PebbleTemplate template, Map<String, Object> model, Typography language) {
        page.clear();
        try {
            template.evaluate(page, model);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        language.space(page.text());
        return page.text().toString();
    }

    private static String oneLine(String text) {
        return LINE_BREAKS.matcher(text.strip()).replaceAll(" ");
    }

    /** Without spaces at the ends of lines, and with one blank line where there were several. */
    private static String tidy(String text) {
        StringBuilder tidy = new StringBuilder(text.length());
        int breaks = 0;
        int begin = 0;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', begin)) {
            int last = end;
            while (last > begin && isSpace(text.charAt(last - 1))) {
                last--;
            }
            breaks = last > begin ? 1 : breaks + 1;
            if (breaks <= 2) {
                tidy.append(text, begin, last).append('\n');
            }
            begin = end + 1;
        }
        return tidy.append(text, begin, text.length()).toString().strip() + "\n";
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t';
    }

    private void compile(
            String name, PebbleEngine plain, PebbleEngine escaping, List<String> problems) {
        for (Typography language : Typography.values()) {
            String key = key(name, language);
            PebbleTemplate subject = compiled(plain, key + ".subject.txt", problems);
            PebbleTemplate text = compiled(plain, key + ".txt", problems);
            PebbleTemplate html = compiled(escaping, key + ".html", problems);
            if (subject != null && text != null && html != null) {
                templates.put(key, new Parts(subject, text, html));
            }
        }
    }

    private void compileSubject(String name, PebbleEngine plain, List<String> problems) {
        for (Typography language : Typography.values()) {
            String key = key(name, language);
            PebbleTemplate subject = compiled(plain, key + ".subject.txt", problems);
            if (subject != null) {
                otherSubjects.put(key, subject);
            }
        }
    }

    private static String subjectOf(Rule rule, String subjectVariant) {
        return rule.template() + "." + subjectVariant;
    }

    private static PebbleTemplate compiled(
            PebbleEngine engine, String file, List<String> problems) {
        try {
            return engine.getTemplate(file);
        } catch (LoaderException missing) {
            problems.add(file + ": not found in the templates directory nor in the jar's emails/");
        } catch (PebbleException malformed) {
            problems.add(problem(malformed, file));
        }
        return null;
    }

    /** A template's error as file, line and reason. */
    public static String problem(PebbleException error) {
        return problem(error, "a template");
    }

    static String problem(PebbleException error, String file) {
        String where = error.getFileName() == null ? file : error.getFileName();
        String line = error.getLineNumber() == null ? "" : ":" + error.getLineNumber();
        StringBuilder why = new StringBuilder(String.valueOf(error.getPebbleMessage()));
        // What happened is often told by a cause only.
        for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) {
            String message =
                    cause instanceof PebbleException nested
                            ? nested.getPebbleMessage()
                            : cause.getMessage();
            if (message != null && why.indexOf(message) < 0) {
                why.append(": ").append(message);
            }
        }
        return where + line + ": " + why;
    }

    private static String key(String name, Typography language) {
        return name + "." + language.tag();
    }

    private static PebbleEngine engine(Loader<?> loader, boolean escaping) {
        return new PebbleEngine.Builder()
                .loader(loader)
                .autoEscaping(escaping)
                .strictVariables(true)
                .newLineTrimming(false)
                .build();
    }

    private static Loader<?> loader(String directory) {
        ClasspathLoader inJar = new ClasspathLoader(EmailRenderer.class.getClassLoader());
        inJar.setPrefix(CLASS_PATH_DIRECTORY);
        if (directory == null || !Files.isDirectory(Path.of(directory))) {
            return inJar;
        }
        String path = Path.of(directory).toAbsolutePath().toString();
        return new DelegatingLoader(List.of(new FileLoader(path), inJar));
    }
}
