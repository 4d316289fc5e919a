package io.seqpulse.lifecycle.policy;

import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.detect.Retraction;
import java.util.Map;

/**
 * What becomes of a candidate: sent, not sent for a reason, or withdrawn after it was decided.
 *
 * @param candidate what it is about; null for a withdrawal
 * @param variant the template's variant, such as {@code digest}; null: the rule's own
 * @param suppressedFor why it is not sent; null: it is
 * @param recipient the recipient's row, for the text
 * @param withdrawal a decided candidate that no longer holds, or null
 */
public record Decision(
        Candidate candidate,
        String variant,
        String suppressedFor,
        Map<String, String> recipient,
        Retraction withdrawal) {

    public Decision {
        recipient = recipient == null ? Map.of() : recipient;
    }

    static Decision send(Candidate candidate, Map<String, String> recipient) {
        return new Decision(candidate, null, null, Map.copyOf(recipient), null);
    }

    static Decision suppress(Candidate candidate, String reason, Map<String, String> recipient) {
        return new Decision(candidate, null, reason, Map.copyOf(recipient), null);
    }

    static Decision withdraw(Retraction retraction) {
        return new Decision(null, null, null, Map.of(), retraction);
    }
}
