package io.seqpulse.lifecycle;

import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.CatalogueLoader;
import io.seqpulse.lifecycle.catalogue.InvalidCatalogueException;
import io.seqpulse.lifecycle.email.EmailRenderer;
import io.seqpulse.lifecycle.email.EmailSettings;
import io.seqpulse.lifecycle.email.InvalidTemplatesException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.List;

/**
 * Whether the job could start with a directory of rules, asked before a cluster is there. It needs
 * neither Flink nor a database, and {@code ./lifecycle up} calls it in the job's jar, by its name.
 */
public final class RulesCheck {

    /** Nothing that the check renders is sent. */
    private static final String SAMPLE_URL = "https://lifecycle.example";

    private static final String SAMPLE_SECRET = "0".repeat(64);

    private RulesCheck() {}

    /**
     * Everything that is wrong with a directory of overrides: with its catalogue, by file, line and
     * key, or else with the templates that the catalogue's rules use.
     *
     * @param rules the directory, as the option {@code rules.dir} names it
     * @return empty where the job could run with it
     */
    public static List<String> problems(Path rules) {
        Catalogue catalogue;
        try {
            catalogue = CatalogueLoader.load(rules);
        } catch (InvalidCatalogueException e) {
            return e.problems();
        }
        Path templates = rules.resolve(CatalogueLoader.TEMPLATES);
        try {
            var unused =
                    new EmailRenderer(
                            new EmailSettings(
                                    SAMPLE_URL,
                                    "/",
                                    "/",
                                    "/",
                                    SAMPLE_URL,
                                    SAMPLE_SECRET,
                                    "en",
                                    ZoneOffset.UTC,
                                    Files.isDirectory(templates) ? templates.toString() : null),
                            catalogue.rules(),
                            catalogue.linkHosts());
            return List.of();
        } catch (InvalidTemplatesException e) {
            return List.of(e.getMessage());
        }
    }
}
