package io.seqpulse.lifecycle.kpi;

import io.seqpulse.lifecycle.catalogue.Experiment;

/**
 * An email that the journal says was sent, or kept from its recipient for comparison.
 *
 * @param code the rule's
 * @param variant of its experiment, or null
 * @param sentMicros when that was, in microseconds since the epoch
 */
record SentEmail(String code, String variant, long sentMicros) {

    /** Whether nobody got it. */
    boolean isHeldOut() {
        return Experiment.HELD_OUT.equals(variant);
    }
}
