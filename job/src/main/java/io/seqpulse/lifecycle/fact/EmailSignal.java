package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import java.util.Objects;

/**
 * An email tells the project and the user that it is about whether it was sent, or kept from its
 * recipient for comparison.
 *
 * @param sent whether the journal says so; otherwise it no longer does, or no longer of this
 *     subject
 * @param key id of the project or user
 * @param id id of the email's line in the journal
 * @param atMicros when that was, microseconds since the epoch
 * @param source where it comes from
 * @param code the email's code
 * @param variant of its experiment, {@code holdout} where it was kept back; null: there is none
 */
public record EmailSignal(
        boolean sent,
        String key,
        String id,
        long atMicros,
        Source source,
        String code,
        String variant)
        implements Signal {

    public EmailSignal {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(source, "source");
    }

    @Override
    public CapturedTable table() {
        return CapturedTable.EMAIL_DELIVERIES;
    }
}
