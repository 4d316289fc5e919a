package io.seqpulse.lifecycle;

import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.CatalogueLoader;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.email.Gallery;
import io.seqpulse.lifecycle.email.SampleEmails;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The emails of a catalogue to look at. It needs neither Flink nor a database, and {@code
 * ./lifecycle preview} calls it in the job's jar, by its name.
 */
public final class EmailPreview {

    private EmailPreview() {}

    /**
     * The gallery of all of them.
     *
     * @param rules directory of overrides, as the option {@code rules.dir} names it, or null
     * @return one HTML page that loads nothing
     * @throws io.seqpulse.lifecycle.catalogue.InvalidCatalogueException by file, line and key
     * @throws io.seqpulse.lifecycle.email.InvalidTemplatesException by file and line
     */
    public static String gallery(Path rules) {
        Catalogue catalogue = CatalogueLoader.load(rules);
        return Gallery.of(samples(catalogue, rules), catalogue.rules(), SampleEmails.FROM);
    }

    /**
     * Code → what its emails are called: steps, verdicts and variants.
     *
     * @param rules as for {@link #gallery}
     */
    public static Map<String, List<String>> names(Path rules) {
        Catalogue catalogue = CatalogueLoader.load(rules);
        SampleEmails samples = samples(catalogue, rules);
        Map<String, List<String>> names = new LinkedHashMap<>();
        for (Rule rule : catalogue.rules()) {
            names.put(rule.code(), samples.names(rule));
        }
        return names;
    }

    private static SampleEmails samples(Catalogue catalogue, Path rules) {
        Path templates = rules == null ? null : rules.resolve(CatalogueLoader.TEMPLATES);
        return new SampleEmails(SampleEmails.settings(templates), catalogue.rules());
    }
}
