package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.Rule;
import java.io.Serializable;
import java.util.Objects;

/**
 * A rule as it runs.
 *
 * @param liveSince when it first ran, epoch milliseconds: what was due before is history and never
 *     mails (DESIGN D4)
 */
public record ActiveRule(Rule rule, long liveSince) implements Serializable {

    public ActiveRule {
        Objects.requireNonNull(rule, "rule");
    }
}
