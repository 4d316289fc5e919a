package io.seqpulse.lifecycle.detect;

/**
 * What detection tells the policy: exactly one of the two is set.
 *
 * @param candidate an email that a rule wants, or wants with newer figures; or null
 * @param retraction one it no longer wants, or null
 */
public record Message(Candidate candidate, Retraction retraction) {

    static Message of(Candidate candidate) {
        return new Message(candidate, null);
    }

    static Message of(Retraction retraction) {
        return new Message(null, retraction);
    }

    /** Whom it concerns: what the policy is keyed by. */
    public String recipient() {
        return candidate != null ? candidate.recipient() : retraction.recipient();
    }
}
