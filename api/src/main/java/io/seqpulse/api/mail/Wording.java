package io.seqpulse.api.mail;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/** What the service says about emails in words, in each language. */
public final class Wording {

    /** The languages, the first one where none is asked for. */
    public static final List<String> LANGUAGES = List.of("fr", "en");

    private final Map<String, Properties> texts = new LinkedHashMap<>();

    /** Reads the texts. */
    public Wording() {
        for (String language : LANGUAGES) {
            texts.put(language, read("/io/seqpulse/api/wording.%s.properties".formatted(language)));
        }
    }

    private static Properties read(String name) {
        Properties read = new Properties();
        try (InputStream in = Wording.class.getResourceAsStream(name)) {
            read.load(new InputStreamReader(in, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(name + " cannot be read", e);
        }
        return read;
    }

    /** The text of a key, or empty where there is none. */
    public Optional<String> text(String language, String key) {
        return Optional.ofNullable(texts.get(language).getProperty(key));
    }

    /** The text of a key with its places filled in; the key itself where there is none. */
    public String text(String language, String key, Map<String, String> places) {
        String text = text(language, key).orElse(key);
        for (Map.Entry<String, String> place : places.entrySet()) {
            text = text.replace('{' + place.getKey() + '}', place.getValue());
        }
        return text;
    }

    /** The keys of a language. */
    java.util.Set<String> keys(String language) {
        return texts.get(language).stringPropertyNames();
    }
}
