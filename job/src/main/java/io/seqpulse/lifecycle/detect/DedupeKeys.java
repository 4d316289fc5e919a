package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.Placeholders;
import io.seqpulse.lifecycle.codec.BoundedText;
import java.util.HashMap;
import java.util.Map;

/**
 * Keys from a rule's template and what rows say. Ids, months and names stand in them as they are;
 * of any other text a short form that is as unique: a key has a bound, and none of its separators
 * occurs in a value.
 */
final class DedupeKeys {

    private static final int LONGEST = 64;

    /**
     * Stands for what is not known; the catalogue's loader refuses rules for which that could be.
     */
    private static final String UNKNOWN = "~";

    private DedupeKeys() {}

    static String fill(String template, Map<String, String> values) {
        Map<String, String> parts = new HashMap<>();
        for (String name : Placeholders.names(template)) {
            String value = values.get(name);
            parts.put(name, value == null ? UNKNOWN : BoundedText.name(value, LONGEST));
        }
        return Placeholders.fill(template, parts);
    }
}
