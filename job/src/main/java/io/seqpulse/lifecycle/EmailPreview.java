package io.seqpulse.lifecycle;

import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.CatalogueLoader;
import io.seqpulse.lifecycle.email.Gallery;
import io.seqpulse.lifecycle.email.SampleEmails;
import java.nio.file.Path;

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
        Path templates = rules == null ? null : rules.resolve(CatalogueLoader.TEMPLATES);
        SampleEmails emails =
                new SampleEmails(
                        SampleEmails.settings(templates), catalogue.rules(), catalogue.linkHosts());
        return Gallery.of(emails, catalogue.rules(), SampleEmails.FROM);
    }
}
