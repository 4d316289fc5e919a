package io.seqpulse.lifecycle.catalogue;

import io.seqpulse.lifecycle.catalogue.Kpi.Success;
import java.io.Serializable;
import java.time.Duration;
import java.util.Objects;

/**
 * What an email is for: of those sent, how many were followed by this in time.
 *
 * @param name by which the rule's {@code kpi} may name it; null: by none
 * @param success what is to follow
 * @param within how long after {@code since} it still counts
 * @param since from when on
 */
public record Goal(String name, Success success, Duration within, Since since)
        implements Serializable {

    /** From when on a goal's time runs. */
    public enum Since {
        /** The email was sent. */
        SENT,
        /** The account was created. */
        SIGNUP
    }

    public Goal {
        Objects.requireNonNull(success, "success");
        Objects.requireNonNull(within, "within");
        Objects.requireNonNull(since, "since");
    }
}
