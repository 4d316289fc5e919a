package io.seqpulse.lifecycle.catalogue;

import java.util.Locale;

/** What a fact is about, and so what its stream is keyed by. */
public enum Subject {
    USER,
    PROJECT,
    DEPLOYMENT,
    EMAIL;

    /** The name as it stands in {@code lifecycle.yaml}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The placeholder of its id in a dedupe key, such as {@code user_id}. */
    public String idAttribute() {
        return label() + "_id";
    }
}
