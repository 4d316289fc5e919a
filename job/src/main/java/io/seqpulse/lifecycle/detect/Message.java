package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.fact.RowChange;

/**
 * What the policy is told about a recipient: exactly one of the first three is set.
 *
 * @param candidate an email that a rule wants, or wants with newer figures; or null
 * @param retraction one it no longer wants, or null
 * @param row what the log says of the person, or null
 * @param decider id of the user for whom a candidate or retraction is decided, who is not its
 *     recipient: somebody who invites another is the one of whom names are known; null: it is
 */
public record Message(Candidate candidate, Retraction retraction, RowChange row, String decider) {

    /** Detection wants an email. */
    public static Message of(Candidate candidate) {
        return new Message(candidate, null, null, null);
    }

    /** Detection no longer wants one. */
    public static Message of(Retraction retraction) {
        return new Message(null, retraction, null, null);
    }

    /** The log says something of a person. */
    public static Message of(RowChange row) {
        return new Message(null, null, row, null);
    }

    /** The same, decided for somebody else than the recipient. */
    public Message decidedFor(String user) {
        return new Message(candidate, retraction, row, user);
    }

    /** Whom it concerns: what the policy is keyed by. */
    public String recipient() {
        if (decider != null) {
            return decider;
        }
        if (row != null) {
            return row.key();
        }
        return candidate != null ? candidate.recipient() : retraction.recipient();
    }
}
