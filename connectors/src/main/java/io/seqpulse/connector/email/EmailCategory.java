package io.seqpulse.connector.email;

import java.util.Locale;

/**
 * What kind of mail it is, which decides who may refuse it, whether it is capped, and what happens
 * to it when its delivery cannot be confirmed (requirements.md, R2).
 */
public enum EmailCategory {
    SECURITY,
    ALERT,
    TRANSACTIONAL,
    SERVICE,
    MARKETING,
    REPORT;

    /** The name as it stands in {@code lifecycle.yaml} and in the journal. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether the recipient can opt out of it and the cap applies: marketing and reports. */
    public boolean capped() {
        return this == MARKETING || this == REPORT;
    }

    /**
     * The category with that label.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static EmailCategory of(String label) {
        for (EmailCategory category : values()) {
            if (category.label().equals(label)) {
                return category;
            }
        }
        throw new IllegalArgumentException("no email category '" + label + "'");
    }
}
