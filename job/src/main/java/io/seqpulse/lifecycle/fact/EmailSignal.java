package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import java.util.Objects;

/**
 * An email tells the project and the user that it is about whether it was sent.
 *
 * @param sent whether the journal says so; otherwise it no longer does, or no longer of this
 *     subject
 * @param key id of the project or user
 * @param id id of the email's line in the journal
 * @param atMicros when it was sent, microseconds since the epoch
 * @param source where it comes from
 * @param code the email's code
 */
public record EmailSignal(
        boolean sent, String key, String id, long atMicros, Source source, String code)
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
