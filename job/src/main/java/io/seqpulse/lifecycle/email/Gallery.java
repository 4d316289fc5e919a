package io.seqpulse.lifecycle.email;

import io.pebbletemplates.pebble.PebbleEngine;
import io.pebbletemplates.pebble.loader.ClasspathLoader;
import io.seqpulse.lifecycle.catalogue.Rule;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Emails side by side on one HTML page that loads nothing: what it needs stands in it, so that it
 * opens from a file as well as from a server. Each mail is in a frame of its own in which nothing
 * runs. The page's policy allows one script, ours, by its digest.
 */
public final class Gallery {

    private static final String RESOURCES = "io/seqpulse/lifecycle/email";
    private static final String STYLE = read("gallery.css");
    private static final String SCRIPT = read("gallery.js");

    private Gallery() {}

    /**
     * What the page may do, as the header or element {@code Content-Security-Policy} says it. The
     * frames inherit it; a link in a mail leads nowhere.
     */
    public static String policy() {
        return "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-%s';"
                        .formatted(digest(SCRIPT))
                + " frame-src 'none'; base-uri 'none'; form-action 'none'";
    }

    /**
     * The page.
     *
     * @param from who the mails are from
     */
    public static String of(SampleEmails emails, Collection<Rule> rules, String from) {
        List<Map<String, Object>> groups = new ArrayList<>();
        Map<String, Rule> inOrder = new TreeMap<>();
        rules.forEach(rule -> inOrder.put(rule.code(), rule));
        int count = 0;
        for (Rule rule : inOrder.values()) {
            List<SampleEmails.Sample> samples = new ArrayList<>();
            SampleEmails.languages()
                    .forEach(language -> samples.addAll(emails.distinct(rule, language)));
            count += samples.size();
            groups.add(
                    Map.of(
                            "code", rule.code(),
                            "name", rule.name(),
                            "mode", rule.mode().name(),
                            "mails", samples.stream().map(Gallery::mail).toList()));
        }
        Map<String, Object> model = new HashMap<>();
        model.put("groups", groups);
        model.put("count", count);
        model.put("from", from);
        model.put("policy", policy());
        model.put("style", STYLE);
        model.put("script", SCRIPT);
        return written(model);
    }

    private static Map<String, Object> mail(SampleEmails.Sample sample) {
        String language = sample.content().language();
        return Map.of(
                "id", "%s-%s-%s".formatted(sample.rule().code(), sample.name(), language),
                "code", sample.rule().code(),
                "name", sample.rule().name(),
                "category", sample.rule().category().label(),
                "sample", sample.name(),
                "language", language,
                "file", sample.template() + "." + language,
                "why", sample.why(),
                "content", sample.content());
    }

    private static String written(Map<String, Object> model) {
        ClasspathLoader loader = new ClasspathLoader(Gallery.class.getClassLoader());
        loader.setPrefix(RESOURCES);
        PebbleEngine engine =
                new PebbleEngine.Builder()
                        .loader(loader)
                        .autoEscaping(true)
                        .strictVariables(true)
                        .newLineTrimming(false)
                        .build();
        Page page = new Page();
        try {
            engine.getTemplate("gallery.html").evaluate(page, model);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return page.text().toString();
    }

    private static String read(String name) {
        try (InputStream in = Gallery.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(name + " cannot be read", e);
        }
    }

    private static String digest(String script) {
        try {
            byte[] sha256 =
                    MessageDigest.getInstance("SHA-256")
                            .digest(script.getBytes(StandardCharsets.UTF_8));
            return Base64.getEncoder().encodeToString(sha256);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }
}
